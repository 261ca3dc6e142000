select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    'has no description' as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
where facts.kind = 'fact' and facts.name = 'undocumented_macro' and facts.is_excluded = 0
