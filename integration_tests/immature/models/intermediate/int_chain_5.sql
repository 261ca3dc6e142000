select order_id, 5 as step
from {{ ref('int_chain_4') }}
