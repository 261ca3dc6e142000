select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    concat('has no prefix of any kind of model; it looks like one of ', nodes.model_kind) as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.is_time_spine = 0
    and nodes.prefix_kind is null
