{% macro audit_sessions(name, entities=100, seed='') -%}
    {%- set problems = [] -%}
    {%- if name is not string or name | trim == '' -%}
        {%- do problems.append("name: must be the name of a model of sessions, got: " ~ name) -%}
    {%- endif -%}
    {%- do dbt_estate._check_whole_number('entities', entities, 1, 1000000, problems) -%}
    {%- do dbt_estate._raise_problems('audit_sessions', problems) -%}
    {%- if execute -%}
        {%- set target = ref(name).incorporate(type='table') -%}
        {%- set row = dbt_estate._audited_load(target, name) -%}
        {%- set marker = dbt_estate._read_session_marker(row[0]) -%}
        {%- set high = dbt_estate._watermark_value(row[1], row[2]) -%}
        {%- do dbt_estate._rebuild_sample(target, row[0], marker, high, entities, seed) -%}
        {%- set differences = dbt_estate._sample_differences(target) -%}
        {%- set disagreeing = dbt_estate._disagreeing_copies(target, marker, high) -%}
        {%- do dbt_estate._drop_audit_tables(target) -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- do log(
            'dbt_estate: audit of ' ~ name ~ ': ' ~ differences.entities ~ ' entities, ' ~ differences.sessions
            ~ ' sessions, ' ~ differences.missing ~ ' rows lack, ' ~ differences.surplus ~ ' rows too many, '
            ~ disagreeing ~ ' events with copies that disagree', info=true
        ) -%}
        {%- if disagreeing -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate: " ~ disagreeing ~ " events of " ~ name ~ " have copies that say another entity or time."
                ~ " Keep one of them before the sessions, or use grain: event if the later one counts"
            ) -%}
        {%- endif -%}
        {%- if differences.missing or differences.surplus -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate: " ~ name ~ " differs from a rebuild, for example in the session "
                ~ differences.example ~ ". Events may have arrived below the watermark (raise overlap_minutes), or"
                ~ " were changed in place. Mend it with dbt run --full-refresh --select " ~ name
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- Text and watermark of the last load. -#}
{% macro _audited_load(target, name) -%}
    {%- set ledger = load_relation(dbt_estate._session_ledger(target)) -%}
    {%- set query -%}
select compiled_code, watermark, watermark_kind from {{ ledger }}
where {{ dbt_estate.identifier('model') }} = {{ dbt_estate.literal(target.identifier) }}
    {%- endset -%}
    {%- set rows = run_query(query).rows if ledger is not none else [] -%}
    {%- if rows | length == 0 or rows[0][1] is none or load_relation(target) is none -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.audit_sessions: nothing is known of " ~ name ~ ": it has not been built as estate_sessions, or"
            ~ " by the strategy open_sessions, or no event has arrived"
        ) -%}
    {%- endif -%}
    {{- return(rows[0]) -}}
{%- endmacro %}


