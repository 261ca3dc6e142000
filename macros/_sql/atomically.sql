{% macro atomically(statements) -%}
    {%- if statements is string or not statements -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.atomically: 'statements' must be a non-empty list of SQL statements, got: " ~ statements
        ) -%}
    {%- endif -%}
    {{- return(adapter.dispatch('atomically', 'dbt_estate')(statements)) -}}
{%- endmacro %}


{% macro default__atomically(statements) -%}
    {{- return('begin;\n\n' ~ statements | join(';\n\n') ~ ';\n\ncommit;') -}}
{%- endmacro %}


{#- All statements see one state of what they read: at the default level, a row that changes between a delete and the
    insert after it would be inserted beside its old version.
    https://www.postgresql.org/docs/current/transaction-iso.html -#}
{% macro postgres__atomically(statements) -%}
    {{- return(dbt_estate.default__atomically(["set local transaction_isolation = 'repeatable read'"] + statements)) -}}
{%- endmacro %}


{#- Without xact_abort a failing statement leaves the transaction open and the next statements run:
    https://learn.microsoft.com/sql/t-sql/statements/set-xact-abort-transact-sql -#}
{% macro sqlserver__atomically(statements) -%}
    {{- return(
        'set xact_abort on;\nset nocount on;\nbegin transaction;\n\n'
        ~ statements | join(';\n\n') ~ ';\n\ncommit transaction;'
    ) -}}
{%- endmacro %}
