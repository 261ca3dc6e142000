select 2 as price from {{ ref('stg_shop__payments') }}
