"""Call a procedure that does nothing 1,000 times on PostgreSQL, beside a plain loop in a macro.

The plain loop is `run_query('call ...')` for each row: no ledger, and no word of which call failed.
The server waits for the disk at each commit of what was written, as in production.
Usage: python benchmarks/bench_procedures.py [CALLS]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.estates import announce
from tests.support.engines import PostgresServer, PostgresWorkspace
from tests.support.estate import QUIET_ENVIRONMENT, Estate

REPEATS = 3
LIMIT_STATEMENTS = 3
OPERATION = "dbt_estate.call_procedures"
PLAIN_LOOP = """
{% macro plain_loop(query) %}
    {% for row in run_query(query).rows %}
        {% do run_query('call analytics.do_nothing("n" => ' ~ row[0] ~ ')') %}
    {% endfor %}
{% endmacro %}
"""

# One operation: how long the macro took, without the start of dbt and its parsing.
CHILD = """
import sys
from dbt.cli.main import dbtRunner
answer = dbtRunner().invoke(sys.argv[1:])
if not answer.success:
    sys.exit(f"dbt failed: {answer.exception or [r.message for r in answer.result.results]}")
print("measured", answer.result.results[0].execution_time)
"""


def operations(calls: int) -> dict[str, tuple[str, Mapping[str, object]]]:
    """Return the macro and the arguments of each case."""
    query = f"select n from generate_series(1, {calls}) as numbers(n)"
    given = {"procedure": "analytics.do_nothing", "query": query}
    return {
        "plain loop": ("plain_loop", {"query": query}),
        "ledger: false": (OPERATION, {**given, "ledger": False}),
        "ledger": (OPERATION, given),
    }


def command(macro: str, arguments: Mapping[str, object]) -> list[str]:
    """Return the command line of dbt."""
    return ["run-operation", macro, "--args", json.dumps(arguments)]


def seconds(estate: Estate, macro: str, arguments: Mapping[str, object]) -> float:
    """Run an operation in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *command(macro, arguments), "--profiles-dir", "."],
        cwd=estate.root,
        env={**os.environ, **QUIET_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("measured "):
            return float(line.removeprefix("measured "))
    raise SystemExit(f"{done.stdout}\n{done.stderr}")


def statements_a_call(estate: Estate) -> dict[str, float]:
    """Count what dbt sends more when there are ten calls more."""
    few, many = operations(10), operations(20)
    sent = {
        name: [len(estate.run_dbt(command(*cases[name])).queries) for cases in (few, many)]
        for name in few
    }
    return {name: (after - before) / 10 for name, (before, after) in sent.items()}


def measure(server: PostgresServer, calls: int) -> float:
    """Print the comparison and return the statements of a call with its ledger."""
    with tempfile.TemporaryDirectory() as folder:
        estate = Estate(Path(folder), PostgresWorkspace(Path(folder), "bench", server))
        estate.write({"macros/plain_loop.sql": PLAIN_LOOP})
        estate.create_schema("analytics")
        estate.execute(
            "create procedure analytics.do_nothing(n integer) language plpgsql "
            "as $$ begin null; end $$"
        )
        statements = statements_a_call(estate)
        estate.workspace.disconnect()
        cases = operations(calls)
        runs: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(REPEATS):
            for name, case in cases.items():
                runs[name].append(seconds(estate, *case))
        each = {name: 1000 * median(found) / calls for name, found in runs.items()}
        for name in cases:
            print(f"  {name:14} {each[name]:6.2f} ms a call, {statements[name]:.0f} statements")
        print(
            f"  call_procedures costs {each['ledger: false'] - each['plain loop']:.2f} ms a call, "
            f"the ledger {each['ledger'] - each['ledger: false']:.2f} ms more",
            flush=True,
        )
        estate.close()
    return statements["ledger"]


def wait_for_the_disk(server: PostgresServer) -> None:
    """Undo what the tests spare."""
    with server.session("postgres") as connection, connection.cursor() as cursor:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"alter system set {setting} = on")
        cursor.execute("select pg_reload_conf()")


def main(argv: Sequence[str]) -> int:
    calls = int(argv[0]) if argv else 1000
    announce(f"{calls:,} calls of a procedure that does nothing, median of {REPEATS}")
    server = PostgresServer()
    try:
        wait_for_the_disk(server)
        statements = measure(server, calls)
    finally:
        server.stop()
    print(f"  dbt sends {statements:.0f} statements a call, limit {LIMIT_STATEMENTS}")
    return 0 if statements <= LIMIT_STATEMENTS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
