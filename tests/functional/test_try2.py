import pytest
from tests.support.estate import Estate

@pytest.mark.adapters("duckdb", "postgres")
def test_try(estate: Estate):
    duck = estate.adapter_type == 'duckdb'
    rows=[]
    def add(i):
        name=f"store_{i}"
        if duck: estate.add_databases(name); db,sc=name,'main'
        else: estate.create_schema(name); db,sc=estate.database,name
        rel=estate.relation('orders', sc, db)
        estate.execute(f"create table {rel} (id {'bigint' if i==2 else 'int'}, amount decimal({10+i},2), upd timestamp {', note varchar(20)' if i==1 else ''})")
        estate.execute(f"insert into {rel} (id, amount,upd) values ({i}, {i}.25, '2026-01-01 00:00:00'),({i+10}, {i}.25, '2026-01-02 00:00:00')")
        rows.append((name,db,sc))
        vals=' union all '.join("select '%s' as shard, '%s' as database_name, '%s' as schema_name, true as is_enabled" % tuple(x.replace("'","''") for x in r) for r in rows)
        estate.write({'models/shards.sql': "{{config(materialized='table')}} "+vals})
    for i in range(4): add(i)
    estate.write({
      'models/src.yml': 'sources:\n  - name: store\n    schema: x\n    tables: [{name: orders}]\n',
      'models/all_orders.sql': "{{ config(materialized='estate_shards', meta={'dbt_estate_shards': {'watermark': 'upd'}}) }}\n{{ dbt_estate.union_shards(source('store','orders'), ref('shards')) }}",
      'models/full_orders.sql': "{{ config(materialized='estate_shards') }}\n{{ dbt_estate.union_shards(source('store','orders'), ref('shards')) }}",
    })
    def show():
        for m in ('all_orders','full_orders'): print(estate.sql(f"select * from {estate.relation(m)} order by shard, id"))
        for r in estate.sql(f"select * from {estate.relation('estate_shard_loads')} order by 1,2,3"): print(r)
    r=estate.run_dbt(['run']); print(r.output); show()
    r=estate.run_dbt(['run']); print(r.output); show()
    add(4); estate.execute(f"insert into {estate.relation('orders', rows[0][2], rows[0][1])} values (99, 1.5, '2026-01-03 00:00:00')")
    r=estate.run_dbt(['run']); print(r.output); show()
    r=estate.run_dbt(['run', '--full-refresh']); print(r.output); show()
    r=estate.run_dbt(['run', '--empty']); print(r.output); show()
    estate.write({'models/src2.yml':'models: []\n'})
    x=estate.run_dbt(['run']); 
    print('\n----\n'.join(x.queries))
