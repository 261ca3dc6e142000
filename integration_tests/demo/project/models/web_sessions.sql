{# The visits to the web shop: a visit ends with a pause of more than 30 minutes. #}
{{ config(
    materialized='estate_sessions',
    meta={
        'dbt_estate_sessions': {
            'entity': 'visitor',
            'event_time': 'event_at',
            'arrival_time': 'loaded_at',
            'event_id': 'event_id'
        }
    }
) }}
select
    visitor,
    session_id,
    min(event_at) as started_at,
    max(event_at) as ended_at,
    count(*) as events,
    max(case when page = 'checkout' then 1 else 0 end) as is_order
from {{ dbt_estate.sessionized(source('web', 'events')) }} as events
group by visitor, session_id
