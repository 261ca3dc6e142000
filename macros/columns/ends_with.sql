{% macro ends_with(string, relation, ignore_case=true) -%}
    {%- set patterns = dbt_estate._escaped('.*', dbt_estate._wanted(string, 'string', 'ends_with'), '\\Z') -%}
    {{- return(dbt_estate._matching(relation, patterns, 'ends_with', ignore_case)) -}}
{%- endmacro %}
