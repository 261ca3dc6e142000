"""The demo: twelve stores, a table over them, one store more, a month's end, a week in the shop.

    make demo                                      in integration_tests/demo/.work
    python integration_tests/demo/run.py FOLDER    in a folder of your own

Every step is a command that you could type. The first that fails ends the demo with its output and
exit code 1.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(REPOSITORY))

from integration_tests.demo import stores, web  # noqa: E402

REGISTRY_ROW = f"{stores.NEW_STORE.name},{stores.NEW_STORE.database},main,true,west\n"
WIDTH = 100
WORTH_READING = ("estate_shards all_orders:", "left out", "Done.")

ENVIRONMENT = {
    "DBT_PROFILES_DIR": ".",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_USE_COLORS": "false",
    "DBT_LOG_LEVEL_FILE": "info",
    "PYTHONUTF8": "1",
    "PYTHONPATH": str(REPOSITORY / "scripts"),
}


class StepFailedError(Exception):
    """A command, or a comparison, ended otherwise than it should; the text says how."""

    def __init__(self, step: str, text: str) -> None:
        super().__init__(f"{step}\n{text}")


class Demo:
    """The project in its folder, the commands that were run, and what they said."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self.console = console
        self.commands: list[str] = []

    def prepare(self) -> None:
        """Copy the project, make the databases, and write a profile that attaches them."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(HERE / "project", self.folder)
        packages = self.folder / "packages.yml"
        text = packages.read_text(encoding="utf-8")
        packages.write_text(text.replace("../../..", REPOSITORY.as_posix()), encoding="utf-8")
        self.databases.mkdir()
        for store in stores.STORES:
            stores.create_store(self.databases, store)
        stores.create_books(self.warehouse)
        web.create_events(self.warehouse)
        self.write_profile()
        os.environ.update(ENVIRONMENT)
        # A repository of its own: what stands above it is not of this project.
        (self.folder / ".git").mkdir()
        os.chdir(self.folder)

    @property
    def databases(self) -> Path:
        """The folder of the stores' databases."""
        return self.folder / "databases"

    @property
    def warehouse(self) -> Path:
        """The database that dbt writes."""
        return self.folder / "warehouse.duckdb"

    def write_profile(self) -> None:
        """Attach every database that is there, read-only: production is not ours to change."""
        attached = [
            {"path": f"databases/{path.name}", "alias": path.stem, "read_only": True}
            for path in sorted(self.databases.glob("*.duckdb"))
        ]
        target = {
            "type": "duckdb",
            "path": self.warehouse.name,
            "threads": 4,
            "keep_open": False,
            "attach": attached,
        }
        profile = {"stores": {"target": "demo", "outputs": {"demo": target}}}
        text = json.dumps(profile, indent=2)  # which is YAML as well
        (self.folder / "profiles.yml").write_text(f"{text}\n", encoding="utf-8")

    def add_store(self) -> None:
        """Open one store more, and let the others trade another day."""
        stores.create_store(self.databases, stores.NEW_STORE)
        for store in stores.STORES:
            if orders := stores.NEXT_DAY.get(store.name):
                stores.trade_another_day(self.databases, store, orders)
        self.write_profile()
        with (self.folder / "seeds" / "shards.csv").open("a", encoding="utf-8", newline="") as file:
            file.write(REGISTRY_ROW)

    def dbt(self, *arguments: str, exit_code: int = 0) -> str:
        """Run dbt, in this process since it takes seconds to start, and return what it printed."""
        from dbt.cli.main import dbtRunner

        self._announce("dbt", *arguments)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            answer = dbtRunner().invoke(list(arguments))
        self._check(
            f"{printed.getvalue()}{answer.exception or ''}",
            0 if answer.success else 2 if answer.exception else 1,  # as dbt itself ends
            exit_code,
        )
        return printed.getvalue()

    def estate(self, *arguments: str, exit_code: int = 0) -> str:
        """Run the command line of the package and return what it printed."""
        self._announce("dbt-estate", *arguments)
        done = subprocess.run(
            [sys.executable, "-m", "dbt_estate", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        self._check(done.stdout, done.returncode, exit_code)
        return done.stdout

    def _check(self, output: str, exit_code: int, wanted: int) -> None:
        """End the demo when the last command ended otherwise than it should."""
        if exit_code != wanted:
            raise StepFailedError(self.commands[-1], f"{output}exit code {exit_code}, not {wanted}")

    def _announce(self, *command: str) -> None:
        self.commands.append(shlex.join(command))
        self.console.print(
            f"  $ {self.commands[-1]}", style="bold", markup=False, highlight=False, soft_wrap=True
        )

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse, with the stores at hand as dbt has them."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            for path in sorted(self.databases.glob("*.duckdb")):
                connection.execute(f"attach 'databases/{path.name}' as {path.stem} (read_only)")
            return connection.execute(query).fetchall()

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, highlight=False, soft_wrap=True)

    def heading(self, text: str) -> None:
        """Begin a step."""
        self.console.print(f"\n[bold cyan]{text}[/]", highlight=False)

    def quote(self, output: str, wanted: Callable[[str], bool] = bool) -> None:
        """Print the lines of an output that matter here, without dbt's clock."""
        for line in output.splitlines():
            if wanted(line):
                text = re.sub(r"^\d\d:\d\d:\d\d\s+(\[WARNING\]: )?", "", line)
                self.console.print(
                    f"    {text}", style="dim", highlight=False, markup=False, soft_wrap=True
                )

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table; numbers go to the right."""
        rows = [list(row) for row in rows]
        table = Table(title=title, title_justify="left", title_style="bold")
        for position, column in enumerate(columns):
            is_number = any(isinstance(row[position], int | Decimal) for row in rows)
            table.add_column(column, justify="right" if is_number else "left")
        for row in rows:
            table.add_row(*(_text(value) for value in row))
        self.console.print(table)


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def first_build(demo: Demo) -> None:
    """Write the sources, seed the registry, build the unions, and show them."""
    demo.heading("1. Twelve stores, a database each; the registry is a seed with a row a store")
    demo.dbt("deps")
    demo.quote(demo.estate("shards", "generate"))

    demo.heading("2. One run: the registry, three views over the stores, one table, its sums")
    output = demo.dbt("build")
    demo.quote(output, lambda line: any(word in line for word in WORTH_READING))

    demo.heading("3. What is there now")
    counts = demo.sql(
        "select orders.shard, customers.region, customers.customers, orders.order_count, "
        "items.items, orders.revenue::decimal(12, 2) from revenue_by_store as orders "
        "left join (select shard, any_value(region) as region, count(*) as customers "
        "from all_customers group by shard) as customers on customers.shard = orders.shard "
        "left join (select shard, count(*) as items from all_items group by shard) as items "
        "on items.shard = orders.shard order by orders.shard"
    )
    totals = [sum(row[n] or 0 for row in counts) for n in range(2, 6)]
    demo.table(
        f"{len(counts)} stores",
        ("store", "region", "customers", "orders", "items", "revenue"),
        [*counts, ("all", "", *totals)],
    )
    demo.say("  cork is closed: disabled in the registry, and in no union.")


def show_drift(demo: Demo) -> None:
    """Show how the stores' tables differ, and what the unions made of it."""
    demo.heading("4. The stores do not agree on their tables, and nothing was lost")
    arguments = {"tables": ["store.customers", "store.orders", "store.items"], "output": "json"}
    output = demo.dbt("run-operation", "dbt_estate.shards_report", "--args", json.dumps(arguments))
    report = json.loads(output.partition("dbt_estate:json ")[2].splitlines()[0])
    differences: dict[tuple[str, str], list[str]] = {}
    for shard in report["shards"]:
        for cell in shard["cells"]:
            for what in _differences(cell):
                differences.setdefault((cell["table"], what), []).append(shard["shard"])
    demo.table(
        "Unlike most stores",
        ("table", "what", "stores"),
        [(table, what, ", ".join(names)) for (table, what), names in sorted(differences.items())],
    )
    types = dict(
        demo.sql(
            "select column_name, data_type from duckdb_columns() where table_name = 'all_orders'"
        )
    )
    filled = demo.sql(
        "select count(*) filter (where city is null), count(*) filter (where loyalty_tier is null) "
        "from all_customers"
    )[0]
    channel = demo.sql("select count(*) from all_orders where channel is null")[0][0]
    demo.say(
        f"  all_orders.order_id is {types['order_id']}, all_orders.total is {types['total']}: "
        "wide enough for every store."
    )
    demo.say(
        f"  Filled with NULL: city of {filled[0]} customers, loyalty_tier of {filled[1]}, "
        f"channel of {channel} orders."
    )


def second_build(demo: Demo) -> None:
    """Add a store, build again, and show from the ledger what was loaded."""
    before = dict(_ledger(demo))
    demo.heading("5. A store opens in Delft: a database, and a row in the registry")
    demo.add_store()
    demo.quote(demo.estate("shards", "check", exit_code=1), _is_difference)
    demo.estate("shards", "generate")

    demo.heading("6. The same run again: what is new, and nothing else")
    output = demo.dbt("build")
    demo.quote(output, lambda line: WORTH_READING[0] in line)
    rows = []
    back_filled = []
    for shard, (row_count, watermark) in _ledger(demo):
        if watermark is None:
            back_filled.append(shard)
        old = before.get(shard, (0, None))[0]
        how = "whole" if watermark is None else f"from {watermark}"
        rows.append((shard, how, old, row_count, row_count - old))
    demo.table(
        "The ledger of all_orders (estate_shard_loads)",
        ("store", "loaded", "rows before", "rows now", "new"),
        rows,
    )
    refunds = demo.sql("select sum(refund_count)::int from revenue_by_store")[0][0]
    demo.say(f"  Back-filled: {', '.join(back_filled)}. Orders refunded since: {refunds}.")
    check_result(demo, back_filled)


def check_result(demo: Demo, back_filled: list[str]) -> None:
    """Compare the loaded table, row by row, with what the databases hold."""
    columns = "order_id, customer_id, status, total, updated_at"
    open_stores = [s for s in (*stores.STORES, stores.NEW_STORE) if s.name != "cork"]
    held = " union all ".join(
        f"select '{s.name}' as shard, {columns} from {s.database}.orders" for s in open_stores
    )
    loaded = f"select shard, {columns} from all_orders"
    count, missing, surplus = demo.sql(
        f"select (select count(*) from ({loaded})), "
        f"(select count(*) from (({held}) except all ({loaded}))), "
        f"(select count(*) from (({loaded}) except all ({held})))"
    )[0]
    if missing or surplus or back_filled != [stores.NEW_STORE.name]:
        raise StepFailedError(
            "the comparison with the stores",
            f"all_orders lacks {missing} rows and has {surplus} that no store has; "
            f"back-filled: {', '.join(back_filled)}",
        )
    demo.say(f"  all_orders has {count:,} rows, the very rows of the twelve stores that are open.")


def call_for_each_row(demo: Demo) -> None:
    """Call a statement for each row of a model: dry, with a row that fails, and again."""
    operation = ("run-operation", "dbt_estate.call_procedures", "--args")
    arguments = {"dispatch": "close_month", "batch": "2026-03"}

    demo.heading("7. Close the month of the stores in the west, a statement for each: a dry run")
    output = demo.dbt(*operation, json.dumps({**arguments, "dry_run": True}))
    second = output.index("-- 2 of 5")
    demo.quote(output[output.index("-- 1 of 5") : second])
    demo.quote(output[second:], lambda line: "dbt_estate:" in line)

    demo.heading("8. Delft has no budget yet: its call fails, and ends the run with exit code 1")
    output = demo.dbt(*operation, json.dumps(arguments), exit_code=1)
    demo.quote(output, lambda line: "dbt_estate:" in line or "Constraint Error" in line)
    demo.say(demo.estate("procedures", "status", exit_code=1).rstrip())
    demo.say("  DuckDB cannot catch an error: nothing was written of what became of the call.")

    demo.heading("9. Delft has its budget: that call again, and those that were not made")
    stores.set_budget(demo.warehouse, stores.NEW_STORE)
    again = {**arguments, "resume": True, "in_doubt": "retry"}
    output = demo.dbt(*operation, json.dumps(again))
    demo.quote(output[output.index("dbt_estate:") :], lambda line: " begins " not in line)
    demo.estate("procedures", "status")
    demo.table(
        "The books (month_ends)",
        ("store", "month", "revenue", "budget"),
        demo.sql(
            "select store, month_start, revenue::decimal(12, 2), budget from month_ends "
            "order by store"
        ),
    )


def bring_sessions_up_to_date(demo: Demo) -> None:
    """Load the nights of a week, each with late events, run after each, and compare at the end."""
    demo.heading("10. A week in the web shop: each night brings late events, and a run follows")
    run = ("run", "--select", "web_sessions")
    rows = []
    for night in range(1, web.NIGHTS + 1):
        before = demo.sql("select count(*) from web_sessions")[0][0]
        if night > 1:
            web.load_night(demo.warehouse, night)
            output = demo.dbt(*run)
        late = demo.sql(
            "select count(*) from web.events "
            f"where loaded_at = '{web.MONDAY}'::timestamp + interval {night * 24 + 1} hour "
            "and event_at < loaded_at - interval 25 hour"
        )[0][0]
        arrived, touched, read = demo.sql(
            "select arrivals, touched_sessions, events_read from estate_session_loads"
        )[0]
        after = demo.sql("select count(*) from web_sessions")[0][0]
        rows.append((night, arrived, late, touched, read, before if night > 1 else 0, after))
    demo.quote(output, lambda line: "estate_sessions web_sessions:" in line)
    columns = (
        "night", "arrived", "late", "sessions touched", "events read", "sessions before", "after",
    )  # fmt: skip
    demo.table("The ledger of web_sessions (estate_session_loads), night by night", columns, rows)

    demo.heading("11. Nothing is lost or doubled: the audit, and a full refresh")
    arguments = json.dumps({"name": "web_sessions", "entities": 400})
    output = demo.dbt("run-operation", "dbt_estate.audit_sessions", "--args", arguments)
    demo.quote(output, lambda line: "audit of web_sessions" in line)
    kept = demo.sql("select * from web_sessions")
    demo.dbt(*run, "--full-refresh")
    made = demo.sql("select * from web_sessions")
    if set(kept) != set(made) or len(kept) != len(made):
        raise StepFailedError(demo.commands[-1], "web_sessions is not what a full refresh makes")
    demo.say(f"  {len(kept):,} sessions before the full refresh, the very same after it.")


def follow_the_vocabulary(demo: Demo) -> None:
    """Add a mart whose name does not say what is in it, let the vocabulary find it, and mend it."""
    demo.heading("12. A new mart: a name that says yes or no, and values that do not")
    models = demo.folder / "models"
    (models / "visits_by_day.yml").write_text(web.DAYS_PROPERTIES, encoding="utf-8")
    (models / "visits_by_day.sql").write_text(web.DAYS, encoding="utf-8")
    build = ("build", "--select", "visits_by_day")
    lines = demo.dbt(*build, exit_code=1).splitlines()
    start = next(n for n, line in enumerate(lines) if "dbt_estate: columns" in line)
    demo.quote("\n".join(lines[start : start + 3]))
    (models / "visits_by_day.sql").write_text(web.DAYS_MENDED, encoding="utf-8")
    demo.dbt(*build)
    demo.say("  is_order is called order_count now, and the test passes.")


def tell_the_level(demo: Demo) -> None:
    """Say how mature the project is, what it lacks, and where the whole of it can be read."""
    demo.heading("13. How mature the project is, and what comes next")
    page = demo.folder / "maturity.html"
    demo.dbt("parse")
    output = demo.estate("maturity", "--html", page.name)
    demo.quote(output, lambda line: bool(line) and not line.startswith("Unknown"))
    if "<html" not in page.read_text(encoding="utf-8"):
        raise StepFailedError(demo.commands[-1], f"{page} is no page")
    demo.say(f"  The page with every finding: {page}")


def _ledger(demo: Demo) -> list[tuple[str, tuple[int, str | None]]]:
    rows = demo.sql(
        "select shard, row_count, watermark from estate_shard_loads "
        "where model = 'all_orders' and slot = 'live' order by shard"
    )
    return [(shard, (row_count, watermark)) for shard, row_count, watermark in rows]


def _differences(cell: dict[str, Any]) -> list[str]:
    """Say in words what one table of one store is like."""
    if cell["status"] == "no_table":
        return ["there is no such table"]
    return [
        *(f"lacks {column}" for column in cell["missing"]),
        *(f"has {column} besides" for column in cell["extra"]),
        *(f"{t['column']} is {t['type']}, not {t['expected']}" for t in cell["types"]),
    ]


def _is_difference(line: str) -> bool:
    return line.startswith(("+", "-")) and not line.startswith(("+++", "---"))


def main(arguments: Sequence[str]) -> int:
    """Run the demo in the given folder, or beside this file."""
    folder = Path(arguments[0]).resolve() if arguments else HERE / ".work"
    started_in = Path.cwd()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    demo = Demo(folder, console)
    try:
        demo.prepare()
        first_build(demo)
        show_drift(demo)
        second_build(demo)
        call_for_each_row(demo)
        bring_sessions_up_to_date(demo)
        follow_the_vocabulary(demo)
        tell_the_level(demo)
    except StepFailedError as error:
        text = f"\nThe demo stopped. {error}"
        console.print(text, markup=False, highlight=False, soft_wrap=True, style="red")
        return 1
    demo.heading("Everything above was")
    for command in demo.commands:
        demo.say(f"  {command}")
    where = folder.relative_to(started_in) if folder.is_relative_to(started_in) else folder
    demo.say(f"\nThe project is in {where.as_posix()}: try a command of your own there.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
