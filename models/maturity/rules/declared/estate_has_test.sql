select
    cast(null as {{ dbt_estate.data_type('text') }}) as rule_name,
    cast(null as {{ dbt_estate.data_type('text') }}) as unique_id,
    cast(null as {{ dbt_estate.data_type('text') }}) as resource_name,
    cast(null as {{ dbt_estate.data_type('text') }}) as file_path,
    cast(null as {{ dbt_estate.data_type('text') }}) as detail
where 1 = 0
{%- for rule in dbt_estate.declared_rules('has-test') if rule.severity != 'off' %}

    union all

    select
        {{ dbt_estate.literal(rule.name) }} as rule_name,
        nodes.unique_id,
        nodes.resource_name,
        coalesce(nodes.properties_path, nodes.file_path) as file_path,
    {{ dbt_estate.literal(
        'has fewer than ' ~ rule.minimum ~ ' of the tests ' ~ rule.tests | join(', ')
    ) }} as detail
    from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
    where
        nodes.is_excluded = 0
        and nodes.resource_type in (
            {%- for kind in rule.resource_types %}{{ dbt_estate.literal(kind) }}{{ ', ' if not loop.last }}{% endfor -%}
        )
        and {{ dbt_estate.matches_globs(['nodes.unique_id', 'nodes.file_path'], rule.include, rule.exclude) }}
        and (
            select count(*)
            from {{ ref('dbt_estate', 'estate_rule_tests') }} as tests
            where
                tests.node_id = nodes.unique_id
                and tests.kind = 'data'
                and (
                    {%- for test in rule.tests %}
                {{ dbt_estate.matches_globs(
                    ["concat(tests.test_package, '.', tests.test_name)"] if '.' in test else ['tests.test_name'],
                    [test], []
                ) }}
                        {{- ' or' if not loop.last }}
                    {%- endfor %}
                )
        ) < {{ rule.minimum }}
{%- endfor %}
