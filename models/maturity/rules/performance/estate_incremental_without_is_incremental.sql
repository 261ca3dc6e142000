select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    'is incremental and reads everything in every run: it does not ask is_incremental()' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.materialized = 'incremental'
    and nodes.node_language = 'sql'
    and coalesce(nodes.incremental_strategy, '') not in ('microbatch', 'open_sessions')
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
        where facts.unique_id = nodes.unique_id and facts.kind = 'fact' and facts.name = 'is_incremental'
    )
