select
    nodes.unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    'nothing reads it' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'source'
    and nodes.is_excluded = 0
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
        where edges.parent_id = nodes.unique_id and edges.child_is_excluded = 0
    )
