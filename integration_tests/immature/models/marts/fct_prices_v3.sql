select 3 as price from {{ ref('stg_shop__payments') }}
