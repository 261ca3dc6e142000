{{ config(materialized='table') }}

select
    shard,
    count(*) as order_count,
    sum(case when status = 'refunded' then 1 else 0 end) as refund_count,
    sum(case when status = 'paid' then total else 0 end) as revenue
from {{ ref('all_orders') }}
group by shard
