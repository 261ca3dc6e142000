{#- All verbs ask here, so that a unit test has one macro to override. -#}
{% macro get_column_names(relation) -%}
    {%- if dbt_estate._is_relation(relation) -%}
        {{- return(dbt_estate._relation_columns(relation, 'get_column_names') | map(attribute='name') | list) -}}
    {%- endif -%}
    {{- return(dbt_estate._names(relation, 'get_column_names')) -}}
{%- endmacro %}
