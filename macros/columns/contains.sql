{% macro contains(string, relation, ignore_case=true) -%}
    {%- set patterns = dbt_estate._escaped('.*', dbt_estate._wanted(string, 'string', 'contains'), '') -%}
    {{- return(dbt_estate._matching(relation, patterns, 'contains', ignore_case)) -}}
{%- endmacro %}
