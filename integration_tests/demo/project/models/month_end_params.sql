{# A row for each call of close_month, see vars in dbt_project.yml. A view, so that a call sees what is there. #}
select
    shard as store,
    cast('2026-03-01' as date) as month_start
from {{ ref('shards') }}
where
    region = 'west'
    and is_enabled
