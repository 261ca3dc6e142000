{% macro set_difference(columns, other) -%}
    {{- return(dbt_estate._not_among(
        dbt_estate._names(columns, 'set_difference'), dbt_estate._names(other, 'set_difference')
    )) -}}
{%- endmacro %}
