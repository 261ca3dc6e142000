select
    nodes.unique_id,
    nodes.resource_name,
    coalesce(nodes.properties_path, nodes.file_path) as file_path,
    'is a mart and has no contract' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.model_kind = 'marts'
    and nodes.is_contracted = 0
