select
    nodes.unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    concat('is not in a folder called ', nodes.source_name) as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'source'
    and nodes.is_excluded = 0
    and nodes.file_path not like
    concat('%', replace(replace(nodes.source_name, '!', '!!'), '_', '!_'), '%/%') escape '!'
