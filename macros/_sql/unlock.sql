{% macro unlock(name) -%}
    {%- if execute -%}
        {%- do adapter.dispatch('unlock', 'dbt_estate')(name) -%}
    {%- endif -%}
{%- endmacro %}


{#- DuckDB: see lock. -#}
{% macro default__unlock(name) -%}
{%- endmacro %}


{% macro postgres__unlock(name) -%}
    {%- do run_query('select pg_advisory_unlock(' ~ dbt_estate._lock_key(name) ~ ')') -%}
{%- endmacro %}


{% macro sqlserver__unlock(name) -%}
    {%- do run_query(
        'exec sp_releaseapplock @Resource = ' ~ dbt_estate.literal('dbt_estate ' ~ local_md5(name))
        ~ ", @LockOwner = 'Session'"
    ) -%}
{%- endmacro %}
