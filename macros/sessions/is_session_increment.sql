{% macro is_session_increment() -%}
    {%- if not execute or model.resource_type != 'model' or flags.WHICH not in ['run', 'build'] or flags.EMPTY
        or invocation_args_dict.get('sample') or should_full_refresh() -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {{- return(
        existing is not none and existing.is_table
        and load_cached_relation(dbt_estate._session_index(this.incorporate(type='table'))) is not none
    ) -}}
{%- endmacro %}
