{{ dbt_estate.maturity_table() }}

select distinct
    parents.unique_id as parent_id,
    parents.resource_type as parent_type,
    parents.resource_name as parent_name,
    parents.is_own as parent_is_own,
    parents.is_installed as parent_is_installed,
    children.unique_id as child_id,
    children.resource_type as child_type,
    children.resource_name as child_name,
    children.is_own as child_is_own,
    children.is_installed as child_is_installed
from {{ ref('dbt_estate', 'estate_edges') }} as edges
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as parents on edges.parent_unique_id = parents.unique_id
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as children on edges.child_unique_id = children.unique_id
