"""Build the project as tables in the warehouse, beside a parse of the same project.

Generated projects of 1,000 and 3,000 models with ten columns and three tests each, on DuckDB; each
run is a process of its own, and printed are seconds of CPU and memory. Of each command the least of
its runs counts, as in timeit: what else a shared machine does only adds to it.
Usage: python benchmarks/bench_maturity_models.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.estates import announce
from tests.support.estate import QUIET_ENVIRONMENT, install_package

LIMITS = {1000: 4.0, 3000: 12.0}
TABLES = ("dbt_estate.maturity.info_schema", "dbt_estate.maturity.facts")  # not the rules over them
RUNS = 5
CHILD = """
import resource, sys
from dbt.cli.main import dbtRunner
result = dbtRunner().invoke(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(not result.success)
"""


def write_project(root: Path, models: int) -> None:
    project = {
        "name": "big",
        "profile": "big",
        "models": {"dbt_estate": {"maturity": {"+enabled": True}}},
    }
    output = {"type": "duckdb", "path": str(root / "big.duckdb"), "threads": 2}
    profile = {"big": {"target": "dev", "outputs": {"dev": output}}}
    (root / "dbt_project.yml").write_text(yaml.safe_dump(project))
    (root / "profiles.yml").write_text(yaml.safe_dump(profile))
    install_package(root)
    for n in range(models):
        folder = root / "models" / f"area_{n % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        parents = [f"{{{{ ref('model_{p}') }}}}" for p in {n // 2, n // 3}] if n > 3 else []
        joined = "\ncross join ".join(f"{parent} as p{i}" for i, parent in enumerate(parents))
        lines = "".join(f"    {c} as column_{c},\n" for c in range(10))
        text = f"select\n{lines}    1 as last_one\n" + (f"from {joined}\n" if joined else "")
        (folder / f"model_{n}.sql").write_text(text)
        columns = [
            {
                "name": f"column_{c}",
                "description": f"What column {c} says.",
                **({"data_tests": ["not_null"]} if c < 3 else {}),
            }
            for c in range(10)
        ]
        entry = {"models": [{"name": f"model_{n}", "description": "A.", "columns": columns}]}
        (folder / f"model_{n}.yml").write_text(yaml.safe_dump(entry))


def run(root: Path, *arguments: str) -> tuple[float, float]:
    """Return the seconds of CPU and the megabytes of a command of dbt."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments, "--quiet"],
        cwd=root, env={**os.environ, **QUIET_ENVIRONMENT, "DBT_PROFILES_DIR": str(root)},
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


def main() -> int:
    announce(f"the project as models on DuckDB, the least of {RUNS} runs of each command")
    is_within = True
    for models, limit in LIMITS.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_project(root, models)
            run(root, "parse")  # what follows is parsed in part
            found = [
                (
                    run(root, "parse"),
                    run(root, "run", "--select", "model_0"),
                    run(root, "run", "--select", *TABLES),
                )
                for _ in range(RUNS)
            ]
        parsed, one, (built, megabytes) = (min(runs) for runs in zip(*found, strict=True))
        over = built - parsed[0]
        is_within &= over <= limit
        print(
            f"  {models:6,} models: {over:5.2f} s of CPU over {parsed[0]:.2f} of a parse, "
            f"limit {limit}; {built - one[0]:.2f} s over a run of one model; {megabytes:.0f} MB"
        )
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
