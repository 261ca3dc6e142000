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
    {%- do dbt_estate._create_model_table(next, dbt_estate._over_events(model.compiled_code, marker, source)) -%}
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
    {%- endset -%}
    {%- set next = dbt_estate._side_table(target, '__estate_index_next') -%}
    {%- do dbt_estate._create_as(next, query) -%}
    {%- do dbt_estate.end_transaction() -%}
    {%- do dbt_estate._check_rows(target, rows, next) -%}
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


{#- The sessions that the arrivals touch: those within the gap of an island of arrivals, those whose key has arrived,
    and those that are open. -#}
{% macro _create_touched(target, existing, new, marker) -%}
    {%- set settings = marker.settings -%}
    {%- set index = dbt_estate._session_index(target) -%}
    {%- set matches = [] -%}
    {%- for name in settings.entity -%}
        {%- do matches.append('sessions.entity_' ~ loop.index ~ ' = islands.' ~ dbt_estate.identifier(name)) -%}
    {%- endfor -%}
    {%- if settings.grain != 'keyed' -%}
        {%- set gap = settings.gap_seconds -%}
        {%- do matches.append('sessions.span_start <= ' ~ dbt_estate._later('islands.island_end', gap)) -%}
        {%- do matches.append(dbt_estate._later('sessions.span_end', gap) ~ ' >= islands.island_start') -%}
    {%- endif -%}
    {%- set query -%}
select sessions.*
from {{ index }} as sessions
where exists (
    select 1
    from (
{{ dbt_estate._islands_sql(new, settings) }}
    ) as islands
    where {{ matches | join('\n        and ') }}
)
    {%- if settings.open_when is not none %}
    or sessions.session_id in (select session_id from {{ existing }} where {{ settings.open_when }})
    {%- endif %}
    {%- endset -%}
    {%- if settings.max_session_seconds is not none -%}
        {%- set query = dbt_estate._whole_chains_sql(query, index, settings) -%}
    {%- endif -%}
    {%- do dbt_estate._create_as(dbt_estate._side_table(target, '__estate_touched'), query) -%}
    {%- do dbt_estate.end_transaction() -%}
{%- endmacro %}


{% macro _whole_chains_sql(touched, index, settings) -%}
    {%- set matches = [] -%}
    {%- for name in settings.entity -%}
        {%- do matches.append('pieces.entity_' ~ loop.index ~ ' = touched.entity_' ~ loop.index) -%}
    {%- endfor -%}
select pieces.*
from {{ index }} as pieces
where exists (
    select 1 from (
{{ touched }}
    ) as touched
    where {{ matches | join(' and ') }} and pieces.chain_start = touched.chain_start
)
{%- endmacro %}


{#- Arrivals of an entity that are no further apart than the gap, as one; of a key, all of them. -#}
{% macro _islands_sql(new, settings) -%}
    {%- set time = dbt_estate.identifier(settings.event_time) -%}
    {%- set by = dbt_estate._quoted(settings.entity) -%}
    {%- if settings.grain == 'keyed' -%}
        {{- return('select distinct ' ~ by ~ ' from ' ~ new) -}}
    {%- endif -%}
select {{ by }}, min({{ time }}) as island_start, max({{ time }}) as island_end
from (
    select
        {{ by }}, {{ time }},
        sum(case when estate_previous is null
            or {{ time }} > {{ dbt_estate._later('estate_previous', settings.gap_seconds) }} then 1 else 0
        end) over (partition by {{ by }} order by {{ time }}) as island
    from (
        select {{ by }}, {{ time }}, lag({{ time }}) over (partition by {{ by }} order by {{ time }}) as estate_previous
        from {{ new }}
    ) as lagged
) as numbered
group by {{ by }}, island
{%- endmacro %}


{#- The times of the touched sessions as a few literal ranges, so that partitions and row groups are left out: a late
    event of last year must not make one range of the whole year. Padded by a second, since Python keeps microseconds
    only. -#}
{% macro _touched_ranges(touched) -%}
    {%- set query -%}
select min(span_start) as range_start, max(span_end) as range_end
from {{ touched }}
group by cast(span_start as date)
order by min(span_start)
    {%- endset -%}
    {%- set second = modules.datetime.timedelta(seconds=1) -%}
    {%- set day = modules.datetime.timedelta(days=1) -%}
    {%- set ranges = [] -%}
    {%- for row in run_query(query).rows -%}
        {%- if ranges and row[0] <= ranges[-1]['to'] + day -%}
            {%- do ranges[-1].update({'to': [ranges[-1]['to'], row[1] + second] | max}) -%}
        {%- else -%}
            {%- do ranges.append({'from': row[0] - second, 'to': row[1] + second}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(dbt_estate._few_ranges(ranges, 8)) -}}
{%- endmacro %}


{#- The same times in at most so many ranges: the widest gaps between them stay. -#}
{% macro _few_ranges(ranges, most) -%}
    {%- set gaps = [] -%}
    {%- for range in ranges[1:] -%}
        {%- do gaps.append([(range['from'] - ranges[loop.index0]['to']).total_seconds(), loop.index]) -%}
    {%- endfor -%}
    {%- set kept = (gaps | sort(reverse=true))[:most - 1] | map('last') | list -%}
    {%- set few = [] -%}
    {%- for range in ranges -%}
        {%- if loop.first or loop.index0 in kept -%}
            {%- do few.append(dict(range)) -%}
        {%- else -%}
            {%- do few[-1].update({'to': range['to']}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(few) -}}
{%- endmacro %}


{#- The arrivals, and of the touched sessions what had arrived before. -#}
{% macro _create_events(target, marker, batch) -%}
    {%- set settings = marker.settings -%}
    {%- set touched = dbt_estate._side_table(target, '__estate_touched') -%}
    {%- set new = dbt_estate._side_table(target, '__estate_new') -%}
    {%- set time = 'earlier.' ~ dbt_estate.identifier(settings.event_time) -%}
    {%- set columns = dbt_estate._event_columns(settings, 'arrived') -%}
    {%- set parts = ['select ' ~ columns ~ '\nfrom ' ~ new ~ ' as arrived'] -%}
    {%- set earlier = dbt_estate._earlier_changes_sql(target, new, touched, marker) if settings.grain == 'event'
        else dbt_estate._earlier_sql(touched, marker, batch) -%}
    {%- for range in dbt_estate._touched_ranges(touched) if batch.low is not none -%}
        {%- do parts.append(
            earlier ~ '\n    and ' ~ time ~ ' between ' ~ dbt_estate.literal(range['from']) ~ ' and '
            ~ dbt_estate.literal(range['to'])
        ) -%}
    {%- endfor -%}
    {%- do dbt_estate._create_as(dbt_estate._side_table(target, '__estate_events'), parts | join('\nunion all\n')) -%}
    {%- do dbt_estate.end_transaction() -%}
{%- endmacro %}


{#- Of the touched sessions, what had arrived up to the watermark; the rest is among the arrivals. -#}
{% macro _earlier_sql(touched, marker, batch) -%}
    {%- set settings = marker.settings -%}
    {%- set matches = [] -%}
    {%- for name in settings.entity -%}
        {%- do matches.append('sessions.entity_' ~ loop.index ~ ' = earlier.' ~ dbt_estate.identifier(name)) -%}
    {%- endfor -%}
select {{ dbt_estate._event_columns(settings, 'earlier') }}
from {{ marker.source }} as earlier
inner join {{ touched }} as sessions
    on {{ matches | join('\n    and ') }}
    and earlier.{{ dbt_estate.identifier(settings.event_time) }} between sessions.span_start and sessions.span_end
where earlier.{{ dbt_estate.identifier(settings.arrival_time) }} <= {{ dbt_estate.literal(batch.low) }}
{%- endmacro %}


{#- Literals, so that what arrived before is not even looked at. -#}
{% macro _arrival_conditions(arrival, batch) -%}
    {%- if batch.high is none -%}
        {{- return(['1 = 0']) -}}
    {%- endif -%}
    {%- set below = [arrival ~ ' <= ' ~ dbt_estate.literal(batch.high)] -%}
    {{- return(([arrival ~ ' > ' ~ dbt_estate.literal(batch.low)] if batch.low is not none else []) + below) -}}
{%- endmacro %}


{% macro _create_arrivals(target, marker, batch) -%}
    {%- set settings = marker.settings -%}
    {%- set conditions = dbt_estate._arrival_conditions(
        'arrived.' ~ dbt_estate.identifier(settings.arrival_time), batch
    ) -%}
    {%- for name in settings.entity + [settings.event_time] -%}
        {%- do conditions.append('arrived.' ~ dbt_estate.identifier(name) ~ ' is not null') -%}
    {%- endfor -%}
    {%- set new = dbt_estate._side_table(target, '__estate_new') -%}
    {%- do dbt_estate._create_as(
        new, 'select ' ~ dbt_estate._event_columns(settings, 'arrived') ~ '\nfrom ' ~ marker.source
        ~ ' as arrived\nwhere ' ~ conditions | join('\n    and ')
    ) -%}
    {%- do dbt_estate.end_transaction() -%}
    {{- return(new) -}}
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
