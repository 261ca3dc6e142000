{% macro procedure_calls() -%}
    {%- set ledger = dbt_estate._call_ledger() -%}
    {%- if execute and flags.WHICH in ['run', 'build'] -%}
        {#- A view keeps the text that it was made with, so the ledger has to be there by then. -#}
        {%- do dbt_estate._create_call_ledger(ledger) -%}
        {{- return(ledger.render()) -}}
    {%- elif execute and load_relation(ledger) is not none -%}
        {{- return(ledger.render()) -}}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column, kind in dbt_estate._call_ledger_columns().items() -%}
        {%- do columns.append(
            'cast(null as ' ~ dbt_estate.data_type(kind) ~ ') as ' ~ dbt_estate.identifier(column)
        ) -%}
    {%- endfor -%}
    {{- return('(\n    select\n        ' ~ columns | join(',\n        ') ~ '\n    where 1 = 0\n)') -}}
{%- endmacro %}
