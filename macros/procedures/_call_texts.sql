{#- How the engine makes a call. `call` is sent first; `then` ends it, in the same text where it is `joined`; `fetches`
    says that the rows which the call returns come to us, and are written by us. -#}
{% macro _call_parts(sql, success, failure, options) -%}
    {{- return(adapter.dispatch('_call_parts', 'dbt_estate')(sql, success, failure, options)) -}}
{%- endmacro %}


{% macro default___call_parts(sql, success, failure, options) -%}
    {%- set then = [success] if success else [] -%}
    {%- if options.transaction == 'none' -%}
        {{- return({'call': sql, 'then': then, 'joined': true, 'fetches': options.capture}) -}}
    {%- endif -%}
    {{- return({
        'call': 'begin;\n\n' ~ sql, 'then': then + ['commit'], 'joined': true, 'fetches': options.capture
    }) -}}
{%- endmacro %}


{#- Alone in its text, a call is in no transaction block, and the procedure may commit:
    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT -#}
{#- A deferred constraint fails at the commit, where nothing catches it, so it is checked before:
    https://www.postgresql.org/docs/current/sql-set-constraints.html -#}
{% macro postgres___call_parts(sql, success, failure, options) -%}
    {%- if options.transaction == 'none' -%}
        {{- return({
            'call': sql, 'then': [success] if success else [], 'joined': false, 'fetches': options.capture
        }) -}}
    {%- endif -%}
    {%- if options.capture -%}
        {%- set block = dbt_estate._capturing_block(sql, success, options) -%}
    {%- else -%}
        {%- set block = 'execute ' ~ dbt_estate.literal(sql) ~ ';\nset constraints all immediate'
            ~ (';\n' ~ success if success) -%}
    {%- endif -%}
    {{- return({
        'call': 'begin;\n\n' ~ dbt_estate.guarded(block, failure) ~ ';\n\ncommit', 'then': [], 'joined': true,
        'fetches': false
    }) -}}
{%- endmacro %}


{#- The rows of a query, of a statement with RETURNING, or the one row of a procedure with INOUT parameters. What
    returns none cannot be opened as a cursor, and has not begun then; so it is executed. -#}
{% macro _capturing_block(sql, success, options) -%}
    {%- set row = 'to_jsonb(estate_row)' -%}
    {%- if options.redact -%}
        {%- set names = dbt_estate._literals(options.redact | map('lower') | list) | join(', ') -%}
        {%- set row = row ~ " || (\n            select coalesce(jsonb_object_agg(key, '***'), '{}') from jsonb_each("
            ~ row ~ ")\n            where lower(key) in (" ~ names ~ ")\n        )" -%}
    {%- endif -%}
    {%- set block -%}
declare
    estate_call text := {{ dbt_estate.literal(sql) }};
    estate_cursor refcursor;
    estate_row record;
    estate_rows jsonb := '[]';
begin
    begin
        open estate_cursor for execute estate_call;
    exception when invalid_cursor_definition then
        estate_cursor := null;
    end;
    if estate_cursor is null then
        execute estate_call;
    else
        loop
            fetch estate_cursor into estate_row;
            exit when not found;
            estate_rows := estate_rows || jsonb_build_array({{ row }});
        end loop;
    end if;
    set constraints all immediate;
    {{ success }};
end
    {%- endset -%}
    {{- return(block) -}}
{%- endmacro %}


{% macro sqlserver___call_parts(sql, success, failure, options) -%}
    {%- set steps = [sql] + ([success] if success else []) -%}
    {%- if options.transaction == 'per_call' -%}
        {%- set steps = ['begin transaction'] + steps + ['commit transaction'] -%}
    {%- endif -%}
    {{- return({
        'call': 'set nocount on;\n' ~ dbt_estate.guarded(steps | join(';\n'), failure), 'then': [], 'joined': false,
        'fetches': options.capture
    }) -}}
{%- endmacro %}


{#- Statements in a transaction of their own, at the level of isolation that the session has. -#}
{% macro default___transaction(statements) -%}
    {{- return(dbt_estate.default__atomically(statements)) -}}
{%- endmacro %}


{% macro sqlserver___transaction(statements) -%}
    {{- return(dbt_estate.sqlserver__atomically(statements)) -}}
{%- endmacro %}


{#- Where the expression for captured rows stands, in an engine that writes them itself. -#}
{% macro default___captured_rows() -%}
    {{- return(none) -}}
{%- endmacro %}


{% macro postgres___captured_rows() -%}
    {{- return('cast(estate_rows as text)') -}}
{%- endmacro %}


{#- Without a ledger, errors go into a table of the session. -#}
{% macro _errors_table() -%}
    {{- return(adapter.dispatch('_errors_table', 'dbt_estate')()) -}}
{%- endmacro %}


{% macro default___errors_table() -%}
    {{- return({'name': none, 'create': none}) -}}
{%- endmacro %}


{% macro postgres___errors_table() -%}
    {{- return({
        'name': 'pg_temp.estate_call_errors',
        'create': 'drop table if exists pg_temp.estate_call_errors;\n'
        ~ 'create temporary table estate_call_errors (row_key text, error text)'
    }) -}}
{%- endmacro %}


{% macro sqlserver___errors_table() -%}
    {{- return({
        'name': '#estate_call_errors',
        'create': 'drop table if exists #estate_call_errors;\n'
        ~ 'create table #estate_call_errors (row_key nvarchar(64), error nvarchar(max))'
    }) -}}
{%- endmacro %}
