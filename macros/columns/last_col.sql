{% macro last_col(relation, offset=0) -%}
    {%- set names = dbt_estate._names(relation, 'last_col') -%}
    {%- if not names -%}
        {{- return([]) -}}
    {%- elif offset is boolean or offset is not integer or offset < 0 or offset >= names | length -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.last_col: 'offset' must be a whole number from 0 to " ~ (names | length - 1)
            ~ ", got: " ~ offset
        ) -%}
    {%- endif -%}
    {{- return([names[names | length - 1 - offset]]) -}}
{%- endmacro %}
