select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    'reads no source, model, seed or snapshot' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
left join {{ ref('dbt_estate', 'estate_rule_edges') }} as edges on nodes.unique_id = edges.child_id
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.is_time_spine = 0
    and edges.child_id is null
