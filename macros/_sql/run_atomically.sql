{% macro run_atomically(statements, name='estate_transaction', sql_header=none) -%}
    {%- set header = [sql_header.strip().rstrip(';')] if sql_header else [] -%}
    {%- set text = dbt_estate.atomically(header + statements) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- call statement(name, auto_begin=false) -%}
        {{- text -}}
    {%- endcall -%}
{%- endmacro %}
