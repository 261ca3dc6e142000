{#- All that the vocabulary asks of these columns. A rule with a `count` is asked of the data, and fails in so many
    rows; one without it has failed already, by the name or the type. -#}
{% macro _column_rules(columns, vocabulary, exclude) -%}
    {#- What dbt itself adds to a snapshot: https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields -#}
    {%- set free = dbt_estate._glob_regex(vocabulary.ignore + exclude + [
        'dbt_scd_id', 'dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to', 'dbt_is_deleted'
    ]) -%}
    {%- set types = dbt_estate._known_types() -%}
    {%- set rules = [] -%}
    {%- for column in columns if not modules.re.match(free, column.name) -%}
        {%- set resolved = dbt_estate._resolved_name(column.name, vocabulary) -%}
        {%- for level in resolved.unknown if level.unknown != 'ignore' -%}
            {%- do rules.append({
                'column': column.name, 'rule': 'unknown_stub',
                'severity': 'error' if level.unknown == 'fail' else 'warn',
                'detail': ('no stub of the vocabulary' if loop.first and not resolved.stubs
                    else resolved['rest'] ~ ' has no stub of the level ' ~ level.name)
            }) -%}
        {%- endfor -%}
        {%- for stub in resolved.stubs -%}
            {%- do rules.extend(dbt_estate._rules_of_stub(column, stub.entry, types)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(rules) -}}
{%- endmacro %}


{% macro _rules_of_stub(column, entry, types) -%}
    {%- set family = dbt_estate._type_family(column.dtype, types) if column.dtype else none -%}
    {%- if entry.types and family is none -%}
        {{- return([{
            'column': column.name, 'rule': 'type', 'severity': 'warn',
            'detail': 'its type is not known; write its data_type'
        }] + dbt_estate._data_rules(column, entry, none, types)) -}}
    {%- elif entry.types and not dbt_estate._type_fits(entry.types, column, family, types.groups) -%}
        {{- return([{
            'column': column.name, 'rule': 'type', 'severity': entry.severity,
            'detail': 'is ' ~ column.data_type ~ ', not ' ~ entry.types | join(' or ')
        }]) -}}
    {%- endif -%}
    {{- return(dbt_estate._data_rules(column, entry, family, types)) -}}
{%- endmacro %}


{#- A type of the vocabulary is a family, or a type as the engine names it. -#}
{% macro _type_fits(types, column, family, groups) -%}
    {%- for type in types -%}
        {%- set plain = type | lower | replace(' ', '') -%}
        {%- if family in groups.get(type | lower, []) or plain == column.dtype | lower | replace(' ', '')
            or plain == column.data_type | lower | replace(' ', '') -%}
            {{- return(true) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(false) -}}
{%- endmacro %}


{% macro _data_rules(column, entry, family, types) -%}
    {%- set rules = [] -%}
    {%- for check in entry.checks -%}
        {%- set values = check.value if check.rule == 'accepted_values' else [check.value] -%}
        {%- set rule = {'column': column.name, 'rule': check.rule, 'severity': check.severity} -%}
        {%- set unfit = dbt_estate._unfit(check.rule, values, family, types.groups.number) -%}
        {%- if unfit -%}
            {%- do rule.update({'detail': 'is ' ~ column.data_type ~ ', and the check is for ' ~ unfit}) -%}
        {%- else -%}
            {%- if family == 'boolean' -%}{%- set values = dbt_estate._as_booleans(values) -%}{%- endif -%}
            {%- do rule.update(dbt_estate._counted(check.rule, values, column.name, family)) -%}
        {%- endif -%}
        {%- do rules.append(rule) -%}
    {%- endfor -%}
    {{- return(rules) -}}
{%- endmacro %}


{#- For what kind of column a check is, where this one is of another: the engine would end the whole query, and name no
    column. -#}
{% macro _unfit(rule, values, family, number) -%}
    {%- if family in [none, 'other'] -%}
        {{- return(none) -}}
    {%- elif rule in ['matches', 'not_blank'] -%}
        {{- return('text' if family != 'string' else none) -}}
    {%- elif rule not in ['min', 'max', 'accepted_values'] -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set numbers = values | select('number') | reject('boolean') | list | length -%}
    {%- set booleans = values | select('boolean') | list -%}
    {%- if booleans and family != 'boolean' -%}
        {{- return('booleans') -}}
    {%- elif family == 'boolean' -%}
        {%- set known = values | select('in', [0, 1]) | list | length -%}
        {{- return(none if rule == 'accepted_values' and known == values | length else 'another type') -}}
    {%- elif family in number -%}
        {{- return('text' if numbers < values | length else none) -}}
    {%- endif -%}
    {{- return('numbers' if numbers else none) -}}
{%- endmacro %}


{% macro _as_booleans(values) -%}
    {%- set booleans = [] -%}
    {%- for value in values -%}{%- do booleans.append(value == 1) -%}{%- endfor -%}
    {{- return(booleans) -}}
{%- endmacro %}


{#- How many rows break a rule, in one aggregate, and the rule in words. Only not_null minds NULLs. -#}
{% macro _counted(rule, values, name, family) -%}
    {%- set column = dbt_estate.identifier(name) -%}
    {%- set count = adapter.dispatch('_row_count', 'dbt_estate') -%}
    {%- if rule == 'not_null' -%}
        {{- return({'count': count('*') ~ ' - ' ~ count(column), 'detail': 'must not be null'}) -}}
    {%- elif rule == 'unique' -%}
        {{- return({
            'count': count(column) ~ ' - ' ~ count('distinct ' ~ column), 'detail': 'must be unique'
        }) -}}
    {%- endif -%}
    {%- set literals = dbt_estate._literals(values) -%}
    {%- if rule == 'accepted_values' -%}
        {%- set is_run = family == 'integer' and dbt_estate._is_run(values) -%}
        {%- set bad = column ~ ' < ' ~ values | min ~ ' or ' ~ column ~ ' > ' ~ values | max if is_run
            else column ~ ' not in (' ~ literals | join(', ') ~ ')' -%}
        {%- set detail = 'must be one of ' ~ values | join(', ') -%}
    {%- elif rule == 'not_blank' -%}
        {%- set bad = adapter.dispatch('_blank', 'dbt_estate')(column) -%}
        {%- set detail = 'must not be blank' -%}
    {%- elif rule == 'matches' -%}
        {%- set bad = 'not ' ~ adapter.dispatch('_matches', 'dbt_estate')(column, literals[0]) -%}
        {%- set detail = 'must match ' ~ values[0] -%}
    {%- elif rule == 'expression' -%}
        {%- set bad = 'not (' ~ dbt_estate._filled(values[0], [name], 'columns_follow_vocabulary') ~ ')' -%}
        {%- set detail = 'must meet ' ~ values[0] -%}
    {%- else -%}
        {%- set bad = column ~ (' < ' if rule == 'min' else ' > ') ~ literals[0] -%}
        {%- set detail = 'must be at ' ~ ('least ' if rule == 'min' else 'most ') ~ values[0] -%}
    {%- endif -%}
    {{- return({'count': count('case when ' ~ bad ~ ' then 1 end'), 'detail': detail}) -}}
{%- endmacro %}


{#- Whole numbers without a gap: two comparisons, and not one a value. -#}
{% macro _is_run(values) -%}
    {%- set whole = values | select('integer') | reject('boolean') | list -%}
    {{- return(
        whole | length == values | length and values | max - values | min + 1 == values | unique | list | length
    ) -}}
{%- endmacro %}


{% macro default___row_count(expression) -%}
    {{- return('count(' ~ expression ~ ')') -}}
{%- endmacro %}


{#- count() there is an int, and ends with an error above 2^31 rows:
    https://learn.microsoft.com/sql/t-sql/functions/count-transact-sql -#}
{% macro sqlserver___row_count(expression) -%}
    {{- return('count_big(' ~ expression ~ ')') -}}
{%- endmacro %}


{% macro default___blank(column) -%}
    {{- return('trim(' ~ column ~ ") = ''") -}}
{%- endmacro %}


{#- trim() came with SQL Server 2017. -#}
{% macro sqlserver___blank(column) -%}
    {{- return('ltrim(rtrim(' ~ column ~ ")) = ''") -}}
{%- endmacro %}


{% macro default___matches(column, pattern) -%}
    {{- return('regexp_matches(' ~ column ~ ', ' ~ pattern ~ ')') -}}
{%- endmacro %}


{% macro postgres___matches(column, pattern) -%}
    {{- return('(' ~ column ~ ' ~ ' ~ pattern ~ ')') -}}
{%- endmacro %}


{#- REGEXP_LIKE came with SQL Server 2025: https://learn.microsoft.com/sql/t-sql/functions/regexp-like-transact-sql -#}
{% macro sqlserver___matches(column, pattern) -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate: the check matches is not to be had on SQL Server, which has no regular expressions before 2025."
        ~ " Write an expression with LIKE for " ~ column
    ) -%}
{%- endmacro %}
