select clients.customer_id, payments.payment_id
from {{ source('crm', 'clients') }} as clients
cross join {{ source('shop', 'payments') }} as payments
