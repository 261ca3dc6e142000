{#- Events that change and go away: of the versions of an event the highest counts, whoever's and whenever it is, and a
    deleted one is in no session. An index has the version of every event that counts now, and where it is. -#}
{% macro _event_index(target) -%}
    {{- return(dbt_estate._side_table(target, '__estate_event_index')) -}}
{%- endmacro %}


{#- 1 for an event that is in a session: not deleted, with an entity and a time. -#}
{% macro _live_flag(settings) -%}
    {%- set conditions = [] -%}
    {%- for name in settings.entity + [settings.event_time] -%}
        {%- do conditions.append(dbt_estate.identifier(name) ~ ' is null') -%}
    {%- endfor -%}
    {%- if settings.deleted_when is not none -%}
        {%- do conditions.append('(' ~ settings.deleted_when ~ ')') -%}
    {%- endif -%}
    {{- return('case when ' ~ conditions | join(' or ') ~ ' then 0 else 1 end') -}}
{%- endmacro %}


{#- The latest version of each event of a source, deleted or not. -#}
{% macro _latest_sql(source, settings, conditions=[]) -%}
    {%- set id = dbt_estate.identifier(settings.event_id) -%}
    {%- set version = dbt_estate.identifier(settings.version) -%}
    {%- set filter = [id ~ ' is not null', version ~ ' is not null'] + conditions -%}
select {{ dbt_estate._event_columns(settings, 'versions') }}
from (
    select
        {{ dbt_estate._event_columns(settings, 'source_events') }},
        row_number() over (partition by {{ id }} order by {{ version }} desc) as estate_copy
    from {{ source }} as source_events
    where {{ filter | join('\n        and ') }}
) as versions
where estate_copy = 1
{%- endmacro %}


{% macro _live_events_sql(source, settings) -%}
select {{ dbt_estate._event_columns(settings, 'latest') }}
from (
{{ dbt_estate._latest_sql(source, settings) }}
) as latest
where {{ dbt_estate._live_flag(settings) }} = 1
{%- endmacro %}


{% macro _event_index_columns(settings) -%}
    {%- set columns = [
        dbt_estate.identifier(settings.event_id) ~ ' as event_id',
        dbt_estate.identifier(settings.version) ~ ' as version',
        dbt_estate.identifier(settings.event_time) ~ ' as event_time',
        dbt_estate._live_flag(settings) ~ ' as is_live'
    ] -%}
    {%- for name in settings.entity -%}
        {%- do columns.append(dbt_estate.identifier(name) ~ ' as entity_' ~ loop.index) -%}
    {%- endfor -%}
    {{- return(columns | join(', ')) -}}
{%- endmacro %}


{% macro _create_event_index(target, source, settings) -%}
    {%- do dbt_estate._create_as(
        dbt_estate._side_table(target, '__estate_events_next'),
        'select ' ~ dbt_estate._event_index_columns(settings) ~ '\nfrom (\n'
        ~ dbt_estate._latest_sql(source, settings) ~ '\n) as latest'
    ) -%}
    {%- do dbt_estate.end_transaction() -%}
{%- endmacro %}


{#- The arrived versions that count more than what is known of their events, and as `points` where these events are and
    where they were. -#}
{% macro _create_changes(target, marker, batch) -%}
    {%- set settings = marker.settings -%}
    {%- set index = dbt_estate._event_index(target) -%}
    {%- set new = dbt_estate._side_table(target, '__estate_new') -%}
    {%- set points = dbt_estate._side_table(target, '__estate_points') -%}
    {%- set id = dbt_estate.identifier(settings.event_id) -%}
    {%- set arrived = dbt_estate._arrival_conditions(dbt_estate.identifier(settings.arrival_time), batch) -%}
    {%- set version = dbt_estate.identifier(settings.version) -%}
    {%- do dbt_estate._create_as(
        new, 'select latest.*\nfrom (\n' ~ dbt_estate._latest_sql(marker.source, settings, arrived)
        ~ '\n) as latest\nwhere not exists (\n    select 1 from ' ~ index
        ~ ' as known\n    where known.event_id = latest.' ~ id ~ ' and known.version >= latest.' ~ version ~ '\n)'
    ) -%}
    {%- set before = [] -%}
    {%- for name in settings.entity -%}{%- do before.append('known.entity_' ~ loop.index) -%}{%- endfor -%}
    {%- set places = dbt_estate._quoted(settings.entity + [settings.event_time]) -%}
    {%- do dbt_estate._create_as(
        points, 'select ' ~ places ~ '\nfrom ' ~ new ~ '\nwhere ' ~ dbt_estate._live_flag(settings)
        ~ ' = 1\nunion all\nselect ' ~ before | join(', ') ~ ', known.event_time\nfrom ' ~ index
        ~ ' as known\nwhere known.is_live = 1\n    and known.event_id in (select ' ~ id ~ ' from ' ~ new ~ ')'
    ) -%}
    {%- do dbt_estate.end_transaction() -%}
    {{- return(points) -}}
{%- endmacro %}


{#- Of the touched sessions, the events in the version that counts and has not changed now. -#}
{% macro _earlier_changes_sql(target, new, touched, marker) -%}
    {%- set settings = marker.settings -%}
    {%- set id = dbt_estate.identifier(settings.event_id) -%}
    {%- set matches = [] -%}
    {%- for name in settings.entity -%}
        {%- do matches.append('sessions.entity_' ~ loop.index ~ ' = known.entity_' ~ loop.index) -%}
    {%- endfor -%}
select {{ dbt_estate._event_columns(settings, 'earlier') }}
from {{ marker.source }} as earlier
inner join {{ dbt_estate._event_index(target) }} as known
    on known.event_id = earlier.{{ id }}
    and known.version = earlier.{{ dbt_estate.identifier(settings.version) }}
    and known.is_live = 1
inner join {{ touched }} as sessions
    on {{ matches | join('\n    and ') }}
    and known.event_time between sessions.span_start and sessions.span_end
where earlier.{{ id }} not in (select {{ id }} from {{ new }})
{%- endmacro %}


{% macro _event_index_statements(target, settings) -%}
    {%- set index = dbt_estate._event_index(target) -%}
    {%- set new = dbt_estate._side_table(target, '__estate_new') -%}
    {{- return([
        'delete from ' ~ index ~ '\nwhere event_id in (select ' ~ dbt_estate.identifier(settings.event_id) ~ ' from '
        ~ new ~ ')',
        'insert into ' ~ index ~ '\nselect ' ~ dbt_estate._event_index_columns(settings) ~ '\nfrom ' ~ new
    ]) -}}
{%- endmacro %}
