{% macro identifier(name) -%}
    {%- if name is undefined and not execute -%}
        {{- return('') -}}
    {%- elif name is not string or name | trim == '' or '\x00' in name -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.identifier: 'name' must be a non-blank string without NUL, got: " ~ name
        ) -%}
    {%- endif -%}
    {{- return(adapter.dispatch('identifier', 'dbt_estate')(name)) -}}
{%- endmacro %}


{#- SQL Server as well: dbt writes its relations there with double quotes, so QUOTED_IDENTIFIER is on, as ODBC sets it:
    https://learn.microsoft.com/sql/t-sql/statements/set-quoted-identifier-transact-sql -#}
{% macro default__identifier(name) -%}
    {{- return('"' ~ name | replace('"', '""') ~ '"') -}}
{%- endmacro %}


{#- Spark reads a double-quoted word as a string. -#}
{% macro spark__identifier(name) -%}
    {{- return('`' ~ name | replace('`', '``') ~ '`') -}}
{%- endmacro %}


{#- BigQuery escapes inside backticks with a backslash:
    https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#quoted_identifiers -#}
{% macro bigquery__identifier(name) -%}
    {{- return('`' ~ name | replace('\\', '\\\\') | replace('`', '\\`') ~ '`') -}}
{%- endmacro %}
