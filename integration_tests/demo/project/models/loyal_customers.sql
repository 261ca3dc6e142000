{# A query of one's own for every store: here a join inside the store. #}
{% call(shard) dbt_estate.for_each_shard(ref('shards')) %}
select
    {{ dbt_estate.literal(shard.shard) }} as shard,
    customers.customer_id,
    customers.name,
    count(*) as order_count
from {{ dbt_estate.shard_relation(shard, source('store', 'customers')) }} as customers
join {{ dbt_estate.shard_relation(shard, source('store', 'orders')) }} as orders
    on orders.customer_id = customers.customer_id
group by customers.customer_id, customers.name
having count(*) >= 10
{% endcall %}
