{#- Makes the calls one after the other. What is the same for all of them is written as SQL once. -#}
{% macro _run_calls(todo, ledger, options, run, outcome) -%}
    {%- set errors = dbt_estate._errors_table() -%}
    {%- do options.update({'now': dbt_estate.now(), 'errors': errors.name}) -%}
    {%- if ledger is not none -%}
        {%- do options.update({
            'condition': dbt_estate._batch_condition(options),
            'values_text': dbt_estate._literals([options.operation, options.batch]) | join(', '),
            'procedure_text': dbt_estate.literal(options.procedure or options.statement),
            'invocation_text': dbt_estate.literal(invocation_id),
            'origin_text': dbt_estate.literal(dbt_estate._origin(options))
        }) -%}
    {%- elif errors.name -%}
        {%- do run_query(errors.create) -%}
    {%- endif -%}
    {#- PostgreSQL's driver begins a transaction before the first statement; after this text it believes to be in one,
        and what is sent next stands alone. -#}
    {%- do dbt_estate.run_atomically(['select 1 as one'], 'estate_begin_calls') -%}
    {%- set abilities = adapter.dispatch('_call_abilities', 'dbt_estate')() -%}
    {%- set is_guarded = abilities['catches_commits' if options.transaction == 'none' else 'catches'] -%}
    {%- set state = namespace(stop=false) -%}
    {%- for call in todo if not state.stop -%}
        {%- set began = dbt_estate._clock() -%}
        {%- set name = 'dbt_estate: ' ~ loop.index ~ ' of ' ~ todo | length -%}
        {%- do call.update({'key_text': dbt_estate.literal(call.key)}) -%}
        {%- if not is_guarded -%}
            {#- Before the call: an error in it ends the run, and comes without the call's name. -#}
            {%- do log(name ~ ' begins ' ~ call.params, info=true) -%}
        {%- endif -%}
        {%- set answer = dbt_estate._one_call(call, ledger, options, run) -%}
        {%- set seconds = (dbt_estate._clock() - began).total_seconds() -%}
        {%- do dbt_estate._count(outcome, call, answer, seconds) -%}
        {%- do log(
            name ~ ' ' ~ answer.status ~ ' ' ~ call.params ~ ' ' ~ '%.1f' | format(seconds) ~ ' s'
            ~ ('\n    ' ~ answer.error if answer.error), info=true
        ) -%}
        {%- set failures = outcome.failed | length -%}
        {%- set state.stop = answer.status not in ['succeeded', 'failed']
            or (answer.status == 'failed' and options.on_error == 'stop')
            or (options.max_failures is not none and failures >= options.max_failures) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _count(outcome, call, answer, seconds) -%}
    {%- do outcome.update({'made': outcome.made + 1}) -%}
    {%- if outcome.slowest is none or seconds > outcome.slowest.seconds -%}
        {%- do outcome.update({'slowest': {'seconds': seconds, 'params': call.params}}) -%}
    {%- endif -%}
    {%- if answer.status == 'succeeded' -%}
        {%- do outcome.update({'ok': outcome.ok + 1}) -%}
    {%- else -%}
        {%- do outcome[answer.status if answer.status == 'failed' else 'in_doubt'].append(
            {'params': call.params, 'error': answer.error}
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- Status and error of one call. A call that the ledger could not be told of before is not made. -#}
{% macro _one_call(call, ledger, options, run) -%}
    {%- set sql = dbt_estate._call_sql(call.template, call['values'], call.texts, options.param_types) -%}
    {%- if ledger is not none -%}
        {%- set claimed = dbt_estate._sent(
            dbt_estate._claim_text(call, ledger, options, dbt_estate.literal(run)), true
        ).rows -%}
        {%- if claimed | length == 0 or claimed[0][0] != run or claimed[0][1] != 'running' -%}
            {{- return({'status': 'not made', 'error': 'another run has taken this call'}) -}}
        {%- endif -%}
    {%- endif -%}
    {%- set captured = adapter.dispatch('_captured_rows', 'dbt_estate')() if options.capture else none -%}
    {%- if captured is not none -%}
        {%- set captured = dbt_estate._masked_sql(captured, dbt_estate._text_secrets(call, options)) -%}
    {%- endif -%}
    {%- set parts = dbt_estate._call_parts(
        sql,
        dbt_estate._success_sql(call, ledger, options, captured) if ledger is not none else none,
        dbt_estate._failure_sql(call, ledger, options) if ledger is not none
        else dbt_estate._note_error_sql(call, options),
        options
    ) -%}
    {%- set last = parts['then'] + dbt_estate._read_statements(call, ledger, options) -%}
    {%- if parts.joined and not parts.fetches -%}
        {%- set text = ([parts.call] + last) | join(';\n\n') -%}
        {%- set answer = dbt_estate._sent(text, ledger is not none or options.errors is not none) -%}
    {%- else -%}
        {%- set result = dbt_estate._sent(parts.call, parts.fetches) -%}
        {%- if parts.fetches -%}
            {%- set last = [dbt_estate._result_sql(call, ledger, options, result)] + last -%}
        {%- endif -%}
        {%- set answer = dbt_estate._sent(last | join(';\n\n'), true) if last else none -%}
    {%- endif -%}
    {%- if not answer or answer.rows | length == 0 -%}
        {{- return({'status': 'succeeded' if ledger is none else 'in_doubt', 'error': none}) -}}
    {%- endif -%}
    {{- return({'status': answer.rows[0][0], 'error': answer.rows[0][1]}) -}}
{%- endmacro %}


{% macro _sent(text, fetch) -%}
    {%- call statement('estate_call', fetch_result=fetch, auto_begin=false) -%}
        {{- text -}}
    {%- endcall -%}
    {%- if fetch -%}
        {{- return(load_result('estate_call').table) -}}
    {%- endif -%}
{%- endmacro %}


{#- What became of the call, read back: an update that met no row is not a success. -#}
{% macro _read_statements(call, ledger, options) -%}
    {%- if ledger is not none -%}
        {{- return([
            'select status, error from ' ~ ledger ~ '\nwhere ' ~ options.condition ~ '\n    and row_key = '
            ~ call.key_text
        ]) -}}
    {%- elif options.errors -%}
        {{- return([
            "select case when count(*) = 0 then 'succeeded' else 'failed' end as status, max(error) as error from "
            ~ options.errors ~ '\nwhere row_key = ' ~ call.key_text
        ]) -}}
    {%- endif -%}
    {{- return([]) -}}
{%- endmacro %}


{% macro _note_error_sql(call, options) -%}
insert into {{ options.errors }} (row_key, error)
values ({{ call.key_text }}, {{ dbt_estate._masked_error(call, options) if options.errors }})
{%- endmacro %}


{#- Secrets that are text: a number may be a part of any other, and a mask in its place would be no JSON. -#}
{% macro _text_secrets(call, options) -%}
    {%- set texts = [] -%}
    {%- for name in options.redact if call['values'][name] is string -%}{%- do texts.append(name) -%}{%- endfor -%}
    {{- return(dbt_estate._secrets(call, {'redact': texts})) -}}
{%- endmacro %}


{% macro _result_sql(call, ledger, options, table) -%}
    {%- set rows = [] -%}
    {%- for row in table.rows -%}
        {%- set shown = {} -%}
        {%- for name in table.column_names -%}
            {%- set is_secret = name | lower in options.redact | map('lower') | list -%}
            {%- do shown.update({name: '***' if is_secret else dbt_estate._shown(row[name])}) -%}
        {%- endfor -%}
        {%- do rows.append(shown) -%}
    {%- endfor -%}
    {%- set text = namespace(json=tojson(rows)) -%}
    {%- for secret in dbt_estate._text_secrets(call, options) -%}
        {%- set text.json = text.json | replace(secret, '***') -%}
    {%- endfor -%}
update {{ ledger }}
set result = {{ dbt_estate.literal(text.json) }}
where {{ options.condition }}
    and row_key = {{ call.key_text }}
    and status <> 'failed'
{%- endmacro %}


{% macro _summarize(plan, outcome, options) -%}
    {%- set left = plan.todo | length - outcome.made -%}
    {%- set lines = [
        'dbt_estate: summary of ' ~ options.operation ~ (', batch ' ~ options.batch if options.ledger),
        '  calls       ' ~ outcome.made,
        '  ok          ' ~ outcome.ok,
        '  failed      ' ~ outcome.failed | length,
        '  in doubt    ' ~ outcome.in_doubt | length,
        '  skipped     ' ~ outcome.skipped,
        '  not called  ' ~ left,
        '  seconds     ' ~ '%.1f' | format((dbt_estate._clock() - outcome.begun).total_seconds())
    ] -%}
    {%- if outcome.slowest -%}
        {%- set seconds = '%.1f' | format(outcome.slowest.seconds) -%}
        {%- do lines.append('  slowest     ' ~ seconds ~ ' s ' ~ outcome.slowest.params) -%}
    {%- endif -%}
    {%- set bad = outcome.failed + outcome.in_doubt -%}
    {%- for call in bad[:5] -%}
        {%- do lines.append('  error       ' ~ call.params ~ (' ' ~ call.error if call.error)) -%}
    {%- endfor -%}
    {%- for line in lines -%}{%- do log(line, info=true) -%}{%- endfor -%}
    {%- if bad -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ outcome.failed | length ~ " of " ~ outcome.made ~ " calls failed, "
            ~ outcome.in_doubt | length ~ " in doubt, " ~ left ~ " not made."
            ~ (" When the cause is mended, resume: true makes those that have not succeeded." if options.ledger)
        ) -%}
    {%- endif -%}
{%- endmacro %}
