{#- Rounded half up, and the same on every engine: the quotient of two whole numbers is never a little less than a
    whole number in a double, and neither is that of a whole number and a power of ten. -#}
{% macro share_of(amount, whole, of=1, digits=4) -%}
    {%- set steps = 10 ** digits -%}
    {%- set double = dbt_estate.data_type('double') -%}
    {{- return(
        "floor(cast(" ~ 2 * of * steps ~ " * (" ~ amount ~ ") + (" ~ whole ~ ") as " ~ double ~ ") / (2 * ("
        ~ whole ~ "))) / " ~ steps
    ) -}}
{%- endmacro %}
