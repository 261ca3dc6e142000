{#- The source of a staging model, through at most two models of base or staging between them. -#}
with steps as (
    select
        parent_id,
        child_id
    from {{ ref('dbt_estate', 'estate_rule_edges') }}
    where
        parent_type = 'model'
        and parent_kind in ('base', 'staging')
        and parent_is_excluded = 0
        and child_is_excluded = 0
),

reads_0 as (
    select distinct
        parents.source_name,
        edges.child_id
    from {{ ref('dbt_estate', 'estate_rule_edges') }} as edges
    inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as parents on edges.parent_id = parents.unique_id
    where edges.parent_type = 'source' and edges.child_is_excluded = 0
),
{% for level in [1, 2] %}
    reads_{{ level }} as (
        select distinct
            upstream.source_name,
            steps.child_id
        from steps
        inner join reads_{{ level - 1 }} as upstream on steps.parent_id = upstream.child_id
    ),
{% endfor %}
misplaced as (
    select
        nodes.unique_id,
        min(reads.source_name) as source_name
    from (
        select * from reads_0
        union
        select * from reads_1
        union
        select * from reads_2
    ) as reads
    inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on reads.child_id = nodes.unique_id
    where
        nodes.resource_type = 'model'
        and nodes.model_kind = 'staging'
        and nodes.folder_path not like
        concat('%', replace(replace(reads.source_name, '!', '!!'), '_', '!_'), '%') escape '!'
    group by nodes.unique_id
)

select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    case
        when misplaced.unique_id is not null
            then concat('is a staging model of ', misplaced.source_name, ' and in no folder of that name')
        else concat('is called as one of ', nodes.model_kind, ' and stands in a folder of ', nodes.folder_kind)
    end as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
left join misplaced on nodes.unique_id = misplaced.unique_id
where
    nodes.is_excluded = 0
    and nodes.resource_type <> 'analysis'
    and (misplaced.unique_id is not null or nodes.model_kind <> nodes.folder_kind)
