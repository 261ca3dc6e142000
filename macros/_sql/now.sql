{% macro now() -%}
    {{- return(adapter.dispatch('now', 'dbt_estate')()) -}}
{%- endmacro %}


{% macro default__now() -%}
    {{- return("cast(current_timestamp at time zone 'UTC' as timestamp)") -}}
{%- endmacro %}


{#- current_timestamp is the start of the transaction; a ledger wants the moment. -#}
{% macro postgres__now() -%}
    {{- return("cast(clock_timestamp() at time zone 'UTC' as timestamp)") -}}
{%- endmacro %}


{% macro sqlserver__now() -%}
    {{- return('cast(sysutcdatetime() as datetime2(6))') -}}
{%- endmacro %}
