{#- A project may make all models of the package tables. A table is made anew, so that it takes over what was itself. -#}
{% macro maturity_history_rows(columns) -%}
    {%- if not execute or config.get('materialized') != 'table' or load_relation(this) is none -%}
        {{- return('') -}}
    {%- endif -%}
    {{- return('select ' ~ columns | join(', ') ~ '\nfrom ' ~ this ~ '\nunion all\n') -}}
{%- endmacro %}
