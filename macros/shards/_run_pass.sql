{#- One pass over the shards: what the ledger and the table agree on is increased or kept, everything else is loaded
    whole, k shards a transaction. -#}
{% macro _run_pass(table, slot, columns, union, ledger, settings) -%}
    {%- set rows = dbt_estate._ledger_rows(ledger, slot, settings) -%}
    {%- set counts = dbt_estate._rows_by_shard(table, columns, union.shard_column, settings) -%}
    {%- set generation = dbt_estate._generation(rows) -%}
    {%- do dbt_estate._remove_retired(table, slot, union, ledger, rows, counts, settings) -%}
    {%- set loads = [] -%}
    {%- for branch in union.branches -%}
        {%- set load = dbt_estate._planned_load(
            branch, rows.get(branch.shard), counts.get(branch.shard), columns, settings
        ) -%}
        {%- if load -%}{%- do loads.append(load) -%}{%- endif -%}
    {%- endfor -%}
    {%- set total = union.branches | length -%}
    {%- do dbt_estate._log_plan(loads, total) -%}
    {%- for batch in loads | batch(settings.batch_size) -%}
        {%- do dbt_estate.run_atomically(
            dbt_estate._batch_statements(batch, table, slot, columns, union.shard_column, ledger, generation, settings),
            'estate_batch', config.get('sql_header')
        ) -%}
        {%- set done = total - loads | length + [loop.index * settings.batch_size, loads | length] | min -%}
        {%- do log('estate_shards ' ~ this.identifier ~ ': ' ~ done ~ ' of ' ~ total ~ ' shards', info=true) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _log_plan(loads, total) -%}
    {%- set whole = loads | rejectattr('bound') | list | length -%}
    {%- do log(
        'estate_shards ' ~ this.identifier ~ ': ' ~ total ~ ' shards, ' ~ whole ~ ' to load whole, '
        ~ (loads | length - whole)
        ~ ' to increase, ' ~ (total - loads | length) ~ ' already loaded by the run that was left', info=true
    ) -%}
{%- endmacro %}


{#- Shard to the rows that the table holds and, as text that casts back exactly, the highest watermark among them. -#}
{% macro _rows_by_shard(table, columns, shard_column, settings) -%}
    {%- set watermark = dbt_estate._watermark_column(columns, settings) -%}
    {%- set shard = dbt_estate.identifier(shard_column) -%}
    {%- set query -%}
select
    {{ shard }} as shard,
    count(*) as row_count,
    {{
        adapter.dispatch('_exact_text', 'dbt_estate')('max(' ~ dbt_estate.identifier(watermark.name) ~ ')')
        if watermark else 'null'
    }} as watermark
from {{ table }}
group by {{ shard }}
    {%- endset -%}
    {%- set counts = {} -%}
    {%- for row in run_query(query).rows -%}
        {%- do counts.update({row[0]: {'row_count': row[1] | int, 'watermark': row[2]}}) -%}
    {%- endfor -%}
    {{- return(counts) -}}
{%- endmacro %}


{% macro _watermark_column(columns, settings) -%}
    {%- if settings.watermark is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for column in columns if column.name | lower == settings.watermark | lower -%}
        {%- do found.append(column) -%}
    {%- endfor -%}
    {{- return(found[0]) -}}
{%- endmacro %}


{% macro default___exact_text(expression) -%}
    {{- return('cast(' ~ expression ~ ' as ' ~ dbt_estate.data_type('name') ~ ')') -}}
{%- endmacro %}


{#- Style 126 is ISO 8601, which no language setting reads otherwise, and is ignored for numbers:
    https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql#date-and-time-styles -#}
{% macro sqlserver___exact_text(expression) -%}
    {{- return('convert(nvarchar(256), ' ~ expression ~ ', 126)') -}}
{%- endmacro %}


{#- A pass that died keeps its number. -#}
{% macro _generation(rows) -%}
    {%- set numbers = rows.values() | map(attribute='generation') | list -%}
    {%- set unfinished = rows.values() | selectattr('status', 'equalto', 'loaded') | list -%}
    {{- return((numbers + [0]) | max | int + (0 if unfinished else 1)) -}}
{%- endmacro %}


{#- How one shard is loaded: none to keep it, else a load; `bound` is the SQL of the lowest watermark to load again. The
    ledger is believed only as far as the table agrees with it. -#}
{% macro _planned_load(branch, row, count, columns, settings) -%}
    {%- set held = count.row_count if count else 0 -%}
    {%- set load = dict(branch, held=held, bound=none, watermark=none) -%}
    {%- if row and row.fingerprint == branch.fingerprint and row.row_count == held -%}
        {%- if settings.watermark is none -%}
            {{- return(none if row.status == 'loaded' and row.is_recent else load) -}}
        {%- elif count and count.watermark is not none -%}
            {%- set type = dbt_estate._watermark_column(columns, settings).data_type -%}
            {%- set highest = 'cast(' ~ dbt_estate.literal(count.watermark | string) ~ ' as ' ~ type ~ ')' -%}
            {%- do load.update({
                'bound': dbt_estate._lower_bound(highest, settings), 'watermark': count.watermark | string
            }) -%}
        {%- endif -%}
    {%- endif -%}
    {{- return(load) -}}
{%- endmacro %}


{% macro _lower_bound(highest, settings) -%}
    {%- if settings.lookback == 0 -%}
        {{- return(highest) -}}
    {%- elif settings.lookback_unit is none -%}
        {{- return(highest ~ ' - ' ~ settings.lookback) -}}
    {%- endif -%}
    {{- return(dbt.dateadd(settings.lookback_unit, -settings.lookback, highest)) -}}
{%- endmacro %}


{#- Rows of a shard that the union no longer has, or of none at all. -#}
{% macro _remove_retired(table, slot, union, ledger, rows, counts, settings) -%}
    {%- set current = union.branches | map(attribute='shard') | list -%}
    {%- set shard_column = dbt_estate.identifier(union.shard_column) -%}
    {%- set retired = (rows.keys() | list + counts.keys() | reject('none') | list)
        | unique | reject('in', current) | list -%}
    {%- set statements = [] -%}
    {%- if none in counts -%}
        {%- do statements.append('delete from ' ~ table ~ '\nwhere ' ~ shard_column ~ ' is null') -%}
    {%- endif -%}
    {%- if retired and settings.retired == 'delete' -%}
        {%- set names = [] -%}
        {%- for shard in retired -%}{%- do names.append(dbt_estate.literal(shard)) -%}{%- endfor -%}
        {%- do statements.append(
            'delete from ' ~ table ~ '\nwhere ' ~ shard_column ~ ' in (' ~ names | join(', ') ~ ')'
        ) -%}
        {%- do statements.append('delete from ' ~ ledger ~ '\nwhere ' ~ dbt_estate._ledger_condition(slot, retired)) -%}
        {%- do log(
            'estate_shards ' ~ this.identifier ~ ': removes ' ~ retired | length ~ ' retired shards: '
            ~ retired | sort | join(', ') | truncate(200), info=true
        ) -%}
    {%- endif -%}
    {%- if statements -%}
        {%- do dbt_estate.run_atomically(statements, 'estate_retire') -%}
    {%- endif -%}
{%- endmacro %}
