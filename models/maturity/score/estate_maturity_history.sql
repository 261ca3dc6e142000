{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{%- if execute and config.get('materialized') != 'incremental' -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate: " ~ model.name ~ " keeps what was, and dbt_project.yml makes it " ~ config.get('materialized')
        ~ ". Say it for the package alone, under models: dbt_estate: maturity: score: estate_maturity_history:"
        ~ " {+materialized: incremental}"
    ) -%}
{%- endif -%}
-- A row a run, and none is ever changed.
select
    {{ dbt_estate.literal(run_started_at.replace(tzinfo=none)) }} as ran_at,
    {{ dbt_estate.literal(invocation_id) }} as invocation_id,
    level_number,
    level_name,
    score,
    completeness,
    features_unknown,
    rule_set
from {{ ref('dbt_estate', 'estate_level') }}
