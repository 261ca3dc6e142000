{% macro maturity_history_table() -%}
    {#- What a project sets for all models counts more than what stands in a model of a package. -#}
    {%- if execute and model.resource_type == 'model' and config.get('materialized') not in ['incremental', 'table'] -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ model.name ~ " keeps what was, and dbt_project.yml makes it " ~ config.get('materialized')
            ~ ". Say it for this model alone, under models: dbt_estate: maturity: score: " ~ model.name
            ~ ": {+materialized: incremental}"
        ) -%}
    {%- endif -%}
    {{- config(materialized='incremental', incremental_strategy='append', full_refresh=false) -}}
{%- endmacro %}
