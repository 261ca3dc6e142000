select
    listed.node_id as unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    concat(
        count(*), ' of ', max(nodes.listed_columns), ' columns have no description, such as ',
        min(listed.column_name)
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_columns') }} as listed
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on listed.node_id = nodes.unique_id
where nodes.resource_type = 'model' and nodes.is_excluded = 0 and listed.is_described = 0
group by listed.node_id, nodes.resource_name, nodes.properties_path
