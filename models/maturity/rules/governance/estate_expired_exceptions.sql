select
    exceptions.id_pattern as unique_id,
    exceptions.id_pattern as resource_name,
    min(nodes.properties_path) as file_path,
    min(concat('the exception to ', exceptions.rule_name, ' ended at ', exceptions.valid_until)) as detail
from {{ ref('dbt_estate', 'estate_rule_exceptions') }} as exceptions
left join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on exceptions.id_pattern = nodes.unique_id
where exceptions.is_expired = 1 and coalesce(nodes.is_excluded, 0) = 0
group by exceptions.id_pattern
