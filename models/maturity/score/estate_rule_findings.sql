{{ dbt_estate.maturity_table() }}

{#- What every rule finds, those with an exception as well. A rule is off where its severity is. -#}
{%- set last = ['unused_exceptions'] -%}
with found as (
    {%- for rule in dbt_estate.maturity_rules() if rule.severity not in ['off', false] and rule.rule not in last %}
        select
            {{ dbt_estate.literal(rule.rule) }} as rule_name,
            given.unique_id,
            given.resource_name,
            given.file_path,
            given.detail
        from {{ ref('dbt_estate', 'estate_' ~ rule.rule) }} as given
        {%- if rule.include or rule.exclude %}
            left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on given.unique_id = nodes.unique_id
            where
                {{ dbt_estate.matches_globs(
                    ['given.unique_id', 'given.file_path', 'nodes.file_path', 'nodes.properties_path'],
                    rule.include, rule.exclude
                ) }}
        {%- endif %}
        union all
    {%- endfor %}
    {%- for kind in ['has_meta_keys', 'name_matches', 'has_test', 'max_parents', 'max_children'] %}
        select
            rule_name,
            unique_id,
            resource_name,
            file_path,
            detail
        from {{ ref('dbt_estate', 'estate_' ~ kind) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select
    found.rule_name,
    found.unique_id,
    found.resource_name,
    found.file_path,
    found.detail
from found
inner join {{ ref('dbt_estate', 'estate_rules') }} as rules on found.rule_name = rules.rule_name
where rules.is_evaluated = 1
