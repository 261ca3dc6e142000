"""`dbt-estate names check` on a generated project, the whole process, cold and with its cache.

Usage: python benchmarks/bench_names.py [MODELS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.estates import REPEATS, announce, middle

COLD_LIMIT, WARM_LIMIT = 5.0, 2.0
PER_FILE = 10
PROJECT = """name: wide
profile: wide
vars:
  dbt_estate:
    vocabulary:
      unknown: warn
      stubs:
        id: {position: suffix, types: integer}
        at: {position: suffix, types: timestamp}
        amt: {types: decimal}
        is: An answer.
"""
STAGING = """{{{{ config(materialized='view', tags=['daily']) }}}}

with source as (
    select * from {{{{ source('app', 'table_{n}') }}}}
),

renamed as (
    select
        id as order_id,
        customer as customer_id,
        cast(made as timestamp) as created_at,
        {{% if var('with_changes', false) %}}changed as updated_at,{{% endif %}}
        coalesce(total, 0) as amt_total_{n},
        case when state = 'open' then 1 else 0 end as is_open,
        state as status
    from source
)

select * from renamed
"""
MART = """with orders as (
    select * from {{{{ ref('stg_{first}') }}}}
),

others as (
    select * exclude (status, amt_total_{second}) from {{{{ ref('stg_{second}') }}}}
)

select
    orders.*,
    others.created_at as first_created_at,
    row_number() over (partition by orders.customer_id order by orders.created_at) as place
from orders
left join others on others.order_id = orders.order_id
"""


def write_project(root: Path, models: int) -> None:
    """Make a project of staging models, and of marts that select all of two of them."""
    (root / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    folder = root / "models"
    folder.mkdir()
    half = models // 2
    entries: list[str] = []
    for n in range(models):
        is_staging = n < half
        name = f"stg_{n}" if is_staging else f"mart_{n}"
        text = STAGING.format(n=n) if is_staging else MART.format(first=n - half, second=n // 3)
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
        entries.append(f"  - name: {name}\n    description: A model.\n    columns:\n")
        for column in ("order_id", "customer_id", "created_at", "is_open"):
            entries.append(f"      - name: {column}\n        description: A column.\n")
            entries.append("        data_tests: [not_null]\n")
        if len(entries) >= PER_FILE * 9 or n == models - 1:
            text = "models:\n" + "".join(entries)
            (folder / f"models_{n}.yml").write_text(text, encoding="utf-8")
            entries = []


def check(root: Path, *options: str) -> float:
    """Return the seconds of one run, from the start of its process to the end."""
    command = [sys.executable, "-m", "dbt_estate", "names", "check", "--project-dir", str(root)]
    started = time.perf_counter()
    done = subprocess.run([*command, *options], capture_output=True, encoding="utf-8", check=False)
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    print("   ", done.stdout.splitlines()[-1])
    return seconds


def main(arguments: Sequence[str]) -> int:
    models = int(arguments[0]) if arguments else 3000
    announce(f"names check of {models:,} models, median of {REPEATS}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_project(root, models)
        cold = middle([check(root, "--no-cache") for _ in range(REPEATS)])
        check(root)
        warm = middle([check(root) for _ in range(REPEATS)])
    print(
        f"  cold {cold:.2f} s, limit {COLD_LIMIT}; with the cache {warm:.2f} s, limit {WARM_LIMIT}"
    )
    return 0 if cold <= COLD_LIMIT and warm <= WARM_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
