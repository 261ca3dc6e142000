select
    nodes.unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    'has no freshness' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where nodes.resource_type = 'source' and nodes.is_excluded = 0 and nodes.has_freshness = 0
