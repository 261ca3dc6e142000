{% macro if_any(var_list, script_string, if_empty=none) -%}
    {{- return(dbt_estate._condition_of(var_list, script_string, if_empty, 'if_any', 'or', '1 = 0')) -}}
{%- endmacro %}
