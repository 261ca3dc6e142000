select
    exceptions.id_pattern as unique_id,
    min(coalesce(nodes.resource_name, exceptions.id_pattern)) as resource_name,
    min(coalesce(nodes.properties_path, nodes.file_path)) as file_path,
    concat(
        min(concat('the exception to ', exceptions.rule_name, ' ended at ', exceptions.valid_until)),
        case when count(*) > 1 then concat(', and ', count(*) - 1, ' more') else '' end
    ) as detail
from {{ ref('dbt_estate', 'estate_rule_exceptions') }} as exceptions
left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on exceptions.id_pattern = nodes.unique_id
where exceptions.is_expired = 1 and coalesce(nodes.is_excluded, 0) = 0
group by exceptions.id_pattern
