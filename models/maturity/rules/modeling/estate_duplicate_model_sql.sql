with texts as (
    select
        fact_value,
        min(resource_name) as first_name,
        max(resource_name) as last_name
    from {{ ref('dbt_estate', 'estate_rule_facts') }}
    where kind = 'fact' and name = 'sql_hash' and resource_type = 'model' and is_excluded = 0
    group by fact_value
    having count(*) > 1
)

select
    facts.unique_id,
    facts.resource_name,
    facts.file_path,
    concat(
        'has the same SQL as ',
        case when facts.resource_name = texts.first_name then texts.last_name else texts.first_name end
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_facts') }} as facts
inner join texts on facts.fact_value = texts.fact_value
where facts.kind = 'fact' and facts.name = 'sql_hash' and facts.resource_type = 'model' and facts.is_excluded = 0
