{% macro guarded(statement, on_error_sql) -%}
    {{- return(adapter.dispatch('guarded', 'dbt_estate')(statement, on_error_sql)) -}}
{%- endmacro %}


{% macro default__guarded(statement, on_error_sql) -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate.guarded: " ~ adapter.type() ~ " cannot catch an error inside SQL; the first error ends the run"
    ) -%}
{%- endmacro %}


{#- `others` leaves out a failed assertion, and a cancelled statement, which is to end the run:
    https://www.postgresql.org/docs/current/plpgsql-control-structures.html#PLPGSQL-ERROR-TRAPPING
    The tag is made from the text itself, so that nothing in the text can end the block. -#}
{% macro postgres__guarded(statement, on_error_sql) -%}
    {%- set tag = '$estate_' ~ local_md5(statement ~ on_error_sql) ~ '$' -%}
    {%- set block -%}
do {{ tag }}
begin
    {{ statement }};
exception when others or assert_failure then
    {{ on_error_sql }};
end
{{ tag }}
    {%- endset -%}
    {{- return(block) -}}
{%- endmacro %}


{#- Run by sp_executesql: TRY does not catch what fails while its own batch is compiled, such as a missing procedure:
    https://learn.microsoft.com/sql/t-sql/language-elements/try-catch-transact-sql -#}
{% macro sqlserver__guarded(statement, on_error_sql) -%}
    {%- set block -%}
begin try
    declare @estate_statement nvarchar(max) = {{ dbt_estate.literal(statement) }};
    exec sp_executesql @estate_statement;
end try
begin catch
    if @@trancount > 0 rollback transaction;
    {{ on_error_sql }};
end catch
    {%- endset -%}
    {{- return(block) -}}
{%- endmacro %}
