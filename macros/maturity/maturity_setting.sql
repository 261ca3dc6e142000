{% macro maturity_setting(name) -%}
    {%- if name == 'today' -%}
        {{- return(run_started_at.strftime('%Y-%m-%d')) -}}
    {%- elif name == 'run_at' -%}
        {{- return(run_started_at.replace(tzinfo=none)) -}}
    {%- elif name == 'run_id' -%}
        {{- return(invocation_id) -}}
    {%- elif name == 'has_vocabulary' -%}
        {{- return(dbt_estate._settings().vocabulary | length > 0) -}}
    {%- endif -%}
    {%- set settings = dbt_estate._maturity_settings() -%}
    {%- if name not in settings -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.maturity_setting: 'name' must be one of " ~ settings.keys() | join(', ')
            ~ ", has_vocabulary, run_at, run_id, today, got: "
            ~ name
        ) -%}
    {%- endif -%}
    {{- return(settings[name]) -}}
{%- endmacro %}
