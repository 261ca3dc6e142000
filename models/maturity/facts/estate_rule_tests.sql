{{ dbt_estate.maturity_table() }}

{%- set backslash = dbt_estate.literal('\\') -%}
{%- set packages = dbt_estate.maturity_setting('exclude_packages') -%}
with tests as (
    select
        unique_id,
        'data' as kind,
        name,
        package_name,
        replace(original_file_path, {{ backslash }}, '/') as file_path,
        node_unique_id as node_id,
        test_name,
        test_definition_package as test_package,
        column_name,
        severity,
        warn_if,
        error_if,
        coalesce(cast(store_failures as int), 0) as is_stored
    from {{ ref('dbt_estate', 'estate_data_tests') }}
    where cast(enabled as int) = 1
    union all
    select
        unit_tests.unique_id,
        'unit' as kind,
        unit_tests.name,
        unit_tests.package_name,
        replace(unit_tests.original_file_path, {{ backslash }}, '/') as file_path,
        edges.parent_unique_id as node_id,
        unit_tests.name as test_name,
        unit_tests.package_name as test_package,
        null as column_name,
        'error' as severity,
        null as warn_if,
        null as error_if,
        0 as is_stored
    from {{ ref('dbt_estate', 'estate_unit_tests') }} as unit_tests
    inner join {{ ref('dbt_estate', 'estate_edges') }} as edges on unit_tests.unique_id = edges.child_unique_id
    inner join {{ ref('dbt_estate', 'estate_models') }} as models
        on edges.parent_unique_id = models.unique_id and unit_tests.model = models.name
    where cast(models.enabled as int) = 1
),

excluded as (
    select distinct unique_id
    from {{ ref('dbt_estate', 'estate_node_facts') }}
    where fact = 'excluded'
)

-- A test counts as its package does, and as what it tests.
select
    tests.unique_id,
    tests.kind,
    tests.name as resource_name,
    tests.package_name,
    tests.file_path,
    {{ dbt_estate.folder_of('tests.file_path') }} as folder_path,
    tests.node_id,
    tests.test_name,
    tests.test_package,
    tests.column_name,
    tests.severity,
    tests.warn_if,
    tests.error_if,
    tests.is_stored,
    case when tests.package_name = 'dbt_estate' then 1 else 0 end as is_own,
    case when tests.package_name = project.project_name then 0 else 1 end as is_installed,
    case
        when tests.package_name = 'dbt_estate' then 1
        {%- if 'all' in packages %}
            when tests.package_name <> project.project_name then 1
        {%- elif packages %}
            when
                tests.package_name <> project.project_name
                and tests.package_name in (
                    {%- for name in packages %}{{ dbt_estate.literal(name) }}{{ ', ' if not loop.last }}{% endfor -%}
                )
                then 1
        {%- endif %}
        when excluded.unique_id is not null then 1
        else coalesce(nodes.is_excluded, 0)
    end as is_excluded
from tests
cross join {{ ref('dbt_estate', 'estate_project') }} as project
left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on tests.node_id = nodes.unique_id
left join excluded on tests.unique_id = excluded.unique_id
