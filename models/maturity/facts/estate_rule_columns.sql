{{ dbt_estate.maturity_table() }}

with tests as (
    select
        node_unique_id,
        lower(column_name) as column_name,
        count(*) as tests
    from {{ ref('dbt_estate', 'estate_data_tests') }}
    where cast(enabled as int) = 1 and column_name is not null
    group by node_unique_id, lower(column_name)
)

select
    nodes.unique_id as node_id,
    nodes.resource_type,
    nodes.resource_name,
    listed.column_name,
    listed.data_type_declared as data_type,
    listed.description,
    case when coalesce(trim(listed.description), '') = '' then 0 else 1 end as is_described,
    coalesce(tests.tests, 0) as tests,
    nodes.is_own,
    nodes.is_installed,
    nodes.is_excluded
from {{ ref('dbt_estate', 'estate_node_columns') }} as listed
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on listed.node_unique_id = nodes.unique_id
left join tests
    on listed.node_unique_id = tests.node_unique_id and lower(listed.column_name) = tests.column_name
