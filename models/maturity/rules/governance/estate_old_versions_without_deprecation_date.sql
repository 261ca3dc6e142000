select
    nodes.unique_id,
    nodes.resource_name,
    coalesce(nodes.properties_path, nodes.file_path) as file_path,
    concat('is version ', nodes.model_version, ' of ', nodes.latest_version, ' and has no deprecation_date') as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and nodes.model_version is not null
    and nodes.model_version <> nodes.latest_version
    and nodes.deprecation_date is null
    -- A version that is prepared has a higher number than the latest.
    and right(concat('0000000000', nodes.model_version), 10) < right(concat('0000000000', nodes.latest_version), 10)
