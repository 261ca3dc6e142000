{% macro folder_of(path) -%}
    {{- return(adapter.dispatch('folder_of', 'dbt_estate')(path)) -}}
{%- endmacro %}


{% macro default__folder_of(path) -%}
    {{- return("regexp_replace(" ~ path ~ ", '[^/]*$', '')") -}}
{%- endmacro %}


{#- It has regular expressions from 2025 on: https://learn.microsoft.com/sql/t-sql/functions/regexp-replace-transact-sql -#}
{% macro sqlserver__folder_of(path) -%}
    {{- return(
        "left(" ~ path ~ ", len(" ~ path ~ ") + 1 - charindex('/', reverse(concat('/', " ~ path ~ "))))"
    ) -}}
{%- endmacro %}
