{#- Prints every statement in full, and writes nothing. -#}
{% macro _show_calls(calls, options) -%}
    {%- set ledger = load_relation(dbt_estate._call_ledger()) if options.ledger else none -%}
    {%- set refusal = dbt_estate._choose_batch(ledger, options) -%}
    {%- do dbt_estate._raise_problems('call_procedures ' ~ options.operation, [refusal] | select | list) -%}
    {%- set rows = dbt_estate._calls_of_batch(ledger, options) if ledger is not none else {} -%}
    {%- set plan = dbt_estate._plan_calls(calls, rows, ledger, options) -%}
    {%- do dbt_estate._raise_problems('call_procedures ' ~ options.operation, [plan.refusal] | select | list) -%}
    {%- for call in plan.todo -%}
        {%- set texts = dict(call.texts) -%}
        {%- for name in options.redact -%}{%- do texts.update({name: "'***'"}) -%}{%- endfor -%}
        {%- do print('-- ' ~ loop.index ~ ' of ' ~ plan.todo | length ~ ': ' ~ call.params) -%}
        {%- do print(dbt_estate._call_sql(call.template, call['values'], texts, options.param_types)) -%}
    {%- endfor -%}
    {%- set count = plan.todo | length -%}
    {%- do print(
        'dbt_estate: dry run of ' ~ options.operation ~ ': ' ~ count ~ (' call' if count == 1 else ' calls')
        ~ ' would be made' ~ (', ' ~ plan.skipped ~ ' are done' if plan.skipped) ~ '; nothing was called or written'
    ) -%}
{%- endmacro %}


{#- One run: what this run holds is given back before an error is raised. -#}
{% macro _make_calls(calls, options) -%}
    {%- set ledger = dbt_estate._call_ledger() if options.ledger else none -%}
    {%- set place = dbt_estate._call_ledger() | string -%}
    {%- set run = local_md5(invocation_id ~ options.operation ~ dbt_estate._clock()) -%}
    {%- set locks = [
        place ~ ' operation ' ~ options.operation ~ (' slice ' ~ options.slice if options.slice), place ~ ' run ' ~ run
    ] -%}
    {%- if ledger is not none -%}{%- do dbt_estate._create_call_ledger(ledger) -%}{%- endif -%}
    {%- for name in locks -%}{%- do dbt_estate.lock(name) -%}{%- endfor -%}
    {%- set refusal = dbt_estate._choose_batch(ledger, options) -%}
    {%- set outcome = {
        'ok': 0, 'failed': [], 'in_doubt': [], 'skipped': 0, 'made': 0, 'slowest': none, 'begun': dbt_estate._clock()
    } -%}
    {%- set plan = {'todo': [], 'refusal': refusal, 'skipped': 0, 'lost': [], 'skip': []} -%}
    {%- if not refusal and ledger is none -%}
        {%- do plan.update({'todo': calls}) -%}
    {%- elif not refusal -%}
        {%- do dbt_estate._report_dead_runs(ledger, options) -%}
        {%- set plan = dbt_estate._plan_calls(calls, dbt_estate._calls_of_batch(ledger, options), ledger, options) -%}
        {%- do dbt_estate._mark_calls(ledger, options, plan.lost, 'in_doubt') -%}
    {%- endif -%}
    {%- if not plan.refusal -%}
        {%- do dbt_estate._mark_calls(ledger, options, plan['skip'], 'skipped') -%}
        {%- do outcome.update({'skipped': plan.skipped}) -%}
        {%- do dbt_estate._run_calls(plan.todo, ledger, options, run, outcome) -%}
    {%- endif -%}
    {%- for name in locks -%}{%- do dbt_estate.unlock(name) -%}{%- endfor -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- if plan.refusal -%}
        {%- do dbt_estate._raise_problems('call_procedures ' ~ options.operation, [plan.refusal]) -%}
    {%- endif -%}
    {%- do dbt_estate._summarize(plan, outcome, options) -%}
{%- endmacro %}


{% macro _clock() -%}
    {{- return(modules.datetime.datetime.now(modules.pytz.utc)) -}}
{%- endmacro %}


{#- Which calls are left: `todo`; `skipped` counts those that are done, `lost` are those whose run has died, `skip`
    those to leave for good, and `refusal` says why no call is made at all. -#}
{% macro _plan_calls(calls, rows, ledger, options) -%}
    {%- set plan = {'todo': [], 'skipped': 0, 'lost': [], 'skip': [], 'refusal': none} -%}
    {%- set known = {} -%}
    {%- set found = {'present': [], 'busy': [], 'doubt': [], 'other': [], 'gone': []} -%}
    {%- set wanted = {} -%}
    {%- for call in calls -%}{%- do wanted.update({call.key: call}) -%}{%- endfor -%}
    {%- for key, row in rows.items() -%}
        {%- set is_open = row.status in ['running', 'in_doubt'] -%}
        {%- if key in wanted -%}{%- do found.present.append(row) -%}{%- endif -%}
        {%- if options.procedure is not none and row.called != options.procedure -%}
            {%- do found.other.append(row) -%}
        {%- elif row.status == 'failed' and key not in wanted -%}
            {%- do found.gone.append(row) -%}
        {%- endif -%}
        {%- if row.status == 'running' and dbt_estate._is_alive(ledger, row.run, known) -%}
            {%- do found.busy.append(row) -%}
        {%- elif is_open -%}
            {%- do found.doubt.append(row) -%}
            {%- do (plan['skip'] if options.in_doubt == 'skip' else plan.lost).append(key) -%}
            {%- if key not in wanted and options.in_doubt == 'retry' -%}
                {%- do plan.update({'refusal': "a call in doubt is no longer among the parameters, so it cannot be"
                    ~ " made again: " ~ row.params ~ ". in_doubt: skip leaves it"}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for call in calls -%}
        {%- set row = rows.get(call.key, {'status': none, 'attempt': 0}) -%}
        {%- if row.status in ['succeeded', 'skipped'] or call.key in plan['skip'] -%}
            {%- do plan.update({'skipped': plan.skipped + 1}) -%}
        {%- else -%}
            {%- do plan.todo.append(dict(call, attempt=row.attempt)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._refuse_plan(plan, found, options) -%}
    {{- return(plan) -}}
{%- endmacro %}


{% macro _refuse_plan(plan, found, options) -%}
    {%- if found.busy -%}
        {%- do plan.update({'refusal': "another run is still at work in batch " ~ options.batch ~ ", at "
            ~ found.busy[0].params ~ ". Wait until it has ended, then run again"}) -%}
    {%- elif found.present and not options.resume -%}
        {%- do plan.update({'refusal': "batch: " ~ options.batch ~ " has " ~ found.present | length
            ~ " of these calls already. resume: true makes those that have not succeeded; another batch makes all"}) -%}
    {%- elif found.other -%}
        {%- do plan.update({'refusal': "procedure: batch " ~ options.batch ~ " has called " ~ found.other[0].called
            ~ ", so what is done there says nothing of this one. Give another batch, got: " ~ options.procedure}) -%}
    {%- elif found.doubt and options.in_doubt == 'fail' -%}
        {%- do plan.update({'refusal': found.doubt | length
            ~ (" call is" if found.doubt | length == 1 else " calls are") ~ " in doubt, since a run died in it: "
            ~ (found.doubt | map(attribute='params') | list)[:3] | join(', ')
            ~ ". See what it has done, then resume with in_doubt: retry to make it again, or in_doubt: skip to leave"
            ~ " it as it is"}) -%}
    {%- elif found.gone -%}
        {%- do exceptions.warn(
            "dbt_estate: " ~ found.gone | length ~ " failed calls of batch " ~ options.batch
            ~ " are no longer among the parameters and are not made again, for example " ~ found.gone[0].params
        ) -%}
    {%- endif -%}
{%- endmacro %}
