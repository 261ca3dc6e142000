{% macro info_table(table) -%}
    {#- It is built first: what the graph holds is read once, and the others take their rows from there. -#}
    {%- if table != 'project' -%}{%- do ref('dbt_estate', 'estate_project') -%}{%- endif -%}
    {%- set columns = dbt_estate._info_columns(table) -%}
-- A hook inserts the rows.
select
    {%- for name, kind in columns.items() %}
    cast(null as {{ dbt_estate.data_type(kind) }}) as {{ dbt_estate.identifier(name) }}{{ ',' if not loop.last }}
    {%- endfor %}
where 1 = 0
{%- endmacro %}
