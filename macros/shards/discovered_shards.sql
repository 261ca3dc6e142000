{% macro discovered_shards(pattern=none, by=none) -%}
    {#- dbt renders disabled models too while it parses: nothing may fail there. -#}
    {%- if not execute -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set by = dbt_estate._discovered_by(by) -%}
    {%- if pattern is none -%}
        {%- set pattern = dbt_estate._settings()['shards']['discover']['pattern'] -%}
    {%- endif -%}
    {%- set problems = [] -%}
    {%- do dbt_estate._check_choice('by', by, ['database', 'schema'], problems) -%}
    {%- if pattern is not string or pattern == '' -%}
        {%- do problems.append("pattern: must be a LIKE pattern such as 'store_%', got: " ~ pattern) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems('discovered_shards', problems) -%}
    {{- return(adapter.dispatch('discovered_shards', 'dbt_estate')(dbt_estate.literal(pattern), by)) -}}
{%- endmacro %}


{% macro _discovered_by(by) -%}
    {%- set configured = dbt_estate._settings()['shards']['discover']['by'] -%}
    {{- return(by or configured or adapter.dispatch('_shard_level', 'dbt_estate')()) -}}
{%- endmacro %}


{#- What a shard usually is on the engine. -#}
{% macro default___shard_level() -%}
    {{- return('database') -}}
{%- endmacro %}


{% macro postgres___shard_level() -%}
    {{- return('schema') -}}
{%- endmacro %}


{% macro default__discovered_shards(pattern, by) -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate.discovered_shards: not available on " ~ adapter.type()
        ~ "; it runs on duckdb, postgres and sqlserver"
    ) -%}
{%- endmacro %}


{% macro duckdb__discovered_shards(pattern, by) -%}
{%- if by == 'database' -%}
select
    database_name as shard,
    database_name,
    'main' as schema_name,
    true as is_enabled
from duckdb_databases()
where database_name like {{ pattern }} and not internal and database_name <> current_database()
{%- else -%}
select
    schema_name as shard,
    database_name,
    schema_name,
    true as is_enabled
from duckdb_schemas()
where schema_name like {{ pattern }} and database_name = current_database() and not internal
{%- endif -%}
{%- endmacro %}


{% macro postgres__discovered_shards(pattern, by) -%}
{%- if by == 'database' -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate.discovered_shards: PostgreSQL cannot read another database than its own, so by='database'"
        ~ " finds no shards"
        ~ " to read; shards there are schemas: by='schema'"
    ) -%}
{%- endif -%}
select
    cast(nspname as text) as shard,
    cast(current_database() as text) as database_name,
    cast(nspname as text) as schema_name,
    true as is_enabled
from pg_catalog.pg_namespace
where nspname like {{ pattern }} and nspname not like 'pg\_%' and nspname <> 'information_schema'
{%- endmacro %}


{#- The first four databases are the server's own:
    https://learn.microsoft.com/sql/relational-databases/databases/system-databases -#}
{% macro sqlserver__discovered_shards(pattern, by) -%}
{%- if by == 'database' -%}
select
    cast(name as nvarchar(128)) as shard,
    cast(name as nvarchar(128)) as database_name,
    cast('dbo' as nvarchar(128)) as schema_name,
    cast(1 as bit) as is_enabled
from sys.databases
where name like {{ pattern }} and database_id > 4 and database_id <> db_id()
{%- else -%}
select
    cast(name as nvarchar(128)) as shard,
    cast(db_name() as nvarchar(128)) as database_name,
    cast(name as nvarchar(128)) as schema_name,
    cast(1 as bit) as is_enabled
from sys.schemas
where name like {{ pattern }} and schema_id < 16384 and name not in ('guest', 'INFORMATION_SCHEMA', 'sys')
{%- endif -%}
{%- endmacro %}
