{% macro run_atomically(statements, name='estate_transaction', sql_header=none) -%}
    {%- set text = dbt_estate.atomically(statements) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- call statement(name, auto_begin=false) -%}
        {{- sql_header ~ '\n' if sql_header }}{{ text -}}
    {%- endcall -%}
{%- endmacro %}
