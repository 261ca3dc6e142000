{#- Collect, then raise once: a user who mends one mistake should not meet the next one a run later. -#}
{% macro _raise_problems(where, problems, remedy=none) -%}
    {%- set problems = problems | unique(case_sensitive=true) | list -%}
    {%- if problems -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ problems | length ~ (" problem" if problems | length == 1 else " problems")
            ~ " in " ~ where ~ ":\n  - " ~ problems | join("\n  - ") ~ ("\n" ~ remedy if remedy)
        ) -%}
    {%- endif -%}
{%- endmacro %}
