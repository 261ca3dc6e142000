{% macro json_rows(json, columns) -%}
    {%- if json is not string or columns is not mapping or not columns -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.json_rows: 'json' must be the text of a JSON list and 'columns' a mapping of column to kind"
            ~ " (see dbt_estate.data_type), got: " ~ json ~ " and " ~ columns
        ) -%}
    {%- endif -%}
    {%- set of_kind, types = dbt_estate._data_types(columns.values()), {} -%}
    {%- for column, kind in columns.items() -%}
        {%- do types.update({column: of_kind[kind]}) -%}
    {%- endfor -%}
    {{- return(adapter.dispatch('json_rows', 'dbt_estate')(json, types)) -}}
{%- endmacro %}


{% macro default__json_rows(json, types) -%}
    {%- do exceptions.raise_compiler_error("dbt_estate.json_rows: not available on " ~ adapter.type()) -%}
{%- endmacro %}


{% macro duckdb__json_rows(json, types) -%}
    {#- Of a constant DuckDB makes a list of constants, which takes four times as long as reading it from a row. -#}
    {%- set query -%}
select unnest(from_json(given.text, {{ dbt_estate.literal(tojson([types])) }}), recursive := true)
from (
    values (
        {{ dbt_estate.literal(json) }}
    )
) as given (text)
    {%- endset -%}
    {{- return(query) -}}
{%- endmacro %}


{% macro postgres__json_rows(json, types) -%}
    {%- set definitions = [] -%}
    {%- for column, type in types.items() -%}
        {%- do definitions.append(dbt_estate.identifier(column) ~ ' ' ~ type) -%}
    {%- endfor -%}
    {%- set query -%}
select json_rows.*
from jsonb_to_recordset(
    {{ dbt_estate.literal(json) }}
) as json_rows ({{ definitions | join(', ') }})
    {%- endset -%}
    {{- return(query) -}}
{%- endmacro %}


{#- OPENJSON needs compatibility level 130: https://learn.microsoft.com/sql/t-sql/functions/openjson-transact-sql -#}
{% macro sqlserver__json_rows(json, types) -%}
    {%- set definitions = [] -%}
    {%- for column, type in types.items() -%}
        {%- set path = '$."' ~ column | replace('\\', '\\\\') | replace('"', '\\"') ~ '"' -%}
        {%- do definitions.append(
            dbt_estate.identifier(column) ~ ' ' ~ type ~ " '" ~ path | replace("'", "''") ~ "'"
        ) -%}
    {%- endfor -%}
    {%- set query -%}
select json_rows.*
from openjson(
    {{ dbt_estate.literal(json) }}
) with ({{ definitions | join(', ') }}) as json_rows
    {%- endset -%}
    {{- return(query) -}}
{%- endmacro %}
