with tests as (
    select
        count(*) as tests,
        sum(case when severity = 'warn' then 1 else 0 end) as warnings
    from {{ ref('dbt_estate', 'estate_rule_tests') }}
    where kind = 'data' and is_excluded = 0
)

select
    concat('project.', project.project_name) as unique_id,
    project.project_name as resource_name,
    'dbt_project.yml' as file_path,
    concat(tests.warnings, ' of ', tests.tests, ' data tests only warn') as detail
from tests
cross join {{ ref('dbt_estate', 'estate_project') }} as project
where tests.warnings * 100 > tests.tests * {{ dbt_estate.rule_setting('test_severity_mix', 'percent_of_warnings') }}
