{#- Of a rule that is off or not evaluated here, nothing is known. -#}
select
    exceptions.id_pattern as unique_id,
    min(coalesce(nodes.resource_name, exceptions.id_pattern)) as resource_name,
    min(coalesce(nodes.properties_path, nodes.file_path)) as file_path,
    concat(
        min(concat('the exception to ', exceptions.rule_name, ' is for nothing that the rule finds')),
        case when count(*) > 1 then concat(', and ', count(*) - 1, ' more') else '' end
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_exceptions') }} as exceptions
left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on exceptions.id_pattern = nodes.unique_id
where
    exceptions.is_active = 1
    and coalesce(nodes.is_excluded, 0) = 0
    and (
        exceptions.rule_name = '*'
        or exists (
            select 1
            from {{ ref('dbt_estate', 'estate_rules') }} as rules
            where rules.rule_name = exceptions.rule_name and rules.is_evaluated = 1
        )
    )
    and not exists (
        select 1
        from {{ ref('dbt_estate', 'estate_rule_findings') }} as findings
        where
            (findings.rule_name = exceptions.rule_name or exceptions.rule_name = '*')
            and (
                findings.unique_id like exceptions.like_pattern escape '!'
                or (
                    findings.rule_name = 'undocumented_sources'
                    and exceptions.id_pattern like concat(findings.unique_id, '.%')
                )
            )
    )
group by exceptions.id_pattern
