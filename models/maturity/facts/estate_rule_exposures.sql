{{ dbt_estate.maturity_table() }}

select
    exposures.unique_id,
    exposures.name as resource_name,
    exposures.package_name,
    nodes.file_path,
    exposures.exposure_type,
    exposures.label,
    exposures.owner_name,
    exposures.owner_email,
    exposures.url,
    exposures.maturity,
    nodes.is_described,
    nodes.is_own,
    nodes.is_installed,
    nodes.is_excluded
from {{ ref('dbt_estate', 'estate_exposures') }} as exposures
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on exposures.unique_id = nodes.unique_id
