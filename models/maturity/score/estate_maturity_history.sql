{{ dbt_estate.maturity_history_table() }}

{%- set columns = [
    'ran_at', 'invocation_id', 'level_number', 'level_name', 'score', 'completeness', 'features_unknown', 'rule_set'
] %}

-- A row a run, and none is ever changed.
{{ dbt_estate.maturity_history_rows(columns) }}
select
    {{ dbt_estate.literal(dbt_estate.maturity_setting('run_at')) }} as ran_at,
    {{ dbt_estate.literal(dbt_estate.maturity_setting('run_id')) }} as invocation_id,
    level_number,
    level_name,
    score,
    completeness,
    features_unknown,
    rule_set
from {{ ref('dbt_estate', 'estate_level') }}
