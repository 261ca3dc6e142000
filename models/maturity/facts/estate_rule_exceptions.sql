{{ dbt_estate.maturity_table() }}

{%- set seed = dbt_estate.maturity_exceptions() -%}
{%- set text = dbt_estate.data_type('text') -%}
select
    unique_id as id_pattern,
    rule_name,
    reason,
    valid_until,
    owner as owner_name,
    'meta' as origin
from {{ ref('dbt_estate', 'estate_node_exceptions') }}
{% if seed %}
    union all
    select
        unique_id as id_pattern,
        rule_name,
        cast(reason as {{ text }}) as reason,
        cast(valid_until as {{ text }}) as valid_until,
        cast(owner as {{ text }}) as owner_name,
        'seed' as origin
    from {{ ref(seed) }}
{% endif %}
