{#- One pass over the shards: what the ledger and the table agree on is increased or kept, everything else is loaded
    whole, k shards a transaction. -#}
{% macro _run_pass(table, slot, columns, union, ledger, settings) -%}
    {%- set rows = dbt_estate._ledger_rows(ledger, slot, settings) -%}
    {%- set counts = dbt_estate._rows_by_shard(table, columns, union.shard_column, settings) -%}
    {%- set generation = dbt_estate._generation(rows) -%}
    {%- do dbt_estate._remove_retired(table, slot, union, ledger, rows, counts, settings) -%}
    {%- set plan = dbt_estate._pass_plan(
        table, slot, columns, union.shard_column, ledger, generation, settings
    ) -%}
    {%- set loads = dbt_estate._planned_loads(union.branches, rows, counts, columns, slot, settings) -%}
    {%- set total = union.branches | length -%}
    {%- do dbt_estate._log_plan(loads, total) -%}
    {%- set header = [config.get('sql_header').strip().rstrip(';')] if config.get('sql_header') else [] -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- for batch in loads | batch(settings.batch_size) -%}
        {%- set done = total - loads | length + loop.index0 * settings.batch_size -%}
        {#- Before the batch: an error in it ends the run, and comes without the shard's name. -#}
        {%- do dbt_estate._log_progress(done, total, '; next ' ~ batch[0].shard
            ~ (' to ' ~ batch[-1].shard if batch | length > 1 else '')) -%}
        {%- set statements = dbt_estate._batch_statements(batch, plan) -%}
        {%- call statement('estate_batch', auto_begin=false) -%}
            {{- dbt_estate.atomically(header + statements) -}}
        {%- endcall -%}
    {%- endfor -%}
    {%- do dbt_estate._log_progress(total, total, '') -%}
{%- endmacro %}


{% macro _log_progress(done, total, rest) -%}
    {%- do log('estate_shards ' ~ this.identifier ~ ': ' ~ done ~ ' of ' ~ total ~ ' shards' ~ rest, info=true) -%}
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
        {%- set shard = row[0] | string if row[0] is not none else none -%}
        {%- do counts.update({shard: {'row_count': row[1] | int, 'watermark': row[2]}}) -%}
    {%- endfor -%}
    {{- return(counts) -}}
{%- endmacro %}


{% macro _watermark_column(columns, settings) -%}
    {%- if settings.watermark is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return(dbt_estate._column_named(columns, settings.watermark)) -}}
{%- endmacro %}


{#- The column of just this name, else the one that differs in case; PostgreSQL may have both. -#}
{% macro _column_named(columns, name) -%}
    {%- set found = columns | selectattr('name', 'equalto', name) | list -%}
    {%- for column in columns if column.name | lower == name | lower -%}{%- do found.append(column) -%}{%- endfor -%}
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


{#- How the shards are loaded: those that are kept are left out, `bound` is the SQL of the lowest watermark to load
    again and none for a whole load. The ledger is believed only as far as the table agrees with it, and what a rebuild
    that died has loaded only for a while: a full refresh is to see what was deleted since. -#}
{% macro _planned_loads(branches, rows, counts, columns, slot, settings) -%}
    {%- set nothing = {'row_count': 0, 'watermark': none} -%}
    {%- set highest = [] -%}
    {%- for branch in branches -%}
        {%- set watermark = counts.get(branch.shard, nothing).watermark -%}
        {%- do highest.append(watermark | string if watermark is not none else none) -%}
    {%- endfor -%}
    {%- set watermarks = dbt_estate._literals(highest) -%}
    {%- set names = dbt_estate._literals(branches | map(attribute='shard') | list) -%}
    {#- What a load leaves out depends on the watermark and the key: with others, all is loaded again. -#}
    {%- set way = tojson([settings.watermark, settings.unique_key]) -%}
    {%- set hashes = [] -%}
    {%- for branch in branches -%}{%- do hashes.append(local_md5(branch.fingerprint ~ way)) -%}{%- endfor -%}
    {%- set prints = dbt_estate._literals(hashes) -%}
    {%- set type = dbt_estate._watermark_column(columns, settings).data_type -%}
    {%- set loads = [] -%}
    {%- for branch in branches -%}
        {%- set row = rows.get(branch.shard) -%}
        {%- set held = counts.get(branch.shard, nothing).row_count -%}
        {%- set agrees = row and row.fingerprint == hashes[loop.index0] and row.row_count == held
            and (slot == 'live' or row.is_recent) -%}
        {%- set load = dict(
            branch, name=names[loop.index0], print=prints[loop.index0], held=held, bound=none, watermark='null'
        ) -%}
        {%- if agrees and highest[loop.index0] is not none -%}
            {%- set watermark = watermarks[loop.index0] -%}
            {%- do load.update({
                'watermark': watermark,
                'bound': dbt_estate._lower_bound('cast(' ~ watermark ~ ' as ' ~ type ~ ')', settings)
            }) -%}
        {%- endif -%}
        {%- set is_kept = agrees and settings.watermark is none -%}
        {%- if not is_kept -%}{%- do loads.append(load) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(loads) -}}
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