{#- The entities of the sample, all of their events up to the watermark, and what the model makes of them. -#}
{% macro _rebuild_sample(target, sql, marker, high, entities, seed) -%}
    {%- set settings = marker.settings -%}
    {%- set columns = [] -%}
    {%- set matches = [] -%}
    {%- set texts = [] -%}
    {%- for name in settings.entity -%}
        {%- do columns.append('entity_' ~ loop.index) -%}
        {%- do matches.append('sampled.entity_' ~ loop.index ~ ' = events.' ~ dbt_estate.identifier(name)) -%}
        {%- do texts.append(adapter.dispatch('_as_text', 'dbt_estate')('entity_' ~ loop.index)) -%}
    {%- endfor -%}
    {%- set source = dbt_estate._bounded_source(marker, high) -%}
    {%- set hash = adapter.dispatch('_md5', 'dbt_estate')(
        'concat(' ~ texts | join(', ') ~ ', ' ~ dbt_estate.literal(seed | string) ~ ')'
    ) -%}
    {%- do dbt_estate._create_as(
        dbt_estate._side_table(target, '__estate_audit'),
        'select ' ~ columns | join(', ') ~ '\nfrom (\n    select ' ~ columns | join(', ')
        ~ ', row_number() over (order by ' ~ hash ~ ') as place\n    from (\n'
        ~ dbt_estate._all_entities_sql(target, source, settings, columns)
        ~ '\n    ) as known\n) as placed\nwhere place <= ' ~ entities
    ) -%}
    {%- set sample = dbt_estate._side_table(target, '__estate_audit') -%}
    {%- set mine = 'exists (select 1 from ' ~ sample ~ ' as sampled where ' ~ matches | join(' and ') ~ ')' -%}
    {%- if settings.grain == 'event' -%}
        {#- An event that was, or is, of an entity of the sample, with all of its versions. -#}
        {%- set id = dbt_estate.identifier(settings.event_id) -%}
        {%- set mine = 'events.' ~ id ~ ' in (select events.' ~ id ~ ' from ' ~ source ~ ' as events where ' ~ mine
            ~ ')' -%}
    {%- endif -%}
    {%- do dbt_estate._create_as(
        dbt_estate._side_table(target, '__estate_audit_events'),
        'select events.*\nfrom ' ~ source ~ ' as events\nwhere ' ~ mine
    ) -%}
    {%- set events = dbt_estate._side_table(target, '__estate_audit_events') | string -%}
    {%- do dbt_estate._create_as(
        dbt_estate._side_table(target, '__estate_audit_rows'), dbt_estate._over_events(sql, marker, events)
    ) -%}
    {%- do dbt_estate._create_as(
        dbt_estate._side_table(target, '__estate_audit_ids'),
        dbt_estate._sample_ids_sql(target, events, settings, columns, matches)
    ) -%}
    {%- do dbt_estate.end_transaction() -%}
{%- endmacro %}


{#- Those that have an event, and those that have a session: an entity of which nothing was seen is to be found too. -#}
{% macro _all_entities_sql(target, source, settings, columns) -%}
    {%- set named = [] -%}
    {%- for name in settings.entity -%}
        {%- do named.append('kept.' ~ dbt_estate.identifier(name) ~ ' as entity_' ~ loop.index) -%}
    {%- endfor -%}
select {{ named | join(', ') }}
from (
{{ dbt_estate._kept_sql(source, settings) }}
) as kept
union
select {{ columns | join(', ') }}
from {{ dbt_estate._session_index(target) }}
{%- endmacro %}


{#- How many events of the sample have copies that say another entity or time; which of them counts is chance. -#}
{% macro _disagreeing_copies(target, marker, high) -%}
    {%- set settings = marker.settings -%}
    {%- if settings.event_id is none or settings.grain == 'event' -%}
        {{- return(0) -}}
    {%- endif -%}
    {%- set id = dbt_estate.identifier(settings.event_id) -%}
    {%- set differ = [] -%}
    {%- for name in settings.entity + [settings.event_time] -%}
        {%- set column = dbt_estate.identifier(name) -%}
        {%- do differ.append('min(' ~ column ~ ') <> max(' ~ column ~ ')') -%}
    {%- endfor -%}
    {%- set query -%}
select count(*) as events
from (
    select {{ id }}
    from {{ dbt_estate._bounded_source(marker, high) }} as events
    where {{ id }} in (select {{ id }} from {{ dbt_estate._side_table(target, '__estate_audit_events') }})
    group by {{ id }}
    having {{ differ | join(' or ') }}
) as copies
    {%- endset -%}
    {{- return(run_query(query).rows[0][0]) -}}
{%- endmacro %}


{#- The sessions of the sample: those that the rebuild has, and those that the index has. -#}
{% macro _sample_ids_sql(target, events, settings, columns, matches) -%}
    {%- set sample = dbt_estate._side_table(target, '__estate_audit') -%}
    {%- set known = [] -%}
    {%- for column in columns -%}{%- do known.append('sampled.' ~ column ~ ' = known.' ~ column) -%}{%- endfor -%}
select distinct events.session_id, 1 as is_rebuilt
from (
{{ dbt_estate._sessionized_sql(events, settings) }}
) as events
inner join {{ sample }} as sampled
    on {{ matches | join(' and ') }}
union all
select known.session_id, 0 as is_rebuilt
from {{ dbt_estate._session_index(target) }} as known
inner join {{ sample }} as sampled
    on {{ known | join(' and ') }}
{%- endmacro %}


{% macro _sample_differences(target) -%}
    {%- set ids = dbt_estate._side_table(target, '__estate_audit_ids') -%}
    {%- set list = dbt_estate._quoted_names(adapter.get_columns_in_relation(target)) -%}
    {%- set rebuilt = 'select ' ~ list ~ ' from ' ~ dbt_estate._side_table(target, '__estate_audit_rows')
        ~ ' where session_id in (select session_id from ' ~ ids ~ ' where is_rebuilt = 1)' -%}
    {%- set held = 'select ' ~ list ~ ' from ' ~ target
        ~ ' where session_id in (select session_id from ' ~ ids ~ ')' -%}
    {%- set query -%}
select
    (select count(*) from {{ dbt_estate._side_table(target, '__estate_audit') }}) as entities,
    (select count(*) from {{ ids }} where is_rebuilt = 1) as sessions,
    (select count(*) from ({{ rebuilt }} except {{ held }}) as missing) as missing,
    (select count(*) from ({{ held }} except {{ rebuilt }}) as surplus) as surplus,
    coalesce(
        (select min(session_id) from ({{ rebuilt }} except {{ held }}) as missing),
        (select min(session_id) from ({{ held }} except {{ rebuilt }}) as surplus)
    ) as example
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {{- return({
        'entities': row[0], 'sessions': row[1], 'missing': row[2], 'surplus': row[3], 'example': row[4]
    }) -}}
{%- endmacro %}


{% macro _drop_audit_tables(target) -%}
    {%- for suffix in ['', '_events', '_rows', '_ids'] -%}
        {%- do adapter.drop_relation(dbt_estate._side_table(target, '__estate_audit' ~ suffix)) -%}
    {%- endfor -%}
{%- endmacro %}
