{#- The ledger lives in the model's own database and schema, since a transaction may not reach further. One row a
    shard and slot: `live` is the table that is read, `next` the one that a full refresh fills. A row says `loaded`
    until its pass has ended, then `complete`. -#}
{% macro _shard_ledger(target) -%}
    {%- set ledger = target.incorporate(path={'identifier': 'estate_shard_loads'}, type='table') -%}
    {%- if load_cached_relation(ledger) is none -%}
        {%- do dbt_estate.create_table_once(ledger, {
            'model': 'name', 'slot': 'name', 'shard': 'name', 'generation': 'integer', 'fingerprint': 'name',
            'status': 'name',
            'row_count': 'integer', 'watermark': 'name', 'started_at': 'timestamp', 'finished_at': 'timestamp',
            'invocation_id': 'name'
        }) -%}
    {%- endif -%}
    {{- return(ledger) -}}
{%- endmacro %}


{% macro _ledger_condition(slot, shards=none) -%}
    {%- set names = [] -%}
    {%- for shard in shards or [] -%}{%- do names.append(dbt_estate.literal(shard)) -%}{%- endfor -%}
    {{- return(
        dbt_estate.identifier('model') ~ ' = ' ~ dbt_estate.literal(this.identifier)
        ~ ' and slot = ' ~ dbt_estate.literal(slot)
        ~ (' and shard in (' ~ names | join(', ') ~ ')' if names)
    ) -}}
{%- endmacro %}


{#- Shard to its row: fingerprint, row_count, generation, status and is_recent (loaded within resume_minutes). -#}
{% macro _ledger_rows(ledger, slot, settings) -%}
    {%- set query -%}
select
    shard,
    fingerprint,
    row_count,
    generation,
    status,
    case
        when {{ dbt.dateadd('minute', settings.resume_minutes, 'finished_at') }} > {{ dbt_estate.now() }} then 1 else 0
    end as is_recent
from {{ ledger }}
where {{ dbt_estate._ledger_condition(slot) }}
    {%- endset -%}
    {%- set rows = {} -%}
    {%- for row in run_query(query).rows -%}
        {%- do rows.update({row[0]: {
            'fingerprint': row[1], 'row_count': row[2], 'generation': row[3], 'status': row[4], 'is_recent': row[5] == 1
        }}) -%}
    {%- endfor -%}
    {{- return(rows) -}}
{%- endmacro %}


{% macro _seal_sql(ledger) -%}
update {{ ledger }}
set status = 'complete'
where {{ dbt_estate._ledger_condition('live') }}
{%- endmacro %}
