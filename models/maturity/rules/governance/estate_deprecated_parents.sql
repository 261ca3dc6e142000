select
    edges.child_id as unique_id,
    edges.child_name as resource_name,
    edges.child_file_path as file_path,
    concat(
        'reads ', min(concat(parents.resource_name, ', deprecated since ', left(parents.deprecation_date, 10)))
    )
        as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as parents on edges.parent_id = parents.unique_id
where
    edges.child_is_excluded = 0
    and parents.deprecation_date < {{ dbt_estate.literal(dbt_estate.maturity_setting('today')) }}
group by edges.child_id, edges.child_name, edges.child_file_path
