{% macro glob_literal(glob) -%}
    {{- return(adapter.dispatch('glob_literal', 'dbt_estate')(glob)) -}}
{%- endmacro %}


{% macro default__glob_literal(glob) -%}
    {%- set escaped = glob | replace('!', '!!') | replace('%', '!%') | replace('_', '!_') -%}
    {{- return(dbt_estate.literal(escaped | replace('*', '%') | replace('?', '_'))) -}}
{%- endmacro %}


{#- A bracket opens a set of characters: https://learn.microsoft.com/sql/t-sql/language-elements/like-transact-sql -#}
{% macro sqlserver__glob_literal(glob) -%}
    {%- set escaped = glob | replace('!', '!!') | replace('%', '!%') | replace('_', '!_') | replace('[', '![') -%}
    {{- return(dbt_estate.literal(escaped | replace('*', '%') | replace('?', '_'))) -}}
{%- endmacro %}
