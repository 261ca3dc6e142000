select
    edges.child_id as unique_id,
    edges.child_name as resource_name,
    edges.child_file_path as file_path,
    concat(
        'reads the source ', min(case when edges.parent_type = 'source' then edges.parent_name end),
        ' and the model ', min(case when edges.parent_type = 'model' then edges.parent_name end)
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
where
    edges.child_type = 'model'
    and edges.parent_is_excluded = 0
    and edges.child_is_excluded = 0
group by edges.child_id, edges.child_name, edges.child_file_path
having
    sum(case when edges.parent_type = 'source' then 1 else 0 end) > 0
    and sum(case when edges.parent_type = 'model' then 1 else 0 end) > 0
