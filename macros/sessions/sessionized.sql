{% macro sessionized(relation, settings=none) -%}
    {%- if not execute -%}
        {{- return(relation) -}}
    {%- endif -%}
    {#- Under --empty and --sample dbt renders a subquery, on some engines with an alias of its own. -#}
    {%- set text = relation | string -%}
    {%- set marker = {
        'source': '(select * from ' ~ text ~ ')' if text.startswith('(') else text,
        'settings': dbt_estate._resolved_settings(dbt_estate._session_settings(settings), relation)
    } -%}
    {%- if dbt_estate._is_open_sessions() -%}
        {{- return(dbt_estate._events_of_run(marker)) -}}
    {%- endif -%}
    {{- return(dbt_estate._marked_events(marker, marker.source, none)) -}}
{%- endmacro %}


{#- Sessions of these events, between comments that say of what source they are. -#}
{% macro _marked_events(marker, events, batch) -%}
    {%- set token = local_md5(marker.source) -%}
    {{- return(
        '(\n' ~ dbt_estate._session_marker(
            'begin ' ~ token, [marker.source, tojson(marker.settings), tojson(batch)]
        ) ~ '\n' ~ dbt_estate._sessionized_sql(events, marker.settings) ~ '\n'
        ~ dbt_estate._session_marker('end ' ~ token, []) ~ '\n)'
    ) -}}
{%- endmacro %}


{% macro _session_marker(kind, values) -%}
    {{- return('/* estate_sessions ' ~ kind ~ ' ' ~ dbt_estate._comment_json(values) ~ ' */') -}}
{%- endmacro %}


{#- What a model's text says between its markers: the source and the settings. -#}
{% macro _read_session_marker(sql) -%}
    {%- set pattern = '(?m)^[ \\t]*/\\* estate_sessions begin ([0-9a-f]{32}) (.*?) \\*/' -%}
    {%- set found = modules.re.findall(pattern, sql) -%}
    {%- set tokens = [] -%}
    {%- for match in found -%}{%- do tokens.append(match[0]) -%}{%- endfor -%}
    {%- if tokens | unique | list | length != 1 -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: a model of sessions must select from dbt_estate.sessionized of one relation; " ~ this ~ " has "
            ~ (tokens | unique | list | length or 'none')
        ) -%}
    {%- endif -%}
    {%- set values = fromjson(found[0][1]) -%}
    {{- return({
        'token': tokens[0], 'source': values[0], 'settings': fromjson(values[1]), 'batch': fromjson(values[2])
    }) -}}
{%- endmacro %}


{#- The model's text over other events. -#}
{% macro _over_events(sql, marker, source) -%}
    {%- set pattern = '(?s)/\\* estate_sessions begin ' ~ marker.token ~ ' .*?/\\* estate_sessions end ' ~ marker.token
        ~ ' .*?\\*/' -%}
    {%- set parts = modules.re.split(pattern, sql) -%}
    {{- return(parts | join(dbt_estate._sessionized_sql(source, marker.settings))) -}}
{%- endmacro %}
