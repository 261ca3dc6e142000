"""`dbt-estate check` on generated projects of 3,000 and 10,000 models, 50 of which are not right.

The whole process is measured, with the look whether the manifest is as new as the files, which are
in the cache of the system. Usage: python benchmarks/bench_check.py
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from benchmarks.estates import REPEATS, announce, middle

LIMITS = {3000: 1.5, 10_000: 3.0}
WRONG = 50
LINES = "".join(f"    column_{n} as column_{n},\n" for n in range(1, 10))
CONFIG = {"enabled": True, "materialized": "table", "tags": [], "meta": {}, "access": "protected"}


def columns() -> dict[str, Any]:
    return {
        f"column_{n}": {"name": f"column_{n}", "description": f"What column {n} says."}
        for n in range(10)
    }


def model(name: str, folder: str, parent: str, read: str, described: bool) -> dict[str, Any]:
    code = f"select\n{LINES}    column_0\nfrom {{{{ {read} }}}}"
    return {
        "unique_id": f"model.big.{name}", "name": name, "resource_type": "model",
        "package_name": "big", "original_file_path": f"models/{folder}/{name}.sql",
        "fqn": ["big", *folder.split("/"), name], "alias": name, "config": CONFIG,
        "raw_code": code, "language": "sql", "description": "A table." if described else "",
        "columns": columns(), "depends_on": {"nodes": [parent], "macros": []},
        "patch_path": f"big://models/{folder}/_{folder.rpartition('/')[2]}.yml",
        "checksum": {"name": "sha256", "checksum": hashlib.sha256(code.encode()).hexdigest()},
        "compiled_code": "select * from a\n" * 40,
    }  # fmt: skip


def tests(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "unique_id": f"test.big.{test}_{node['name']}_{column}", "resource_type": "test",
            "name": f"{test}_{node['name']}_{column}", "package_name": "big", "fqn": ["big"],
            "config": {**CONFIG, "severity": "ERROR"}, "column_name": column,
            "original_file_path": node["patch_path"].removeprefix("big://"),
            "test_metadata": {"name": test, "kwargs": {"column_name": column}},
            "attached_node": node["unique_id"],
            "depends_on": {"nodes": [node["unique_id"]], "macros": []},
        }
        for test, column in (("unique", "column_0"), ("not_null", "column_0"),
                             ("not_null", "column_1"))
    ]  # fmt: skip


def write_project(root: Path, models: int) -> None:
    nodes: list[dict[str, Any]] = []
    sources: dict[str, Any] = {}
    listed: dict[str, list[dict[str, Any]]] = {}
    for n in range(models // 2):
        source = f"source.big.app_{n // 100}.t_{n}"
        sources[source] = {
            "unique_id": source, "name": f"t_{n}", "source_name": f"app_{n // 100}",
            "resource_type": "source", "package_name": "big", "identifier": f"t_{n}",
            "schema": "app", "description": "As it comes.", "source_description": "The shop.",
            "original_file_path": f"models/staging/app_{n // 100}/_app_{n // 100}.yml",
            "fqn": ["big"], "freshness": {"warn_after": {"count": 1, "period": "day"}},
            "config": {"enabled": True},
        }  # fmt: skip
        staging = f"staging/app_{n // 100}"
        read = f"source('app_{n // 100}', 't_{n}')"
        nodes.append(model(f"stg_app__{n}", staging, source, read, True))
        mart = f"marts/area_{n // 100}"
        parent = f"model.big.stg_app__{n}"
        is_right = n * WRONG // (models // 2) == (n - 1) * WRONG // (models // 2)
        nodes.append(model(f"fct_{n}", mart, parent, f"ref('stg_app__{n}')", is_right))
    for node in nodes:
        path = root / node["original_file_path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(node["raw_code"] + "\n", encoding="utf-8")
        entry = {"name": node["name"], "columns": list(node["columns"].values())}
        listed.setdefault(node["patch_path"].removeprefix("big://"), []).append(entry)
    for place, entries in listed.items():
        (root / place).write_text(yaml.safe_dump({"models": entries}), encoding="utf-8")
    (root / "dbt_project.yml").write_text("name: big\nprofile: big\n", encoding="utf-8")
    everything = [*nodes, *(test for node in nodes for test in tests(node))]
    later = datetime.now(timezone.utc) + timedelta(minutes=5)
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
        "project_name": "big", "generated_at": later.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    manifest = {
        "metadata": metadata, "sources": sources,
        "nodes": {node["unique_id"]: node for node in everything},
    }  # fmt: skip
    (root / "target").mkdir()
    (root / "target" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def check(root: Path) -> float:
    """Return the seconds of one process, which must find what is not right, and no more."""
    command = [
        sys.executable,
        "-m",
        "dbt_estate",
        "check",
        "--parse",
        "require",
        "--format",
        "json",
    ]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)["findings"]
    names = {item["resource_name"] for item in found if item["rule"] == "undocumented_models"}
    if len(names) != WRONG or len(found) != WRONG + 1:
        raise SystemExit(f"not what was to be found: {found[:20]}")
    return seconds


def main() -> int:
    announce(f"dbt-estate check, the whole process, median of {REPEATS}")
    is_within = True
    for models, limit in LIMITS.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_project(root, models)
            check(root)
            seconds = middle([check(root) for _ in range(REPEATS)])
            size = (root / "target" / "manifest.json").stat().st_size / 1e6
        is_within &= seconds <= limit
        print(f"  {models:6,} models, {size:5.1f} MB: {seconds:5.2f} s, limit {limit}")
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
