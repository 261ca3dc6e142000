{% macro maturity_exceptions() -%}
    {%- set name = dbt_estate._settings().maturity.exceptions -%}
    {%- if name is not none and (name is not string or name | trim == '') -%}
        {%- do exceptions.raise_compiler_error(
            "vars: dbt_estate: maturity: exceptions must be the name of a seed or model, or null, got: " ~ name
        ) -%}
    {%- endif -%}
    {{- return(name) -}}
{%- endmacro %}
