select
    concat('source.', nodes.package_name, '.', nodes.source_name) as unique_id,
    nodes.source_name as resource_name,
    min(nodes.properties_path) as file_path,
    'the source has no description' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where nodes.resource_type = 'source' and nodes.is_excluded = 0 and nodes.is_source_described = 0
group by nodes.package_name, nodes.source_name
