select
    tests.unique_id,
    tests.resource_name,
    tests.file_path,
    concat('tests ', nodes.resource_name, ', which is in ', nodes.folder_path) as detail
from {{ ref('dbt_estate', 'estate_rule_tests') }} as tests
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes on tests.node_id = nodes.unique_id
where
    tests.kind = 'data'
    and tests.is_excluded = 0
    and nodes.resource_type = 'model'
    and tests.folder_path <> nodes.folder_path
