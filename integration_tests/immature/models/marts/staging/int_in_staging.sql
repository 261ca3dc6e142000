select price from {{ ref('fct_prices', v=2) }}
