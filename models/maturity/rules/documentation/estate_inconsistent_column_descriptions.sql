with texts as (
    select
        lower(column_name) as column_name,
        description,
        count(*) as models
    from {{ ref('dbt_estate', 'estate_rule_columns') }}
    where resource_type = 'model' and is_excluded = 0 and is_described = 1
    group by lower(column_name), description
),

-- The most common text; of several the first in the alphabet.
ranked as (
    select
        column_name,
        description,
        row_number() over (partition by column_name order by models desc, description asc) as place
    from texts
)

select
    listed.node_id as unique_id,
    nodes.resource_name,
    nodes.properties_path as file_path,
    concat(
        'the column ', min(listed.column_name), ' is described otherwise than in other models'
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_columns') }} as listed
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on listed.node_id = nodes.unique_id
inner join ranked on lower(listed.column_name) = ranked.column_name and ranked.place = 1
where
    listed.resource_type = 'model'
    and listed.is_excluded = 0
    and listed.is_described = 1
    and listed.description <> ranked.description
group by listed.node_id, nodes.resource_name, nodes.properties_path
