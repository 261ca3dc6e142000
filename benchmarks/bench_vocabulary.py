"""One vocabulary test of 200 columns and a million rows, beside the same rules as separate tests.

The separate tests are dbt's not_null and accepted_values, and a plain generic test for min. First
through dbt, then the compiled SQL alone in DuckDB. Usage: python benchmarks/bench_vocabulary.py
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.estates import REPEATS, announce, middle
from tests.support.engines import DuckDBWorkspace
from tests.support.estate import Estate, RunResult

ROWS = 1_000_000
LEAST_RATIO = 7.0
KINDS = {"key": 70, "ind": 70, "n": 60}
STUBS = {
    "key": {"checks": {"not_null": True}},
    "ind": {"checks": {"accepted_values": [0, 1]}},
    "n": {"checks": {"min": 0}},
}
SEPARATE = {
    "key": "not_null",
    "ind": "accepted_values: {arguments: {values: [0, 1], quote: false}}",
    "n": "at_least: {arguments: {least: 0}}",
}
AT_LEAST = """
{% test at_least(model, column_name, least) %}
select * from {{ model }} where {{ column_name }} < {{ least }}
{% endtest %}
"""


def new_estate(root: Path) -> Estate:
    estate = Estate(root, DuckDBWorkspace(root, "bench"))
    columns = [f"{kind}_{n}" for kind, count in KINDS.items() for n in range(count)]
    values = ", ".join(
        f"cast(hash(i, {n}) % {2 if name.startswith('ind') else 1000} as integer) as {name}"
        for n, name in enumerate(columns)
    )
    estate.execute(f"create table main.wide as select {values} from range({ROWS}) as rows(i)")
    tested = "\n".join(
        f"      - {{name: {name}, data_tests: [{SEPARATE[name.partition('_')[0]]}]}}"
        for name in columns
    )
    source = "  - name: {}\n    schema: main\n    tables:\n    - name: wide\n      {}\n"
    estate.update_project(vars={"dbt_estate": {"vocabulary": {"stubs": STUBS}}})
    estate.write(
        {
            "macros/at_least.sql": AT_LEAST,
            "models/sources.yml": "sources:\n"
            + source.format("together", "data_tests: [dbt_estate.columns_follow_vocabulary]")
            + source.format("apart", "columns:\n" + tested),
        }
    )
    return estate


def run_tests(estate: Estate, source: str) -> RunResult:
    return estate.run_dbt(["test", "--select", f"source:{source}"])


def seconds_of(estate: Estate, source: str) -> float:
    """Return how long dbt takes for the tests of a source, from its start to its end."""
    started = time.perf_counter()
    run_tests(estate, source)
    return time.perf_counter() - started


def cpu_of(database: Path, queries: list[str]) -> float:
    """Return the seconds of processor time that the queries take in a connection of their own."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("select 1")
        before = os.times()
        for query in queries:
            if connection.execute(query).fetchall():
                raise SystemExit("the data should be clean")
        after = os.times()
    return after.user + after.system - before.user - before.system


def alternately(jobs: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Run the jobs in turn, and return the median of each."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(REPEATS):
        for name, job in jobs.items():
            found[name].append(job())
    return {name: middle(times) for name, times in found.items()}


def main() -> int:
    announce(f"{sum(KINDS.values())} columns, {ROWS:,} rows, one rule each, median of {REPEATS}")
    with tempfile.TemporaryDirectory() as folder:
        estate = new_estate(Path(folder))
        names = ("together", "apart")
        queries = {}
        for name in names:
            results = run_tests(estate, name).raw.results
            queries[name] = [result.node.compiled_code for result in results]
            print(f"  {name:9} {len(queries[name]):4} tests, as many queries of the data")
        seconds = alternately({name: partial(seconds_of, estate, name) for name in names})
        estate.workspace.disconnect()
        database = Path(folder) / "estate.duckdb"
        cpu = alternately({name: partial(cpu_of, database, queries[name]) for name in names})
    for name in names:
        print(
            f"  {name:9} {seconds[name]:7.2f} s in dbt, {cpu[name]:6.2f} s of CPU in DuckDB alone"
        )
    ratio = seconds["apart"] / seconds["together"]
    print(
        f"  {ratio:.1f} times less dbt time, limit {LEAST_RATIO}; CPU ratio "
        f"{cpu['together'] / cpu['apart']:.2f}, limit 1.00"
    )
    return 0 if ratio >= LEAST_RATIO and cpu["together"] <= cpu["apart"] else 1


if __name__ == "__main__":
    sys.exit(main())
