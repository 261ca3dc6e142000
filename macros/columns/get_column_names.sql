{% macro get_column_names(relation) -%}
    {{- return(dbt_estate._names(relation, 'get_column_names')) -}}
{%- endmacro %}
