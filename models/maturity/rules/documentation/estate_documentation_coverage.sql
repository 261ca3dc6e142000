with models as (
    select
        count(*) as models,
        sum(case when is_described = 1 then 1 else 0 end) as covered
    from {{ ref('dbt_estate', 'estate_rule_nodes') }}
    where resource_type = 'model' and is_excluded = 0
)

select
    concat('project.', project.project_name) as unique_id,
    project.project_name as resource_name,
    'dbt_project.yml' as file_path,
    concat(
        models.covered, ' of ', models.models, ' models have a description; the target is ',
        {{ dbt_estate.rule_setting('documentation_coverage', 'percent') }}, ' percent'
    ) as detail
from models
cross join {{ ref('dbt_estate', 'estate_project') }} as project
where models.covered * 100 < models.models * {{ dbt_estate.rule_setting('documentation_coverage', 'percent') }}
