{{ dbt_estate.maturity_table() }}

{%- set file_facts = ['readme', 'style_guide', 'contribution_guide', 'pull_request_template', 'ci_workflow'] -%}
with reading as (
    select
        child_id as unique_id,
        max(case when parent_type in ('model', 'seed', 'snapshot') then 1 else 0 end) as has_ref,
        max(case when parent_type = 'source' then 1 else 0 end) as has_source
    from {{ ref('dbt_estate', 'estate_rule_edges') }}
    where child_type = 'model' and child_is_excluded = 0 and parent_is_own = 0
    group by child_id
),

readers as (
    select
        parent_id as unique_id,
        max(case when child_type in ('model', 'snapshot') then 1 else 0 end) as has_reader,
        max(case when child_type = 'exposure' then 1 else 0 end) as has_exposure
    from {{ ref('dbt_estate', 'estate_rule_edges') }}
    where parent_type = 'model' and child_is_excluded = 0
    group by parent_id
),

facts as (
    select
        facts.unique_id,
        max(case when facts.kind = 'fact' and facts.name = 'hard_coded_reference' then 1 else 0 end) as is_hard_coded,
        max(
            case
                when
                    facts.kind = 'fact' and facts.name = 'macro_call' and facts.fact_value = project.project_name
                    then 1
                else 0
            end
        ) as has_macro,
        max(
            case when facts.kind = 'fact' and facts.name = 'macro_call' and facts.fact_value = 'dbt' then 1 else 0 end
        ) as has_builtin,
        max(
            case
                when
                    facts.kind = 'fact'
                    and facts.name = 'macro_call'
                    and facts.fact_value not in (project.project_name, 'dbt', 'dbt_postgres', 'dbt_spark', 'dbt_estate')
                    and facts.fact_value <> concat('dbt_', project.adapter_type)
                    then 1
                else 0
            end
        ) as has_package,
        max(case when facts.kind = 'fact' and facts.name = 'config_call' then 1 else 0 end) as has_config,
        max(case when facts.kind = 'tag' then 1 else 0 end) as has_tag
    from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
    cross join {{ ref('dbt_estate', 'estate_project') }} as project
    where facts.resource_type = 'model' and facts.is_excluded = 0
    group by facts.unique_id
),

-- A singular test is of every model that it reads.
singular as (
    select distinct edges.parent_unique_id as unique_id
    from {{ ref('dbt_estate', 'estate_edges') }} as edges
    inner join {{ ref('dbt_estate', 'estate_rule_tests') }} as tests on edges.child_unique_id = tests.unique_id
    where tests.kind = 'data' and tests.node_id is null and tests.is_excluded = 0
),

unit_tested as (
    select distinct node_id as unique_id
    from {{ ref('dbt_estate', 'estate_rule_tests') }}
    where kind = 'unit' and is_excluded = 0
),

