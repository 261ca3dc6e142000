"""Projects of many generated shards on DuckDB, and one run of dbt in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

from tests.support.engines import DuckDBWorkspace
from tests.support.estate import QUIET_ENVIRONMENT, Estate

REPEATS = 5
SOURCE = """
sources:
  - name: store
    schema: main
    tables: [{name: orders}]
"""

# One run of one model: how long the model took, how much memory the process had at most.
CHILD = """
import json, resource, sys
from dbt.cli.main import dbtRunner
answer = dbtRunner().invoke(sys.argv[1:])
if not answer.success:
    sys.exit(f"dbt failed: {answer.exception or [r.message for r in answer.result]}")
seconds = {}
for result in answer.result:
    for timing in result.timing:
        passed = (timing.completed_at - timing.started_at).total_seconds()
        seconds[timing.name] = seconds.get(timing.name, 0) + passed
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print("measured " + json.dumps({**seconds, "megabytes": memory}))
"""


@dataclass(frozen=True)
class Run:
    """Seconds of compiling and executing the models and of the process, and its peak memory."""

    compile: float
    execute: float
    megabytes: float
    wall: float

    @property
    def total(self) -> float:
        """Compiling and executing."""
        return self.compile + self.execute


def new_estate(root: Path, by: str, shards: int, columns: int, rows: int) -> Estate:
    """Make a project and its shards: attached databases, or schemas of one database."""
    workspace = DuckDBWorkspace(root, "bench")
    estate = Estate(root, workspace)
    body = ", ".join(f"i + {n} as c{n}" for n in range(columns))
    select = f"select {body} from range({rows}) as t(i)"
    names = [f"store_{number:04}" for number in range(shards)]
    if by == "database":
        folder = root / "databases"
        folder.mkdir()
        for name in names:
            with duckdb.connect(str(folder / f"{name}.duckdb")) as connection:
                connection.execute(f"create table orders as {select}")
            file = f"databases/{name}.duckdb"
            workspace.attached.append({"path": file, "alias": name, "read_only": True})
        estate.write_profile()
        places = [(name, name, "main") for name in names]
    else:
        with duckdb.connect(str(root / "estate.duckdb")) as connection:
            for name in names:
                connection.execute(f"create schema {name}; create table {name}.orders as {select}")
        places = [(name, "estate", name) for name in names]
    registry = ",\n        ".join(str(place) for place in places)
    estate.write(
        {
            "models/sources.yml": SOURCE,
            "models/shards.sql": "{{ config(materialized='table') }}\n"
            f"select *, true as is_enabled\nfrom (values\n        {registry}\n) "
            "as t(shard, database_name, schema_name)\n",
        }
    )
    dbt(estate, "shards")
    return estate


def dbt(estate: Estate, model: str, *flags: str, command: str = "run") -> Run:
    """Run one model in a process of its own."""
    started = time.perf_counter()
    arguments = [command, "--select", model, *flags, "--profiles-dir", ".", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=estate.root,
        env={**_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("measured "):
            found = json.loads(line.removeprefix("measured "))
            wall = time.perf_counter() - started
            steps = (found.get("compile", 0.0), found.get("execute", 0.0))
            return Run(*steps, found["megabytes"], wall)
    raise SystemExit(f"{done.stdout}\n{done.stderr}")


def kill_at(estate: Estate, model: str, line: str) -> None:
    """Start a run of one model and kill the process when it prints `line`."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, "run", "--select", model, "--profiles-dir", "."],
        cwd=estate.root,
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for printed in process.stdout:
        if line in printed:
            process.kill()
            process.wait()
            return
    raise SystemExit(f"the run ended before it said: {line}")


def side_by_side(
    cases: dict[str, Callable[[], Run]], repeats: int = REPEATS
) -> dict[str, list[Run]]:
    """Run the cases in turns, so that what disturbs the machine disturbs them all."""
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, case in cases.items():
            runs[name].append(case())
    return runs


def middle(values: Sequence[float]) -> float:
    """Return the median."""
    return median(values)


def announce(text: str) -> None:
    """Print at once: a benchmark takes minutes."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, **QUIET_ENVIRONMENT}
