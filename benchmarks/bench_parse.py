"""Parse the sources of 1,000 shards x 20 tables: written out, with anchors, and as one source.

Anchors save typing, not parsing: dbt makes a node of every table of every source. A logical source
has one node a table, whatever the number of shards.
Usage: python benchmarks/bench_parse.py [REPEATS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.estates import REPEATS, announce, middle
from tests.support.estate import QUIET_ENVIRONMENT

SHARDS, TABLES = 1000, 20


def sources(kind: str) -> str:
    """Return the YAML of one kind."""
    tables = "".join(f"      - name: table_{n:02}\n" for n in range(TABLES))
    if kind == "one logical source":
        return f"sources:\n  - name: store\n    schema: main\n    tables:\n{tables}"
    text = f"anchors:\n  - &tables\n{tables}" if kind == "anchored" else ""
    text += "sources:\n"
    for n in range(SHARDS):
        shared = "*tables\n" if kind == "anchored" else f"\n{tables}"
        text += f"  - name: shard_{n:04}\n    database: store_{n:04}\n    schema: main\n"
        text += f"    tables: {shared}"
    return text


def parse(kind: str, repeats: int) -> tuple[float, int, float]:
    """Return the median seconds of a cold parse, the sources and the megabytes of the manifest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "models").mkdir()
        (folder / "dbt_project.yml").write_text("name: bench\nprofile: bench\n")
        (folder / "profiles.yml").write_text(
            "bench:\n  target: t\n  outputs:\n    t: {type: duckdb, path: bench.duckdb}\n"
        )
        (folder / "models" / "sources.yml").write_text(sources(kind))
        seconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "dbt.cli.main",
                    "parse",
                    "--no-partial-parse",
                    "--quiet",
                    "--profiles-dir",
                    ".",
                ],
                cwd=folder,
                env=QUIET_ENVIRONMENT,
                check=True,
                capture_output=True,
            )
            seconds.append(time.perf_counter() - started)
        manifest = (folder / "target" / "manifest.json").read_text()
        count = manifest.count('"resource_type": "source"')
        return middle(seconds), count, len(manifest) / 1e6


def main(argv: Sequence[str]) -> int:
    repeats = int(argv[0]) if argv else REPEATS
    announce(f"cold parse of {SHARDS:,} shards x {TABLES} tables, median of {repeats}")
    for kind in ("enumerated", "anchored", "one logical source"):
        seconds, count, size = parse(kind, repeats)
        print(f"  {kind:20} {seconds:6.1f} s  {count:7,} sources  {size:6.1f} MB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
