select order_id, 2 as step
from {{ ref('int_chain_1') }}
