{% macro num_range(prefix, numbers, relation, suffix='', width=none) -%}
    {%- set wanted = [] -%}
    {%- for number in numbers -%}
        {%- if number is boolean or number is not integer or number < 0 -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.num_range: 'numbers' must be whole numbers from 0 on, as range(1, 13), got: " ~ number
            ) -%}
        {%- endif -%}
        {%- set digits = number | string -%}
        {%- do wanted.append(prefix ~ (digits if width is none else digits.zfill(width)) ~ suffix) -%}
    {%- endfor -%}
    {{- return(dbt_estate._looked_up(wanted, dbt_estate._names(relation, 'num_range'))) -}}
{%- endmacro %}
