{% macro starts_with(string, relation, ignore_case=true) -%}
    {%- set patterns = dbt_estate._escaped('', dbt_estate._wanted(string, 'string', 'starts_with'), '') -%}
    {{- return(dbt_estate._matching(relation, patterns, 'starts_with', ignore_case)) -}}
{%- endmacro %}
