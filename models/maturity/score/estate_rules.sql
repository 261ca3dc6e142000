{{ dbt_estate.maturity_table() }}

{#- The fact without which a rule cannot say anything, by what it needs. -#}
{%- set facts = {'files': 'files_read', 'macros': 'macros_read', 'unit_tests': 'unit_tests_read'} -%}
{%- set rules = [] -%}
{%- for rule in dbt_estate.maturity_rules() -%}
    {%- set needed = namespace(fact='') -%}
    {%- for need in rule.needs if need in facts -%}{%- set needed.fact = facts[need] -%}{%- endfor -%}
    {%- do rules.append(dict(rule, fact=needed.fact)) -%}
{%- endfor -%}
{%- for kind in ['has-meta-keys', 'name-matches', 'has-test', 'max-parents', 'max-children'] -%}
    {%- for rule in dbt_estate.declared_rules(kind) -%}
        {%- do rules.append({
            'rule': rule.name, 'area': 'declared', 'feature': none, 'level': none, 'severity': rule.severity,
            'weight': 1, 'needs': [], 'fact': ''
        }) -%}
    {%- endfor -%}
{%- endfor -%}
with rules as (
    {%- for rule in rules %}
        select
            {{ dbt_estate.literal(rule.rule) }} as rule_name,
            {{ dbt_estate.literal(rule.area) }} as area,
            cast({{ dbt_estate.literal(rule.feature) }} as {{ dbt_estate.data_type('text') }}) as feature,
            cast({{ dbt_estate.literal(rule.level) }} as {{ dbt_estate.data_type('integer') }}) as maturity_level,
            {{ dbt_estate.literal(rule.severity or 'off') }} as severity,
            {{ dbt_estate.literal(rule.weight) }} as weight,
            {{ dbt_estate.literal(rule.needs | join(', ')) }} as needs,
            {{ dbt_estate.literal(rule.fact) }} as needed_fact,
            {{ 0 if rule.severity in ['off', false] else 1 }} as is_enabled
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

facts as (
    select distinct name
    from {{ ref('dbt_estate', 'estate_rule_facts') }}
    where kind = 'fact' and name in ('files_read', 'macros_read', 'unit_tests_read')
)

select
    rules.rule_name,
    rules.area,
    rules.feature,
    rules.maturity_level,
    rules.severity,
    rules.weight,
    rules.needs,
    rules.is_enabled,
    case when rules.needed_fact = '' or facts.name is not null then rules.is_enabled else 0 end as is_evaluated
from rules
left join facts on rules.needed_fact = facts.name
