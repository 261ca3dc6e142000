with facts as (
    select
        unique_id,
        'fact' as kind,
        fact as name,  -- noqa: RF04
        value as fact_value,
        line_number
    from {{ ref('dbt_estate', 'estate_node_facts') }}
    union all
    select
        node_unique_id as unique_id,
        kind,
        name,
        value as fact_value,
        null as line_number
    from {{ ref('dbt_estate', 'estate_node_settings') }}
    where kind in ('meta', 'tag')
)

select
    facts.unique_id,
    facts.kind,
    facts.name,
    facts.fact_value,
    facts.line_number,
    nodes.resource_type,
    nodes.resource_name,
    nodes.file_path,
    coalesce(nodes.is_own, 0) as is_own,
    coalesce(nodes.is_installed, 0) as is_installed
from facts
left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on facts.unique_id = nodes.unique_id
