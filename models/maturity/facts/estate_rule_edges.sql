{{ dbt_estate.maturity_table() }}

select distinct
    parents.unique_id as parent_id,
    parents.resource_type as parent_type,
    parents.resource_name as parent_name,
    parents.model_kind as parent_kind,
    parents.materialized as parent_materialized,
    parents.access_level as parent_access,
    parents.is_own as parent_is_own,
    parents.is_installed as parent_is_installed,
    parents.is_excluded as parent_is_excluded,
    children.unique_id as child_id,
    children.resource_type as child_type,
    children.resource_name as child_name,
    children.file_path as child_file_path,
    children.model_kind as child_kind,
    children.is_own as child_is_own,
    children.is_installed as child_is_installed,
    children.is_excluded as child_is_excluded
from {{ ref('dbt_estate', 'estate_edges') }} as edges
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as parents on edges.parent_unique_id = parents.unique_id
inner join {{ ref('dbt_estate', 'estate_rule_nodes') }} as children on edges.child_unique_id = children.unique_id
-- An analysis is built nowhere: what only it reads, nothing uses.
where children.resource_type <> 'analysis'
