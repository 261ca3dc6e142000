{# A table, loaded store by store: what is new since the last run, and a new store as a whole. #}
{{ config(
    materialized='estate_shards',
    unique_key='order_id',
    meta={'dbt_estate_shards': {'watermark': 'updated_at', 'batch_size': 5}}
) }}

{{ dbt_estate.union_shards(source('store', 'orders'), ref('shards')) }}
