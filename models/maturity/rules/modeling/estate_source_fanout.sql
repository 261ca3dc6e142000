select
    nodes.unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    concat('is read by ', count(*), ' models: ', min(edges.child_name), ' to ', max(edges.child_name)) as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on edges.parent_id = nodes.unique_id
where
    edges.parent_type = 'source'
    and edges.child_type = 'model'
    and edges.parent_is_excluded = 0
    and edges.child_is_excluded = 0
group by nodes.unique_id, nodes.resource_name, nodes.properties_path
having count(*) > 1
