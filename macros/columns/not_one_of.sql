{% macro not_one_of(strings, relation) -%}
    {%- set patterns = dbt_estate._escaped('', dbt_estate._wanted(strings, 'strings', 'not_one_of'), '\\Z') -%}
    {{- return(dbt_estate._matching(relation, patterns, 'not_one_of', is_kept=false)) -}}
{%- endmacro %}
