select
    nodes.unique_id,
    nodes.resource_name,
    coalesce(nodes.properties_path, nodes.file_path) as file_path,
    case
        when nodes.is_described = 0 then 'is public and has no description'
        when nodes.listed_columns = 0 then 'is public and lists no columns'
        else 'is public and has columns without a description'
    end as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.access_level = 'public'
    and (nodes.is_described = 0 or nodes.listed_columns = 0 or nodes.described_columns < nodes.listed_columns)
