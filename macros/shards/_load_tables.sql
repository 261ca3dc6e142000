{#- Loads into the table that is read, batch by batch; returns whether the table is a new one after all. A column
    that changes its type is not altered in place, where values of a shard that is gone may not fit: the table is
    rebuilt. -#}
{% macro _load_live(target, existing, union, ledger, settings) -%}
    {%- set scratch = dbt_estate._fresh_table(target, '__estate_shape', union.branches[0].sql) -%}
    {%- do dbt_estate._check_columns(scratch, union, settings) -%}
    {%- set policy = config.get('on_schema_change') if model.unrendered_config.get('on_schema_change')
        else 'sync_all_columns' -%}
    {%- set changes = dbt_estate._type_changes(scratch, target, policy) -%}
    {%- if changes and policy == 'sync_all_columns' and config.get('full_refresh') is not sameas false -%}
        {%- do adapter.drop_relation(scratch) -%}
        {%- do log(
            'estate_shards ' ~ this.identifier ~ ': types have changed, so all is loaded anew: '
            ~ changes | join('; '), info=true
        ) -%}
        {%- do dbt_estate._load_next(target, existing, union, ledger, settings) -%}
        {{- return(true) -}}
    {%- elif changes and policy != 'fail' -%}
        {%- do adapter.drop_relation(scratch) -%}
        {%- do exceptions.raise_compiler_error(
            "estate_shards " ~ this.identifier ~ ": types have changed (" ~ changes | join('; ')
            ~ ") and the table may not follow, with"
            ~ " on_schema_change: " ~ policy ~ " and full_refresh: " ~ config.get('full_refresh')
            ~ ". Run it with --full-refresh,"
            ~ " set on_schema_change: sync_all_columns, or name the types in options.column_types of union_shards."
        ) -%}
    {%- endif -%}
    {%- set columns = dbt_estate._follow_schema(scratch, target, policy) -%}
    {%- do adapter.drop_relation(scratch) -%}
    {%- do dbt_estate._run_pass(target, 'live', columns, union, ledger, settings) -%}
    {{- return(false) -}}
{%- endmacro %}


{#- Columns whose type in the model is another than in the table. Text that grows is let grow, as dbt does. -#}
{% macro _type_changes(scratch, target, policy) -%}
    {%- if policy in ['ignore', 'append_new_columns'] -%}
        {%- do adapter.expand_target_column_types(from_relation=scratch, to_relation=target) -%}
    {%- endif -%}
    {%- set current = {} -%}
    {%- for column in adapter.get_columns_in_relation(target) -%}
        {%- do current.update({column.name | lower: column}) -%}
    {%- endfor -%}
    {%- set changes = [] -%}
    {%- for column in adapter.get_columns_in_relation(scratch) if column.name | lower in current -%}
        {%- set old = current[column.name | lower] -%}
        {%- if old.data_type != column.data_type
            and not (policy in ['ignore', 'append_new_columns'] and old.is_string() and column.is_string()) -%}
            {%- do changes.append(column.name ~ ' from ' ~ old.data_type ~ ' to ' ~ column.data_type) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(changes) -}}
{%- endmacro %}


{#- What the settings name has to be there; the table that was made to find out goes before the error comes. -#}
{% macro _check_columns(scratch, union, settings) -%}
    {%- set names = adapter.get_columns_in_relation(scratch) | map(attribute='name') | list -%}
    {%- set lowered = names | map('lower') | list -%}
    {%- set problems = [] -%}
    {%- if union.shard_column | lower not in lowered -%}
        {%- do problems.append(
            "the branches have no column '" ~ union.shard_column
            ~ "' with the shard's name: select dbt_estate.literal(shard.shard) as "
            ~ union.shard_column ~ " in the body of for_each_shard"
        ) -%}
    {%- endif -%}
    {%- if settings.watermark is not none and settings.watermark | lower not in lowered -%}
        {%- do problems.append("the watermark '" ~ settings.watermark ~ "' is not a column of the model") -%}
    {%- endif -%}
    {%- for column in settings.unique_key if column | lower not in lowered -%}
        {%- do problems.append("the unique_key '" ~ column ~ "' is not a column of the model") -%}
    {%- endfor -%}
    {%- if problems -%}
        {%- do adapter.drop_relation(scratch) -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- do dbt_estate._raise_problems(
            'estate_shards ' ~ this.identifier, problems, 'Its columns are ' ~ names | join(', ')
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- A first build, a full refresh and every run of a model without a watermark fill a table beside the one that is
    read, and take its place at the end. One that died is gone on with, if its columns still are the model's. -#}
{% macro _load_next(target, existing, union, ledger, settings) -%}
    {%- set next = make_intermediate_relation(target, '__estate_next') -%}
    {%- set left_over = load_cached_relation(next) -%}
    {%- set scratch = dbt_estate._fresh_table(target, '__estate_shape', union.branches[0].sql) -%}
    {%- do dbt_estate._check_columns(scratch, union, settings) -%}
    {%- set columns = adapter.get_columns_in_relation(scratch) -%}
    {%- set can_resume = left_over is not none
        and dbt_estate._ledger_rows(ledger, 'next', settings)
        and dbt_estate._column_texts(adapter.get_columns_in_relation(left_over))
            == dbt_estate._column_texts(columns) -%}
    {%- if can_resume -%}
        {%- do adapter.drop_relation(scratch) -%}
        {%- do log('estate_shards ' ~ this.identifier ~ ': goes on with the rebuild that was left', info=true) -%}
    {%- else -%}
        {%- do drop_relation_if_exists(left_over) -%}
        {%- do adapter.rename_relation(scratch, next) -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- do dbt_estate.run_atomically(
            ['delete from ' ~ ledger ~ ' where ' ~ dbt_estate._ledger_condition('next')], 'estate_forget'
        ) -%}
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


{#- Brings the columns of the table after those of the model by dbt's on_schema_change; a model that does not set it
    follows (sync_all_columns), since the table is to equal the union. Returns the columns to insert. -#}
{% macro _follow_schema(scratch, target, policy) -%}
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
    {%- set names = dbt_estate._literals(union.branches | map(attribute='shard') | list) | join(', ') -%}
    {%- set retired = dbt_estate.identifier(union.shard_column) ~ ' not in (' ~ names ~ ')' -%}
    {%- set held = {} -%}
    {%- for column in adapter.get_columns_in_relation(existing) -%}
        {%- do held.update({column.name | lower: column}) -%}
    {%- endfor -%}
    {%- set shared = [] -%}
    {%- for column in columns if column.name | lower in held -%}{%- do shared.append(column) -%}{%- endfor -%}
    {%- do dbt_estate._check_kept_values(existing, held, shared, retired) -%}
    {%- set list = dbt_estate._quoted_names(shared) -%}
    {%- do dbt_estate.run_atomically([
        'delete from ' ~ next ~ '\nwhere ' ~ retired,
        'insert into ' ~ next ~ ' (' ~ list ~ ')\nselect ' ~ list ~ '\nfrom ' ~ existing ~ '\nwhere ' ~ retired
    ], 'estate_keep_retired') -%}
{%- endmacro %}


{#- With the shard that needed it, a wider type is gone from the union, and its rows stay: an insert would round
    them. -#}
{% macro _check_kept_values(existing, held, columns, retired) -%}
    {%- set problems = [] -%}
    {%- for column in columns if column.data_type != held[column.name | lower].data_type -%}
        {%- set name = dbt_estate.identifier(column.name) -%}
        {%- set old = held[column.name | lower].data_type -%}
        {%- set cast = adapter.dispatch('_cast_or_null', 'dbt_estate')(name, column.data_type) -%}
        {%- set query -%}
select count(*) as lost
from {{ existing }}
where {{ retired }}
    and {{ name }} is not null
    and ({{ cast }} is null or cast({{ cast }} as {{ old }}) <> {{ name }})
        {%- endset -%}
        {%- set lost = run_query(query).rows[0][0] -%}
        {%- if lost -%}
            {%- do problems.append(
                "column '" ~ column.name ~ "' is " ~ column.data_type ~ " in the union now, and " ~ lost
                ~ " rows of retired shards"
                ~ " need " ~ old ~ ": name it in options.column_types: {'" ~ column.name ~ "': '" ~ old ~ "'}"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems('estate_shards ' ~ this.identifier ~ ' (retired: keep)', problems) -%}
{%- endmacro %}


{% macro default___cast_or_null(expression, type) -%}
    {{- return('try_cast(' ~ expression ~ ' as ' ~ type ~ ')') -}}
{%- endmacro %}


{#- PostgreSQL has no such cast; what does not fit ends in its own error. -#}
{% macro postgres___cast_or_null(expression, type) -%}
    {{- return('cast(' ~ expression ~ ' as ' ~ type ~ ')') -}}
{%- endmacro %}


{#- Left open for the materialization to commit, so that where the engine allows it, the tables, the ledger, the
    grants and the hooks change at once. -#}
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
