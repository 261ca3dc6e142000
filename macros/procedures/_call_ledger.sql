{#- One row a call of a batch. `running` is committed before the call, and what became of it is written in the call's
    own transaction where it has one: a row that still says `running` after its run has died is in doubt. -#}
{% macro _call_ledger() -%}
    {{- return(api.Relation.create(
        database=target.database, schema=target.schema, identifier='estate_procedure_calls', type='table'
    )) -}}
{%- endmacro %}


{% macro _call_ledger_columns() -%}
    {{- return({
        'operation': 'name', 'batch': 'name', 'row_key': 'name', 'procedure': 'text', 'params': 'text',
        'status': 'name', 'attempt': 'integer', 'started_at': 'timestamp', 'finished_at': 'timestamp',
        'error': 'text', 'result': 'text', 'run': 'name', 'invocation_id': 'name', 'origin': 'name'
    }) -}}
{%- endmacro %}


{% macro _create_call_ledger(ledger) -%}
    {%- if load_relation(ledger) is none -%}
        {%- if not adapter.check_schema_exists(ledger.database, ledger.schema) -%}
            {%- do adapter.create_schema(ledger) -%}
        {%- endif -%}
        {%- do dbt_estate.create_table_once(
            ledger, dbt_estate._call_ledger_columns(), unique=['operation', 'batch', 'row_key']
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _batch_condition(options) -%}
    {{- return(
        dbt_estate.identifier('operation') ~ ' = ' ~ dbt_estate.literal(options.operation)
        ~ '\n    and ' ~ dbt_estate.identifier('batch') ~ ' = ' ~ dbt_estate.literal(options.batch)
    ) -}}
{%- endmacro %}


{#- The batch of a run that resumes without naming one: the last, and no older than a day, since the run that is to be
    resumed may have died before it wrote a row. -#}
{% macro _last_batch(ledger, options) -%}
    {%- set operation = dbt_estate.identifier('operation') ~ ' = ' ~ dbt_estate.literal(options.operation)
        ~ ' and origin = ' ~ dbt_estate.literal(dbt_estate._origin(options)) -%}
    {%- set query -%}
select
    {{ dbt_estate.identifier('batch') }} as batch,
    min(started_at) as begun_at,
    case when {{ dbt.dateadd('hour', 24, 'min(started_at)') }} > {{ dbt_estate.now() }} then 1 else 0 end as is_recent,
    sum(case when status in ('succeeded', 'skipped') then 0 else 1 end) as unfinished
from {{ ledger }}
where {{ operation }}
    and {{ dbt_estate.identifier('batch') }} in (
        select {{ dbt_estate.identifier('batch') }} from {{ ledger }}
        where {{ operation }} and started_at = (select max(started_at) from {{ ledger }} where {{ operation }})
    )
group by {{ dbt_estate.identifier('batch') }}
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {{- return(none if rows | length == 0 else {
        'batch': rows[0][0], 'begun_at': rows[0][1], 'is_recent': rows[0][2] == 1, 'unfinished': rows[0][3]
    }) -}}
{%- endmacro %}


{#- Names the batch; what stands against it is the answer, none otherwise. -#}
{% macro _choose_batch(ledger, options) -%}
    {%- if options.batch is none and options.resume and ledger is not none -%}
        {%- set last = dbt_estate._last_batch(ledger, options) -%}
        {%- if last is not none -%}
            {%- do options.update({'batch': last.batch}) -%}
            {%- if not last.is_recent -%}
                {{- return(
                    "resume: the last batch of " ~ options.operation ~ " was begun more than a day ago, at "
                    ~ last.begun_at ~ ". Name it to go on with it (batch: '" ~ last.batch
                    ~ "'), or run without resume"
                ) -}}
            {%- elif last.unfinished == 0 and dbt_estate._is_retry() -%}
                {{- return(
                    "dbt retry: the last batch of " ~ options.operation ~ " (" ~ last.batch ~ ") is complete. If the"
                    ~ " run that failed had not begun its calls, run it anew"
                ) -}}
            {%- endif -%}
            {%- do log(
                'dbt_estate: resumes ' ~ options.operation ~ ', batch ' ~ last.batch ~ ', begun at ' ~ last.begun_at,
                info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if options.batch is none -%}
        {%- do dbt_estate._tell_unfinished(ledger, options) -%}
        {%- set now = dbt_estate._clock() -%}
        {%- set suffix = local_md5(now | string ~ invocation_id)[:8] -%}
        {%- do options.update({'batch': now.strftime('%Y-%m-%dT%H:%M:%SZ') ~ ' ' ~ suffix}) -%}
    {%- endif -%}
    {{- return(none) -}}
{%- endmacro %}


{#- A run that begins anew after one that failed may be meant to, or may be a retry that we do not know of. -#}
{% macro _tell_unfinished(ledger, options) -%}
    {%- set is_there = ledger is not none and load_relation(ledger) is not none -%}
    {%- set last = dbt_estate._last_batch(ledger, options) if is_there else none -%}
    {%- if last and last.is_recent and last.unfinished -%}
        {%- do exceptions.warn(
            "dbt_estate: " ~ last.unfinished ~ (" call" if last.unfinished == 1 else " calls") ~ " of "
            ~ options.operation ~ ", batch " ~ last.batch ~ (", has" if last.unfinished == 1 else ", have")
            ~ " not succeeded, and a new batch is begun, in which"
            ~ " every call is made. To go on with the last one instead, run with resume: true."
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- Key to what the ledger has of this batch. -#}
{% macro _calls_of_batch(ledger, options) -%}
    {%- set rows = {} -%}
    {%- set query -%}
select row_key, status, attempt, run, params, {{ dbt_estate.identifier('procedure') }} as called
from {{ ledger }}
where {{ dbt_estate._batch_condition(options) }}
    {%- endset -%}
    {%- for row in run_query(query).rows if dbt_estate._is_in_slice(row[0], options.slice) -%}
        {%- do rows.update({row[0]: {
            'status': row[1], 'attempt': row[2] | int, 'run': row[3], 'params': row[4], 'called': row[5]
        }}) -%}
    {%- endfor -%}
    {{- return(rows) -}}
{%- endmacro %}


{#- A run holds the lock of its name as long as it lives, however it ends. -#}
{% macro _is_alive(ledger, run, known) -%}
    {%- if run not in known -%}
        {%- set name = ledger ~ ' run ' ~ run -%}
        {%- set is_free = adapter.dispatch('_try_lock', 'dbt_estate')(name) -%}
        {%- if is_free -%}{%- do dbt_estate.unlock(name) -%}{%- endif -%}
        {%- do known.update({run: not is_free}) -%}
    {%- endif -%}
    {{- return(known[run]) -}}
{%- endmacro %}


{#- Calls of other batches whose run has died are told once. -#}
{% macro _report_dead_runs(ledger, options) -%}
    {%- set query -%}
select {{ dbt_estate.identifier('batch') }} as batch, run, min(params) as example, count(*) as calls
from {{ ledger }}
where {{ dbt_estate.identifier('operation') }} = {{ dbt_estate.literal(options.operation) }}
    and status = 'running'
    and {{ dbt_estate.identifier('batch') }} <> {{ dbt_estate.literal(options.batch) }}
group by {{ dbt_estate.identifier('batch') }}, run
    {%- endset -%}
    {%- set known = {} -%}
    {%- for row in run_query(query).rows if not dbt_estate._is_alive(ledger, row[1], known) -%}
        {%- do dbt_estate.run_atomically([
            "update " ~ ledger ~ "\nset status = 'in_doubt'\nwhere status = 'running' and run = "
            ~ dbt_estate.literal(row[1])
        ], 'estate_in_doubt') -%}
        {%- do exceptions.warn(
            "dbt_estate: " ~ row[3] ~ (" call" if row[3] == 1 else " calls") ~ " of " ~ options.operation ~ ", batch "
            ~ row[0] ~ ", in doubt: the run died in it, for example at " ~ row[2]
            ~ ". Decide with resume: true, batch: '" ~ row[0] ~ "' and in_doubt: retry or skip."
        ) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _mark_calls(ledger, options, keys, status) -%}
    {%- for some in keys | batch(500) -%}
        {%- do dbt_estate.run_atomically([
            'update ' ~ ledger ~ '\nset status = ' ~ dbt_estate.literal(status) ~ '\nwhere '
            ~ dbt_estate._batch_condition(options) ~ '\n    and row_key in ('
            ~ dbt_estate._literals(some) | join(', ') ~ ')'
        ], 'estate_mark_calls') -%}
    {%- endfor -%}
{%- endmacro %}


{#- Takes the call for this run, before it is made. The row of another attempt is taken only as it was read. -#}
{% macro _claim_text(call, ledger, options, run) -%}
    {%- set here = options.condition ~ '\n    and row_key = ' ~ call.key_text -%}
    {%- if call.attempt == 0 -%}
        {%- set claim -%}
insert into {{ ledger }} (
    {{ dbt_estate.identifier('operation') }}, {{ dbt_estate.identifier('batch') }}, row_key,
    {{ dbt_estate.identifier('procedure') }}, params, status, attempt, started_at, run, invocation_id,
    origin
)
values ({{ options.values_text }}, {{ call.key_text }}, {{ options.procedure_text }}, {{
    dbt_estate.literal(call.params)
}}, 'running', 1, {{ options.now }}, {{ run }}, {{ options.invocation_text }}, {{ options.origin_text }})
        {%- endset -%}
    {%- else -%}
        {%- set claim -%}
update {{ ledger }}
set status = 'running', attempt = {{ call.attempt + 1 }}, started_at = {{ options.now }}, finished_at = null,
    error = null, result = null, run = {{ run }}, invocation_id = {{ options.invocation_text }}
where {{ here }}
    and attempt = {{ call.attempt }}
    and status not in ('succeeded', 'skipped')
        {%- endset -%}
    {%- endif -%}
    {{- return(dbt_estate.atomically([claim]) ~ '\n\nselect run, status from ' ~ ledger ~ '\nwhere ' ~ here) -}}
{%- endmacro %}


{% macro _success_sql(call, ledger, options, result=none) -%}
update {{ ledger }}
set status = 'succeeded', finished_at = {{ options.now }}{{ ', result = ' ~ result if result is not none }}
where {{ options.condition }}
    and row_key = {{ call.key_text }}
{%- endmacro %}


{% macro _failure_sql(call, ledger, options) -%}
update {{ ledger }}
set status = 'failed', finished_at = {{ options.now }}, error = {{ dbt_estate._masked_error(call, options) }}
where {{ options.condition }}
    and row_key = {{ call.key_text }}
{%- endmacro %}


{#- The error's text without the secrets of the call, the longest first, since one may be a part of another. -#}
{% macro _masked_error(call, options) -%}
    {{- return(dbt_estate._masked_sql(dbt_estate.error_text(), dbt_estate._secrets(call, options))) -}}
{%- endmacro %}


{% macro _masked_sql(expression, secrets) -%}
    {%- set text = namespace(sql=expression) -%}
    {%- for secret in secrets -%}
        {%- set text.sql = 'replace(' ~ text.sql ~ ', ' ~ dbt_estate.literal(secret) ~ ", '***')" -%}
    {%- endfor -%}
    {{- return(text.sql) -}}
{%- endmacro %}


{#- The ways in which a secret of the call may be written: as it is, as SQL, as JSON, as a shorter number. -#}
{% macro _secrets(call, options) -%}
    {%- set sized = [] -%}
    {%- for name in options.redact if call['values'][name] is not none -%}
        {%- set value = call['values'][name] -%}
        {%- set text = dbt_estate._shown(value) | string -%}
        {%- set forms = [text, text | replace("'", "''"), tojson(text)[1:-1]] -%}
        {%- if value is number and '.' in text -%}{%- do forms.append(text.rstrip('0').rstrip('.')) -%}{%- endif -%}
        {%- for form in forms | unique(case_sensitive=true) if form -%}
            {%- do sized.append([form | length, form]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(sized | sort(reverse=true) | map('last') | list) -}}
{%- endmacro %}
