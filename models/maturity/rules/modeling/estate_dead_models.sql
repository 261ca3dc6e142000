select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    'nothing reads it, and it is no mart' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.is_time_spine = 0
    and nodes.model_kind <> 'marts'
    and coalesce(nodes.folder_kind, '') <> 'marts'
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_edges') }} as edges
        inner join {{ ref('dbt_estate', 'estate_dag_nodes') }} as children
            on edges.child_unique_id = children.unique_id
        where
            edges.parent_unique_id = nodes.unique_id
            and children.resource_type not in ('test', 'unit_test')
    )
