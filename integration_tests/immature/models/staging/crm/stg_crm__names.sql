select customer_id
from {{ ref('stg_crm__clients') }}
