{% macro maturity_table() -%}
    {#- What a project sets for all models counts more than what stands in a model of a package. -#}
    {%- if execute and model.resource_type == 'model'
        and config.get('materialized') not in ['table', 'estate_table'] -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ model.name ~ " is to be a table, and dbt_project.yml makes it "
            ~ config.get('materialized') ~ ". Say it for the package alone, under models: dbt_estate:"
            ~ " maturity: {+materialized: table, rules: {+materialized: ephemeral}} (rules: view on SQL Server)"
        ) -%}
    {%- endif -%}
    {%- if execute and flags.EMPTY and model.name == 'estate_findings' -%}
        {%- do exceptions.warn(
            "dbt_estate: under --empty the rules read empty tables and find nothing; build them without it"
        ) -%}
    {%- endif -%}
    {{- config(materialized=adapter.dispatch('_table_materialization', 'dbt_estate')()) -}}
{%- endmacro %}


{#- Where a table is dropped and made anew in one transaction, nobody sees it missing. -#}
{% macro default___table_materialization() -%}
    {{- return('table') -}}
{%- endmacro %}


{#- A profile can take its transactions away; dbt's own keeps the former table until it has another. -#}
{% macro duckdb___table_materialization() -%}
    {{- return('table' if target.get('disable_transactions') else 'estate_table') -}}
{%- endmacro %}


{% macro postgres___table_materialization() -%}
    {{- return('estate_table') -}}
{%- endmacro %}
