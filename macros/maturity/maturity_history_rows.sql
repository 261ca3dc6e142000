{#- Where a project makes all models of the package tables: a table is made anew, so it takes over what itself was. -#}
{% macro maturity_history_rows(columns) -%}
    {%- if not execute or config.get('materialized') != 'table' or load_relation(this) is none -%}
        {{- return('') -}}
    {%- endif -%}
    {{- return('select ' ~ columns | join(', ') ~ '\nfrom ' ~ this ~ '\nunion all\n') -}}
{%- endmacro %}
