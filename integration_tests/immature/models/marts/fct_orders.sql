{{ config(materialized='incremental') }}
select orders.*
from {{ ref('stg_shop__orders') }} as orders
inner join {{ ref('stg_shop__customers') }} as customers on orders.customer_id = customers.customer_id
inner join {{ ref('int_customers') }} as c on orders.customer_id = c.customer_id
inner join {{ ref('int_nobody') }} as i on orders.order_id = i.order_id
inner join {{ ref('int_loop_totals') }} as t on orders.order_id = t.order_id
inner join {{ ref('stg_shop__payments') }} as p on orders.order_id = p.order_id
left join {{ ref('dim_countries') }} as n on n.code = 'AT'
left join raw_zone.refunds as r on orders.order_id = r.order_id
