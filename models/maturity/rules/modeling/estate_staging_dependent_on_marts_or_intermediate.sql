select
    edges.child_id as unique_id,
    edges.child_name as resource_name,
    edges.child_file_path as file_path,
    concat('is of the staging layer and reads ', min(edges.parent_name), ', which comes after it') as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
where
    edges.parent_type = 'model'
    and edges.child_type = 'model'
    and edges.parent_kind in ('marts', 'intermediate')
    and edges.child_kind = 'staging'
    and edges.parent_is_excluded = 0
    and edges.child_is_excluded = 0
group by edges.child_id, edges.child_name, edges.child_file_path
