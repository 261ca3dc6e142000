with locations as (
    select
        database_name,
        schema_name,
        alias,
        count(*) as places,
        min(unique_id) as first_id,
        min(resource_name) as first_name,
        max(resource_name) as last_name
    from {{ ref('dbt_estate', 'estate_rule_nodes') }}
    where resource_type = 'source' and is_excluded = 0
    group by database_name, schema_name, alias
    having count(*) > 1
)

select
    nodes.unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    concat(
        'is the same table as ',
        case when nodes.resource_name = locations.first_name then locations.last_name else locations.first_name end
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
inner join locations
    on
        coalesce(nodes.database_name, '') = coalesce(locations.database_name, '')
        and coalesce(nodes.schema_name, '') = coalesce(locations.schema_name, '')
        and nodes.alias = locations.alias
where nodes.resource_type = 'source' and nodes.is_excluded = 0
