{#- What is kept beside the model, in its own schema: an index with a row a session, and one row a model of how far it
    has come. Neither has a column in the model, so that a contract is the model's own affair. -#}
{% macro _session_index(target) -%}
    {{- return(dbt_estate._side_table(target, '__estate_index')) -}}
{%- endmacro %}


{% macro _session_ledger(target) -%}
    {{- return(target.incorporate(path={'identifier': 'estate_session_loads'}, type='table')) -}}
{%- endmacro %}


{% macro _create_session_ledger(ledger) -%}
    {%- if load_cached_relation(ledger) is none -%}
        {%- do dbt_estate.create_table_once(ledger, {
            'model': 'name', 'settings': 'name', 'code': 'name', 'watermark': 'name', 'watermark_kind': 'name',
            'row_count': 'integer', 'sessions': 'integer', 'arrivals': 'integer', 'touched_sessions': 'integer',
            'events_read': 'integer', 'quarantined': 'integer', 'compiled_code': 'text', 'loaded_at': 'timestamp',
            'invocation_id': 'name'
        }) -%}
        {%- do adapter.cache_added(ledger) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _session_ledger_condition() -%}
    {{- return(dbt_estate.identifier('model') ~ ' = ' ~ dbt_estate.literal(this.identifier)) -}}
{%- endmacro %}


{#- The state that an increment can go on from; none, with the reason in the log, where the table has to be built anew.
    The ledger is believed as far as the table agrees with it. -#}
{% macro _session_state(target, existing, settings, is_partial=false) -%}
    {%- set ledger = dbt_estate._session_ledger(target) -%}
    {%- set index = dbt_estate._session_index(target) -%}
    {%- if existing is none or not existing.is_table or should_full_refresh()
        or load_cached_relation(ledger) is none or load_cached_relation(index) is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set query -%}
select
    ledger.settings, ledger.code, ledger.watermark, ledger.watermark_kind, ledger.row_count, ledger.sessions,
    (select count(*) from {{ existing }}) as rows_held,
    (select count(*) from {{ index }}) as sessions_held
from {{ ledger }} as ledger
where ledger.{{ dbt_estate._session_ledger_condition() }}
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {%- if rows | length != 1 -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set row = rows[0] -%}
    {%- if is_partial -%}
        {{- return({'watermark': none}) -}}
    {%- endif -%}
    {%- set reason = 'its settings have changed' if row[0] != dbt_estate._settings_hash(settings)
        else 'the table has ' ~ row[6] ~ ' rows and was left with ' ~ row[4] if row[6] != row[4]
        else 'its index has ' ~ row[7] ~ ' sessions and was left with ' ~ row[5] if row[7] != row[5]
        else none -%}
    {%- if reason -%}
        {%- do log('estate_sessions ' ~ this.identifier ~ ': is built anew, since ' ~ reason, info=true) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- if row[1] != local_md5(model.raw_code) -%}
        {%- do exceptions.warn(
            "dbt_estate: the text of " ~ this.identifier ~ " has changed since it was built. Sessions that are not"
            ~ " touched keep the rows that the old text made: dbt run --full-refresh --select " ~ this.identifier
        ) -%}
    {%- endif -%}
    {{- return({'watermark': dbt_estate._watermark_value(row[2], row[3])}) -}}
{%- endmacro %}


{#- What decides which events make a session, and where they are. -#}
{% macro _settings_hash(settings) -%}
    {%- set deciding = [] -%}
    {%- for key in ['entity', 'event_time', 'arrival_time', 'event_id', 'gap_seconds', 'max_session_seconds', 'grain',
        'version', 'deleted_when'] -%}
        {%- do deciding.append(settings[key]) -%}
    {%- endfor -%}
    {{- return(local_md5(tojson(deciding))) -}}
{%- endmacro %}


{% macro _watermark_kind(value) -%}
    {{- return('number' if value is number else 'date' if value.hour is not defined else 'time') -}}
{%- endmacro %}


{% macro _watermark_text(value) -%}
    {{- return(value | string if value is number else value.isoformat()) -}}
{%- endmacro %}


{% macro _watermark_value(text, kind) -%}
    {%- if text is none -%}
        {{- return(none) -}}
    {%- elif kind == 'number' -%}
        {{- return(text | int) -}}
    {%- elif kind == 'date' -%}
        {{- return(modules.datetime.date.fromisoformat(text)) -}}
    {%- endif -%}
    {{- return(modules.datetime.datetime.fromisoformat(text)) -}}
{%- endmacro %}


{% macro _forget_statements(target) -%}
    {{- return([
        'delete from ' ~ dbt_estate._session_ledger(target) ~ '\nwhere ' ~ dbt_estate._session_ledger_condition()
    ]) -}}
{%- endmacro %}


{#- Replaces the model's row, as statements of the transaction that replaces its sessions. -#}
{% macro _session_ledger_statements(target, marker, batch) -%}
    {%- set ledger = dbt_estate._session_ledger(target) -%}
    {%- set values = dbt_estate._literals([
        this.identifier, dbt_estate._settings_hash(marker.settings), local_md5(model.raw_code),
        dbt_estate._watermark_text(batch.high) if batch.high is not none else none,
        dbt_estate._watermark_kind(batch.high) if batch.high is not none else none,
        batch.arrivals, batch.touched, batch.events, batch.quarantined, model.compiled_code, invocation_id
    ]) -%}
    {{- return(dbt_estate._forget_statements(target) + [
        'insert into ' ~ ledger ~ ' (\n    ' ~ dbt_estate._quoted([
            'model', 'settings', 'code', 'watermark', 'watermark_kind', 'arrivals', 'touched_sessions', 'events_read',
            'quarantined', 'compiled_code', 'invocation_id', 'row_count', 'sessions', 'loaded_at'
        ]) ~ '\n)\nselect\n    ' ~ values | join(', ') ~ ',\n    (select count(*) from ' ~ target
        ~ '),\n    (select count(*) from ' ~ dbt_estate._session_index(target) ~ '),\n    ' ~ dbt_estate.now()
    ]) -}}
{%- endmacro %}
