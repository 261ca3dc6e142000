{#- The statements of one transaction: the ledger's rows, the deletes and inserts of every load with their counts,
    and the time. -#}
{% macro _batch_statements(loads, table, slot, columns, shard_column, ledger, generation, settings) -%}
    {%- set condition = dbt_estate._ledger_condition(slot, loads | map(attribute='shard') | list) -%}
    {%- set statements = [
        'delete from ' ~ ledger ~ '\nwhere ' ~ condition,
        dbt_estate._ledger_insert(loads, slot, ledger, generation)
    ] -%}
    {%- for load in loads if load.held > 0 -%}
        {%- for delete in dbt_estate._deletes(load, table, shard_column, settings) -%}
            {%- do statements.append(
                adapter.dispatch('_counted', 'dbt_estate')(
                    delete, '-', ledger, dbt_estate._ledger_condition(slot, [load.shard])
                )
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do statements.extend(adapter.dispatch('_inserts', 'dbt_estate')(
        loads, table, slot, columns, shard_column, ledger, settings
    )) -%}
    {%- do statements.append(
        'update ' ~ ledger ~ "\nset finished_at = " ~ dbt_estate.now() ~ '\nwhere ' ~ condition
    ) -%}
    {{- return(statements) -}}
{%- endmacro %}


{% macro _ledger_insert(loads, slot, ledger, generation) -%}
    {%- set rows = [] -%}
    {%- for load in loads -%}
        {%- set values = [
            this.identifier, slot, load.shard, generation, load.fingerprint, 'loaded', load.held, load.watermark,
            invocation_id
        ] -%}
        {%- set texts = [] -%}
        {%- for value in values -%}{%- do texts.append(dbt_estate.literal(value)) -%}{%- endfor -%}
        {%- do rows.append('(' ~ texts | join(', ') ~ ', ' ~ dbt_estate.now() ~ ')') -%}
    {%- endfor -%}
    {{- return(
        'insert into ' ~ ledger ~ ' (\n    ' ~ dbt_estate.identifier('model')
        ~ ', slot, shard, generation, fingerprint, status, row_count, watermark, invocation_id, started_at\n)\n'
        ~ 'values\n    '
        ~ rows | join(',\n    ')
    ) -}}
{%- endmacro %}


{#- Every load deletes what it is about to insert: all rows of the shard, or those from the bound on and, with a
    unique key, the older versions of the rows to come. Rows without a watermark are always among them. -#}
{% macro _deletes(load, table, shard_column, settings) -%}
    {%- set of_shard = 'delete from ' ~ table ~ '\nwhere ' ~ dbt_estate.identifier(shard_column)
        ~ ' = ' ~ dbt_estate.literal(load.shard) -%}
    {%- if load.bound is none -%}
        {{- return([of_shard]) -}}
    {%- endif -%}
    {%- set deletes = [of_shard ~ '\n    and (' ~ dbt_estate._from_bound(load, settings) ~ ')'] -%}
    {%- if settings.unique_key -%}
        {%- set inner = [] -%}
        {%- set matches = [] -%}
        {%- for column in settings.unique_key -%}
            {%- set name = dbt_estate.identifier(column) -%}
            {%- do inner.append(name ~ ' as estate_key_' ~ loop.index) -%}
            {%- do matches.append('estate_key_' ~ loop.index ~ ' = ' ~ name) -%}
        {%- endfor -%}
        {%- do deletes.append(
            of_shard ~ '\n    and exists (\n        select 1\n        from (\n            select ' ~ inner | join(', ')
            ~ '\n            from (\n' ~ load.sql ~ '\n            ) as shard_rows\n            where '
            ~ dbt_estate._from_bound(load, settings) ~ '\n        ) as fresh_rows\n        where '
            ~ matches | join(' and ') ~ '\n    )'
        ) -%}
    {%- endif -%}
    {{- return(deletes) -}}
{%- endmacro %}


{% macro _from_bound(load, settings) -%}
    {%- set watermark = dbt_estate.identifier(settings.watermark) -%}
    {{- return(watermark ~ ' >= ' ~ load.bound ~ ' or ' ~ watermark ~ ' is null') -}}
{%- endmacro %}


{#- The shard's name is ours, whatever the branch calls it: the deletes of the next load go by it. -#}
{% macro _load_select(load, columns, shard_column, settings) -%}
    {%- set values = [] -%}
    {%- for column in columns -%}
        {%- do values.append(
            dbt_estate.literal(load.shard) if column.name | lower == shard_column | lower
            else dbt_estate.identifier(column.name)
        ) -%}
    {%- endfor -%}
    {{- return(
        'select ' ~ values | join(', ') ~ '\nfrom (\n' ~ load.sql ~ '\n) as shard_rows'
        ~ ('\nwhere ' ~ dbt_estate._from_bound(load, settings) if load.bound is not none)
    ) -}}
{%- endmacro %}


{#- DuckDB scans the branches of one statement side by side, and says nothing about how many rows came from which:
    they are counted in the table, whose columns are stored one by one. -#}
{% macro default___inserts(loads, table, slot, columns, shard_column, ledger, settings) -%}
    {%- set selects = [] -%}
    {%- for load in loads -%}
        {%- do selects.append(dbt_estate._load_select(load, columns, shard_column, settings)) -%}
    {%- endfor -%}
    {%- set shard = dbt_estate.identifier(shard_column) -%}
    {%- set names = loads | map(attribute='shard') | list -%}
    {%- set literals = [] -%}
    {%- for name in names -%}{%- do literals.append(dbt_estate.literal(name)) -%}{%- endfor -%}
    {{- return([
        'insert into ' ~ table ~ ' (' ~ dbt_estate._quoted_names(columns) ~ ')\n' ~ selects | join('\nunion all\n'),
        'update ' ~ ledger ~ ' as loads\nset row_count = coalesce((\n    select counted.row_count\n    from (\n'
        ~ '        select '
        ~ shard ~ ' as shard, count(*) as row_count\n        from ' ~ table
        ~ '\n        where ' ~ shard ~ ' in (' ~ literals | join(', ')
        ~ ')\n        group by ' ~ shard ~ '\n    ) as counted\n    where counted.shard = loads.shard\n), 0)\nwhere '
        ~ dbt_estate._ledger_condition(slot, names)
    ]) -}}
{%- endmacro %}


{% macro postgres___inserts(loads, table, slot, columns, shard_column, ledger, settings) -%}
    {{- return(dbt_estate._counted_inserts(loads, table, slot, columns, shard_column, ledger, settings)) -}}
{%- endmacro %}


{% macro sqlserver___inserts(loads, table, slot, columns, shard_column, ledger, settings) -%}
    {{- return(dbt_estate._counted_inserts(loads, table, slot, columns, shard_column, ledger, settings)) -}}
{%- endmacro %}


{#- A statement a shard needs no union to be planned, and counting in the table would read it once a batch. -#}
{% macro _counted_inserts(loads, table, slot, columns, shard_column, ledger, settings) -%}
    {%- set statements = [] -%}
    {%- for load in loads -%}
        {%- do statements.append(adapter.dispatch('_counted', 'dbt_estate')(
            'insert into ' ~ table ~ ' (' ~ dbt_estate._quoted_names(columns) ~ ')\n'
            ~ dbt_estate._load_select(load, columns, shard_column, settings),
            '+', ledger, dbt_estate._ledger_condition(slot, [load.shard])
        )) -%}
    {%- endfor -%}
    {{- return(statements) -}}
{%- endmacro %}


{#- A delete or insert that adds its rows to, or takes them from, the ledger's count. -#}
{% macro default___counted(change, sign, ledger, condition) -%}
    {{- return(change) -}}
{%- endmacro %}


{% macro postgres___counted(change, sign, ledger, condition) -%}
    {{- return(
        'with changed as (\n' ~ change ~ '\nreturning 1\n)\nupdate ' ~ ledger ~ '\nset row_count = row_count ' ~ sign
        ~ ' (select count(*) from changed)\nwhere ' ~ condition
    ) -}}
{%- endmacro %}


{% macro sqlserver___counted(change, sign, ledger, condition) -%}
    {{- return(
        change ~ ';\nupdate ' ~ ledger ~ '\nset row_count = row_count ' ~ sign ~ ' rowcount_big()\nwhere ' ~ condition
    ) -}}
{%- endmacro %}
