select
    listed.node_id as unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    concat(
        'the column ', min(listed.column_name), ' has no description, and has one in ', min(edges.parent_name)
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_columns') }} as listed
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on listed.node_id = nodes.unique_id
inner join {{ ref('dbt_estate', 'estate_rule_edges') }} as edges on listed.node_id = edges.child_id
inner join {{ ref('dbt_estate', 'estate_rule_columns') }} as inherited
    on edges.parent_id = inherited.node_id and lower(listed.column_name) = lower(inherited.column_name)
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and listed.is_described = 0
    and inherited.is_described = 1
group by listed.node_id, nodes.resource_name, nodes.properties_path
