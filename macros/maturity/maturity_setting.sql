{% macro maturity_setting(name) -%}
    {%- if name == 'today' -%}
        {{- return(run_started_at.strftime('%Y-%m-%d')) -}}
    {%- elif name == 'has_vocabulary' -%}
        {{- return(dbt_estate._settings().vocabulary | length > 0) -}}
    {%- endif -%}
    {%- set settings = dbt_estate._maturity_settings() -%}
    {%- if name not in settings -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.maturity_setting: 'name' must be one of " ~ settings.keys() | join(', ')
            ~ ", has_vocabulary, today, got: "
            ~ name
        ) -%}
    {%- endif -%}
    {{- return(settings[name]) -}}
{%- endmacro %}
