select order_id, 4 as step
from {{ ref('int_chain_3') }}
