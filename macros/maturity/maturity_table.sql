{% macro maturity_table() -%}
    {#- What a project sets for all models counts more than what stands in a model of a package. -#}
    {%- if execute and model.resource_type == 'model' and config.get('materialized') != 'table' -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ model.name ~ " is to be a table, and dbt_project.yml makes it "
            ~ config.get('materialized') ~ ". Say it for the package alone, under models: dbt_estate: maturity:"
            ~ " {+materialized: table}"
        ) -%}
    {%- endif -%}
    {{- config(materialized='table') -}}
{%- endmacro %}
