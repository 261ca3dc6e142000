select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    'selects * of a table' as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on facts.unique_id = nodes.unique_id
where
    facts.kind = 'fact'
    and facts.name = 'select_star'
    and nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.model_kind = 'marts'
group by facts.unique_id, facts.resource_name, facts.file_path
