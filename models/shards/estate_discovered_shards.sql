{{ config(materialized='view') }}

{{ dbt_estate.discovered_shards() }}
