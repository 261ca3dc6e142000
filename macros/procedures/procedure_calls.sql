{% macro procedure_calls() -%}
    {%- set ledger = dbt_estate._call_ledger() -%}
    {%- if execute and load_relation(ledger) is not none -%}
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
