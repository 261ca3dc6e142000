select customer_id from {{ source('shop', 'customers') }}