models as (
    select
        nodes.unique_id,
        nodes.is_described,
        nodes.is_contracted,
        nodes.model_kind,
        nodes.prefix_kind,
        nodes.folder_kind,
        nodes.schema_name,
        nodes.database_name,
        nodes.listed_columns,
        nodes.described_columns,
        nodes.model_version,
        case when nodes.materialized in ('view', 'ephemeral') then 0 else 1 end as is_built,
        case when nodes.materialized = 'ephemeral' then 1 else 0 end as is_ephemeral,
        case when nodes.materialized in ('incremental', 'estate_sessions', 'estate_shards') then 1 else 0 end
            as is_incremental,
        case
            when nodes.materialized = 'incremental' and coalesce(nodes.unique_key, nodes.incremental_strategy) is null
                then 0
            else 1
        end as is_keyed,
        -- A version that is prepared has a higher number than the latest.
        case
            when
                right(concat('0000000000', nodes.model_version), 10)
                < right(concat('0000000000', nodes.latest_version), 10)
                and nodes.deprecation_date is null
                then 0
            else 1
        end as is_tidy,
        case when nodes.access_level = 'public' then 1 else 0 end as is_public,
        case when nodes.access_level in ('public', 'private') or nodes.group_name is not null then 1 else 0 end
            as has_access,
        case when nodes.tests > 0 or singular.unique_id is not null then 1 else 0 end as is_tested,
        case when unit_tested.unique_id is null then 0 else 1 end as is_unit_tested,
        case
            when
                nodes.model_kind = 'marts'
                or coalesce(readers.has_exposure, 0) = 1
                or coalesce(readers.has_reader, 0) = 0
                then 1
            else 0
        end as is_end,
        case when facts.has_builtin = 1 or facts.has_config = 1 then 1 else 0 end as has_builtin,
        coalesce(reading.has_ref, 0) as has_ref,
        coalesce(reading.has_source, 0) as has_source,
        coalesce(facts.is_hard_coded, 0) as is_hard_coded,
        coalesce(facts.has_macro, 0) as has_macro,
        coalesce(facts.has_package, 0) as has_package,
        coalesce(facts.has_tag, 0) as has_tag
    from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
    left join reading on nodes.unique_id = reading.unique_id
    left join readers on nodes.unique_id = readers.unique_id
    left join facts on nodes.unique_id = facts.unique_id
    left join singular on nodes.unique_id = singular.unique_id
    left join unit_tested on nodes.unique_id = unit_tested.unique_id
    where nodes.resource_type = 'model' and nodes.is_excluded = 0
),

of_models as (
    select
        count(*) as models,
        count(distinct schema_name) as schema_count,
        count(distinct database_name) as database_count,
        count(distinct case when model_kind <> 'other' then model_kind end) as layers,
    {%- for name, condition in {
        'with_ref': 'has_ref = 1', 'with_source': 'has_source = 1', 'hard_coded': 'is_hard_coded = 1',
        'with_source_alone': 'has_source = 1 and is_hard_coded = 0', 'with_data': 'has_source + is_hard_coded > 0',
        'with_builtin': 'has_builtin = 1', 'with_macro': 'has_macro = 1', 'with_package': 'has_package = 1',
        'described': 'is_described = 1', 'tested': 'is_tested = 1', 'built': 'is_built = 1',
        'end_points': 'is_end = 1', 'end_described': 'is_end * is_described = 1',
        'end_tested': 'is_end * is_tested = 1', 'end_built': 'is_end * is_built = 1',
        'end_contracted': 'is_end * is_contracted = 1', 'contracted': 'is_contracted = 1',
        'named': "prefix_kind is not null or folder_kind = 'marts'", 'layered': "model_kind <> 'other'",
        'incremental': 'is_incremental = 1', 'keyed': 'is_incremental * is_keyed = 1', 'ephemeral': 'is_ephemeral = 1',
        'with_columns': 'described_columns > 0',
        'with_all_columns': 'listed_columns > 0 and described_columns = listed_columns', 'tagged': 'has_tag = 1',
        'unit_tested': 'is_unit_tested = 1', 'with_access': 'has_access = 1', 'public_models': 'is_public = 1',
        'versioned': 'model_version is not null', 'tidy_versions': 'model_version is not null and is_tidy = 1'
    }.items() %}
            coalesce(sum(case when {{ condition }} then 1 else 0 end), 0) as {{ name }},
        {%- endfor %}
        coalesce(sum(listed_columns), 0) as listed_columns,
        coalesce(sum(described_columns), 0) as described_columns
    from models
),

of_nodes as (
    select
        coalesce(sum(case when resource_type = 'source' and is_excluded = 0 then 1 else 0 end), 0) as source_tables,
        coalesce(sum(case when resource_type = 'source' and is_excluded = 0 then has_freshness else 0 end), 0)
            as fresh_tables,
        coalesce(sum(case when resource_type = 'metric' and is_excluded = 0 then 1 else 0 end), 0) as metrics,
        coalesce(sum(case when is_installed = 1 and is_own = 0 then 1 else 0 end), 0) as package_nodes,
        coalesce(sum(
            case
                when
                    is_installed = 1
                    and package_name in (
                        'elementary', 'dbt_artifacts', 'dbt_project_evaluator', 'dbt_meta_testing', 're_data'
                    )
                    then 1
                else 0
            end
        ), 0) as analysis_nodes
    from {{ ref('dbt_estate', 'estate_rule_nodes') }}
),

