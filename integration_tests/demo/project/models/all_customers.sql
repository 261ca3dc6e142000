{# A view over all stores. Stores without a column have NULL there; the region comes from the registry. #}
{{ dbt_estate.union_shards(
    source('store', 'customers'),
    ref('shards'),
    options={'shard_columns': ['shard', 'region']}
) }}
