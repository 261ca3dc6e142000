select order_id, 3 as step
from {{ ref('int_chain_2') }}
