{%- set views = dbt_estate.rule_setting('chained_views_dependencies', 'views') -%}
{#- One step a level, and each model once in it: the number of paths does not matter. -#}
with steps as (
    select
        parent_id,
        child_id
    from {{ ref('dbt_estate', 'estate_rule_edges') }}
    where child_type = 'model' and parent_type = 'model' and parent_materialized in ('view', 'ephemeral')
),

below_1 as (
    select distinct child_id
    from steps
),
{% for level in range(2, views + 2) %}
    below_{{ level }} as (
        select distinct steps.child_id
        from steps
        inner join below_{{ level - 1 }} as upstream on steps.parent_id = upstream.child_id
    ),
{% endfor %}
chained as (
    select child_id from below_{{ views + 1 }}
)

select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    'reads more than {{ views }} views, one on top of another' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
inner join chained on nodes.unique_id = chained.child_id
where nodes.is_excluded = 0
