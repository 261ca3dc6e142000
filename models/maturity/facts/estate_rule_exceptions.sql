{{ dbt_estate.maturity_table() }}

{%- set seed = dbt_estate.maturity_exceptions() -%}
{%- set text = dbt_estate.data_type('text') -%}
{%- set today = dbt_estate.literal(dbt_estate.maturity_setting('today')) -%}
with given as (
    select
        unique_id as id_pattern,
        replace(replace(replace(unique_id, '!', '!!'), '_', '!_'), '%', '!%') as like_pattern,
        rule_name,
        reason,
        valid_until,
        owner as owner_name,
        'meta' as origin
    from {{ ref('dbt_estate', 'estate_node_exceptions') }}
    {%- if seed %}
        union all
        select
            unique_id as id_pattern,
            replace(replace(replace(replace(unique_id, '!', '!!'), '_', '!_'), '%', '!%'), '*', '%') as like_pattern,
            rule_name,
            cast(reason as {{ text }}) as reason,
            cast(valid_until as {{ text }}) as valid_until,
            cast(owner as {{ text }}) as owner_name,
            'seed' as origin
        from {{ ref(project_name, seed) }}
    {%- endif %}
),

dated as (
    select
        id_pattern,
        like_pattern,
        rule_name,
        reason,
        valid_until,
        owner_name,
        origin,
        case when coalesce(trim(reason), '') = '' then 0 else 1 end as has_reason,
        case
            when coalesce(valid_until, '') = '' then 1
            when
                valid_until like '____-__-__'
                and substring(valid_until, 1, 4) between '0000' and '9999'
                and substring(valid_until, 6, 2) between '01' and '12'
                and substring(valid_until, 9, 2) between '01' and '31'
                then 1
            else 0
        end as has_valid_date
    from given
)

-- It counts with a reason, to the end of the day that it names.
select
    id_pattern,
    like_pattern,
    rule_name,
    reason,
    valid_until,
    owner_name,
    origin,
    has_reason,
    has_valid_date,
    case when has_valid_date = 1 and valid_until <> '' and valid_until < {{ today }} then 1 else 0 end as is_expired,
    case
        when has_reason = 0 or has_valid_date = 0 then 0
        when coalesce(valid_until, '') = '' or valid_until >= {{ today }} then 1
        else 0
    end as is_active
from dated
