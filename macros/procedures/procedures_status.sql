{% macro procedures_status(operation=none, batch=none, output='text') -%}
    {%- set problems = [] -%}
    {%- do dbt_estate._check_choice('output', output, ['text', 'json'], problems) -%}
    {%- for key, value in {'operation': operation, 'batch': batch}.items()
        if value is not none and (value is boolean or value is mapping or value | string | trim == '') -%}
        {%- do problems.append(key ~ ": must be a name, got: " ~ value) -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems('procedures_status', problems) -%}
    {%- if execute -%}
        {%- set ledger = load_relation(dbt_estate._call_ledger()) -%}
        {%- set batches = dbt_estate._batches(ledger, operation, batch) if ledger is not none else [] -%}
        {%- if output == 'json' -%}
            {%- do print('dbt_estate:json ' ~ tojson({
                'ledger': dbt_estate._call_ledger().render(), 'exists': ledger is not none, 'batches': batches
            })) -%}
        {%- else -%}
            {%- do dbt_estate._print_batches(batches) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The batches asked for, the last one of each operation if none is, with every call that is not done. A call that
    says `running` is in doubt if its run has died; nothing is written here. -#}
{% macro _batches(ledger, operation, batch) -%}
    {%- set conditions = [] -%}
    {%- for key, value in {'operation': operation, 'batch': batch}.items() if value is not none -%}
        {%- do conditions.append(dbt_estate.identifier(key) ~ ' = ' ~ dbt_estate.literal(value | string)) -%}
    {%- endfor -%}
    {%- set query -%}
select
    {{ dbt_estate.identifier('operation') }} as operation,
    {{ dbt_estate.identifier('batch') }} as batch,
    status,
    {{ adapter.dispatch('_second_text', 'dbt_estate')('started_at') }} as started_at,
    {{ adapter.dispatch('_second_text', 'dbt_estate')('finished_at') }} as finished_at,
    attempt, params, error, run
from {{ ledger }}
{{ 'where ' ~ conditions | join(' and ') if conditions }}
order by started_at, row_key
    {%- endset -%}
    {%- set batches = {} -%}
    {%- set last = {} -%}
    {%- set known = {} -%}
    {%- for row in run_query(query).rows -%}
        {%- set found = batches.setdefault(row[0] ~ '\n' ~ row[1], {
            'operation': row[0], 'batch': row[1], 'succeeded': 0, 'failed': 0, 'skipped': 0, 'in_doubt': 0,
            'running': 0, 'begun_at': row[3], 'ended_at': none, 'calls': []
        }) -%}
        {%- do last.update({row[0]: row[1]}) -%}
        {%- set is_dead = row[2] == 'running' and not dbt_estate._is_alive(ledger, row[8], known) -%}
        {%- set status = 'in_doubt' if is_dead else row[2] -%}
        {%- do found.update({status: found[status] + 1}) -%}
        {%- if row[4] is not none and (found.ended_at is none or row[4] > found.ended_at) -%}
            {%- do found.update({'ended_at': row[4]}) -%}
        {%- endif -%}
        {%- if status not in ['succeeded', 'skipped'] -%}
            {%- do found.calls.append({
                'status': status, 'attempt': row[5] | int, 'started_at': row[3], 'params': row[6], 'error': row[7]
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set shown = [] -%}
    {%- for found in batches.values() if batch is not none or last[found.operation] == found.batch -%}
        {%- do shown.append(found) -%}
    {%- endfor -%}
    {{- return(shown) -}}
{%- endmacro %}


{#- Seconds are enough for a reader, and every engine writes them alike. -#}
{% macro default___second_text(column) -%}
    {{- return("strftime(" ~ column ~ ", '%Y-%m-%d %H:%M:%S')") -}}
{%- endmacro %}


{% macro postgres___second_text(column) -%}
    {{- return("to_char(" ~ column ~ ", 'YYYY-MM-DD HH24:MI:SS')") -}}
{%- endmacro %}


{% macro sqlserver___second_text(column) -%}
    {{- return('convert(nvarchar(19), ' ~ column ~ ', 120)') -}}
{%- endmacro %}


{% macro _print_batches(batches) -%}
    {%- for found in batches -%}
        {%- do print(
            found.operation ~ ', batch ' ~ found.batch ~ ', begun at ' ~ found.begun_at ~ ': ' ~ found.succeeded
            ~ ' succeeded, ' ~ found.failed ~ ' failed, ' ~ found.in_doubt ~ ' in doubt, ' ~ found.skipped
            ~ ' skipped, ' ~ found.running ~ ' running'
        ) -%}
        {%- for call in found.calls -%}
            {%- do print('  ' ~ call.status ~ ' ' ~ call.params ~ (' ' ~ call.error if call.error)) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do print('dbt_estate: the ledger has no such calls') -%}
    {%- endfor -%}
{%- endmacro %}
