{#- The relation that `params` names; none for a query, and for a name that is refused later. -#}
{% macro _params_relation(params) -%}
    {%- if params is not string -%}
        {{- return(params) -}}
    {%- endif -%}
    {%- set parts = params.split('.') -%}
    {%- if not modules.re.match('[^\\s.]+([.][^\\s.]+)?\\Z', params) -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return(source(parts[0], parts[1]) if parts | length == 2 else ref(params)) -}}
{%- endmacro %}


{#- One mapping a call, in order: `values` and `texts` (values as SQL) of its parameters, `key` is its name in the
    ledger, `params` the JSON that may be shown. -#}
{% macro _planned_calls(options, relation) -%}
    {%- set query = dbt_estate._params_query(options, relation) -%}
    {%- do dbt_estate._refuse_types(query) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- set table = run_query(adapter.dispatch('_read_only', 'dbt_estate')(query)) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- set template = dbt_estate._call_template(options.procedure, options.statement) -%}
    {%- set columns = dbt_estate._parameter_columns(options, template, table.column_names) -%}
    {%- set names = columns.keys() | list -%}
    {%- set rows = [] -%}
    {%- for row in table.rows -%}
        {%- set values = {} -%}
        {%- for name, index in columns.items() -%}
            {%- do values.update({name: dbt_estate._in_utc(row[index])}) -%}
        {%- endfor -%}
        {%- do rows.append(values) -%}
    {%- endfor -%}
    {%- set texts = dbt_estate._value_texts(rows, names) -%}
    {%- set keys = dbt_estate._call_keys(texts, names, options) -%}
    {%- set calls = [] -%}
    {%- for values in rows -%}
        {%- if dbt_estate._is_in_slice(keys[loop.index0], options.slice) -%}
            {%- do calls.append({
                'values': values, 'texts': texts[loop.index0], 'key': keys[loop.index0], 'template': template,
                'params': dbt_estate._shown_params(values, options.redact)
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(calls) -}}
{%- endmacro %}


{#- A moment is the same call in every time zone of a session. -#}
{% macro _in_utc(value) -%}
    {%- if value is string or value.astimezone is not defined or not value.tzinfo -%}
        {{- return(value) -}}
    {%- endif -%}
    {{- return(value.astimezone(modules.pytz.utc)) -}}
{%- endmacro %}


{#- A query that writes would do so in a dry run too. Only PostgreSQL can be asked to refuse it. -#}
{% macro default___read_only(query) -%}
    {{- return(query) -}}
{%- endmacro %}


{% macro postgres___read_only(query) -%}
    {{- return('set transaction read only;\n' ~ query) -}}
{%- endmacro %}


{% macro _params_query(options, relation) -%}
    {%- if options.query is not none -%}
        {{- return(options.query.strip().rstrip(';')) -}}
    {%- elif relation.is_cte -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.call_procedures: params: " ~ relation.identifier | replace('__dbt__cte__', '')
            ~ " is an ephemeral model, which no query can read. Materialize it as a table or a view."
        ) -%}
    {%- elif load_relation(relation) is none -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.call_procedures: params: " ~ relation.render() ~ " is not there. Build it first:"
            ~ " dbt build --select " ~ relation.identifier
        ) -%}
    {%- endif -%}
    {%- set order = [] -%}
    {%- for column in options.order_by -%}
        {%- set match = modules.re.match('(.*?)(\\s+(asc|desc))?\\Z', column | trim, modules.re.IGNORECASE) -%}
        {%- do order.append(dbt_estate.identifier(match.group(1)) ~ (match.group(2) or '')) -%}
    {%- endfor -%}
    {{- return('select *\nfrom ' ~ relation ~ ('\norder by ' ~ order | join(', ') if order)) -}}
{%- endmacro %}


{#- What does not survive the way through Python: bytes become the text of an object, a month of an interval 30 days,
    nanoseconds are cut off, and numbers inside of JSON and of lists become doubles. -#}
{% macro _refuse_types(query) -%}
    {%- set problems = [] -%}
    {%- for name, type in adapter.dispatch('_types_of', 'dbt_estate')(query).items() -%}
        {%- set lossy = 'blob|bytea|binary|bytes|image|rowversion|interval|_ns|json'
            ~ '|(struct|map).*decimal|decimal.*\\[' -%}
        {%- if modules.re.search(lossy, type | lower) -%}
            {%- do problems.append(
                "column " ~ name ~ " is " ~ type ~ ", which would arrive altered: select it as text"
                ~ " (bytes as hexadecimal), and name the type in param_types"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems('the parameters of call_procedures', problems) -%}
{%- endmacro %}


{% macro default___types_of(query) -%}
    {%- set described = 'select *\nfrom (\n' ~ query ~ '\n) as params\nwhere 1 = 0' -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_column_schema_from_query(described) -%}
        {%- do types.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {{- return(types) -}}
{%- endmacro %}


{#- A query that begins with `with`, or orders its rows, cannot stand in another one; this does not run it:
    https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/
    sp-describe-first-result-set-transact-sql -#}
{% macro sqlserver___types_of(query) -%}
    {%- set table = run_query('exec sp_describe_first_result_set @tsql = ' ~ dbt_estate.literal(query)) -%}
    {%- set types = {} -%}
    {%- for row in table.rows -%}
        {%- do types.update({row['name']: row['system_type_name'] or 'unknown'}) -%}
    {%- endfor -%}
    {{- return(types) -}}
{%- endmacro %}


{#- Parameter to the position of its column; a column is found by its name, else without regard to case. -#}
{% macro _parameter_columns(options, template, columns) -%}
    {%- set problems = [] -%}
    {%- set wanted = {} -%}
    {%- if options.map is not none -%}
        {%- set wanted = options.map -%}
    {%- else -%}
        {%- for name in columns if template.placeholders is none -%}{%- do wanted.update({name: name}) -%}{%- endfor -%}
        {%- for name in template.placeholders or [] -%}{%- do wanted.update({name: name}) -%}{%- endfor -%}
        {%- do dbt_estate._check_parameter_names('column', wanted.keys(), problems) -%}
    {%- endif -%}
    {%- set lowered = columns | map('lower') | list -%}
    {%- set found = {} -%}
    {%- for name, column in wanted.items() -%}
        {%- if column in columns -%}
            {%- do found.update({name: columns.index(column)}) -%}
        {%- elif lowered.count(column | lower) == 1 -%}
            {%- do found.update({name: lowered.index(column | lower)}) -%}
        {%- else -%}
            {%- do problems.append(
                ("map: " if options.map is not none else "statement: :" ~ name ~ ": ") ~ "there is no column " ~ column
                ~ "; the parameters have " ~ columns | join(', ')
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._check_use(options, template, wanted.keys() | list, columns, problems) -%}
    {%- do dbt_estate._raise_problems('call_procedures ' ~ options.operation, problems) -%}
    {{- return(found) -}}
{%- endmacro %}


{% macro _check_use(options, template, names, columns, problems) -%}
    {%- for key in ['redact', 'param_types'] -%}
        {%- for name in options[key] or [] if name not in names -%}
            {%- do problems.append(
                key ~ ": must name parameters, which are " ~ names | join(', ') ~ ", got: " ~ name
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do dbt_estate._check_placeholders(template, names, columns, problems) -%}
{%- endmacro %}


{#- Rows by names of literals: looking up the adapter's macros costs more than writing a literal. -#}
{% macro _value_texts(rows, names) -%}
    {%- set flat = [] -%}
    {%- for values in rows -%}
        {%- for name in names -%}{%- do flat.append(values[name]) -%}{%- endfor -%}
    {%- endfor -%}
    {%- set literals = dbt_estate._literals(flat) -%}
    {%- set texts = [] -%}
    {%- for values in rows -%}
        {%- set start = loop.index0 * names | length -%}
        {%- do texts.append(dict(zip(names, literals[start:start + names | length]))) -%}
    {%- endfor -%}
    {{- return(texts) -}}
{%- endmacro %}


{#- A call is known by its parameters, in the order of their names; of equal rows each is a call. Secrets are left out:
    a hash of a short one can be guessed, and one that was changed must not make another call of it. -#}
{% macro _call_keys(texts, names, options) -%}
    {%- set open = names | reject('in', options.redact) | sort(case_sensitive=true) | list -%}
    {%- set seen = {} -%}
    {%- set keys = [] -%}
    {%- for row in texts -%}
        {%- set pairs = [] -%}
        {%- for name in open -%}{%- do pairs.append([name, row[name]]) -%}{%- endfor -%}
        {%- set key = local_md5(tojson(pairs)) -%}
        {%- set first = seen.setdefault(key, {'row': row, 'number': loop.index, 'count': 0}) -%}
        {%- if first.row != row and options.ledger -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.call_procedures: rows " ~ first.number ~ " and " ~ loop.index ~ " differ in redacted"
                ~ " parameters only (" ~ options.redact | join(', ') ~ "), so the ledger cannot tell their calls apart."
                ~ " Add a column that does, or set ledger: false."
            ) -%}
        {%- endif -%}
        {%- do first.update({'count': first['count'] + 1}) -%}
        {%- do keys.append(key if first['count'] == 1 else local_md5(key ~ '#' ~ first['count'])) -%}
    {%- endfor -%}
    {{- return(keys) -}}
{%- endmacro %}


{% macro _is_in_slice(key, slice) -%}
    {%- if slice is none -%}
        {{- return(true) -}}
    {%- endif -%}
    {%- set parts = slice.split('/') -%}
    {{- return(key[:8] | int(0, 16) % parts[1] | int == parts[0] | int - 1) -}}
{%- endmacro %}


{#- The parameters as JSON; what JSON has no number for is text. -#}
{% macro _shown_params(values, redact) -%}
    {%- set shown = {} -%}
    {%- for name, value in values.items() -%}
        {%- do shown.update({name: '***' if name in redact else dbt_estate._shown(value)}) -%}
    {%- endfor -%}
    {{- return(tojson(shown)) -}}
{%- endmacro %}


{% macro _shown(value) -%}
    {%- if value is none or value is boolean or value is integer or value is string -%}
        {{- return(value) -}}
    {%- elif value is number -%}
        {{- return('{:f}'.format(value)) -}}
    {%- endif -%}
    {{- return(value | string) -}}
{%- endmacro %}
