{#- From the beginning of the name, as dbtplyr has it: `.*` before lets it stand anywhere. -#}
{% macro matches(string, relation, ignore_case=true) -%}
    {%- set patterns = dbt_estate._wanted(string, 'string', 'matches') -%}
    {{- return(dbt_estate._matching(relation, patterns, 'matches', ignore_case)) -}}
{%- endmacro %}
