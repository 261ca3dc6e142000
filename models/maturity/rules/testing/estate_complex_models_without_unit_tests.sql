select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    concat('has ', facts.fact_value, ' lines of SQL and no unit test') as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
where
    facts.kind = 'fact'
    and facts.name = 'sql_lines'
    and facts.resource_type = 'model'
    and facts.is_excluded = 0
    and cast(facts.fact_value as bigint) >= {{ dbt_estate.rule_setting('complex_models_without_unit_tests', 'lines') }}
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_rule_tests') }} as tests
        where tests.node_id = facts.unique_id and tests.kind = 'unit'
    )
