{%- set keys = dbt_estate.rule_setting('missing_required_meta', 'keys') -%}
with required as (
    {%- for key in keys %}
        select {{ dbt_estate.literal(key) }} as meta_key
        {{- ' union' if not loop.last }}
    {%- else %}
    select '' as meta_key
    where 1 = 0
{%- endfor %}
)

select
    nodes.unique_id,
    nodes.resource_name,
    coalesce(nodes.properties_path, nodes.file_path) as file_path,
    concat('meta lacks ', min(required.meta_key)) as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
cross join required
where
    nodes.resource_type = 'model'
    and nodes.is_excluded = 0
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_node_settings') }} as given
        where
            given.node_unique_id = nodes.unique_id
            and given.kind = 'meta'
            and given.name = required.meta_key
    )
group by nodes.unique_id, nodes.resource_name, coalesce(nodes.properties_path, nodes.file_path)
