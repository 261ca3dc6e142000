{% macro _default_call_options() -%}
    {{- return({
        'procedure': none, 'statement': none, 'params': none, 'query': none, 'map': none, 'param_types': {},
        'order_by': [], 'dry_run': false, 'on_error': 'stop', 'max_failures': none, 'resume': false,
        'in_doubt': 'fail', 'transaction': 'per_call', 'redact': [], 'batch': none, 'slice': none, 'ledger': true,
        'capture': false
    }) -}}
{%- endmacro %}


{#- Defaults, over them the named dispatch, over that the arguments. -#}
{% macro _call_options(dispatch, arguments, problems) -%}
    {%- set options = dbt_estate._default_call_options() -%}
    {%- set named = {} -%}
    {%- if dispatch is not none -%}
        {%- set dispatches = dbt_estate._settings()['procedures'] -%}
        {%- if dispatch is not string or dispatch not in dispatches -%}
            {%- do problems.append(
                "dispatch: must be one of " ~ (dispatches.keys() | join(', ') or 'none, since there are none')
                ~ ", got: " ~ dispatch ~ ". Dispatches are named in vars: dbt_estate: {procedures: ...}"
            ) -%}
        {%- elif dispatches[dispatch] is not mapping -%}
            {%- do problems.append(
                "vars: dbt_estate: {procedures: {" ~ dispatch ~ ": ...}} must be a mapping of arguments, got: "
                ~ dispatches[dispatch]
            ) -%}
        {%- else -%}
            {%- set named = dispatches[dispatch] -%}
        {%- endif -%}
    {%- endif -%}
    {%- for given in [named, arguments] -%}
        {%- for key, value in given.items() -%}
            {%- do dbt_estate._check_choice('argument', key, options.keys() | list, problems) -%}
            {%- if value is not none and key in options -%}{%- do options.update({key: value}) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do options.update({'operation': dbt_estate._operation(dispatch, options)}) -%}
    {{- return(options) -}}
{%- endmacro %}


{#- What the ledger knows the calls by: the same text for every run of the same job. -#}
{% macro _operation(dispatch, options) -%}
    {%- set name = dispatch or options.procedure or 'statement ' ~ local_md5(options.statement | string) -%}
    {%- if dbt_estate._is_in_a_model() -%}
        {{- return(name ~ ' of ' ~ model.unique_id.split('.')[2:] | join('.')) -}}
    {%- endif -%}
    {{- return(name) -}}
{%- endmacro %}


{#- Where the calls come from: a run that resumes without naming a batch goes on with one of the same origin only. -#}
{% macro _origin(options) -%}
    {{- return(local_md5(tojson([options.params | string, options.query, options.map]))) -}}
{%- endmacro %}


{% macro _check_call_options(options, problems) -%}
    {%- do dbt_estate._check_what_is_called(options.procedure, options.statement, problems) -%}
    {%- if (options.params is none) == (options.query is none) -%}
        {%- do problems.append(
            "params, query: give one of them, got: " ~ ('neither' if options.params is none else 'both')
            ~ ". params is a model, a seed or source.table; query is the text of a query"
        ) -%}
    {%- elif options.query is not none and (options.query is not string or options.query | trim == '') -%}
        {%- do problems.append("query: must be the text of a query, got: " ~ options.query) -%}
    {%- elif options.params is not none and (
        not modules.re.match('[^\\s.]+([.][^\\s.]+)?\\Z', options.params) if options.params is string
        else options.params.identifier is not defined
    ) -%}
        {%- do problems.append(
            "params: must be the name of a model or seed, or source.table, got: " ~ options.params
        ) -%}
    {%- endif -%}
    {%- for key in ['dry_run', 'resume', 'ledger', 'capture'] -%}
        {%- do dbt_estate._read_boolean(options, key, problems) -%}
    {%- endfor -%}
    {%- do dbt_estate._check_choice('on_error', options.on_error, ['stop', 'continue'], problems) -%}
    {%- do dbt_estate._check_choice('in_doubt', options.in_doubt, ['fail', 'retry', 'skip'], problems) -%}
    {%- do dbt_estate._check_choice('transaction', options.transaction, ['per_call', 'none'], problems) -%}
    {%- if options.max_failures is not none -%}
        {%- do dbt_estate._check_whole_number('max_failures', options.max_failures, 1, 1000000000, problems) -%}
        {%- if options.on_error != 'continue' -%}
            {%- do problems.append(
                "max_failures: counts failures under on_error: continue, got on_error: " ~ options.on_error
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do dbt_estate._check_call_names(options, problems) -%}
    {%- do dbt_estate._check_batch_and_slice(options, problems) -%}
    {%- do dbt_estate._check_without_ledger(options, problems) -%}
    {%- do dbt_estate._check_abilities(options, problems) -%}
    {%- do dbt_estate._check_hooks(problems) -%}
    {%- if dbt_estate._is_retry() and flags.WHICH != 'run-operation' and options.batch is none and options.ledger -%}
        {%- do problems.append(
            "batch: a hook needs one under dbt retry, which runs it again whether it had been run or not: give it a"
            ~ " batch and resume: true, such as batch=run_started_at.strftime('%Y-%m-%d'), got: none"
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- The command line of dbt gives what stands in quotes as text, and text is true in Jinja. -#}
{% macro _read_boolean(options, key, problems) -%}
    {%- set value = options[key] -%}
    {%- if value is string and value | lower in ['true', 'false'] -%}
        {%- do options.update({key: value | lower == 'true'}) -%}
    {%- elif value is not boolean -%}
        {%- do problems.append(key ~ ": must be true or false, got: " ~ value) -%}
        {%- do options.update({key: false}) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _check_what_is_called(procedure, statement, problems) -%}
    {%- if (procedure is none) == (statement is none) -%}
        {%- do problems.append(
            "procedure, statement: give one of them, got: " ~ ('neither' if procedure is none else 'both')
        ) -%}
    {%- elif procedure is not none and dbt_estate._procedure_parts(procedure) is none -%}
        {%- do problems.append(
            "procedure: must be a name of one to three parts such as dbo.rebuild_store, each a word of letters, digits,"
            ~ " _, $ and #, or in double quotes, got: " ~ procedure
        ) -%}
    {%- elif statement is not none and (statement is not string or statement | trim == '') -%}
        {%- do problems.append("statement: must be the text of an SQL statement, got: " ~ statement) -%}
    {%- elif procedure is not none and not adapter.dispatch('_call_abilities', 'dbt_estate')()['procedures'] -%}
        {%- do problems.append(
            "procedure: " ~ adapter.type() ~ " has no stored procedures; give a statement with :name for each"
            ~ " parameter, got: " ~ procedure
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _check_call_names(options, problems) -%}
    {%- if options.map is not none -%}
        {%- if options.map is not mapping or not options.map
            or options.map.values() | reject('string') | list -%}
            {%- do problems.append("map: must be a mapping of parameter to column, got: " ~ options.map) -%}
            {%- do options.update({'map': none}) -%}
        {%- else -%}
            {%- do dbt_estate._check_parameter_names('map', options.map.keys(), problems) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do dbt_estate._check_param_types(options.param_types, problems) -%}
    {%- for key in ['redact', 'order_by'] -%}
        {%- if options[key] is string -%}{%- do options.update({key: [options[key]]}) -%}{%- endif -%}
        {%- if options[key] is mapping or options[key] is not sequence or options[key] | reject('string') | list -%}
            {%- do problems.append(key ~ ": must be a name or a list of names, got: " ~ options[key]) -%}
            {%- do options.update({key: []}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if options.order_by and options.query is not none -%}
        {%- do problems.append("order_by: is for params; write the order by in the query, got: " ~ options.order_by) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _check_parameter_names(argument, names, problems) -%}
    {%- for name in names if name is not string or not modules.re.match('[^\\W\\d][\\w$#@]*\\Z', name) -%}
        {%- do problems.append(
            argument ~ ": a parameter must be a word of letters, digits, _, $, # and @ that begins with a letter or _,"
            ~ " got: " ~ name
        ) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _check_param_types(types, problems) -%}
    {%- set word = '[A-Za-z_][A-Za-z0-9_.]*( [A-Za-z_][A-Za-z0-9_]*)*' -%}
    {%- set pattern = word ~ '( ?[(] ?([0-9]+|max) ?(, ?[0-9]+ ?)?[)])?( [A-Za-z]+)*(\\[\\])?\\Z' -%}
    {%- if types is not mapping -%}
        {%- do problems.append("param_types: must be a mapping of parameter to type, got: " ~ types) -%}
    {%- else -%}
        {%- for name, type in types.items() if type is not string or not modules.re.match(pattern, type) -%}
            {%- do problems.append(
                "param_types: the type of " ~ name ~ " must be the name of an SQL type such as decimal(10, 2), got: "
                ~ type
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- YAML reads 20260321 as a number and 2026-03-21 as a date. -#}
{% macro _check_batch_and_slice(options, problems) -%}
    {%- set batch = options.batch -%}
    {%- if batch is not none -%}
        {%- set text = batch | string -%}
        {%- set one_line = '(?!\\s)[^\x00-\x1f\x7f]{1,200}(?<!\\s)\\Z' -%}
        {%- set is_value = batch is string or batch.isoformat is defined
            or (batch is number and batch is not boolean) -%}
        {%- if not is_value or not modules.re.match(one_line, text) -%}
            {%- do problems.append("batch: must be a text of 1 to 200 characters on one line, got: " ~ batch) -%}
        {%- endif -%}
        {%- do options.update({'batch': text}) -%}
    {%- endif -%}
    {%- if options.slice is not none -%}
        {%- set match = modules.re.match('([1-9][0-9]{0,3})/([1-9][0-9]{0,3})\\Z', options.slice | string) -%}
        {%- if not match or match.group(1) | int > match.group(2) | int -%}
            {%- do problems.append("slice: must be a part of a whole such as 2/8, got: " ~ options.slice) -%}
        {%- elif batch is none and options.ledger -%}
            {%- do problems.append(
                "slice: needs a batch, the same for all slices, so that they are one in the ledger, got: none"
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if options.operation | length > 250 -%}
        {%- do problems.append("the name of the operation has more than 250 characters: " ~ options.operation) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _check_without_ledger(options, problems) -%}
    {%- if dbt_estate._is_retry() -%}
        {%- if not options.ledger -%}
            {%- do problems.append(
                "ledger: false cannot be retried, since nothing tells which calls were made. Run it anew, or set"
                ~ " ledger: true"
            ) -%}
        {%- endif -%}
        {%- do options.update({'resume': true}) -%}
    {%- elif not options.ledger -%}
        {%- for key in ['resume', 'capture', 'batch'] if options[key] -%}
            {%- do problems.append(key ~ ": is kept in the ledger; remove ledger: false, got: " ~ options[key]) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- dbt retry runs an operation again from its start: https://docs.getdbt.com/reference/commands/retry
    The command is the first word of the command line that names one; what follows may contain any word. -#}
{% macro _is_retry() -%}
    {%- set commands = [
        'build', 'clone', 'compile', 'docs', 'freshness', 'retry', 'run', 'run-operation', 'seed', 'show', 'snapshot',
        'source', 'test'
    ] -%}
    {%- set flags_of_dbt = ['--quiet', '-q', '--debug', '-d', '--fail-fast', '-x', '--print', '--warn-error'] -%}
    {%- set words = (invocation_args_dict.get('invocation_command') or '').split() -%}
    {%- set found = [] -%}
    {%- for word in words if word in commands -%}
        {#- After another option it is the option's value, or of another program. -#}
        {%- set before = words[words.index(word) - 1] if words.index(word) else '' -%}
        {%- if not before.startswith('-') or before in flags_of_dbt or before.startswith('--no-') -%}
            {%- do found.append(word) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return((found + [''])[0] == 'retry') -}}
{%- endmacro %}


{#- What an engine can do with a call: have procedures at all, catch an error in SQL, catch that of a procedure that
    commits. -#}
{% macro default___call_abilities() -%}
    {{- return({'procedures': true, 'catches': false, 'catches_commits': false}) -}}
{%- endmacro %}


{% macro duckdb___call_abilities() -%}
    {{- return({'procedures': false, 'catches': false, 'catches_commits': false}) -}}
{%- endmacro %}


{#- A procedure may not commit in a block that catches:
    https://www.postgresql.org/docs/current/plpgsql-transactions.html -#}
{% macro postgres___call_abilities() -%}
    {{- return({'procedures': true, 'catches': true, 'catches_commits': false}) -}}
{%- endmacro %}


{% macro sqlserver___call_abilities() -%}
    {{- return({'procedures': true, 'catches': true, 'catches_commits': true}) -}}
{%- endmacro %}


{% macro _check_abilities(options, problems) -%}
    {%- set abilities = adapter.dispatch('_call_abilities', 'dbt_estate')() -%}
    {%- if options.on_error == 'continue' and not abilities['catches'] -%}
        {%- do problems.append(
            "on_error: must be stop, since " ~ adapter.type() ~ " cannot catch an error in SQL: the first one ends the"
            ~ " run, and its call stays in doubt, got: continue"
        ) -%}
    {%- elif options.on_error == 'continue' and options.transaction == 'none' and not abilities['catches_commits'] -%}
        {%- do problems.append(
            "on_error: must be stop with transaction: none, since " ~ adapter.type() ~ " cannot catch the error of a"
            ~ " procedure that commits, got: continue"
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- A statement that ends our transaction would be committed or rolled back behind the ledger's back. -#}
{% macro _check_transaction(options) -%}
    {%- if options.statement is not none and options.transaction == 'per_call' -%}
        {%- set code = dbt_estate._call_template(none, options.statement)['code'] | lower -%}
        {%- set found = modules.re.search(
            '(?:\\A|;)\\s*(?:commit|rollback|abort|end|start\\s+transaction)\\b'
            ~ '|(?:\\A|;)\\s*begin\\s*(?:;|\\Z|transaction\\b|tran\\b|work\\b)'
            ~ '|\\b(?:begin|commit|rollback|save)\\s+(?:tran|transaction|work)\\b', code
        ) -%}
        {%- if found -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.call_procedures: statement: begins or ends a transaction, and each call is one by itself."
                ~ " Take it out, or set transaction: none, got: " ~ found.group(0).strip(' ;\n')
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The ledger is committed call by call, and with it would be what the model has done so far. -#}
{% macro _check_hooks(problems) -%}
    {%- if dbt_estate._is_in_a_model() -%}
        {%- for hook in (config.get('pre_hook') or []) + (config.get('post_hook') or [])
            if hook.transaction and 'call_procedures' in hook.sql -%}
            {%- do problems.append(
                "the hook of " ~ model.name ~ " is in the model's transaction, and calls are committed one by one:"
                ~ " write {sql: ..., transaction: false}, got: " ~ hook.sql
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
