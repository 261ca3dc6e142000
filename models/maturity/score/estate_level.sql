{{ dbt_estate.maturity_table() }}

with counted as (
    select
        coalesce(max(case when is_reached = 1 then level_number end), 0) as level_number,
        sum(features_unknown) as features_unknown,
        sum(weight_used) as weight_used,
        sum(weight_known) as weight_known,
        -- Half for using a feature, and half for its depth.
        sum(10000 * weight_used + depth_steps) as points
    from {{ ref('dbt_estate', 'estate_levels') }}
)

select
    counted.level_number,
    coalesce(levels.level_name, 'None') as level_name,
    case
        when counted.weight_known > 0
            then {{ dbt_estate.share_of('counted.points', '20000 * counted.weight_known', of=100, digits=1) }}
        else 0
    end as score,
    case
        when counted.weight_known > 0 then {{ dbt_estate.share_of('counted.weight_used', 'counted.weight_known') }}
        else 0
    end as completeness,
    counted.features_unknown,
    {{ dbt_estate.literal(dbt_estate.maturity_rule_set()) }} as rule_set
from counted
left join {{ ref('dbt_estate', 'estate_levels') }} as levels on counted.level_number = levels.level_number
