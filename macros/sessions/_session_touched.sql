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
    {#- Not `exists`: with ranges in it DuckDB takes twenty times as long. -#}
    {%- set parts = [] -%}
    {%- for bounds in dbt_estate._island_bounds(new, settings) -%}
        {%- do parts.append(
            'select sessions.*\nfrom ' ~ index ~ ' as sessions\ninner join (\n'
            ~ dbt_estate._islands_sql(new, settings) ~ '\n) as islands\n    on '
            ~ (matches + bounds) | join('\n    and ')
        ) -%}
    {%- endfor -%}
    {%- if settings.open_when is not none -%}
        {%- do parts.append(
            'select sessions.*\nfrom ' ~ index ~ ' as sessions\nwhere sessions.session_id in (select session_id from '
            ~ existing ~ ' where ' ~ settings.open_when ~ ')'
        ) -%}
    {%- endif -%}
    {%- set query = 'select distinct * from (\n' ~ parts | join('\nunion all\n') ~ '\n) as found' -%}
    {%- if settings.max_session_seconds is not none -%}
        {%- set query = dbt_estate._whole_chains_sql(query, index, settings) -%}
    {%- endif -%}
    {%- do dbt_estate._create_as(dbt_estate._side_table(target, '__estate_touched'), query) -%}
    {%- do dbt_estate.end_transaction() -%}
{%- endmacro %}


{#- Literal bounds for the spans of the sessions that arrivals may touch: DuckDB's index is sorted by them. -#}
{% macro _island_bounds(new, settings) -%}
    {%- if settings.grain == 'keyed' -%}
        {{- return([[]]) -}}
    {%- endif -%}
    {%- set gap = modules.datetime.timedelta(seconds=settings.gap_seconds) -%}
    {%- set bounds = [] -%}
    {%- for range in dbt_estate._day_ranges(new, dbt_estate.identifier(settings.event_time), none) -%}
        {%- do bounds.append([
            'sessions.span_start <= ' ~ dbt_estate.literal(range['to'] + gap),
            'sessions.span_end >= ' ~ dbt_estate.literal(range['from'] - gap)
        ]) -%}
    {%- endfor -%}
    {{- return(bounds or [['1 = 0']]) -}}
{%- endmacro %}


{#- The times of a table as at most eight ranges. Those on neighbouring days are one, padded by a second, since Python
    keeps microseconds only. -#}
{% macro _day_ranges(relation, first, last, most=8) -%}
    {%- set query -%}
select min({{ first }}) as range_start, max({{ last or first }}) as range_end
from {{ relation }}
group by cast({{ first }} as date)
order by min({{ first }})
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
    {{- return(dbt_estate._few_ranges(ranges, most) if most is not none else ranges) -}}
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


{#- Literal bounds for the times of the touched sessions, so that partitions and row groups are left out: a late event
    of last year must not make one range of the whole year. With a column of dates they are listed, each with its
    neighbours, since the dates may be those of another time zone. -#}
{% macro _touched_bounds(touched, settings) -%}
    {%- set ranges = dbt_estate._day_ranges(touched, 'span_start', 'span_end', none) -%}
    {%- set dates = dbt_estate._dates_of(ranges, 1000) if settings.event_date is not none else none -%}
    {%- set bounds = [] -%}
    {%- for range in dbt_estate._few_ranges(ranges, 1 if dates else 8) -%}
        {%- do bounds.append(
            'earlier.' ~ dbt_estate.identifier(settings.event_time) ~ ' between ' ~ dbt_estate.literal(range['from'])
            ~ ' and ' ~ dbt_estate.literal(range['to'])
            ~ ('\n    and earlier.' ~ dbt_estate.identifier(settings.event_date) ~ ' in ('
            ~ dbt_estate._literals(dates) | join(', ') ~ ')' if dates else '')
        ) -%}
    {%- endfor -%}
    {{- return(bounds) -}}
{%- endmacro %}


{#- The dates of these ranges and of the days beside them; none where they are more than `most`. -#}
{% macro _dates_of(ranges, most) -%}
    {%- set day = modules.datetime.timedelta(days=1) -%}
    {%- set dates = {} -%}
    {%- for span in ranges -%}
        {%- set first = span['from'].date() - day -%}
        {%- for n in range(((span['to'].date() + day) - first).days + 1) -%}
            {%- do dates.update({first + n * day: true}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(dates.keys() | list if dates | length <= most else none) -}}
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
    {%- set columns = dbt_estate._event_columns(settings, 'arrived') -%}
    {%- set parts = ['select ' ~ columns ~ '\nfrom ' ~ new ~ ' as arrived'] -%}
    {%- set earlier = dbt_estate._earlier_changes_sql(target, new, touched, marker) if settings.grain == 'event'
        else dbt_estate._earlier_sql(touched, marker, batch) -%}
    {%- for bounds in dbt_estate._touched_bounds(touched, settings) if batch.low is not none -%}
        {%- do parts.append(earlier ~ '\n    and ' ~ bounds) -%}
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
