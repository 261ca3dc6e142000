select cast(customer_id as integer) as customer_id
from {{ ref('stg_shop__customers') }}
