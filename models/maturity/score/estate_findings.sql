{{ dbt_estate.maturity_table() }}

{%- set severities = {} -%}
{%- for rule in dbt_estate.maturity_rules() -%}{%- do severities.update({rule.rule: rule.severity}) -%}{%- endfor -%}
with found as (
    select
        rule_name,
        unique_id,
        resource_name,
        file_path,
        detail
    from {{ ref('dbt_estate', 'estate_rule_findings') }}
    {%- if severities['unused_exceptions'] not in ['off', false] %}
        union all
        select
            'unused_exceptions' as rule_name,
            unique_id,
            resource_name,
            file_path,
            detail
        from {{ ref('dbt_estate', 'estate_unused_exceptions') }}
    {%- endif %}
)

-- Without those that an exception is for; there is none to what is said of exceptions.
select
    found.rule_name,
    rules.area,
    rules.severity,
    found.unique_id,
    found.resource_name,
    found.file_path,
    found.detail
from found
inner join {{ ref('dbt_estate', 'estate_rules') }} as rules on found.rule_name = rules.rule_name
where not exists (
    select 1
    from {{ ref('dbt_estate', 'estate_rule_exceptions') }} as exceptions
    where
        exceptions.is_active = 1
        and found.rule_name not in ('invalid_exceptions', 'expired_exceptions', 'unused_exceptions')
        and (exceptions.rule_name = found.rule_name or exceptions.rule_name = '*')
        and (
            found.unique_id like exceptions.like_pattern escape '!'
            -- What stands at a source is held at each of its tables.
            or (
                found.rule_name = 'undocumented_sources'
                and exceptions.id_pattern like concat(found.unique_id, '.%')
            )
        )
)
