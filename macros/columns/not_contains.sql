{% macro not_contains(string, relation, ignore_case=true) -%}
    {%- set patterns = dbt_estate._escaped('.*', dbt_estate._wanted(string, 'string', 'not_contains'), '') -%}
    {{- return(dbt_estate._matching(relation, patterns, 'not_contains', ignore_case, is_kept=false)) -}}
{%- endmacro %}
