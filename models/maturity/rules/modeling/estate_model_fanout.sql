-- A leaf is a model that none but exposures reads.
with parents as (
    select distinct parent_id
    from {{ ref('dbt_estate', 'estate_rule_edges') }}
    where child_type <> 'exposure' and child_is_excluded = 0
)

select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    concat(
        'is read by ', count(*), ' models that nothing reads: ',
        min(edges.child_name), ' to ', max(edges.child_name)
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on edges.parent_id = nodes.unique_id
left join parents on edges.child_id = parents.parent_id
where
    edges.child_type = 'model'
    and edges.parent_is_excluded = 0
    and edges.child_is_excluded = 0
    and parents.parent_id is null
group by nodes.unique_id, nodes.resource_name, nodes.file_path
having count(*) >= {{ dbt_estate.rule_setting('model_fanout', 'leaf_children') }}
