select order_id, customer_id, {{ euros('amount') }} as amount
from {{ source('shop', 'orders') }}
