select
    exceptions.id_pattern as unique_id,
    min(coalesce(nodes.resource_name, exceptions.id_pattern)) as resource_name,
    min(coalesce(nodes.properties_path, nodes.file_path)) as file_path,
    concat(
        min(
            case
                when
                    exceptions.has_reason = 0
                    then concat('the exception to ', exceptions.rule_name, ' gives no reason')
                when exceptions.has_valid_date = 0
                    then concat('the exception to ', exceptions.rule_name, ' ends at no date: ', exceptions.valid_until)
                else concat('there is no rule ', exceptions.rule_name)
            end
        ),
        case when count(*) > 1 then concat(', and ', count(*) - 1, ' more') else '' end
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_exceptions') }} as exceptions
left join {{ ref('dbt_estate', 'estate_rules') }} as rules on exceptions.rule_name = rules.rule_name
left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on exceptions.id_pattern = nodes.unique_id
where
    coalesce(nodes.is_excluded, 0) = 0
    and (
        exceptions.has_reason = 0
        or exceptions.has_valid_date = 0
        or (rules.rule_name is null and coalesce(exceptions.rule_name, '') <> '*')
    )
group by exceptions.id_pattern
