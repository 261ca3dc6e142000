select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    'ends with a semicolon' as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
where facts.kind = 'fact' and facts.name = 'trailing_semicolon' and facts.is_excluded = 0
