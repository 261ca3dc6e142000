select
    nodes.unique_id,
    nodes.resource_name,
    coalesce(nodes.properties_path, nodes.file_path) as file_path,
    'has neither a group nor an owner in meta' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.group_name is null
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_node_settings') }} as given
        where
            given.node_unique_id = nodes.unique_id
            and given.kind = 'meta'
            and given.name = 'owner'
            and coalesce(given.value, '') <> ''
    )
