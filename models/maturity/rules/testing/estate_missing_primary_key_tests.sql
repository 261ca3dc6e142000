{%- set methods = dbt_estate.maturity_setting('primary_key_tests') -%}
with node_tests as (
    select
        node_id,
        coalesce(lower(column_name), '') as column_name,
        concat(test_package, '.', test_name) as test_name
    from {{ ref('dbt_estate', 'estate_rule_tests') }}
    where kind = 'data' and node_id is not null and is_excluded = 0
),

-- A unique test and a constraint of not null are a key as well.
columns_tested as (
    select
        node_id,
        column_name,
        test_name
    from node_tests
    union
    select
        node_unique_id as node_id,
        lower(name) as column_name,
        'not null constraint' as test_name
    from {{ ref('dbt_estate', 'estate_node_settings') }}
    where kind = 'not_null'
),

keys as (
    select
        node_id,
        column_name
    from columns_tested
    group by node_id, column_name
    having
        (
            sum(case when test_name = 'dbt.unique' then 1 else 0 end) > 0
            and sum(case when test_name = 'not null constraint' then 1 else 0 end) > 0
        )
        {%- for tests in methods %}
            or (
                {%- for test in tests %}
                    sum(case when test_name = {{ dbt_estate.literal(test | replace('.test_', '.')) }} then 1 else 0 end)
                    > 0
                    {{- ' and' if not loop.last }}
                {%- endfor %}
            )
        {%- endfor %}
)

select
    nodes.unique_id,
    nodes.resource_name,
    coalesce(nodes.properties_path, nodes.file_path) as file_path,
    'no test says that a key of it is unique and never null' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.is_excluded = 0
    and nodes.resource_type in (
        {%- for kind in dbt_estate.maturity_setting('primary_key_node_types') %}
            {{ dbt_estate.literal(kind) }}{{ ',' if not loop.last }}
        {%- else %}
        ''
    {%- endfor %}
    )
    and not exists (
        select 1
        from keys
        where keys.node_id = nodes.unique_id
    )
