{#- Loads into the table that is read, batch by batch; returns whether the table is a new one after all. A column
    that changes its type is not altered in place, where values of a shard that is gone may not fit: the table is
    rebuilt. -#}
{% macro _load_live(target, existing, union, ledger, settings) -%}
    {%- set scratch = dbt_estate._fresh_table(target, '__estate_shape', union.shape) -%}
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
    {%- do dbt_estate._forget_lacking(scratch, target, union, ledger, policy) -%}
    {%- if policy == 'sync_all_columns' and settings.retired == 'keep' -%}
        {#- A column that only a retired shard has is a part of its rows. -#}
        {%- set policy = 'append_new_columns' -%}
    {%- endif -%}
    {%- set columns = dbt_estate._follow_schema(scratch, target, policy) -%}
    {%- do adapter.drop_relation(scratch) -%}
    {%- set left_over = load_cached_relation(dbt_estate._side_table(target, '__estate_next')) -%}
    {%- if left_over is not none -%}
        {%- do log(
            'estate_shards ' ~ this.identifier ~ ': a full refresh was left in ' ~ left_over.identifier
            ~ '; --full-refresh goes on with it, this run with the table as it was', info=true
        ) -%}
    {%- endif -%}
    {%- do dbt_estate._run_pass(target, 'live', columns, union, ledger, settings) -%}
    {{- return(false) -}}
{%- endmacro %}


{#- Before the table gets a column, the loads of all shards that have it are forgotten: their rows are to be loaded
    again, also if this run dies, or if the table once had the column and lost it. -#}
{% macro _forget_lacking(scratch, target, union, ledger, policy) -%}
    {%- set current = dbt_estate._exact_columns(target) -%}
    {%- set added = [] -%}
    {%- for key, column in dbt_estate._exact_columns(scratch).items() if key not in current -%}
        {%- do added.append(column.name) -%}
    {%- endfor -%}
    {%- set owners = [] -%}
    {%- for branch in union.branches if added and policy in ['sync_all_columns', 'append_new_columns'] -%}
        {%- if branch.lacks is none or added | reject('in', branch.lacks) | list -%}
            {%- do owners.append(branch.shard) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for batch in owners | batch(500) -%}
        {%- do dbt_estate.run_atomically(
            ['delete from ' ~ ledger ~ '\nwhere ' ~ dbt_estate._ledger_condition('live', batch)], 'estate_forget'
        ) -%}
    {%- endfor -%}
{%- endmacro %}


{#- Columns whose type in the model is another than in the table. Text that grows is let grow, as dbt does. -#}
{% macro _type_changes(scratch, target, policy) -%}
    {%- if policy in ['ignore', 'append_new_columns'] -%}
        {%- do adapter.expand_target_column_types(from_relation=scratch, to_relation=target) -%}
    {%- endif -%}
    {%- set current = dbt_estate._exact_columns(target) -%}
    {%- set changes = [] -%}
    {%- for key, column in dbt_estate._exact_columns(scratch).items() if key in current -%}
        {%- set old = current[key] -%}
        {%- set may_differ = policy in ['ignore', 'append_new_columns'] and old.size and column.size -%}
        {%- if old.name != column.name -%}
            {%- do changes.append(old.name ~ ' is called ' ~ column.name) -%}
        {%- elif old.type != column.type and not may_differ -%}
            {%- do changes.append(column.name ~ ' from ' ~ old.type ~ ' to ' ~ column.type) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(changes) -}}
{%- endmacro %}


{#- Key to column as the catalog has it: an adapter's own data_type leaves out the precision of a time. -#}
{% macro _exact_columns(relation) -%}
    {%- set shapes = dbt_estate._shapes(relation, [{'shard': 'here', 'database_name': none, 'schema_name': none}]) -%}
    {%- set columns = {} -%}
    {%- for column in shapes[0].columns -%}
        {%- do columns.update({dbt_estate._key(column.name, shapes[0].folds_case): column}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
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
    {%- do dbt_estate._check_lookback(scratch, settings, problems) -%}
    {%- if problems -%}
        {%- do adapter.drop_relation(scratch) -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- do dbt_estate._raise_problems(
            'estate_shards ' ~ this.identifier, problems, 'Its columns are ' ~ names | join(', ')
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- A number goes back by a number, a time by a number of units. -#}
{% macro _check_lookback(scratch, settings, problems) -%}
    {%- set numbers = '(u?(tiny|small|big|huge)?int(eger)?[0-9]*|decimal|numeric|number|float|double|real|money)\\b' -%}
    {%- for column in adapter.get_columns_in_relation(scratch)
        if settings.lookback and column.name | lower == settings.watermark | lower -%}
        {%- set is_number = modules.re.match(numbers, column.data_type | lower) is not none -%}
        {%- if is_number and settings.lookback_unit is not none -%}
            {%- do problems.append(
                "lookback_unit: must be none, since the watermark '" ~ column.name ~ "' is a number ("
                ~ column.data_type ~ "), got: " ~ settings.lookback_unit
            ) -%}
        {%- elif not is_number and settings.lookback_unit is none -%}
            {%- do problems.append(
                "lookback_unit: must be one of second, minute, hour, day, week, month, since the watermark '"
                ~ column.name ~ "' is no number (" ~ column.data_type ~ "), got: none"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- A first build, a full refresh and every run of a model without a watermark fill a table beside the one that is
    read, and take its place at the end. One that died is gone on with, if its columns still are the model's. -#}
{% macro _load_next(target, existing, union, ledger, settings) -%}
    {%- set next = dbt_estate._side_table(target, '__estate_next') -%}
    {%- set left_over = load_cached_relation(next) -%}
    {%- set scratch = dbt_estate._fresh_table(target, '__estate_shape', union.shape) -%}
    {%- do dbt_estate._check_columns(scratch, union, settings) -%}
    {%- set columns = adapter.get_columns_in_relation(scratch) -%}
    {%- set can_resume = left_over is not none
        and dbt_estate._ledger_rows(ledger, 'next', settings)
        and dbt_estate._column_texts(left_over) == dbt_estate._column_texts(scratch) -%}
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
    {%- set fresh = dbt_estate._side_table(target, suffix) -%}
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


{% macro _column_texts(relation) -%}
    {%- set texts = [] -%}
    {%- for column in dbt_estate._exact_columns(relation).values() -%}
        {%- do texts.append(column.name ~ ' ' ~ column.type) -%}
    {%- endfor -%}
    {{- return(texts | sort(case_sensitive=true)) -}}
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
    {%- set present = columns | map(attribute='name') | map('lower') | list -%}
    {%- set extra = [] -%}
    {%- for key, column in held.items() if key not in present -%}{%- do extra.append(column) -%}{%- endfor -%}
    {%- if extra and run_query('select count(*) from ' ~ existing ~ ' where ' ~ retired).rows[0][0] -%}
        {#- Columns that only retired shards had are a part of their rows. -#}
        {%- do alter_relation_add_remove_columns(next, extra, none) -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- do shared.extend(extra) -%}
    {%- endif -%}
    {%- set list = dbt_estate._quoted_names(shared) -%}
    {%- do dbt_estate.run_atomically([
        'delete from ' ~ next ~ '\nwhere ' ~ retired,
        'delete from ' ~ ledger ~ '\nwhere ' ~ dbt_estate._ledger_condition('next')
        ~ ' and shard not in (' ~ names ~ ')',
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
