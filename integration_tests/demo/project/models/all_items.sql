{# One store has no table of items: it is left out with a warning. #}
{{ dbt_estate.union_shards(source('store', 'items'), ref('shards'), missing_table='warn') }}
