{% macro if_all(var_list, script_string, if_empty=none) -%}
    {{- return(dbt_estate._condition_of(var_list, script_string, if_empty, 'if_all', 'and', '1 = 1')) -}}
{%- endmacro %}
