{#- What is alike for every load of a pass, written once: looking up an adapter's macro costs more than the text it
    gives, and an estate has thousands of shards times dozens of columns. -#}
{% macro _pass_plan(table, slot, columns, shard_column, ledger, generation, settings) -%}
    {%- set names = [] -%}
    {%- for column in columns -%}{%- do names.append(dbt_estate.identifier(column.name)) -%}{%- endfor -%}
    {%- set shard = dbt_estate.identifier(dbt_estate._column_named(columns, shard_column).name) -%}
    {%- set keys = [] -%}
    {%- for column in settings.unique_key -%}
        {%- do keys.append(dbt_estate.identifier(dbt_estate._column_named(columns, column).name)) -%}
    {%- endfor -%}
    {%- set watermark = dbt_estate._watermark_column(columns, settings) -%}
    {{- return({
        'table': table, 'ledger': ledger, 'columns': names, 'shard': shard,
        'shard_position': names.index(shard), 'keys': keys,
        'watermark': dbt_estate.identifier(watermark.name) if watermark else none,
        'ledger_key': dbt_estate._ledger_condition(slot),
        'ledger_values': dbt_estate._literals(
            [this.identifier, slot, generation, 'loaded', invocation_id]
        ) | join(', '),
        'ledger_columns': dbt_estate.identifier('model') ~ ', slot, generation, status, invocation_id',
        'now': dbt_estate.now(),
        'counted': adapter.dispatch('_counted', 'dbt_estate'),
        'inserts': adapter.dispatch('_inserts', 'dbt_estate')
    }) -}}
{%- endmacro %}


{#- The statements of one transaction: the ledger's rows, the deletes and inserts of every load with their counts. -#}
{% macro _batch_statements(loads, plan) -%}
    {%- set of_batch = plan.ledger_key ~ ' and shard in (' ~ loads | map(attribute='name') | join(', ') ~ ')' -%}
    {%- set statements = [
        'delete from ' ~ plan.ledger ~ '\nwhere ' ~ of_batch,
        dbt_estate._ledger_insert(loads, plan)
    ] -%}
    {%- for load in loads if load.held > 0 -%}
        {%- for delete in dbt_estate._deletes(load, plan) -%}
            {%- do statements.append(plan.counted(delete, '-', load, plan)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(statements + plan.inserts(loads, of_batch, plan)) -}}
{%- endmacro %}


{% macro _ledger_insert(loads, plan) -%}
    {%- set rows = [] -%}
    {%- for load in loads -%}
        {%- do rows.append(
            '(' ~ [plan.ledger_values, load.name, load.print, load.held, load.watermark, plan.now]
            | join(', ') ~ ')'
        ) -%}
    {%- endfor -%}
    {{- return(
        'insert into ' ~ plan.ledger ~ ' (\n    ' ~ plan.ledger_columns
        ~ ', shard, fingerprint, row_count, watermark, started_at\n)\nvalues\n    ' ~ rows | join(',\n    ')
    ) -}}
{%- endmacro %}


{#- Every load deletes what it is about to insert: all rows of the shard, or those from the bound on and, with a
    unique key, the older versions of the rows to come. Rows without a watermark are always among them. -#}
{% macro _deletes(load, plan) -%}
    {%- set of_shard = 'delete from ' ~ plan.table ~ '\nwhere ' ~ plan.shard ~ ' = ' ~ load.name -%}
    {%- if load.bound is none -%}
        {{- return([of_shard]) -}}
    {%- endif -%}
    {%- set from_bound = plan.watermark ~ ' >= ' ~ load.bound ~ ' or ' ~ plan.watermark ~ ' is null' -%}
    {%- set deletes = [of_shard ~ '\n    and (' ~ from_bound ~ ')'] -%}
    {%- if plan['keys'] -%}
        {%- set inner = [] -%}
        {%- set matches = [] -%}
        {%- for key in plan['keys'] -%}
            {#- A name that no column has, so that the key without it is the table's. -#}
            {%- set fresh = dbt_estate.identifier('fresh key ' ~ loop.index ~ ' of dbt_estate') -%}
            {%- do inner.append(key ~ ' as ' ~ fresh) -%}
            {%- do matches.append(fresh ~ ' = ' ~ key) -%}
        {%- endfor -%}
        {%- do deletes.append(
            of_shard ~ '\n    and exists (\n        select 1\n        from (\n            select ' ~ inner | join(', ')
            ~ '\n            from (\n' ~ load.sql ~ '\n            ) as shard_rows\n            where ' ~ from_bound
            ~ '\n        ) as fresh_rows\n        where ' ~ matches | join(' and ') ~ '\n    )'
        ) -%}
    {%- endif -%}
    {{- return(deletes) -}}
{%- endmacro %}


{#- The shard's name is ours, whatever the branch calls it: the deletes of the next load go by it. -#}
{% macro _load_select(load, plan) -%}
    {%- set values = plan.columns[:plan.shard_position] + [load.name] + plan.columns[plan.shard_position + 1:] -%}
    {{- return(
        'select ' ~ values | join(', ') ~ '\nfrom (\n' ~ load.sql ~ '\n) as shard_rows'
        ~ ('\nwhere ' ~ plan.watermark ~ ' >= ' ~ load.bound ~ ' or ' ~ plan.watermark ~ ' is null'
            if load.bound is not none)
    ) -}}
{%- endmacro %}


{% macro _insert_head(plan) -%}
    {{- return('insert into ' ~ plan.table ~ ' (' ~ plan.columns | join(', ') ~ ')\n') -}}
{%- endmacro %}


{#- DuckDB scans the branches of one statement side by side, and says nothing about how many rows came from which: they
    are counted in the table, whose columns are stored one by one. -#}
{% macro default___inserts(loads, of_batch, plan) -%}
    {%- set selects = [] -%}
    {%- for load in loads -%}{%- do selects.append(dbt_estate._load_select(load, plan)) -%}{%- endfor -%}
    {%- set recount -%}
update {{ plan.ledger }} as loads
set row_count = coalesce((
    select counted.row_count
    from (
        select
            {{ plan.shard }} as shard,
            count(*) as row_count
        from {{ plan.table }}
        where {{ plan.shard }} in ({{ loads | map(attribute='name') | join(', ') }})
        group by {{ plan.shard }}
    ) as counted
    where counted.shard = loads.shard
), 0),
    finished_at = {{ plan.now }}
where {{ of_batch }}
    {%- endset -%}
    {{- return([dbt_estate._insert_head(plan) ~ selects | join('\nunion all\n'), recount]) -}}
{%- endmacro %}


{% macro postgres___inserts(loads, of_batch, plan) -%}
    {{- return(dbt_estate._counted_inserts(loads, of_batch, plan)) -}}
{%- endmacro %}


{% macro sqlserver___inserts(loads, of_batch, plan) -%}
    {{- return(dbt_estate._counted_inserts(loads, of_batch, plan)) -}}
{%- endmacro %}


{#- A statement a shard needs no union to be planned, and counting in the table would read it once a batch. -#}
{% macro _counted_inserts(loads, of_batch, plan) -%}
    {%- set head = dbt_estate._insert_head(plan) -%}
    {%- set statements = [] -%}
    {%- for load in loads -%}
        {%- do statements.append(plan.counted(head ~ dbt_estate._load_select(load, plan), '+', load, plan)) -%}
    {%- endfor -%}
    {%- do statements.append('update ' ~ plan.ledger ~ '\nset finished_at = ' ~ plan.now ~ '\nwhere ' ~ of_batch) -%}
    {{- return(statements) -}}
{%- endmacro %}


{#- A delete or insert that adds its rows to, or takes them from, the ledger's count. -#}
{% macro default___counted(change, sign, load, plan) -%}
    {{- return(change) -}}
{%- endmacro %}


{% macro postgres___counted(change, sign, load, plan) -%}
    {{- return(
        'with changed as (\n' ~ change ~ '\nreturning 1\n)\nupdate ' ~ plan.ledger ~ '\nset row_count = row_count '
        ~ sign ~ ' (select count(*) from changed)\nwhere ' ~ plan.ledger_key ~ ' and shard = ' ~ load.name
    ) -}}
{%- endmacro %}


{% macro sqlserver___counted(change, sign, load, plan) -%}
    {{- return(
        change ~ ';\nupdate ' ~ plan.ledger ~ '\nset row_count = row_count ' ~ sign ~ ' rowcount_big()\nwhere '
        ~ plan.ledger_key ~ ' and shard = ' ~ load.name
    ) -}}
{%- endmacro %}
