select a.order_id
from {{ ref('stg_shop__orders') }} as a
inner join {{ ref('int_loop_orders') }} as b on a.order_id = b.order_id
