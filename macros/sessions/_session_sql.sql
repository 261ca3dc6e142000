{#- Events with session_start and session_id. A session begins where an event is more than the gap after the one before
    it; since the begins of an entity grow with time, the latest begin so far is the begin of the event's session. The
    windows take in all events of one time, whose order is anybody's. -#}
{% macro _sessionized_sql(source, settings) -%}
    {%- set columns = dbt_estate._event_columns(settings, 'sessions') -%}
    {%- set id = dbt_estate._session_id_sql(settings, 'sessions') -%}
select
    {{ columns }},
    sessions.session_start{{ ',\n    ' ~ id ~ ' as session_id' if id }}
from (
{{ dbt_estate._started_sql(source, settings) }}
) as sessions
{%- endmacro %}


{% macro _started_sql(source, settings) -%}
    {%- set time = dbt_estate.identifier(settings.event_time) -%}
    {%- set by = dbt_estate._quoted(settings.entity) -%}
    {%- set columns = dbt_estate._event_columns(settings, 'marked') -%}
    {%- if settings.grain == 'keyed' -%}
        {{- return(
            'select\n    ' ~ columns ~ ',\n    min(' ~ time ~ ') over (partition by ' ~ by
            ~ ') as session_start\nfrom (\n' ~ dbt_estate._kept_sql(source, settings) ~ '\n) as marked'
        ) -}}
    {%- endif -%}
    {%- set text -%}
select
    {{ columns }},
    max(case
        when estate_previous is null
            or {{ time }} > {{ dbt_estate._later('estate_previous', settings.gap_seconds) }} then {{ time }}
    end) over (partition by {{ by }} order by {{ time }}) as session_start
from (
    select
        {{ dbt_estate._event_columns(settings, 'kept') }},
        lag({{ time }}) over (partition by {{ by }} order by {{ time }}) as estate_previous
    from (
{{ dbt_estate._kept_sql(source, settings) }}
    ) as kept
) as marked
    {%- endset -%}
    {%- if settings.max_session_seconds is none -%}
        {{- return(text) -}}
    {%- endif -%}
    {{- return(dbt_estate._cut_sql(text, settings)) -}}
{%- endmacro %}


{#- A session that lasts longer is cut at each multiple of the limit after its first event. -#}
{% macro _cut_sql(started, settings) -%}
    {%- set time = dbt_estate.identifier(settings.event_time) -%}
    {%- set moment = adapter.dispatch('_microseconds', 'dbt_estate') -%}
    {%- set age = moment('whole.' ~ time) ~ ' - ' ~ moment('whole.session_start') -%}
select
    {{ dbt_estate._event_columns(settings, 'pieces') }},
    estate_chain_start,
    min({{ time }}) over (
        partition by {{ dbt_estate._quoted(settings.entity) }}, estate_chain_start, estate_piece
    ) as session_start
from (
    select
        {{ dbt_estate._event_columns(settings, 'whole') }},
        whole.session_start as estate_chain_start,
        floor(({{ age }}) / {{ settings.max_session_seconds * 1000000 }}) as estate_piece
    from (
{{ started }}
    ) as whole
) as pieces
{%- endmacro %}


{#- Events that have an entity and times; of several copies of one, that which arrived first. -#}
{% macro _kept_sql(source, settings) -%}
    {%- if settings.grain == 'event' -%}
        {{- return(dbt_estate._live_events_sql(source, settings)) -}}
    {%- endif -%}
    {%- set needed = [] -%}
    {%- for name in dbt_estate._needed_columns(settings) -%}
        {%- do needed.append(dbt_estate.identifier(name) ~ ' is not null') -%}
    {%- endfor -%}
    {%- set filter = needed | join('\n    and ') -%}
    {%- set columns = dbt_estate._event_columns(settings, 'source_events') -%}
    {%- if settings.event_id is none -%}
        {{- return(
            'select\n    ' ~ columns ~ '\nfrom ' ~ source ~ ' as source_events\nwhere ' ~ filter
        ) -}}
    {%- endif -%}
select
    {{ dbt_estate._event_columns(settings, 'copies') }}
from (
    select
        {{ columns }},
        row_number() over (
            partition by {{ dbt_estate.identifier(settings.event_id) }}
            order by {{ dbt_estate._quoted([settings.arrival_time, settings.event_time] + settings.entity) }}
        ) as estate_copy
    from {{ source }} as source_events
    where {{ filter }}
) as copies
where estate_copy = 1
{%- endmacro %}


{#- An event that lacks one of these is in no session. Without an id, copies cannot be told from events. -#}
{% macro _needed_columns(settings) -%}
    {{- return(
        settings.entity + [settings.event_time, settings.arrival_time]
        + ([settings.event_id] if settings.event_id is not none else [])
    ) -}}
{%- endmacro %}


{#- By name, so that no helper of ours reaches the model; without a catalog, all there are. -#}
{% macro _event_columns(settings, alias) -%}
    {%- if settings.columns is none -%}
        {{- return(alias ~ '.*') -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for name in settings.columns -%}{%- do names.append(alias ~ '.' ~ dbt_estate.identifier(name)) -%}{%- endfor -%}
    {{- return(names | join(', ')) -}}
{%- endmacro %}


{% macro _quoted(names) -%}
    {%- set quoted = [] -%}
    {%- for name in names -%}{%- do quoted.append(dbt_estate.identifier(name)) -%}{%- endfor -%}
    {{- return(quoted | join(', ')) -}}
{%- endmacro %}


{#- The begin in seconds and the hash of the entity and of the begin: it changes only if the session's first event does.
    Ids are in the order of time, so that an engine finds those of a batch side by side, in row groups or leaves of an
    index. The length before each part keeps ('ab', 'c') and ('a', 'bc') apart. -#}
{% macro _session_id_sql(settings, alias) -%}
    {%- if dbt_estate._has_own_id(settings) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set to_text = adapter.dispatch('_as_text', 'dbt_estate') -%}
    {%- set parts = [] -%}
    {%- for name in settings.entity -%}
        {%- set text = to_text(alias ~ '.' ~ dbt_estate.identifier(name)) -%}
        {%- do parts.append(adapter.dispatch('_text_length', 'dbt_estate')(text) ~ ", ':', " ~ text) -%}
    {%- endfor -%}
    {%- if settings.grain != 'keyed' -%}
        {%- do parts.append("'@', " ~ adapter.dispatch('_microseconds', 'dbt_estate')(alias ~ '.session_start')) -%}
    {%- endif -%}
    {%- set hash = adapter.dispatch('_md5', 'dbt_estate')('concat(' ~ parts | join(', ') ~ ')') -%}
    {%- if settings.grain == 'keyed' -%}
        {{- return(hash) -}}
    {%- endif -%}
    {{- return(
        'concat(' ~ adapter.dispatch('_hex_seconds', 'dbt_estate')(alias ~ '.session_start') ~ ', ' ~ hash ~ ')'
    ) -}}
{%- endmacro %}


{% macro _later(expression, seconds) -%}
    {{- return(dbt.dateadd('second', seconds, expression)) -}}
{%- endmacro %}


{% macro default___as_text(expression) -%}
    {{- return('cast(' ~ expression ~ ' as varchar)') -}}
{%- endmacro %}


{% macro sqlserver___as_text(expression) -%}
    {{- return('cast(' ~ expression ~ ' as nvarchar(4000))') -}}
{%- endmacro %}


{% macro default___text_length(expression) -%}
    {{- return('length(' ~ expression ~ ')') -}}
{%- endmacro %}


{% macro sqlserver___text_length(expression) -%}
    {{- return('datalength(' ~ expression ~ ')') -}}
{%- endmacro %}


{% macro default___md5(expression) -%}
    {{- return('md5(' ~ expression ~ ')') -}}
{%- endmacro %}


{% macro sqlserver___md5(expression) -%}
    {{- return("lower(convert(varchar(32), hashbytes('MD5', " ~ expression ~ "), 2))") -}}
{%- endmacro %}


{#- Eight digits, as far as 2106; after that, and before 1970, ids are as good and out of order. -#}
{% macro default___hex_seconds(expression) -%}
    {{- return("lpad(lower(to_hex((epoch_us(" ~ expression ~ ") // 1000000) & 4294967295)), 8, '0')") -}}
{%- endmacro %}


{% macro postgres___hex_seconds(expression) -%}
    {{- return(
        "lpad(to_hex(cast(floor(extract(epoch from " ~ expression ~ ")) as bigint) & 4294967295), 8, '0')"
    ) -}}
{%- endmacro %}


{% macro sqlserver___hex_seconds(expression) -%}
    {{- return(
        "lower(right(convert(varchar(16), convert(varbinary(8), datediff_big(second, '1970-01-01', " ~ expression
        ~ ")), 2), 8))"
    ) -}}
{%- endmacro %}


{#- Since 1970, whatever the session's time zone or format of dates is. -#}
{% macro default___microseconds(expression) -%}
    {{- return('epoch_us(' ~ expression ~ ')') -}}
{%- endmacro %}


{% macro postgres___microseconds(expression) -%}
    {{- return('cast(extract(epoch from ' ~ expression ~ ') * 1000000 as bigint)') -}}
{%- endmacro %}


{% macro sqlserver___microseconds(expression) -%}
    {{- return("datediff_big(microsecond, '1970-01-01', " ~ expression ~ ")") -}}
{%- endmacro %}
