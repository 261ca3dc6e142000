{% macro set_intersect(columns, other) -%}
    {%- set names = dbt_estate._names(columns, 'set_intersect') -%}
    {%- set others = dbt_estate._not_among(names, dbt_estate._names(other, 'set_intersect')) -%}
    {{- return(names | reject('in', others) | list) -}}
{%- endmacro %}
