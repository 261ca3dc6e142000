select order_id, 1 as step
from {{ ref('int_loop_totals') }}
