select 1 as price from {{ ref('stg_shop__payments') }}
