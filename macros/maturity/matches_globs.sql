{#- Whether one of the columns matches one of `include`, of which none means all, and none matches one of `exclude`. -#}
{% macro matches_globs(columns, include, exclude) -%}
    {%- set parts = [] -%}
    {%- for globs in [include, exclude] if globs -%}
        {%- set conditions = [] -%}
        {%- for glob in globs -%}
            {%- for column in columns -%}
                {%- do conditions.append(
                    "coalesce(" ~ column ~ ", '') like " ~ dbt_estate.glob_literal(glob) ~ " escape '!'"
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set negation = '' if loop.first and include else 'not ' -%}
        {%- do parts.append(negation ~ '(' ~ conditions | join(' or ') ~ ')') -%}
    {%- endfor -%}
    {{- return(parts | join(' and ') if parts else '1 = 1') -}}
{%- endmacro %}
