with counted as (
    select
        child_id,
        count(*) as edges
    from {{ ref('dbt_estate', 'estate_rule_edges') }}
    where parent_is_own = 0
    group by child_id
)

select
    cast(null as {{ dbt_estate.data_type('text') }}) as rule_name,
    cast(null as {{ dbt_estate.data_type('text') }}) as unique_id,
    cast(null as {{ dbt_estate.data_type('text') }}) as resource_name,
    cast(null as {{ dbt_estate.data_type('text') }}) as file_path,
    cast(null as {{ dbt_estate.data_type('text') }}) as detail
where 1 = 0
{%- for rule in dbt_estate.declared_rules('max-parents') if rule.severity != 'off' %}

    union all

    select
        {{ dbt_estate.literal(rule.name) }} as rule_name,
        nodes.unique_id,
        nodes.resource_name,
        coalesce(nodes.properties_path, nodes.file_path) as file_path,
        concat('has ', counted.edges, ' parents, and may have {{ rule.maximum }}') as detail
    from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
    inner join counted on nodes.unique_id = counted.child_id
    where
        nodes.is_excluded = 0
        and nodes.resource_type in (
            {%- for kind in rule.resource_types %}{{ dbt_estate.literal(kind) }}{{ ', ' if not loop.last }}{% endfor -%}
        )
        and {{ dbt_estate.matches_globs(['nodes.unique_id', 'nodes.file_path'], rule.include, rule.exclude) }}
        and counted.edges > {{ rule.maximum }}
{%- endfor %}
