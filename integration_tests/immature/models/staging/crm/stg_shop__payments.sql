select payment_id, order_id
from {{ source('shop', 'payments') }};
