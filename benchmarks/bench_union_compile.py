"""Compile a union of 1,000 and 2,000 shards x 50 columns, beside a loop with no introspection.

The baselines are the plain loop that most projects have, and one metadata query a relation, which
is how a union usually learns its columns. Usage: python benchmarks/bench_union_compile.py
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.estates import REPEATS, Run, announce, dbt, middle, new_estate, side_by_side

LIMIT_SECONDS = 0.5
MODELS = {
    "union_shards": "{{ dbt_estate.union_shards(source('store', 'orders'), ref('shards')) }}",
    "plain_loop": """
{% set query = 'select shard, database_name, schema_name from ' ~ ref('shards') %}
{% set rows = run_query(query).rows if execute else [] %}
{% for row in rows %}
select '{{ row[0] }}' as shard, * from "{{ row[1] }}"."{{ row[2] }}"."orders"
{% if not loop.last %}union all{% endif %}
{% endfor %}""",
    "query_a_relation": """
{% set query = 'select shard, database_name, schema_name from ' ~ ref('shards') %}
{% set rows = run_query(query).rows if execute else [] %}
{% for row in rows %}
{% set relation = api.Relation.create(database=row[1], schema=row[2], identifier='orders') %}
{% set columns = adapter.get_columns_in_relation(relation) | map(attribute='quoted') | join(', ') %}
select '{{ row[0] }}' as shard, {{ columns }} from {{ relation }}
{% if not loop.last %}union all{% endif %}
{% endfor %}""",
}


def measure(shards: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        estate = new_estate(Path(folder), "schema", shards, columns=50, rows=1)
        estate.write({f"models/{name}.sql": text for name, text in MODELS.items()})

        def compile_once(model: str) -> Run:
            return dbt(estate, model, command="compile")

        runs = side_by_side({name: partial(compile_once, name) for name in MODELS})
        result = estate.run_dbt(["compile", "--select", "union_shards"])
        queries = [query for query in result.queries if "duckdb_columns()" in query]
        print(f"  metadata queries of union_shards at {shards:,} shards: {len(queries)}")
        if len(queries) != 1:
            raise SystemExit("more than one metadata query")
    return {name: middle([run.compile for run in found]) for name, found in runs.items()}


def main() -> int:
    found = {}
    for shards in (1000, 2000):
        announce(f"compile of a union over {shards:,} shards x 50 columns, median of {REPEATS}")
        found[shards] = measure(shards)
        loop = found[shards]["plain_loop"]
        for name, seconds in found[shards].items():
            print(f"  {name:18} {seconds:7.2f} s  {seconds - loop:+6.2f} s to the loop")
    growth = found[2000]["union_shards"] / found[1000]["union_shards"]
    above = found[1000]["union_shards"] - found[1000]["plain_loop"]
    print(
        f"  twice the shards take {growth:.1f} times as long; limit {LIMIT_SECONDS} s over the loop"
    )
    return 0 if above <= LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
