select
    edges.child_id as unique_id,
    edges.child_name as resource_name,
    edges.child_file_path as file_path,
    concat(
        'reads ', count(*), ' others, and ',
        {{ dbt_estate.rule_setting('too_many_joins', 'parents') }}, ' are too many'
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
where edges.child_type = 'model' and edges.child_is_excluded = 0
group by edges.child_id, edges.child_name, edges.child_file_path
having count(*) >= {{ dbt_estate.rule_setting('too_many_joins', 'parents') }}
