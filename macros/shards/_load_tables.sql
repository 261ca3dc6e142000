{#- Loads into the table that is read, batch by batch. -#}
{% macro _load_live(target, union, ledger, settings) -%}
    {%- set scratch = dbt_estate._fresh_table(target, '__estate_shape', union.branches[0].sql) -%}
    {%- set columns = dbt_estate._follow_schema(scratch, target) -%}
    {%- do adapter.drop_relation(scratch) -%}
    {%- do dbt_estate._run_pass(target, 'live', columns, union, ledger, settings) -%}
{%- endmacro %}


{#- A first build, a full refresh and every run of a model without a watermark fill a table beside the one that is read, and
    take its place at the end. One that died is gone on with, if its columns still are the model's. -#}
{% macro _load_next(target, existing, union, ledger, settings) -%}
    {%- set next = make_intermediate_relation(target, '__estate_next') -%}
    {%- set left_over = load_cached_relation(next) -%}
    {%- set scratch = dbt_estate._fresh_table(target, '__estate_shape', union.branches[0].sql) -%}
    {%- set columns = adapter.get_columns_in_relation(scratch) -%}
    {%- set can_resume = left_over is not none
        and dbt_estate._ledger_rows(ledger, 'next', settings)
        and dbt_estate._column_texts(adapter.get_columns_in_relation(left_over)) == dbt_estate._column_texts(columns) -%}
    {%- if can_resume -%}
        {%- do adapter.drop_relation(scratch) -%}
        {%- do log('estate_shards ' ~ this.identifier ~ ': goes on with the rebuild that was left', info=true) -%}
    {%- else -%}
        {%- do drop_relation_if_exists(left_over) -%}
        {%- do adapter.rename_relation(scratch, next) -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- do dbt_estate.run_atomically(['delete from ' ~ ledger ~ ' where ' ~ dbt_estate._ledger_condition('next')], 'estate_forget') -%}
    {%- endif -%}
    {%- do dbt_estate._run_pass(next, 'next', columns, union, ledger, settings) -%}
    {%- if settings.retired == 'keep' and existing is not none and existing.is_table -%}
        {%- do dbt_estate._keep_retired(existing, next, columns, union, ledger) -%}
    {%- endif -%}
    {%- do dbt_estate._swap(next, existing, target, ledger) -%}
{%- endmacro %}


{#- An empty table of the model's columns: dbt's own statement makes it, with the contract, the header and all. -#}
{% macro _fresh_table(target, suffix, select_sql) -%}
    {%- set fresh = make_intermediate_relation(target, suffix) -%}
    {%- do drop_relation_if_exists(load_cached_relation(fresh)) -%}
    {%- call statement('estate_fresh_table') -%}
        {{- get_create_table_as_sql(False, fresh, adapter.dispatch('_no_rows', 'dbt_estate')(select_sql)) -}}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {%- do adapter.cache_added(fresh) -%}
    {{- return(fresh) -}}
{%- endmacro %}


{% macro default___no_rows(select_sql) -%}
select * from (
{{ select_sql }}
) as shard_rows
where 1 = 0
{%- endmacro %}


{#- SELECT INTO takes NOT NULL and IDENTITY over from one table, where another shard has NULLs; an outer join does not.
    https://learn.microsoft.com/sql/t-sql/queries/select-into-clause-transact-sql -#}
{% macro sqlserver___no_rows(select_sql) -%}
select shard_rows.*
from (select 1 as one) as nothing
left join (
{{ select_sql }}
) as shard_rows on 1 = 0
where 1 = 0
{%- endmacro %}


{% macro _quoted_names(columns) -%}
    {%- set names = [] -%}
    {%- for column in columns -%}{%- do names.append(dbt_estate.identifier(column.name)) -%}{%- endfor -%}
    {{- return(names | join(', ')) -}}
{%- endmacro %}


{% macro _column_texts(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}{%- do texts.append(column.name ~ ' ' ~ column.data_type) -%}{%- endfor -%}
    {{- return(texts | sort) -}}
{%- endmacro %}


{#- Brings the columns of the table after those of the model by dbt's on_schema_change; a model that does not set it follows
    (sync_all_columns), since the table is to equal the union. Returns the columns to insert. -#}
{% macro _follow_schema(scratch, target) -%}
    {%- set policy = config.get('on_schema_change') if model.unrendered_config.get('on_schema_change') else 'sync_all_columns' -%}
    {%- do process_schema_changes(policy, scratch, target) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- set incoming = adapter.get_columns_in_relation(scratch) | map(attribute='name') | map('lower') | list -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(target) if column.name | lower in incoming -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}


{#- The rows of shards that the registry no longer has, carried over into the new table. -#}
{% macro _keep_retired(existing, next, columns, union, ledger) -%}
    {%- set current = [] -%}
    {%- for branch in union.branches -%}{%- do current.append(dbt_estate.literal(branch.shard)) -%}{%- endfor -%}
    {%- set shard_column = dbt_estate.identifier(union.shard_column) -%}
    {%- set known = adapter.get_columns_in_relation(existing) | map(attribute='name') | map('lower') | list -%}
    {%- set shared = [] -%}
    {%- for column in columns if column.name | lower in known -%}{%- do shared.append(column) -%}{%- endfor -%}
    {%- set names = dbt_estate._quoted_names(shared) -%}
    {%- do dbt_estate.run_atomically([
        'delete from ' ~ next ~ '\nwhere ' ~ shard_column ~ ' not in (' ~ current | join(', ') ~ ')',
        'insert into ' ~ next ~ ' (' ~ names ~ ')\nselect ' ~ names ~ '\nfrom ' ~ existing
        ~ '\nwhere ' ~ shard_column ~ ' not in (' ~ current | join(', ') ~ ')'
    ], 'estate_keep_retired') -%}
{%- endmacro %}


{#- Left open for the materialization to commit, so that where the engine allows it, the tables, the ledger, the grants and
    the hooks change at once. -#}
{% macro _swap(next, existing, target, ledger) -%}
    {%- call statement('estate_forget') -%}
delete from {{ ledger }}
where {{ dbt_estate._ledger_condition('live') }}
    {%- endcall -%}
    {%- do drop_relation_if_exists(existing) -%}
    {%- do adapter.rename_relation(next, target) -%}
    {%- call statement('estate_swap') -%}
update {{ ledger }}
set slot = 'live'
where {{ dbt_estate._ledger_condition('next') }}
    {%- endcall -%}
{%- endmacro %}
