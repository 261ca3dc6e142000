select
    concat('project.', project.project_name) as unique_id,
    project.project_name as resource_name,
    'dbt_project.yml' as file_path,
    'vars: dbt_estate: vocabulary is not set' as detail
from {{ ref('dbt_estate', 'estate_project') }} as project
where {{ '1 = 0' if dbt_estate.maturity_setting('has_vocabulary') else '1 = 1' }}
