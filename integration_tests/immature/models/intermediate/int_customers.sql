select customers.customer_id
from {{ ref('stg_shop__customers') }} as customers
inner join {{ source('shop', 'orders') }} as orders on customers.customer_id = orders.customer_id
