SELECT order_id, customer_id FROM {{ ref('stg_shop__orders') }}
