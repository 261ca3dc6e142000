{#- The highest arrival above the watermark, how many there are, and how many are left out since they have no entity or
    no time. -#}
{% macro _session_batch(marker, low) -%}
    {%- set settings = marker.settings -%}
    {%- set arrival = dbt_estate.identifier(settings.arrival_time) -%}
    {%- set missing = [] -%}
    {%- for name in dbt_estate._needed_columns(settings) -%}
        {%- do missing.append(dbt_estate.identifier(name) ~ ' is null') -%}
    {%- endfor -%}
    {%- set query -%}
select
    max({{ arrival }}) as high,
    count(*) as arrivals,
    sum(case when {{ missing | join(' or ') }} then 1 else 0 end) as quarantined
from {{ marker.source }} as source_events
{{ 'where ' ~ arrival ~ ' > ' ~ dbt_estate.literal(low) if low is not none }}
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {%- set batch = {
        'low': low, 'high': adapter.dispatch('_at_least', 'dbt_estate')(row[0]), 'arrivals': row[1] | int,
        'quarantined': (row[2] or 0) | int, 'touched': 0,
        'events': row[1] | int
    } -%}
    {%- if batch.quarantined -%}
        {%- do exceptions.warn(
            "dbt_estate: " ~ this.identifier ~ ": " ~ batch.quarantined ~ " events have no "
            ~ dbt_estate._needed_columns(settings) | join(' or no ') ~ " and are in no session"
        ) -%}
    {%- endif -%}
    {{- return(batch) -}}
{%- endmacro %}


{#- The engine's own value, or the next one that Python can tell apart: with less, the last arrivals would stay out. -#}
{% macro default___at_least(value) -%}
    {{- return(value) -}}
{%- endmacro %}


{#- datetime2 has seven digits, Python six. -#}
{% macro sqlserver___at_least(value) -%}
    {{- return(value + modules.datetime.timedelta(microseconds=1) if value.hour is defined else value) -}}
{%- endmacro %}


{#- The watermark less the overlap. Of a day, more may arrive after the run, so a whole day is read again. -#}
{% macro _low_watermark(watermark, settings) -%}
    {%- set is_day = watermark is not none and watermark is not number and watermark.hour is not defined -%}
    {%- set overlap = modules.datetime.timedelta(seconds=settings.overlap_seconds) -%}
    {%- if is_day and settings.overlap_seconds < 86400 -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ this.identifier ~ ": arrival_time: " ~ settings.arrival_time
            ~ " is a date, so what arrives later on the same day would be missed. Set overlap_minutes: 1440 or more,"
            ~ " got: " ~ settings.overlap_seconds / 60
        ) -%}
    {%- elif watermark is number and settings.overlap_seconds -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ this.identifier ~ ": overlap_minutes: needs an arrival_time that is a time, and "
            ~ settings.arrival_time ~ " is a number, got: " ~ settings.overlap_seconds / 60
        ) -%}
    {%- endif -%}
    {{- return(watermark - overlap if watermark is not none and settings.overlap_seconds else watermark) -}}
{%- endmacro %}


{#- Everything up to the highest arrival, in a table beside, with its index. Returns the batch. -#}
{% macro _build_sessions(target, marker) -%}
    {%- set batch = dbt_estate._session_batch(marker, none) -%}
    {%- set source = dbt_estate._bounded_source(marker, batch.high) -%}
    {%- set next = dbt_estate._side_table(target, '__estate_next') -%}
    {%- set query = dbt_estate._over_events(model.compiled_code, marker, source) -%}
    {%- do dbt_estate._create_model_table(next, adapter.dispatch('_in_order', 'dbt_estate')(query)) -%}
    {%- do dbt_estate._create_index_table(target, next, source, marker) -%}
    {%- if marker.settings.grain == 'event' -%}
        {%- do dbt_estate._create_event_index(target, source, marker.settings) -%}
    {%- endif -%}
    {{- return(batch) -}}
{%- endmacro %}


{#- What had arrived when the batch was taken: what comes meanwhile belongs to the next one. -#}
{% macro _bounded_source(marker, high) -%}
    {%- if high is none -%}
        {{- return(marker.source) -}}
    {%- endif -%}
    {{- return(
        '(select * from ' ~ marker.source ~ ' as arrived where '
        ~ dbt_estate.identifier(marker.settings.arrival_time) ~ ' <= ' ~ dbt_estate.literal(high) ~ ')'
    ) -}}
{%- endmacro %}


{#- dbt's own statement, with the contract, the header and all. -#}
{% macro _create_model_table(relation, query) -%}
    {%- do drop_relation_if_exists(load_cached_relation(relation)) -%}
    {%- call statement('estate_create_model') -%}
        {{- get_create_table_as_sql(False, relation, query) -}}
    {%- endcall -%}
    {%- do adapter.cache_added(relation) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
    {%- if 'session_id' not in names -%}
        {%- do adapter.drop_relation(relation) -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: estate_sessions " ~ this.identifier ~ " has no column session_id, by which its rows are"
            ~ " replaced; select it from dbt_estate.sessionized. Its columns are " ~ names | join(', ')
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- A row a session of these events, and how many rows of the model it has. -#}
{% macro _create_index_table(target, rows, source, marker) -%}
    {%- set settings = marker.settings -%}
    {%- set time = dbt_estate.identifier(settings.event_time) -%}
    {%- set entities = [] -%}
    {%- for name in settings.entity -%}
        {%- do entities.append('sessions.' ~ dbt_estate.identifier(name) ~ ' as entity_' ~ loop.index) -%}
    {%- endfor -%}
    {%- set by = [] -%}
    {%- for name in settings.entity -%}{%- do by.append('events.' ~ dbt_estate.identifier(name)) -%}{%- endfor -%}
    {%- set id = dbt_estate._session_id_sql(settings, 'sessions')
        or 'sessions.' ~ dbt_estate._quoted(settings.entity) -%}
    {%- set chain = 'estate_chain_start' if settings.max_session_seconds is not none else 'session_start' -%}
    {%- set query -%}
select
    numbered.*,
    coalesce(counted.row_count, 0) as row_count
from (
    select
        {{ entities | join(', ') }},
        {{ id }} as session_id,
        sessions.chain_start,
        sessions.session_start as span_start,
        sessions.span_end
    from (
        select
            {{ by | join(', ') }},
            events.session_start,
            min(events.{{ chain }}) as chain_start,
            max(events.{{ time }}) as span_end
        from (
{{ dbt_estate._started_sql(source, settings) }}
        ) as events
        group by {{ by | join(', ') }}, events.session_start
    ) as sessions
) as numbered
left join (
    select session_id, count(*) as row_count from {{ rows }} group by session_id
) as counted on counted.session_id = numbered.session_id
{{ adapter.dispatch('_index_order', 'dbt_estate')() }}
    {%- endset -%}
    {%- set next = dbt_estate._side_table(target, '__estate_index_next') -%}
    {%- do dbt_estate._create_as(next, query) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- do dbt_estate._check_rows(target, rows, next) -%}
{%- endmacro %}


{% macro default___in_order(query) -%}
    {{- return(query) -}}
{%- endmacro %}


{#- It has no index that would find a batch's rows: in their order they are in few row groups. -#}
{% macro duckdb___in_order(query) -%}
    {#- The query cannot be asked for its columns where it needs a header; and without the id it is refused later. -#}
    {%- set names = [] if config.get('sql_header') else get_columns_in_query(query) | map('lower') | list -%}
    {{- return(
        'select * from (\n' ~ query ~ '\n) as made\norder by session_id' if 'session_id' in names else query
    ) -}}
{%- endmacro %}


{% macro default___index_order() -%}
    {{- return('') -}}
{%- endmacro %}


{#- So that a scan with bounds leaves out row groups: https://duckdb.org/docs/stable/guides/performance/indexing -#}
{% macro duckdb___index_order() -%}
    {{- return('order by numbered.span_start') -}}
{%- endmacro %}


{#- Every row belongs to a session, else a later run could not replace it. -#}
{% macro _check_rows(target, rows, index) -%}
    {%- set query -%}
select
    (select count(*) from {{ rows }}) as rows_made,
    (select coalesce(sum(row_count), 0) from {{ index }}) as rows_known
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {%- if row[0] != row[1] -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: estate_sessions " ~ this.identifier ~ ": " ~ (row[0] - row[1]) | abs
            ~ " rows have a session_id that is not of dbt_estate.sessionized. Select session_id as it is, and keep rows"
            ~ " of no session out"
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- Whether the table still has the rows that the index knows of the sessions to replace. -#}
{% macro _agrees(target, existing) -%}
    {%- set touched = dbt_estate._side_table(target, '__estate_touched') -%}
    {%- set query -%}
select
    (select count(*) from {{ existing }} where session_id in (select session_id from {{ touched }})) as rows_held,
    (select coalesce(sum(row_count), 0) from {{ touched }}) as rows_known
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {{- return(row[0] == row[1]) -}}
{%- endmacro %}


{#- The events of one increment. Returns its batch, or none where the table has to be built anew. -#}
{% macro _prepare_sessions(target, existing, marker, state) -%}
    {%- set settings = marker.settings -%}
    {%- set batch = dbt_estate._session_batch(marker, dbt_estate._low_watermark(state.watermark, settings)) -%}
    {%- if batch.high is none and settings.open_when is none -%}
        {%- do log('estate_sessions ' ~ this.identifier ~ ': nothing has arrived', info=true) -%}
        {{- return(dict(batch, is_empty=true, is_increment=true)) -}}
    {%- endif -%}
    {%- if settings.grain == 'event' -%}
        {%- set points = dbt_estate._create_changes(target, marker, batch) -%}
    {%- else -%}
        {%- set points = dbt_estate._create_arrivals(target, marker, batch) -%}
    {%- endif -%}
    {%- do dbt_estate._create_touched(target, existing, points, marker) -%}
    {%- if not dbt_estate._agrees(target, existing) -%}
        {%- do log(
            'estate_sessions ' ~ this.identifier ~ ': is built anew, since rows of its sessions have changed', info=true
        ) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- do dbt_estate._create_events(target, marker, batch) -%}
    {%- do dbt_estate._count_batch(target, batch, state) -%}
    {{- return(dict(batch, is_empty=false, is_increment=true)) -}}
{%- endmacro %}


{#- The model's rows and the index of these events. -#}
{% macro _make_rows(target, marker) -%}
    {%- set events = dbt_estate._side_table(target, '__estate_events') -%}
    {%- set rows = dbt_estate._side_table(target, '__estate_rows') -%}
    {%- do dbt_estate._create_model_table(
        rows, dbt_estate._over_events(model.compiled_code, marker, events | string)
    ) -%}
    {%- do dbt_estate._create_index_table(target, rows, events | string, marker) -%}
{%- endmacro %}


{% macro _count_batch(target, batch, state) -%}
    {%- set query -%}
select
    (select count(*) from {{ dbt_estate._side_table(target, '__estate_touched') }}) as touched,
    (select count(*) from {{ dbt_estate._side_table(target, '__estate_events') }}) as events
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {%- do batch.update({'touched': row[0] | int, 'events': row[1] | int}) -%}
    {%- if batch.high is none or (state.watermark is not none and batch.high < state.watermark) -%}
        {%- do batch.update({'high': state.watermark}) -%}
    {%- endif -%}
    {%- do log(
        'estate_sessions ' ~ this.identifier ~ ': ' ~ batch.arrivals ~ ' arrivals, ' ~ batch.touched
        ~ ' sessions touched, ' ~ batch.events ~ ' events read', info=true
    ) -%}
{%- endmacro %}


{#- Old rows go and new rows come in one transaction, with the index and the watermark. -#}
{% macro _replace_statements(target, rows, marker, batch, columns) -%}
    {%- set index = dbt_estate._session_index(target) -%}
    {%- set touched = dbt_estate._side_table(target, '__estate_touched') -%}
    {%- set list = dbt_estate._quoted_names(columns) -%}
    {%- set gone = '\nwhere session_id in (select session_id from ' ~ touched ~ ')' -%}
    {{- return([
        'delete from ' ~ target ~ gone,
        'insert into ' ~ target ~ ' (' ~ list ~ ')\nselect ' ~ list ~ '\nfrom ' ~ rows,
        'delete from ' ~ index ~ gone,
        'insert into ' ~ index ~ '\nselect * from ' ~ dbt_estate._side_table(target, '__estate_index_next')
    ] + (dbt_estate._event_index_statements(target, marker.settings) if marker.settings.grain == 'event' else [])
    + dbt_estate._session_ledger_statements(target, marker, batch)) -}}
{%- endmacro %}


{% macro _drop_session_tables(target) -%}
    {%- for suffix in ['new', 'points', 'touched', 'events', 'rows', 'index_next', 'events_next', 'next'] -%}
        {%- do drop_relation_if_exists(load_cached_relation(
            dbt_estate._side_table(target, '__estate_' ~ suffix)
        )) -%}
    {%- endfor -%}
{%- endmacro %}
