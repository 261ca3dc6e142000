{#- Written by `make checks`: docs/maturity/rules/structure.md#test_directories -#}
{%- set settings = var('dbt_estate', {}).get('maturity', {}) -%}
{%- set rule = settings.get('rules', {}).get('test_directories', {}) -%}
{%- set severity = rule.get('severity', 'warn') -%}
{{ config(
    severity='error' if severity == 'error' else 'warn',
    enabled=settings.get('checks', false) and severity in ['warn', 'error']
) }}
with nodes as (
    {% for view in ['models', 'seeds', 'snapshots', 'sources', 'analyses'] %}
    select
        unique_id,
        resource_type,
        original_file_path,
        config,
        meta,
        tags
    from {{ info_schema(view) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

node_facts as (
    select
        unique_id,
        'excluded' as fact,
        null as value,
        null as line_number,
        null as resource_name,
        null as file_path
    from nodes
    where
        1 = 0
        {%- for pattern in settings.get('exclude_paths', []) %}
        or regexp_matches(original_file_path, '{{ pattern | replace("'", "''") }}', 'i')
        {%- endfor %}
    union all
    select
        'project' as unique_id,
        'unit_tests_read' as fact,
        null as value,
        null as line_number,
        null as resource_name,
        null as file_path
),

node_settings as (
    select
        node_unique_id,
        'config' as kind,
        name,
        case
            when json_type(value) = 'VARCHAR' then value ->> '$'
            else cast(value as varchar)
        end as value
    from (
        select
            unique_id as node_unique_id,
            unnest(['unique_key', 'incremental_strategy', 'on_schema_change', 'strategy', 'updated_at', 'check_cols', 'hard_deletes', 'event_time', 'full_refresh', 'loaded_at_field', 'loaded_at_query']) as name,
            json_extract(config, '$.' || name) as value
        from nodes
        where resource_type in ('model', 'snapshot', 'source', 'seed')
    )
    where value is not null and json_type(value) <> 'NULL'
    union all
    select
        unique_id as node_unique_id,
        'config' as kind,
        'has_freshness' as name,
        'true' as value
    from {{ info_schema('sources') }}
    where
        coalesce(cast(json_extract(config, '$.freshness.warn_after.count') as int), 0) > 0
        or coalesce(cast(json_extract(config, '$.freshness.error_after.count') as int), 0) > 0
    union all
    select
        unique_id as node_unique_id,
        'config' as kind,
        'loaded_at_field' as name,
        loaded_at_field as value
    from {{ info_schema('sources') }}
    where loaded_at_field is not null and json_extract_string(config, '$.loaded_at_field') is null
    union all
    select
        node_unique_id,
        'meta' as kind,
        name,
        case
            when json_type(value) = 'VARCHAR' then value ->> '$'
            else cast(value as varchar)
        end as value
    from (
        select
            unique_id as node_unique_id,
            unnest(json_keys(meta)) as name,
            json_extract(meta, '$."' || replace(name, '"', '\"') || '"') as value
        from nodes
    )
    where name <> 'dbt_estate_ignore' and json_type(value) <> 'NULL'
    union all
    select
        unique_id as node_unique_id,
        'tag' as kind,
        unnest(list_distinct(tags)) as name,
        null as value
    from nodes
),

rule_nodes as (
    with resources as (
            select
                    unique_id as unique_id,
                    resource_type as resource_type,
                    case when version is null then name else concat(name, '.v', version) end as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(properties_yml_file_path, '\', '/') as properties_path,
                    alias as alias,
                    database_name as database_name,
                    schema_name as schema_name,
                    relation_name as relation_name,
                    node_language as node_language,
                    materialized as materialized,
                    access as access_level,
                    "group" as group_name,
                    cast(null as varchar) as owner_name,
                    cast(null as varchar) as source_name,
                    version as model_version,
                    latest_version as latest_version,
                    deprecation_date as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    cast(contract_enforced as int) as is_contracted
            from {{ info_schema('models') }}
                where cast(enabled as int) = 1
                union all
            select
                    unique_id as unique_id,
                    resource_type as resource_type,
                    case when version is null then name else concat(name, '.v', version) end as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(properties_yml_file_path, '\', '/') as properties_path,
                    alias as alias,
                    database_name as database_name,
                    schema_name as schema_name,
                    relation_name as relation_name,
                    node_language as node_language,
                    materialized as materialized,
                    access as access_level,
                    "group" as group_name,
                    cast(null as varchar) as owner_name,
                    cast(null as varchar) as source_name,
                    version as model_version,
                    latest_version as latest_version,
                    deprecation_date as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    cast(contract_enforced as int) as is_contracted
            from {{ info_schema('seeds') }}
                where cast(enabled as int) = 1
                union all
            select
                    unique_id as unique_id,
                    resource_type as resource_type,
                    case when version is null then name else concat(name, '.v', version) end as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(properties_yml_file_path, '\', '/') as properties_path,
                    alias as alias,
                    database_name as database_name,
                    schema_name as schema_name,
                    relation_name as relation_name,
                    node_language as node_language,
                    materialized as materialized,
                    access as access_level,
                    "group" as group_name,
                    cast(null as varchar) as owner_name,
                    cast(null as varchar) as source_name,
                    version as model_version,
                    latest_version as latest_version,
                    deprecation_date as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    cast(contract_enforced as int) as is_contracted
            from {{ info_schema('snapshots') }}
                where cast(enabled as int) = 1
                union all
            select
                    unique_id as unique_id,
                    resource_type as resource_type,
                    case when version is null then name else concat(name, '.v', version) end as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(properties_yml_file_path, '\', '/') as properties_path,
                    alias as alias,
                    database_name as database_name,
                    schema_name as schema_name,
                    relation_name as relation_name,
                    node_language as node_language,
                    materialized as materialized,
                    access as access_level,
                    "group" as group_name,
                    cast(null as varchar) as owner_name,
                    cast(null as varchar) as source_name,
                    version as model_version,
                    latest_version as latest_version,
                    deprecation_date as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    cast(contract_enforced as int) as is_contracted
            from {{ info_schema('analyses') }}
                where cast(enabled as int) = 1
                union all
            select
                    unique_id as unique_id,
                    resource_type as resource_type,
                    case when version is null then name else concat(name, '.v', version) end as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(properties_yml_file_path, '\', '/') as properties_path,
                    alias as alias,
                    database_name as database_name,
                    schema_name as schema_name,
                    relation_name as relation_name,
                    node_language as node_language,
                    materialized as materialized,
                    access as access_level,
                    "group" as group_name,
                    cast(null as varchar) as owner_name,
                    cast(null as varchar) as source_name,
                    version as model_version,
                    latest_version as latest_version,
                    deprecation_date as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    cast(contract_enforced as int) as is_contracted
            from {{ info_schema('functions') }}
                where cast(enabled as int) = 1
                union all
            select
                    unique_id as unique_id,
                    resource_type as resource_type,
                    concat(source_name, '.', name) as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(original_file_path, '\', '/') as properties_path,
                    identifier as alias,
                    database_name as database_name,
                    schema_name as schema_name,
                    relation_name as relation_name,
                    node_language as node_language,
                    materialized as materialized,
                    access as access_level,
                    "group" as group_name,
                    loader as owner_name,
                    source_name as source_name,
                    version as model_version,
                    latest_version as latest_version,
                    deprecation_date as deprecation_date,
                    description as description,
                    source_description as source_description,
                    cast(contract_enforced as int) as is_contracted
            from {{ info_schema('sources') }}
                where cast(enabled as int) = 1
                union all
            select
                    unique_id as unique_id,
                    'exposure' as resource_type,
                    name as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(original_file_path, '\', '/') as properties_path,
                    cast(null as varchar) as alias,
                    cast(null as varchar) as database_name,
                    cast(null as varchar) as schema_name,
                    cast(null as varchar) as relation_name,
                    cast(null as varchar) as node_language,
                    cast(null as varchar) as materialized,
                    cast(null as varchar) as access_level,
                    cast(null as varchar) as group_name,
                    owner_name as owner_name,
                    cast(null as varchar) as source_name,
                    cast(null as varchar) as model_version,
                    cast(null as varchar) as latest_version,
                    cast(null as varchar) as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    0 as is_contracted
            from {{ info_schema('exposures') }}
                union all
            select
                    unique_id as unique_id,
                    'metric' as resource_type,
                    name as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(original_file_path, '\', '/') as properties_path,
                    cast(null as varchar) as alias,
                    cast(null as varchar) as database_name,
                    cast(null as varchar) as schema_name,
                    cast(null as varchar) as relation_name,
                    cast(null as varchar) as node_language,
                    cast(null as varchar) as materialized,
                    cast(null as varchar) as access_level,
                    "group" as group_name,
                    cast(null as varchar) as owner_name,
                    cast(null as varchar) as source_name,
                    cast(null as varchar) as model_version,
                    cast(null as varchar) as latest_version,
                    cast(null as varchar) as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    0 as is_contracted
            from {{ info_schema('metrics') }}
                union all
            select
                    unique_id as unique_id,
                    'saved_query' as resource_type,
                    name as resource_name,
                    package_name as package_name,
                    replace(original_file_path, '\', '/') as file_path,
                    replace(original_file_path, '\', '/') as properties_path,
                    cast(null as varchar) as alias,
                    cast(null as varchar) as database_name,
                    cast(null as varchar) as schema_name,
                    cast(null as varchar) as relation_name,
                    cast(null as varchar) as node_language,
                    cast(null as varchar) as materialized,
                    cast(null as varchar) as access_level,
                    "group" as group_name,
                    cast(null as varchar) as owner_name,
                    cast(null as varchar) as source_name,
                    cast(null as varchar) as model_version,
                    cast(null as varchar) as latest_version,
                    cast(null as varchar) as deprecation_date,
                    description as description,
                    cast(null as varchar) as source_description,
                    0 as is_contracted
            from {{ info_schema('saved_queries') }}
    ),

    settings as (
        select
            node_unique_id,
            max(case when name = 'unique_key' then value end) as unique_key,
            max(case when name = 'incremental_strategy' then value end) as incremental_strategy,
            max(case when name = 'on_schema_change' then value end) as on_schema_change,
            max(case when name = 'strategy' then value end) as strategy,
            max(case when name = 'updated_at' then value end) as updated_at,
            max(case when name = 'event_time' then value end) as event_time,
            max(case when name = 'loaded_at_field' then value end) as loaded_at_field,
            max(case when name = 'loaded_at_query' then value end) as loaded_at_query,
            max(case when name = 'has_freshness' then value end) as has_freshness
        from node_settings
        where kind = 'config'
        group by node_unique_id
    ),

    listed_columns as (
        select
            node_unique_id,
            count(*) as listed,
            sum(case when coalesce(trim(description), '') = '' then 0 else 1 end) as described
        from {{ info_schema('node_columns') }}
        group by node_unique_id
    ),

    tests as (
        select
            node_unique_id,
            count(*) as tests
        from {{ info_schema('data_tests') }}
        where cast(enabled as int) = 1
        group by node_unique_id
    ),

    -- What kind of model a prefix says, and the folder that is nearest to the file.
    kinds as (
        select
            unique_id,
            regexp_replace(file_path, '[^/]*$', '') as folder_path,
            case
                        when
                            resource_name like 'base!_%' escape '!'
                            then 'base'
                        when
                            resource_name like 'stg!_%' escape '!'
                            then 'staging'
                        when
                            resource_name like 'int!_%' escape '!'
                            then 'intermediate'
                        when
                            resource_name like 'fct!_%' escape '!'
                            then 'marts'
                        when
                            resource_name like 'dim!_%' escape '!'
                            then 'marts'
                        when
                            resource_name like 'rpt!_%' escape '!'
                            then 'other'
            end as prefix_kind,
            case
                    when concat('/', file_path) like '%/base/%' escape '!'
                    and concat('/', file_path)
                    not like '%/base/staging/%' escape '!'
                    and concat('/', file_path)
                    not like '%/base/%/staging/%' escape '!'
                    and concat('/', file_path)
                    not like '%/base/intermediate/%' escape '!'
                    and concat('/', file_path)
                    not like '%/base/%/intermediate/%' escape '!'
                    and concat('/', file_path)
                    not like '%/base/marts/%' escape '!'
                    and concat('/', file_path)
                    not like '%/base/%/marts/%' escape '!'
                        then 'base'
                    when concat('/', file_path) like '%/staging/%' escape '!'
                    and concat('/', file_path)
                    not like '%/staging/base/%' escape '!'
                    and concat('/', file_path)
                    not like '%/staging/%/base/%' escape '!'
                    and concat('/', file_path)
                    not like '%/staging/intermediate/%' escape '!'
                    and concat('/', file_path)
                    not like '%/staging/%/intermediate/%' escape '!'
                    and concat('/', file_path)
                    not like '%/staging/marts/%' escape '!'
                    and concat('/', file_path)
                    not like '%/staging/%/marts/%' escape '!'
                        then 'staging'
                    when concat('/', file_path) like '%/intermediate/%' escape '!'
                    and concat('/', file_path)
                    not like '%/intermediate/base/%' escape '!'
                    and concat('/', file_path)
                    not like '%/intermediate/%/base/%' escape '!'
                    and concat('/', file_path)
                    not like '%/intermediate/staging/%' escape '!'
                    and concat('/', file_path)
                    not like '%/intermediate/%/staging/%' escape '!'
                    and concat('/', file_path)
                    not like '%/intermediate/marts/%' escape '!'
                    and concat('/', file_path)
                    not like '%/intermediate/%/marts/%' escape '!'
                        then 'intermediate'
                    when concat('/', file_path) like '%/marts/%' escape '!'
                    and concat('/', file_path)
                    not like '%/marts/base/%' escape '!'
                    and concat('/', file_path)
                    not like '%/marts/%/base/%' escape '!'
                    and concat('/', file_path)
                    not like '%/marts/staging/%' escape '!'
                    and concat('/', file_path)
                    not like '%/marts/%/staging/%' escape '!'
                    and concat('/', file_path)
                    not like '%/marts/intermediate/%' escape '!'
                    and concat('/', file_path)
                    not like '%/marts/%/intermediate/%' escape '!'
                        then 'marts'
            end as folder_kind
        from resources
        where resource_type in ('model', 'snapshot', 'analysis')
    ),

    excluded as (
        select distinct unique_id
        from node_facts
        where fact = 'excluded'
    ),

    spines as (
        select distinct unique_id
        from {{ info_schema('time_spines') }}
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
                when resources.package_name <> project.project_name then 1
            else 0
        end as is_excluded
    from resources
    cross join {{ info_schema('project') }} as project
    left join settings on resources.unique_id = settings.node_unique_id
    left join listed_columns on resources.unique_id = listed_columns.node_unique_id
    left join tests on resources.unique_id = tests.node_unique_id
    left join kinds on resources.unique_id = kinds.unique_id
    left join excluded on resources.unique_id = excluded.unique_id
    left join spines on resources.unique_id = spines.unique_id
),

rule_tests as (
    with tests as (
        select
            unique_id,
            'data' as kind,
            name,
            package_name,
            replace(original_file_path, '\', '/') as file_path,
            node_unique_id as node_id,
            test_name,
            test_definition_package as test_package,
            column_name,
            severity,
            warn_if,
            error_if,
            coalesce(cast(store_failures as int), 0) as is_stored
        from {{ info_schema('data_tests') }}
        where cast(enabled as int) = 1
        union all
        select
            unit_tests.unique_id,
            'unit' as kind,
            unit_tests.name,
            unit_tests.package_name,
            replace(unit_tests.original_file_path, '\', '/') as file_path,
            edges.parent_unique_id as node_id,
            unit_tests.name as test_name,
            unit_tests.package_name as test_package,
            null as column_name,
            'error' as severity,
            null as warn_if,
            null as error_if,
            0 as is_stored
        from {{ info_schema('unit_tests') }} as unit_tests
        inner join {{ info_schema('edges') }} as edges on unit_tests.unique_id = edges.child_unique_id
        inner join {{ info_schema('models') }} as models
            on edges.parent_unique_id = models.unique_id and unit_tests.model = models.name
        where cast(models.enabled as int) = 1
    ),

    excluded as (
        select distinct unique_id
        from node_facts
        where fact = 'excluded'
    )

    -- A test counts as its package does, and as what it tests.
    select
        tests.unique_id,
        tests.kind,
        tests.name as resource_name,
        tests.package_name,
        tests.file_path,
        regexp_replace(tests.file_path, '[^/]*$', '') as folder_path,
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
                when tests.package_name <> project.project_name then 1
            when excluded.unique_id is not null then 1
            else coalesce(nodes.is_excluded, 0)
        end as is_excluded
    from tests
    cross join {{ info_schema('project') }} as project
    left join rule_nodes as nodes on tests.node_id = nodes.unique_id
    left join excluded on tests.unique_id = excluded.unique_id
),

node_exceptions as (
    select
        unique_id,
        coalesce(given ->> '$.rule', given ->> '$') as rule_name,
        given ->> '$.reason' as reason,
        given ->> '$.until' as valid_until,
        given ->> '$.owner' as owner
    from (
        select
            unique_id,
            unnest(
                case when json_type(meta, '$.dbt_estate_ignore') = 'ARRAY'
                    then cast(json_extract(meta, '$.dbt_estate_ignore') as json[])
                else [json_extract(meta, '$.dbt_estate_ignore')] end
            ) as given
        from nodes
        where json_extract(meta, '$.dbt_estate_ignore') is not null
    )
),

rule_exceptions as (
    with given as (
        select
            unique_id as id_pattern,
            replace(replace(replace(unique_id, '!', '!!'), '_', '!_'), '%', '!%') as like_pattern,
            rule_name,
            reason,
            valid_until,
            owner as owner_name,
            'meta' as origin
        from node_exceptions
    ),

    dated as (
        select
            id_pattern,
            like_pattern,
            rule_name,
            reason,
            valid_until,
            owner_name,
            origin,
            case when coalesce(trim(reason), '') = '' then 0 else 1 end as has_reason,
            case
                when coalesce(valid_until, '') = '' then 1
                when
                    valid_until like '____-__-__'
                    and substring(valid_until, 1, 4) between '0000' and '9999'
                    and substring(valid_until, 6, 2) between '01' and '12'
                    and substring(valid_until, 9, 2) between '01' and '31'
                    then 1
                else 0
            end as has_valid_date
        from given
    )

    -- It counts with a reason, to the end of the day that it names.
    select
        id_pattern,
        like_pattern,
        rule_name,
        reason,
        valid_until,
        owner_name,
        origin,
        has_reason,
        has_valid_date,
        case when has_valid_date = 1 and valid_until <> '' and valid_until < strftime(current_date, '%Y-%m-%d') then 1 else 0 end as is_expired,
        case
            when has_reason = 0 or has_valid_date = 0 then 0
            when coalesce(valid_until, '') = '' or valid_until >= strftime(current_date, '%Y-%m-%d') then 1
            else 0
        end as is_active
    from dated
),

found as (
    select
        tests.unique_id,
        tests.resource_name,
        tests.file_path,
        concat('tests ', nodes.resource_name, ', which is in ', nodes.folder_path) as detail
    from rule_tests as tests
    inner join rule_nodes as nodes on tests.node_id = nodes.unique_id
    where
        tests.kind = 'data'
        and tests.is_excluded = 0
        and nodes.resource_type = 'model'
        and tests.folder_path <> nodes.folder_path
)

select
    unique_id,
    resource_name,
    file_path,
    detail
from found
where not exists (
    select 1
    from rule_exceptions as exceptions
    where
        exceptions.is_active = 1
        and exceptions.rule_name in ('test_directories', '*')
        and found.unique_id like exceptions.like_pattern escape '!'
)
