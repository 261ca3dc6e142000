{% test shard_identifiers_valid(model) -%}
{%- set columns = dbt_estate._role_columns() -%}
{%- set selects = [] -%}
{%- for role in ['shard', 'database_name', 'schema_name'] if columns[role] is not none -%}
    {%- set name = dbt_estate.identifier(columns[role]) -%}
    {%- set query -%}
select
    '{{ role }}' as role,
    {{ name }} as value
from {{ model }}
where {{ name }} is null
    or {{ name }} = ''
    or {{ name }} <> trim({{ name }})
    or {{ adapter.dispatch('_has_control_character', 'dbt_estate')(name) }}
    {%- endset -%}
    {%- do selects.append(query) -%}
{%- endfor -%}
{{ selects | join('\nunion all\n') }}
{%- endtest %}


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
