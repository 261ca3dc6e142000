"""Time `dbt-estate shards generate` and `check`: 5,000 shards x 50 tables, whole processes.

Usage: python benchmarks/bench_generator.py [SHARDS] [TABLES]. Prints the median of 5 of each, and
of a Python process that does nothing, which both include. Exits with 1 when one takes 3 s or more.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

LIMIT_SECONDS = 3.0
REPEATS = 5


def write_project(folder: Path, shards: int, tables: int) -> None:
    (folder / "seeds").mkdir()
    write_registry(folder, shards, "store")
    names = "".join(f"          - table_{number:02}\n" for number in range(1, tables + 1))
    (folder / "dbt_project.yml").write_text(
        "name: bench\nvars:\n  dbt_estate:\n    shards:\n      sources:\n        tables:\n" + names
    )


def write_registry(folder: Path, shards: int, prefix: str) -> None:
    rows = [f"{number:05},{prefix}_{number:05},main,true\n" for number in range(1, shards + 1)]
    header = "shard,database_name,schema_name,is_enabled\n"
    (folder / "seeds" / "shards.csv").write_text(header + "".join(rows))


def seconds(arguments: Sequence[str], expected_exit: int = 0) -> float:
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True)
    elapsed = time.perf_counter() - started
    if done.returncode != expected_exit:
        raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stderr}")
    return elapsed


def main(argv: Sequence[str]) -> int:
    shards, tables = (int(argument) for argument in (*argv, *("5000", "50")[len(argv) :]))
    medians: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, shards, tables)
        estate = ["-m", "dbt_estate", "shards"]
        project = ["--project-dir", name]
        output = folder / "models" / "staging" / "shards.yml"

        def generate_new() -> float:
            output.unlink(missing_ok=True)
            return seconds([*estate, "generate", *project])

        def measure(label: str, one: float) -> None:
            times.setdefault(label, []).append(one)

        times: dict[str, list[float]] = {}
        for _ in range(REPEATS):
            measure("python, doing nothing", seconds(["-c", "pass"]))
            measure("generate, a new file", generate_new())
            measure("generate, again", seconds([*estate, "generate", *project]))
            measure("check, agreeing", seconds([*estate, "check", *project]))
        write_registry(folder, shards, "moved")
        for _ in range(REPEATS):
            measure("check, every shard differs", seconds([*estate, "check", *project], 1))
        medians = {label: statistics.median(values) for label, values in times.items()}
    print(f"{shards:,} shards x {tables} tables, median of {REPEATS}, limit {LIMIT_SECONDS} s")
    for label, median in medians.items():
        print(f"  {label:28} {median:6.2f} s")
    return 0 if max(medians.values()) < LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
