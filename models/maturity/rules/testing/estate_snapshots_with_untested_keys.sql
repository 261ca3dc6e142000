-- A snapshot merges by its key: a key that comes twice in what it reads breaks it, or its history.
select
    nodes.unique_id,
    nodes.resource_name,
    coalesce(nodes.properties_path, nodes.file_path) as file_path,
    concat('nothing that it reads has a unique test of its key ', nodes.unique_key) as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'snapshot'
    and nodes.is_excluded = 0
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
        inner join {{ ref('dbt_estate', 'estate_rule_tests') }} as tests on edges.parent_id = tests.node_id
        where
            edges.child_id = nodes.unique_id
            and tests.kind = 'data'
            and (
                tests.test_name like 'unique!_combination%' escape '!'
                or (tests.test_name = 'unique' and lower(tests.column_name) = lower(nodes.unique_key))
            )
    )
