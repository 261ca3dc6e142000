{{ dbt_estate.maturity_table() }}

{%- set least = dbt_estate.maturity_setting('level_completeness') -%}
{%- set integer = dbt_estate.data_type('integer') -%}
with levels as (
    {%- for name in dbt_estate.maturity_levels() %}
        select
            cast({{ loop.index }} as {{ integer }}) as level_number,
            {{ dbt_estate.literal(name) }} as level_name
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

features as (
    select
        maturity_level,
        status,
        weight,
        -- In ten thousandths, as whole numbers add up alike everywhere.
        cast(floor(depth * 10000 + 0.5) as {{ integer }}) as depth_steps
    from {{ ref('dbt_estate', 'estate_features') }}
    where weight > 0
),

models as (
    select feature
    from {{ ref('dbt_estate', 'estate_features') }}
    where feature = 'models' and status = 'used'
),

counted as (
    select
        levels.level_number,
        levels.level_name,
        sum(case when features.status = 'used' then 1 else 0 end) as features_used,
        sum(case when features.status in ('used', 'missing') then 1 else 0 end) as features_known,
        sum(case when features.status = 'unknown' then 1 else 0 end) as features_unknown,
        sum(case when features.status = 'not_applicable' then 1 else 0 end) as features_not_applicable,
        sum(case when features.status = 'used' then features.weight else 0 end) as weight_used,
        sum(case when features.status in ('used', 'missing') then features.weight else 0 end) as weight_known,
        sum(case when features.status = 'used' then features.weight * features.depth_steps else 0 end) as depth_steps
    from levels
    left join features on levels.level_number = features.maturity_level
    group by levels.level_number, levels.level_name
),

judged as (
    select
        level_number,
        level_name,
        features_used,
        features_known,
        features_unknown,
        features_not_applicable,
        weight_used,
        weight_known,
        depth_steps,
        case
            when weight_known > 0 then {{ dbt_estate.share_of('weight_used', 'weight_known') }}
        end as completeness,
        case
            when weight_used > 0 then {{ dbt_estate.share_of('depth_steps', '10000 * weight_used') }}
        end as depth,  -- noqa: RF04
        case
            when not exists (select 1 from models) then 0
            when features_known + features_unknown + features_not_applicable = 0 then 1
            when weight_known > 0 and 100 * weight_used >= {{ least }} * weight_known then 1
            else 0
        end as is_complete
    from counted
)

-- Nothing is known of a level without features that can be seen: that is no pass. A level whose features all have
-- weight 0 is skipped.
select
    judged.level_number,
    judged.level_name,
    judged.features_used,
    judged.features_known,
    judged.features_unknown,
    judged.features_not_applicable,
    judged.weight_used,
    judged.weight_known,
    judged.depth_steps,
    judged.completeness,
    judged.depth,
    judged.is_complete,
    case
        when exists (
            select 1
            from judged as lower_ones
            where lower_ones.level_number <= judged.level_number and lower_ones.is_complete = 0
        ) then 0
        else 1
    end as is_reached
from judged
