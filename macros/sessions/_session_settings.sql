{#- What a model says about its sessions, under meta or to sessionized: a unit test has no meta of the model. dbt parses
    before it knows the configs of a folder, so nothing is checked then. -#}
{% macro _session_settings(arguments) -%}
    {%- set meta = config.get('meta') or {} -%}
    {%- set given = meta.get('dbt_estate_sessions', {}) if arguments is none else arguments -%}
    {%- set settings = {
        'entity': none, 'event_time': none, 'arrival_time': none, 'event_id': none, 'gap_minutes': 30,
        'overlap_minutes': 0, 'max_session_minutes': none, 'grain': 'session', 'open_when': none, 'version': none,
        'deleted_when': none, 'event_date': none
    } -%}
    {%- set problems = [] -%}
    {%- if given is not mapping -%}
        {%- do problems.append("must be a mapping, got: " ~ given) -%}
        {%- set given = {} -%}
    {%- endif -%}
    {%- if 'dbt_estate' in meta -%}
        {%- do problems.append(
            "meta: dbt_estate is nested; write the flat key meta: dbt_estate_sessions, since dbt merges meta by its"
            ~ " top-level keys"
        ) -%}
    {%- endif -%}
    {%- for key, value in given.items() -%}
        {%- do dbt_estate._check_choice('setting', key, settings.keys() | list, problems) -%}
        {%- if value is not none and key in settings -%}{%- do settings.update({key: value}) -%}{%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._check_session_settings(settings, problems) -%}
    {%- do dbt_estate._raise_problems("meta: dbt_estate_sessions of " ~ model.name, problems) -%}
    {{- return(settings) -}}
{%- endmacro %}


{% macro _check_session_settings(settings, problems) -%}
    {%- if settings.entity is string -%}{%- do settings.update({'entity': [settings.entity]}) -%}{%- endif -%}
    {%- if settings.entity is none or settings.entity is mapping or settings.entity is not sequence
        or not settings.entity or settings.entity | reject('string') | list -%}
        {%- do problems.append(
            "entity: must be the column or the list of columns that say whose the event is, got: " ~ settings.entity
        ) -%}
        {%- do settings.update({'entity': []}) -%}
    {%- endif -%}
    {%- for key in ['event_time', 'arrival_time', 'event_id', 'open_when', 'version', 'deleted_when', 'event_date'] -%}
        {%- set value = settings[key] -%}
        {%- set is_needed = key in ['event_time', 'arrival_time'] -%}
        {%- if (value is none and is_needed) or (value is not none and (value is not string or value | trim == '')) -%}
            {%- do problems.append(
                key ~ ": must be " ~ ("a condition" if key in ['open_when', 'deleted_when'] else "a column")
                ~ ", got: " ~ value
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._check_choice('grain', settings.grain, ['session', 'keyed', 'event'], problems) -%}
    {%- for key, least in {'gap_minutes': 1, 'overlap_minutes': 0, 'max_session_minutes': 1}.items() -%}
        {%- set value = settings[key] -%}
        {%- if value is none and key == 'max_session_minutes' -%}
            {%- do settings.update({'max_session_seconds': none}) -%}
        {%- elif value is boolean or value is not number or value * 60 < least or (value * 60) | int != value * 60 -%}
            {%- do problems.append(
                key ~ ": must be a number of minutes that is a whole number of seconds, from " ~ least
                ~ " second on, got: " ~ value ~ (" as a text; leave out the quotes" if value is string else "")
            ) -%}
        {%- else -%}
            {%- do settings.update({key | replace('_minutes', '_seconds'): (value * 60) | int}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if settings.grain == 'keyed' and settings.max_session_minutes is not none -%}
        {%- do problems.append(
            "max_session_minutes: cuts sessions by time, and the keyed ones are given, got grain: keyed"
        ) -%}
    {%- endif -%}
    {%- if settings.grain == 'event' and settings.event_id is none -%}
        {%- do problems.append(
            "event_id: must be a column with grain: event, since it tells the versions of one, got: none"
        ) -%}
    {%- endif -%}
    {%- for key in ['version', 'deleted_when'] if settings[key] is not none and settings.grain != 'event' -%}
        {%- do problems.append(key ~ ": is for grain: event, got grain: " ~ settings.grain) -%}
    {%- endfor -%}
    {%- if settings.version is none -%}{%- do settings.update({'version': settings.arrival_time}) -%}{%- endif -%}
    {%- if config.get('unique_key') is not none -%}
        {%- do problems.append(
            "unique_key: sessions are replaced by their session_id; remove it, got: " ~ config.get('unique_key')
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- The settings with the names as the source has them, and `columns`, all of its columns; none for the mock of a unit
    test, of which no catalog knows. -#}
{% macro _resolved_settings(settings, relation) -%}
    {%- if relation.is_cte -%}
        {%- if model.resource_type == 'unit_test' -%}
            {{- return(dict(settings, columns=none)) -}}
        {%- endif -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.sessionized: " ~ relation.identifier | replace('__dbt__cte__', '')
            ~ " is an ephemeral model, which no query can read. Materialize it as a table or a view."
        ) -%}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | list -%}
    {%- set names = columns | map(attribute='name') | list -%}
    {%- if not names -%}
        {{- return(dict(settings, columns=none)) -}}
    {%- endif -%}
    {%- set lowered = names | map('lower') | list -%}
    {%- set problems = [] -%}
    {%- set found = dict(settings, columns=names, entity=[]) -%}
    {%- for key in ['entity', 'event_time', 'arrival_time', 'event_id', 'version', 'event_date']
        if settings[key] is not none -%}
        {%- for name in (settings[key] if key == 'entity' else [settings[key]]) -%}
            {%- if name not in names and name | lower not in lowered -%}
                {%- do problems.append(key ~ ": there is no column " ~ name ~ "; there are " ~ names | join(', ')) -%}
            {%- else -%}
                {%- set exact = name if name in names else names[lowered.index(name | lower)] -%}
                {%- if key == 'entity' -%}
                    {%- do found.entity.append(exact) -%}
                {%- else -%}
                    {%- do found.update({key: exact}) -%}
                    {%- do dbt_estate._check_session_type(key, columns[names.index(exact)], settings, problems) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set own = ['session_id', 'session_start'] if not dbt_estate._has_own_id(found) else ['session_start'] -%}
    {%- for name in own if name in lowered -%}
        {%- do problems.append("the source has a column " ~ name ~ ", which sessionized adds; rename it before") -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems("meta: dbt_estate_sessions of " ~ model.name, problems) -%}
    {{- return(found) -}}
{%- endmacro %}


{#- What no run could be right with, by the type of the source's column. -#}
{% macro _check_session_type(key, column, settings, problems) -%}
    {%- set type = column.dtype | lower -%}
    {%- if key == 'event_date' and type != 'date' -%}
        {%- do problems.append(
            "event_date: must be a column of dates, by which the source is partitioned, and " ~ column.name ~ " is "
            ~ column.dtype
        ) -%}
    {%- elif key in ['event_time', 'arrival_time'] and column.is_string() -%}
        {%- do problems.append(
            key ~ ": must be a time" ~ (", a date or a number" if key == 'arrival_time' else "") ~ ", and "
            ~ column.name ~ " is " ~ column.dtype ~ "; cast it in a view"
        ) -%}
    {%- elif key == 'arrival_time' and type == 'date' and settings.overlap_seconds < 86400 -%}
        {%- do problems.append(
            "arrival_time: " ~ column.name ~ " is a date, so what arrives later on the same day would be missed. Set"
            ~ " overlap_minutes: 1440 or more, got: " ~ settings.overlap_seconds / 60
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- Whether the source's key is the session_id already. -#}
{% macro _has_own_id(settings) -%}
    {{- return(settings.grain == 'keyed' and settings.entity | map('lower') | list == ['session_id']) -}}
{%- endmacro %}