of_exposures as (
    select
        count(*) as exposures,
        coalesce(sum(
            case when is_described = 1 and coalesce(owner_email, '') <> '' then 1 else 0 end
        ), 0) as whole_exposures
    from {{ ref('dbt_estate', 'estate_rule_exposures') }}
    where is_excluded = 0
),

of_tests as (
    select
        coalesce(sum(case when tests.kind = 'data' then 1 else 0 end), 0) as data_tests,
        coalesce(sum(
            case
                when tests.kind = 'data' and tests.node_id is not null and tests.test_package = project.project_name
                    then 1
                else 0
            end
        ), 0) as custom_tests,
        coalesce(sum(
            case
                when tests.kind = 'data' and tests.test_package not in (project.project_name, 'dbt', 'dbt_estate')
                    then 1
                else 0
            end
        ), 0) as package_tests
    from {{ ref('dbt_estate', 'estate_rule_tests') }} as tests
    cross join {{ ref('dbt_estate', 'estate_project') }} as project
    where tests.is_excluded = 0
),

of_semantic_models as (
    select count(*) as semantic_models
    from {{ ref('dbt_estate', 'estate_semantic_models') }} as listed
    cross join {{ ref('dbt_estate', 'estate_project') }} as project
    left join {{ ref('dbt_estate', 'estate_node_facts') }} as facts
        on listed.unique_id = facts.unique_id and facts.fact = 'excluded'
    where
        facts.unique_id is null
        and listed.unique_id like concat('%.', replace(project.project_name, '_', '!_'), '.%') escape '!'
),

of_facts as (
    select
        {%- for name in file_facts %}
            max(case when name = '{{ name }}' then fact_value end) as {{ name }},
        {%- endfor %}
        max(case when name = 'command' then fact_value end) as last_command,
    {%- for name, condition in {
        'files_read': "name = 'files_read'", 'macros_read': "name = 'macros_read'",
        'unit_tests_read': "name = 'unit_tests_read'", 'selectors': "name = 'selectors'"
    }.items() %}
            coalesce(max(case when {{ condition }} then 1 else 0 end), 0) as {{ name }},
        {%- endfor %}
    {%- for name, condition in {
        'commands': "name = 'command'", 'packages': "name = 'package'",
        'naming_macros': "name = 'custom_naming_macro'", 'hooks': "name in ('hook', 'node_hook')",
        'job_commands': "name = 'workflow_command'",
        'docs_jobs': "name = 'workflow_command' and fact_value like 'docs generate%'",
        'operation_jobs': "name = 'workflow_command' and fact_value like 'run-operation%'",
        'select_jobs': "name = 'workflow_selection'"
    }.items() %}
            coalesce(sum(case when {{ condition }} then 1 else 0 end), 0) as {{ name }},
        {%- endfor %}
        coalesce(sum(
            case
                when
                    name = 'package'
                    and (
                        {%- for name in [
                            'elementary', 'dbt_artifacts', 'dbt-artifacts', 'dbt_project_evaluator',
                            'dbt-project-evaluator', 'dbt_meta_testing', 'dbt-meta-testing', 're_data', 'dbt-re-data'
                        ] %}
                            {{ 'or ' if not loop.first -}}
                            concat('/', replace(lower(fact_value), '.git', ''))
                            like {{ dbt_estate.glob_literal('*/' ~ name) }} escape '!'
                        {%- endfor %}
                    )
                    then 1
                else 0
            end
        ), 0) as analysis_packages
    from {{ ref('dbt_estate', 'estate_rule_facts') }}
    where kind = 'fact' and is_excluded = 0
)

-- One row, that the evidence of every feature is made of.
select
    of_models.*,
    of_nodes.*,
    of_exposures.*,
    of_tests.*,
    of_semantic_models.*,
    of_facts.*
from of_models
cross join of_nodes
cross join of_exposures
cross join of_tests
cross join of_semantic_models
cross join of_facts
