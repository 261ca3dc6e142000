select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    case
        when count(*) = 1 then concat('names ', min(facts.fact_value))
        else concat('names ', min(facts.fact_value), ' and ', count(*) - 1, ' more')
    end as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
where facts.kind = 'fact' and facts.name = 'hard_coded_reference' and facts.is_excluded = 0
group by facts.unique_id, facts.resource_name, facts.file_path
