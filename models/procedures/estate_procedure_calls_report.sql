{{ config(materialized='view') }}

with calls as (
    select
        ledger.{{ dbt_estate.identifier('operation') }} as operation,  -- noqa: RF04
        ledger.{{ dbt_estate.identifier('batch') }} as batch,
        ledger.status,
        ledger.attempt,
        ledger.error,
        ledger.started_at,
        ledger.finished_at,
        {{ datediff('ledger.started_at', 'ledger.finished_at', 'millisecond') }} / 1000.0 as seconds
    from {{ dbt_estate.procedure_calls() }} as ledger
)

select
    operation,
    batch,
    count(*) as calls,
    sum(case when status = 'succeeded' then 1 else 0 end) as succeeded,
    sum(case when status = 'failed' then 1 else 0 end) as failed,
    sum(case when status = 'skipped' then 1 else 0 end) as skipped,
    sum(case when status in ('in_doubt', 'running') then 1 else 0 end) as open_calls,
    sum(attempt) as attempts,
    min(started_at) as begun_at,
    max(finished_at) as ended_at,
    sum(seconds) as seconds,
    max(seconds) as slowest_seconds,
    max(error) as an_error
from calls
group by operation, batch
