{% test shard_identifiers_valid(model) -%}
{%- set columns = dbt_estate._role_columns() -%}
{%- set selects = [] -%}
{%- for role in ['shard', 'database_name', 'schema_name'] if columns[role] is not none -%}
    {%- set name = dbt_estate.identifier(columns[role]) -%}
    {%- set query -%}
select
    {{ dbt_estate.literal(role) }} as role,
    {{ name }} as value
from {{ model }}
where {{ name }} is null
    or {{ name }} = ''
    or {{ adapter.dispatch('_has_outer_space', 'dbt_estate')(name) }}
    or {{ adapter.dispatch('_has_control_character', 'dbt_estate')(name) }}
    {%- endset -%}
    {%- do selects.append(query) -%}
{%- endfor -%}
{{ selects | join('\nunion all\n') }}
{%- endtest %}


{% macro default___has_outer_space(name) -%}
    {{- return(name ~ ' <> trim(' ~ name ~ ')') -}}
{%- endmacro %}


{#- A comparison leaves spaces at the end out of account:
    https://learn.microsoft.com/sql/t-sql/language-elements/string-comparison-assignment -#}
{% macro sqlserver___has_outer_space(name) -%}
    {{- return('datalength(' ~ name ~ ') <> datalength(trim(' ~ name ~ '))') -}}
{%- endmacro %}


{#- What a line, a page or a terminal reads as something else than itself. -#}
{% macro default___has_control_character(name) -%}
    {{- return("regexp_matches(" ~ name ~ ", '[\\x00-\\x1f\\x7f]')") -}}
{%- endmacro %}


{% macro postgres___has_control_character(name) -%}
    {{- return(name ~ " ~ '[[:cntrl:]]'") -}}
{%- endmacro %}


{#- A range in LIKE goes by the collation; a binary one goes by the code. -#}
{% macro sqlserver___has_control_character(name) -%}
    {{- return(
        name ~ " collate Latin1_General_BIN2 like N'%[' + nchar(1) + N'-' + nchar(31) + nchar(127) + N']%'"
    ) -}}
{%- endmacro %}
