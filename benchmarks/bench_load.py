"""Load many shards with estate_shards, beside the same union as one table; and after a kill.

Shards are attached DuckDB files: 1,000 and 2,000 of 1,000 rows, and 100 of 100,000.
Usage: python benchmarks/bench_load.py [SHARDS:ROWS ...]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.estates import REPEATS, announce, dbt, kill_at, middle, new_estate, side_by_side

UNION = "{{ dbt_estate.union_shards(source('store', 'orders'), ref('shards')) }}"
CASES = ("1000:1000", "2000:1000", "100:100000")


def measure(shards: int, rows: int) -> float:
    """Print the comparison and return the ratio of the walls."""
    with tempfile.TemporaryDirectory() as folder:
        estate = new_estate(Path(folder), "database", shards, columns=20, rows=rows)
        by_shard = (
            "{{ config(materialized='estate_shards',"
            " meta={'dbt_estate_shards': {'watermark': 'c0'}}) }}"
        )
        estate.write(
            {
                "models/one_table.sql": f"{{{{ config(materialized='table') }}}}\n{UNION}",
                "models/by_shard.sql": f"{by_shard}\n{UNION}",
            }
        )
        cases = {
            "one_table": lambda: dbt(estate, "one_table", "--full-refresh"),
            "by_shard": lambda: dbt(estate, "by_shard", "--full-refresh"),
        }
        runs = side_by_side(cases)
        walls = {name: middle([run.wall for run in found]) for name, found in runs.items()}
        models = {name: middle([run.total for run in found]) for name, found in runs.items()}
        memory = {name: middle([run.megabytes for run in found]) for name, found in runs.items()}
        for name in cases:
            print(
                f"  {name:10} {walls[name]:7.2f} s  (the model {models[name]:.2f} s)"
                f"  {memory[name]:7.0f} MB"
            )
        ratio = walls["by_shard"] / walls["one_table"]
        lean = memory["by_shard"] / memory["one_table"]
        print(f"  ratio      {ratio:7.2f}    {lean:7.2f}", flush=True)
        again = middle([dbt(estate, "by_shard").total for _ in range(3)])
        print(f"  by_shard again, nothing new: {again:.2f} s")
        estate.execute(f"drop table {estate.relation('by_shard')}")
        estate.workspace.disconnect()
        done = int(shards * 0.9) // 25 * 25
        kill_at(estate, "by_shard", f"{done} of {shards} shards")
        print(
            f"  killed at {done} of {shards}; the next run: {dbt(estate, 'by_shard').total:.2f} s"
        )
    return ratio


def main(argv: Sequence[str]) -> int:
    worst = 0.0
    for case in argv or CASES:
        shards, rows = (int(part) for part in case.split(":"))
        announce(f"load {shards:,} shards x {rows:,} rows x 20 columns, median of {REPEATS}")
        worst = max(worst, measure(shards, rows))
    print(f"worst ratio {worst:.2f}, limit 1.10")
    return 0 if worst <= 1.10 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
