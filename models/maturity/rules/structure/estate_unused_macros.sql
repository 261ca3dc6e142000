select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    'nothing of the project calls it' as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
where facts.kind = 'fact' and facts.name = 'unused_macro' and facts.is_excluded = 0
