select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    'is in no properties file' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where nodes.resource_type = 'model' and nodes.is_excluded = 0 and nodes.properties_path is null
