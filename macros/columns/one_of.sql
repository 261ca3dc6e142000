{% macro one_of(strings, relation) -%}
    {%- set patterns = dbt_estate._escaped('', dbt_estate._wanted(strings, 'strings', 'one_of'), '\\Z') -%}
    {{- return(dbt_estate._matching(relation, patterns, 'one_of')) -}}
{%- endmacro %}
