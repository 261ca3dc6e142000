"""Load generated manifests of 1,000, 3,000 and 10,000 models into the Information Schema.

Each run is a process of its own; printed are the least of their seconds of CPU, as others on the
machine can only add to them, and the most of their memory.
Usage: python benchmarks/bench_info_schema.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.estates import REPEATS, announce

LIMITS = {1000: 0.8, 3000: 0.8, 10_000: 2.0}
CHILD = """
import resource, sys, time
from pathlib import Path
from dbt_estate.info_schema.load import Artifacts, load
before = time.process_time()
load(Artifacts(Path(sys.argv[1])))
used = resource.getrusage(resource.RUSAGE_SELF)
print(time.process_time() - before, used.ru_maxrss / 1024)
"""
SQL = (
    "with source as (\n    select * from {{ ref('a') }} -- as it comes\n)\n\nselect\n"
    + "".join(f"    source.column_{n} as another_{n},\n" for n in range(30))
    + "    'text' as kind\nfrom source\n"
)


def manifest(models: int) -> dict[str, Any]:
    """Make models of ten columns with two parents and three tests each, and a thousand macros."""
    nodes: dict[str, Any] = {}
    config = {"enabled": True, "materialized": "view", "tags": [], "meta": {}, "grants": {}}
    for n in range(models):
        model = f"model.big.model_{n}"
        parents = [f"model.big.model_{n // 2}", f"model.big.model_{n // 3}"] if n > 3 else []
        columns = {
            f"column_{c}": {"name": f"column_{c}", "description": f"What column {c} says."}
            for c in range(10)
        }
        nodes[model] = {
            "unique_id": model, "name": f"model_{n}", "resource_type": "model",
            "package_name": "big", "original_file_path": f"models/model_{n}.sql",
            "fqn": ["big", f"model_{n}"], "alias": f"model_{n}", "config": config,
            "raw_code": SQL, "language": "sql",
            "columns": columns, "depends_on": {"nodes": parents, "macros": ["macro.big.m"]},
            "compiled_code": "select * from a\n" * 40,
        }  # fmt: skip
        for c in range(3):
            test = f"test.big.not_null_{n}_{c}"
            nodes[test] = {
                "unique_id": test, "name": f"not_null_{n}_{c}", "resource_type": "test",
                "package_name": "big", "config": {**config, "severity": "ERROR"},
                "original_file_path": "models/all.yml", "fqn": ["big", test],
                "test_metadata": {"name": "not_null", "kwargs": {"column_name": f"column_{c}"}},
                "attached_node": model, "depends_on": {"nodes": [model], "macros": []},
            }  # fmt: skip
    version = "https://schemas.getdbt.com/dbt/manifest/v12.json"
    macros = {
        f"macro.dbt.m{n}": {"unique_id": f"macro.dbt.m{n}", "name": f"m{n}", "macro_sql": "x" * 800}
        for n in range(1000)
    }
    metadata = {"dbt_schema_version": version, "project_name": "big"}
    return {"metadata": metadata, "nodes": nodes, "macros": macros}


def main() -> int:
    announce(f"the loader on generated manifests, least of {REPEATS}")
    is_within = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.json"
        for models, limit in LIMITS.items():
            path.write_text(json.dumps(manifest(models)), encoding="utf-8")
            found = [
                subprocess.run(
                    [sys.executable, "-c", CHILD, str(path)],
                    capture_output=True, encoding="utf-8", check=True,
                ).stdout.split()
                for _ in range(REPEATS)
            ]  # fmt: skip
            seconds = min(float(run[0]) for run in found)
            memory = max(float(run[1]) for run in found)
            size = path.stat().st_size / 1e6
            print(
                f"  {models:6,} models, {size:6.1f} MB: {seconds:.2f} s of CPU (limit {limit}), "
                f"{memory:.0f} MB of memory"
            )
            is_within &= seconds <= limit
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
