select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    'is incremental without a unique_key, so a row may be in it twice' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.materialized = 'incremental'
    and coalesce(nodes.unique_key, '') in ('', '[]')
    and coalesce(nodes.incremental_strategy, 'merge') in ('merge', 'delete+insert', 'default')
