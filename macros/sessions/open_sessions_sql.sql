{% macro open_sessions_sql(arg_dict) -%}
    {%- set marker = dbt_estate._read_session_marker(model.compiled_code) -%}
    {%- set batch = marker.batch -%}
    {%- if not batch or batch['is_empty'] -%}
        {{- return('select 1 as nothing_to_do') -}}
    {%- endif -%}
    {%- do batch.update({'high': dbt_estate._watermark_value(batch['high'], batch['kind'])}) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set rows = arg_dict['temp_relation'] -%}
    {%- set events = dbt_estate._side_table(target, '__estate_events') | string if batch['is_increment']
        else dbt_estate._bounded_source(marker, batch['high']) -%}
    {%- do dbt_estate._create_index_table(target, rows, events, marker) -%}
    {%- if not batch['is_increment'] -%}
        {%- do dbt_estate._lay_index(target, events, marker) -%}
    {%- endif -%}
    {{- return(adapter.dispatch('_within_dbt', 'dbt_estate')(
        dbt_estate._replace_statements(target, rows, marker, batch, arg_dict['dest_columns'])
    )) -}}
{%- endmacro %}


{#- dbt has begun a transaction, and commits it. -#}
{% macro default___within_dbt(statements) -%}
    {{- return(statements | join(';\n\n')) -}}
{%- endmacro %}


{#- By default dbt begins none here. -#}
{% macro sqlserver___within_dbt(statements) -%}
    {{- return(dbt_estate.atomically(statements)) -}}
{%- endmacro %}


{#- The index of a table that dbt has built, in which every session is to be replaced now. The ledger goes first: until
    it is written again, no increment goes by this index. -#}
{% macro _lay_index(target, events, marker) -%}
    {%- do dbt_estate._forget_sessions(target) -%}
    {%- set touched = dbt_estate._side_table(target, '__estate_touched') -%}
    {%- do dbt_estate._create_as(touched, 'select session_id from ' ~ target) -%}
    {%- do dbt_estate._create_as(
        dbt_estate._session_index(target),
        'select * from ' ~ dbt_estate._side_table(target, '__estate_index_next') ~ '\nwhere 1 = 0'
    ) -%}
    {%- if marker.settings.grain == 'event' -%}
        {%- do dbt_estate._create_event_index(target, events, marker.settings) -%}
        {%- do dbt_estate._create_as(
            dbt_estate._event_index(target), 'select * from ' ~ dbt_estate._side_table(target, '__estate_events_next')
        ) -%}
        {%- do dbt_estate._create_as(
            dbt_estate._side_table(target, '__estate_new'),
            'select * from ' ~ marker.source ~ ' as nothing\nwhere 1 = 0'
        ) -%}
    {%- endif -%}
    {%- do dbt_estate.end_transaction() -%}
{%- endmacro %}


{% macro _forget_sessions(target) -%}
    {%- set ledger = dbt_estate._session_ledger(target) -%}
    {%- if load_cached_relation(ledger) is not none -%}
        {%- do dbt_estate.run_atomically(dbt_estate._forget_statements(target), 'estate_forget') -%}
    {%- endif -%}
{%- endmacro %}


{#- Whether dbt's own incremental materialization is at work, with our strategy. -#}
{% macro _is_open_sessions() -%}
    {{- return(
        model.resource_type == 'model' and config.get('materialized') == 'incremental'
        and config.get('incremental_strategy') == 'open_sessions' and flags.WHICH in ['run', 'build']
        and not flags.EMPTY and not invocation_args_dict.get('sample')
    ) -}}
{%- endmacro %}


{#- What the model selects from in this run: everything for a table that dbt builds, and of which nothing is known yet,
    the events of the arrivals and of the sessions that they touch otherwise. -#}
{% macro _events_of_run(marker) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if not is_incremental() -%}
        {%- do dbt_estate._forget_sessions(target) -%}
        {{- return(dbt_estate._marked_events(marker, marker.source, none)) -}}
    {%- endif -%}
    {%- do dbt_estate.lock(target.database ~ '.' ~ target.schema ~ '.' ~ target.identifier) -%}
    {%- do dbt_estate._create_session_ledger(dbt_estate._session_ledger(target)) -%}
    {%- do dbt_estate._drop_session_tables(target) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- set state = dbt_estate._session_state(target, existing, marker.settings) -%}
    {%- set batch = dbt_estate._prepare_sessions(target, existing, marker, state) if state is not none else none -%}
    {%- if batch is none -%}
        {%- set batch = dict(dbt_estate._session_batch(marker, none), is_increment=false, is_empty=false) -%}
        {%- set events = dbt_estate._bounded_source(marker, batch.high) -%}
    {%- elif batch.is_empty -%}
        {%- set events = '(select * from ' ~ marker.source ~ ' as nothing where 1 = 0)' -%}
    {%- else -%}
        {%- set events = dbt_estate._side_table(target, '__estate_events') | string -%}
    {%- endif -%}
    {{- return(dbt_estate._marked_events(marker, events, {
        'is_increment': state is not none and batch.is_increment, 'is_empty': batch.is_empty,
        'high': dbt_estate._watermark_text(batch.high) if batch.high is not none else none,
        'kind': dbt_estate._watermark_kind(batch.high) if batch.high is not none else none,
        'arrivals': batch.arrivals, 'touched': batch.touched, 'events': batch.events, 'quarantined': batch.quarantined
    })) -}}
{%- endmacro %}
