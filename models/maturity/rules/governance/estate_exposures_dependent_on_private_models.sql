select
    edges.child_id as unique_id,
    edges.child_name as resource_name,
    edges.child_file_path as file_path,
    concat(
        'reads ', min(edges.parent_name), ', which is no public model',
        case when count(*) > 1 then concat(', and ', count(*) - 1, ' more') else '' end
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
where
    edges.child_type = 'exposure'
    and edges.parent_is_excluded = 0
    and edges.child_is_excluded = 0
    and edges.parent_type <> 'metric'
    and (edges.parent_type <> 'model' or coalesce(edges.parent_access, '') <> 'public')
group by edges.child_id, edges.child_name, edges.child_file_path
