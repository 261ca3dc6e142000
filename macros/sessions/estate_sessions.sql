{% materialization estate_sessions, default, supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set marker = dbt_estate._read_session_marker(sql) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do dbt_estate.end_transaction() -%}

    {%- set lock_name = target.database ~ '.' ~ target.schema ~ '.' ~ target.identifier -%}
    {%- do dbt_estate.lock(lock_name) -%}
    {%- set ledger = dbt_estate._session_ledger(target) -%}
    {%- do dbt_estate._create_session_ledger(ledger) -%}
    {%- do dbt_estate._drop_session_tables(target) -%}
    {%- do dbt_estate.end_transaction() -%}

    {%- set is_partial = flags.EMPTY or invocation_args_dict.get('sample') -%}
    {%- set state = dbt_estate._session_state(target, existing, marker.settings, is_partial) -%}
    {%- set batch = namespace(value=none) -%}
    {%- if is_partial and state is not none -%}
        {#- Rows of no event, or of a sample, may not stand in for a load. -#}
        {%- do log(
            'estate_sessions ' ~ this.identifier ~ ': is loaded, and is left as it is under --empty and --sample',
            info=true
        ) -%}
        {%- set batch.value = {'is_empty': true} -%}
    {%- elif state is not none -%}
        {%- set batch.value = dbt_estate._prepare_sessions(target, existing, marker, state) -%}
    {%- endif -%}
    {%- set is_new = batch.value is none -%}
    {%- if is_new and existing is not none and existing.is_table and config.get('full_refresh') is false -%}
        {%- do dbt_estate.unlock(lock_name) -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: estate_sessions " ~ this.identifier ~ " has to be built anew, which full_refresh: false"
            ~ " forbids. Take it out for one run"
        ) -%}
    {%- elif is_new -%}
        {%- set batch.value = dbt_estate._build_sessions(target, marker) -%}
        {%- do dbt_estate._swap_sessions(target, existing, marker, none if is_partial else batch.value) -%}
    {%- elif not batch.value.is_empty -%}
        {%- do dbt_estate._make_rows(target, marker) -%}
        {%- set columns = dbt_estate._followed_columns(target, existing) -%}
        {%- set rows = dbt_estate._side_table(target, '__estate_rows') -%}
        {%- do dbt_estate.run_atomically(
            dbt_estate._replace_statements(target, rows, marker, batch.value, columns), 'estate_replace',
            config.get('sql_header')
        ) -%}
    {%- endif -%}

    {%- call statement('main') -%}
        select count(*) as models from {{ ledger }} where {{ dbt_estate._session_ledger_condition() }}
    {%- endcall -%}
    {%- if is_new -%}
        {%- do create_indexes(target) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(
        target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=is_new)
    ) -%}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {%- do dbt_estate._drop_session_tables(target) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- do dbt_estate.unlock(lock_name) -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{#- Left open for the materialization to commit, so that where the engine allows it, the tables, the ledger, the grants
    and the hooks change at once. Of a sample or of nothing no state is kept. -#}
{% macro _swap_sessions(target, existing, marker, batch) -%}
    {%- set index = dbt_estate._session_index(target) -%}
    {%- do drop_relation_if_exists(existing) -%}
    {%- do adapter.rename_relation(dbt_estate._side_table(target, '__estate_next'), target) -%}
    {%- do drop_relation_if_exists(load_cached_relation(index)) -%}
    {%- do adapter.rename_relation(dbt_estate._side_table(target, '__estate_index_next'), index) -%}
    {%- if marker.settings.grain == 'event' -%}
        {%- set events = dbt_estate._event_index(target) -%}
        {%- do drop_relation_if_exists(load_cached_relation(events)) -%}
        {%- do adapter.rename_relation(dbt_estate._side_table(target, '__estate_events_next'), events) -%}
    {%- endif -%}
    {%- set statements = dbt_estate._session_ledger_statements(target, marker, batch) if batch is not none
        else dbt_estate._forget_statements(target) -%}
    {%- for text in statements -%}
        {%- call statement('estate_session_ledger') -%}
            {{- text -}}
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}


{#- The columns to insert, after dbt's on_schema_change has been followed. -#}
{% macro _followed_columns(target, existing) -%}
    {%- set rows = dbt_estate._side_table(target, '__estate_rows') -%}
    {%- set policy = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
    {%- do process_schema_changes(policy, rows, existing) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- set incoming = adapter.get_columns_in_relation(rows) | map(attribute='name') | map('lower') | list -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(target) if column.name | lower in incoming -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}
