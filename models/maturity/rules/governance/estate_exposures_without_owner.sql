select
    exposures.unique_id,
    exposures.resource_name,
    exposures.file_path,
    'its owner has no e-mail address' as detail
from {{ ref('dbt_estate', 'estate_rule_exposures') }} as exposures
where exposures.is_excluded = 0 and coalesce(exposures.owner_email, '') = ''
