select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    concat(count(*), ' arguments have no description, such as ', min(facts.fact_value)) as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
where facts.kind = 'fact' and facts.name = 'undocumented_macro_argument' and facts.is_excluded = 0
group by facts.unique_id, facts.resource_name, facts.file_path
