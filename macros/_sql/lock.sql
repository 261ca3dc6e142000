{% macro lock(name) -%}
    {%- if execute and not adapter.dispatch('_try_lock', 'dbt_estate')(name) -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: another run holds the lock of " ~ name ~ ". Wait until it has ended, then run again;"
            ~ " the lock goes with the other run's connection, so there is nothing to clean up."
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- A DuckDB file has one writing process, and dbt runs a model once in it: the file is the lock.
    https://duckdb.org/docs/stable/connect/concurrency -#}
{% macro default___try_lock(name) -%}
    {{- return(true) -}}
{%- endmacro %}


{#- Held by the session, so that it outlives each batch's transaction and ends with the connection, however that ends:
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS -#}
{% macro postgres___try_lock(name) -%}
    {{- return(run_query('select pg_try_advisory_lock(' ~ dbt_estate._lock_key(name) ~ ')').rows[0][0]) -}}
{%- endmacro %}


{% macro _lock_key(name) -%}
    {{- return("hashtextextended(" ~ dbt_estate.literal('dbt_estate ' ~ name) ~ ', 0)') -}}
{%- endmacro %}


{#- https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-getapplock-transact-sql:
    0 and 1 are granted, below 0 refused; a resource has at most 255 characters. -#}
{% macro sqlserver___try_lock(name) -%}
    {%- set query -%}
set nocount on;
declare @granted int;
exec @granted = sp_getapplock
    @Resource = {{
        dbt_estate.literal('dbt_estate ' ~ local_md5(name))
    }}, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0;
select @granted as granted
    {%- endset -%}
    {{- return(run_query(query).rows[0][0] >= 0) -}}
{%- endmacro %}
