select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    concat('has ', facts.fact_value, ' bytes') as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
where
    facts.kind = 'fact'
    and facts.name = 'seed_bytes'
    and facts.is_excluded = 0
    and cast(facts.fact_value as bigint) > {{ dbt_estate.rule_setting('large_seeds', 'bytes') }}
