with edges as (
    select
        parent_id,
        parent_name,
        child_id,
        child_name,
        child_file_path
    from {{ ref('dbt_estate', 'estate_rule_edges') }}
    where
        parent_is_excluded = 0
        and child_is_excluded = 0
        and child_type not in ('exposure', 'metric', 'saved_query')
),

-- What stands between and has one child: were it for several, it would save a repetition.
single_use as (
    select parent_id
    from edges
    group by parent_id
    having count(*) = 1
)

select
    direct.child_id as unique_id,
    direct.child_name as resource_name,
    direct.child_file_path as file_path,
    concat('reads ', min(direct.parent_name), ' and, of the same, ', min(detour.child_name)) as detail
from edges as direct
inner join edges as detour on direct.parent_id = detour.parent_id
inner join edges as back on detour.child_id = back.parent_id and direct.child_id = back.child_id
inner join single_use on detour.child_id = single_use.parent_id
group by direct.child_id, direct.child_name, direct.child_file_path
