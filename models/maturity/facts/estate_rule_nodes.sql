{{ dbt_estate.maturity_table() }}

{#- What each kind of resource has in the place of a column; a column that it lacks is null. -#}
{%- set missing = "cast(null as " ~ dbt_estate.data_type('text') ~ ")" -%}
{%- set columns = [
    'unique_id', 'resource_type', 'resource_name', 'package_name', 'file_path', 'properties_path', 'alias',
    'database_name', 'schema_name', 'relation_name', 'node_language', 'materialized', 'access_level', 'group_name',
    'owner_name', 'source_name', 'model_version', 'latest_version', 'deprecation_date', 'description',
    'source_description', 'is_contracted'
] -%}
{%- set group = dbt_estate.identifier('group') -%}
{#- On Windows dbt writes paths with backslashes. -#}
{%- set backslash = dbt_estate.literal('\\') -%}
{%- set path = "replace(original_file_path, " ~ backslash ~ ", '/')" -%}
{%- set patch = "replace(properties_yml_file_path, " ~ backslash ~ ", '/')" -%}
{%- set naming = dbt_estate.maturity_setting('naming') -%}
{%- set packages = dbt_estate.maturity_setting('exclude_packages') -%}
{%- set node = {
    'unique_id': 'unique_id', 'resource_type': 'resource_type', 'package_name': 'package_name',
    'resource_name': "case when version is null then name else concat(name, '.v', version) end",
    'file_path': path, 'properties_path': patch, 'alias': 'alias',
    'database_name': 'database_name', 'schema_name': 'schema_name', 'relation_name': 'relation_name',
    'node_language': 'node_language', 'materialized': 'materialized', 'access_level': 'access', 'group_name': group,
    'model_version': 'version', 'latest_version': 'latest_version', 'deprecation_date': 'deprecation_date',
    'description': 'description', 'is_contracted': 'cast(contract_enforced as int)'
} -%}
{%- set other = {
    'unique_id': 'unique_id', 'resource_name': 'name', 'package_name': 'package_name',
    'file_path': path, 'properties_path': path, 'description': 'description',
    'is_contracted': '0'
} -%}
{%- set kinds = {
    'models': node, 'seeds': node, 'snapshots': node, 'analyses': node, 'functions': node,
    'sources': dict(
        node, resource_name="concat(source_name, '.', name)", source_name='source_name', alias='identifier',
        properties_path=path,
        source_description='source_description', owner_name='loader'
    ),
    'exposures': dict(other, resource_type="'exposure'", owner_name='owner_name'),
    'metrics': dict(other, resource_type="'metric'", group_name=group),
    'saved_queries': dict(other, resource_type="'saved_query'", group_name=group)
} -%}
{%- set settings = [
    'unique_key', 'incremental_strategy', 'on_schema_change', 'strategy', 'updated_at', 'event_time', 'loaded_at_field',
    'loaded_at_query', 'has_freshness'
] -%}
with resources as (
    {%- for kind, given in kinds.items() %}
        select
        {%- for column in columns %}
                {{ given.get(column, missing) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
        from {{ ref('dbt_estate', 'estate_' ~ kind) }}
        {%- if 'materialized' in given %}
            where cast(enabled as int) = 1
        {%- endif %}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

settings as (
    select
        node_unique_id,
    {%- for name in settings %}
        max(case when name = '{{ name }}' then value end) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ ref('dbt_estate', 'estate_node_settings') }}
    where kind = 'config'
    group by node_unique_id
),

listed_columns as (
    select
        node_unique_id,
        count(*) as listed,
        sum(case when coalesce(trim(description), '') = '' then 0 else 1 end) as described
    from {{ ref('dbt_estate', 'estate_node_columns') }}
    group by node_unique_id
),

tests as (
    select
        node_unique_id,
        count(*) as tests
    from {{ ref('dbt_estate', 'estate_data_tests') }}
    where cast(enabled as int) = 1
    group by node_unique_id
),

-- What kind of model a prefix says, and the folder that is nearest to the file.
kinds as (
    select
        unique_id,
        {{ dbt_estate.folder_of('file_path') }} as folder_path,
        case
            {%- for kind, given in naming.items() %}
                {%- for prefix in given.get('prefixes') or [] %}
                    when
                        resource_name like {{ dbt_estate.glob_literal(prefix ~ '*') }} escape '!'
                        then {{ dbt_estate.literal(kind) }}
                {%- endfor %}
            {%- endfor %}
        end as prefix_kind,
        case
            {%- for kind, given in naming.items() if given.get('folder') %}
                when concat('/', file_path) like {{ dbt_estate.glob_literal('*/' ~ given.folder ~ '/*') }} escape '!'
                {%- for other in naming.values() if other.get('folder') not in [none, '', given.folder] %}
                {%- for between in ['/', '/*/'] %}
                and concat('/', file_path)
                not like {{ dbt_estate.glob_literal('*/' ~ given.folder ~ between ~ other.folder ~ '/*') }} escape '!'
                {%- endfor %}
            {%- endfor %}
                    then {{ dbt_estate.literal(kind) }}
            {%- endfor %}
        end as folder_kind
    from resources
    where resource_type in ('model', 'snapshot', 'analysis')
),

excluded as (
    select distinct unique_id
    from {{ ref('dbt_estate', 'estate_node_facts') }}
    where fact = 'excluded'
),

spines as (
    select distinct unique_id
    from {{ ref('dbt_estate', 'estate_time_spines') }}
)

select
    resources.unique_id,
    resources.resource_type,
    resources.resource_name,
    resources.package_name,
    resources.file_path,
    resources.properties_path,
    resources.alias,
    resources.database_name,
    resources.schema_name,
    resources.relation_name,
    resources.node_language,
    resources.materialized,
    resources.access_level,
    resources.group_name,
    resources.owner_name,
    resources.source_name,
    resources.model_version,
    resources.latest_version,
    resources.deprecation_date,
    settings.unique_key,
    settings.incremental_strategy,
    settings.on_schema_change,
    settings.strategy,
    settings.updated_at,
    settings.event_time,
    coalesce(settings.loaded_at_field, settings.loaded_at_query) as loaded_at,
    case when settings.has_freshness is null then 0 else 1 end as has_freshness,
    coalesce(resources.is_contracted, 0) as is_contracted,
    case when coalesce(trim(resources.description), '') = '' then 0 else 1 end as is_described,
    case when coalesce(trim(resources.source_description), '') = '' then 0 else 1 end as is_source_described,
    coalesce(listed_columns.listed, 0) as listed_columns,
    coalesce(listed_columns.described, 0) as described_columns,
    coalesce(tests.tests, 0) as tests,
    kinds.folder_path,
    kinds.prefix_kind,
    kinds.folder_kind,
    case when kinds.unique_id is null then null else coalesce(kinds.prefix_kind, kinds.folder_kind, 'other') end
        as model_kind,
    case when spines.unique_id is null then 0 else 1 end as is_time_spine,
    case when resources.package_name = 'dbt_estate' then 1 else 0 end as is_own,
    case when resources.package_name = project.project_name then 0 else 1 end as is_installed,
    case
        when resources.package_name = 'dbt_estate' or excluded.unique_id is not null then 1
        {%- if 'all' in packages %}
            when resources.package_name <> project.project_name then 1
        {%- elif packages %}
        when
            resources.package_name <> project.project_name
            and resources.package_name in (
            {%- for name in packages %}{{ dbt_estate.literal(name) }}{{ ', ' if not loop.last }}{% endfor -%}
            )
            then 1
    {%- endif %}
        else 0
    end as is_excluded
from resources
cross join {{ ref('dbt_estate', 'estate_project') }} as project
left join settings on resources.unique_id = settings.node_unique_id
left join listed_columns on resources.unique_id = listed_columns.node_unique_id
left join tests on resources.unique_id = tests.node_unique_id
left join kinds on resources.unique_id = kinds.unique_id
left join excluded on resources.unique_id = excluded.unique_id
left join spines on resources.unique_id = spines.unique_id
