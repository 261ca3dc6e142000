select
    nodes.unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    'has no description' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where nodes.resource_type = 'source' and nodes.is_excluded = 0 and nodes.is_described = 0
