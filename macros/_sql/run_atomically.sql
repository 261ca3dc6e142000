{% macro run_atomically(statements, name='main') -%}
    {%- set text = dbt_estate.atomically(statements) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- call statement(name, auto_begin=false) -%}
        {{- text -}}
    {%- endcall -%}
{%- endmacro %}
