-- A singular test is of every model that it reads.
with tested as (
    select edges.parent_unique_id as unique_id
    from {{ ref('dbt_estate', 'estate_edges') }} as edges
    inner join {{ ref('dbt_estate', 'estate_rule_tests') }} as tests on edges.child_unique_id = tests.unique_id
    where tests.kind = 'data' and tests.node_id is null and tests.is_excluded = 0
    union
    select unique_id
    from {{ ref('dbt_estate', 'estate_rule_nodes') }}
    where tests > 0
),

models as (
    select
        count(*) as models,
        sum(case when tested.unique_id is null then 0 else 1 end) as covered
    from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
    left join tested on nodes.unique_id = tested.unique_id
    where nodes.resource_type = 'model' and nodes.is_excluded = 0
)

select
    concat('project.', project.project_name) as unique_id,
    project.project_name as resource_name,
    'dbt_project.yml' as file_path,
    concat(
        models.covered, ' of ', models.models, ' models have a data test; the target is ',
        {{ dbt_estate.rule_setting('test_coverage', 'percent') }}, ' percent'
    ) as detail
from models
cross join {{ ref('dbt_estate', 'estate_project') }} as project
where models.covered * 100 < models.models * {{ dbt_estate.rule_setting('test_coverage', 'percent') }}
