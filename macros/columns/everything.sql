{% macro everything(relation) -%}
    {{- return(dbt_estate._names(relation, 'everything')) -}}
{%- endmacro %}
