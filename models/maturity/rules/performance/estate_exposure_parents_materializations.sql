select
    edges.child_id as unique_id,
    edges.child_name as resource_name,
    edges.child_file_path as file_path,
    concat(
        'reads ', min(edges.parent_name),
        case
            when
                min(case when edges.parent_type = 'source' then edges.parent_name end) = min(edges.parent_name)
                then ', a source'
            else ', which is built anew whenever it is read'
        end,
        case when count(*) > 1 then concat(', and ', count(*) - 1, ' more') else '' end
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
where
    edges.child_type = 'exposure'
    and edges.parent_is_excluded = 0
    and edges.child_is_excluded = 0
    and (
        edges.parent_type = 'source'
        or (edges.parent_type = 'model' and edges.parent_materialized in ('view', 'ephemeral'))
    )
group by edges.child_id, edges.child_name, edges.child_file_path
