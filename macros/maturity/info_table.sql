{% macro info_table(table) -%}
    {#- It is built first: what the graph holds is read once, and the others take their rows from there. -#}
    {%- if table != 'project' -%}{%- do ref('dbt_estate', 'estate_project') -%}{%- endif -%}
    {#- Looking up the adapter's macros costs more than what they do, so it is done once for all columns. -#}
    {%- set columns, quote = dbt_estate._info_columns(table), adapter.dispatch('identifier', 'dbt_estate') -%}
    {%- set types = dbt_estate._data_types(columns.values()) -%}
-- A hook inserts the rows.
select
    {%- for name, kind in columns.items() %}
    cast(null as {{ types[kind] }}) as {{ quote(name) }}{{ ',' if not loop.last }}
    {%- endfor %}
where 1 = 0
{%- endmacro %}
