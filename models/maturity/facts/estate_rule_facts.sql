{{ dbt_estate.maturity_table() }}

with facts as (
    select
        unique_id,
        'fact' as kind,
        fact as name,  -- noqa: RF04
        value as fact_value,
        line_number,
        resource_name,
        file_path
    from {{ ref('dbt_estate', 'estate_node_facts') }}
    union all
    select
        node_unique_id as unique_id,
        kind,
        name,
        value as fact_value,
        null as line_number,
        null as resource_name,
        null as file_path
    from {{ ref('dbt_estate', 'estate_node_settings') }}
    where kind in ('meta', 'tag')
)

select
    facts.unique_id,
    facts.kind,
    facts.name,
    facts.fact_value,
    facts.line_number,
    coalesce(nodes.resource_type, case when tests.unique_id is null then null else 'test' end) as resource_type,
    coalesce(nodes.resource_name, tests.resource_name, facts.resource_name) as resource_name,
    coalesce(nodes.file_path, tests.file_path, facts.file_path) as file_path,
    coalesce(nodes.is_own, tests.is_own, 0) as is_own,
    coalesce(nodes.is_installed, tests.is_installed, 0) as is_installed,
    coalesce(nodes.is_excluded, tests.is_excluded, 0) as is_excluded
from facts
left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on facts.unique_id = nodes.unique_id
left join {{ ref('dbt_estate', 'estate_rule_tests') }} as tests
    on facts.unique_id = tests.unique_id and tests.kind = 'data'
