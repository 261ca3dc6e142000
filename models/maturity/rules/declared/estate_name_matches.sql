select
    cast(null as {{ dbt_estate.data_type('text') }}) as rule_name,
    cast(null as {{ dbt_estate.data_type('text') }}) as unique_id,
    cast(null as {{ dbt_estate.data_type('text') }}) as resource_name,
    cast(null as {{ dbt_estate.data_type('text') }}) as file_path,
    cast(null as {{ dbt_estate.data_type('text') }}) as detail
where 1 = 0
{%- for rule in dbt_estate.declared_rules('name-matches') if rule.severity != 'off' %}

    union all

    select
        {{ dbt_estate.literal(rule.name) }} as rule_name,
        nodes.unique_id,
        nodes.resource_name,
        coalesce(nodes.properties_path, nodes.file_path) as file_path,
        {{ dbt_estate.literal('the name is not like ' ~ rule.patterns | join(' or ')) }} as detail
    from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
    where
        nodes.is_excluded = 0
        and nodes.resource_type in (
            {%- for kind in rule.resource_types %}{{ dbt_estate.literal(kind) }}{{ ', ' if not loop.last }}{% endfor -%}
        )
        and {{ dbt_estate.matches_globs(['nodes.unique_id', 'nodes.file_path'], rule.include, rule.exclude) }}
        and not {{ dbt_estate.matches_globs(
            ["replace(nodes.resource_name, concat('.v', coalesce(nodes.model_version, '?')), '')"], rule.patterns, []
        ) }}
{%- endfor %}
