"""Calls of call_procedures on an estate, and procedures and statements that tell what they did."""

from __future__ import annotations

import contextlib
import copy
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.support.engines import Row
from tests.support.estate import Estate, RunResult

OPERATION = "dbt_estate.call_procedures"
LEDGER = "estate_procedure_calls"
LEDGER_COLUMNS = [
    "operation",
    "batch",
    "row_key",
    "procedure",
    "params",
    "status",
    "attempt",
    "started_at",
    "finished_at",
    "error",
    "result",
    "run",
    "invocation_id",
]
TEXT = {"duckdb": "varchar", "postgres": "text", "sqlserver": "nvarchar(max)"}
NAME = {"duckdb": "varchar", "postgres": "text", "sqlserver": "nvarchar(256)"}
TIMESTAMP = {"duckdb": "timestamp", "postgres": "timestamp", "sqlserver": "datetime2(6)"}

# What it inserts first has to go again when what comes after it fails: `broken` names the stores
# that fail, and with which words. At a store of `waiting` a call waits for whoever has the gate.
_PROCEDURES = {
    "duckdb": [],
    "postgres": [
        """
        create procedure {schema}.load_store(store_id int, name text) language plpgsql as $$
        declare words text := (
            select message from {schema}.broken where broken.store_id = load_store.store_id
        );
        begin
            insert into {schema}.sink values (store_id, name);
            if store_id in (select waiting.store_id from {schema}.waiting) then
                update {schema}.gate set n = n + 1;
            end if;
            if words is not null then
                raise exception '%', words;
            end if;
        end $$
        """,
        """
        create procedure {schema}.load_and_commit(store_id int, name text) language plpgsql as $$
        declare words text := (
            select message from {schema}.broken where broken.store_id = load_and_commit.store_id
        );
        begin
            insert into {schema}.sink values (store_id, name);
            commit;
            if words is not null then
                raise exception '%', words;
            end if;
        end $$
        """,
    ],
    "sqlserver": [
        """
        create procedure {schema}.load_store @store_id int, @name nvarchar(max) as
        begin
            declare @words nvarchar(2000) = (
                select message from {schema}.broken where store_id = @store_id
            );
            insert into {schema}.sink values (@store_id, @name);
            if exists (select 1 from {schema}.waiting where store_id = @store_id)
                update {schema}.gate set n = n + 1;
            if @words is not null
                throw 50001, @words, 1;
        end
        """,
        """
        create procedure {schema}.load_and_commit @store_id int, @name nvarchar(max) as
        begin
            declare @words nvarchar(2000) = (
                select message from {schema}.broken where store_id = @store_id
            );
            begin transaction;
            insert into {schema}.sink values (@store_id, @name);
            commit transaction;
            if @words is not null
                throw 50001, @words, 1;
        end
        """,
    ],
}


def literal(value: object, adapter_type: str) -> str:
    """Write a value of a test as SQL."""
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("'", "''")
    # Of PostgreSQL's N'...' the blanks at the end are lost.
    return f"N'{text}'" if adapter_type == "sqlserver" else f"'{text}'"


class Calls:
    """An estate with a sink, and `run` to call what fills it."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.schema = estate.target_schema
        text = TEXT[estate.adapter_type]
        estate.create_schema(self.schema)
        estate.execute(
            [
                f"create table {self.table('sink')} (store_id int, name {text})",
                f"create table {self.table('params')} (store_id int, name {text})",
                f"create table {self.table('broken')} (store_id int, message {text})",
                f"create table {self.table('checks')} (n int)",
                f"create table {self.table('waiting')} (store_id int)",
                f"create table {self.table('gate')} (n int)",
                f"insert into {self.table('gate')} values (0)",
                *(
                    procedure.format(schema=self.schema)
                    for procedure in _PROCEDURES[estate.adapter_type]
                ),
            ]
        )

    def table(self, name: str) -> str:
        """Return the name of a table of the tests, as it stands in a statement."""
        return f"{self.schema}.{name}"

    # -- what is called -----------------------------------------------------------------------

    @property
    def procedure(self) -> str:
        """A procedure of (store_id, name)."""
        return f"{self.schema}.load_store"

    @property
    def statement(self) -> str:
        """What the procedure does, as a statement: the words in `broken` are no number.

        A conversion ends the whole batch on some servers of T-SQL; there the words are thrown.
        """
        if self.estate.adapter_type == "sqlserver":
            return (
                f"insert into {self.table('sink')} values (:store_id, :name);\n"
                f"declare @words nvarchar(2000) = (\n    select message from "
                f"{self.table('broken')} where store_id = :store_id\n);\n"
                "if @words is not null throw 50001, @words, 1;"
            )
        return (
            f"insert into {self.table('sink')} values (:store_id, :name);\n"
            f"insert into {self.table('checks')} select cast(message as int)\n"
            f"from {self.table('broken')} where store_id = :store_id;"
        )

    @property
    def query(self) -> str:
        """The parameters in order."""
        return f"select store_id, name from {self.table('params')} order by store_id"

    def usual(self, kind: str) -> dict[str, Any]:
        """Return the arguments that call the procedure, or the statement, for every store."""
        return {kind: getattr(self, kind), "query": self.query}

    # -- what the tests arrange ---------------------------------------------------------------

    def start(self, *stores: int, broken: Iterable[int] = ()) -> None:
        """Forget all calls, and set the parameters: a name for each store."""
        self.estate.execute(f"drop table if exists {self.table(LEDGER)}")
        for table in ("sink", "params", "broken", "checks", "waiting"):
            self.estate.execute(f"delete from {self.table(table)}")
        self.add(*stores)
        self.break_(*broken)

    def add(self, *stores: int) -> None:
        """Add parameters."""
        for store in stores:
            self.insert("params", (store, f"store {store}"))

    def break_(self, *stores: int) -> None:
        """Let the calls of these stores fail."""
        for store in stores:
            self.insert("broken", (store, f"boom {store}"))

    def mend(self) -> None:
        """Let every call succeed from now on."""
        self.estate.execute(f"delete from {self.table('broken')}")

    def insert(self, table: str, *rows: Row) -> None:
        """Insert rows of plain values."""
        texts = ([literal(value, self.estate.adapter_type) for value in row] for row in rows)
        values = ", ".join(f"({', '.join(row)})" for row in texts)
        self.estate.execute(f"insert into {self.table(table)} values {values}")

    @contextlib.contextmanager
    def closed_gate(self) -> Iterator[Callable[[], None]]:
        """Let calls of the stores in `waiting` wait; call what is given to open the gate."""
        holder = copy.copy(self.estate.workspace)
        holder._connection = None  # type: ignore[attr-defined]
        try:
            holder.query("begin transaction")
            holder.query(f"update {self.table('gate')} set n = n + 1")
            yield lambda: (holder.query("rollback"), None)[1]
        finally:
            holder.disconnect()

    # -- calls and what they left -------------------------------------------------------------

    def run(
        self, expect_pass: bool | None = True, /, flags: Iterable[str] = (), **arguments: Any
    ) -> RunResult:
        """Call call_procedures with these arguments."""
        return self.estate.run_dbt([*operation(arguments), *flags], expect_pass)

    def fails(self, **arguments: Any) -> str:
        """Call call_procedures, which has to fail, and return its output."""
        return self.run(False, **arguments).output

    def done(self) -> list[int]:
        """Return the stores in the sink in order, each as often as it was called."""
        rows = self.estate.sql(f"select store_id from {self.table('sink')} order by store_id")
        return [row[0] for row in rows]

    def names(self) -> list[Row]:
        """Return what is in the sink, in the order of the stores."""
        return self.estate.sql(f"select * from {self.table('sink')} order by store_id, name")

    def ledger(self) -> list[dict[str, Any]]:
        """Return the ledger in the order in which the calls were first made."""
        columns = ", ".join(f'"{column}"' for column in LEDGER_COLUMNS)
        rows = self.estate.sql(
            f"select {columns} from {self.table(LEDGER)} order by started_at, params"
        )
        return [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in rows]

    def statuses(self) -> dict[int, tuple[str, int]]:
        """Return status and attempt of each store."""
        rows = sorted(self.ledger(), key=lambda row: row["params"])
        return {
            json.loads(row["params"])["store_id"]: (row["status"], row["attempt"]) for row in rows
        }

    def has_ledger(self) -> bool:
        """Whether the table of the ledger is there."""
        return bool(
            self.estate.sql(
                "select 1 from information_schema.tables "
                f"where table_schema = '{self.schema}' and table_name = '{LEDGER}'"
            )
        )


def operation(arguments: dict[str, Any]) -> list[str]:
    """Return the command that calls call_procedures."""
    return ["run-operation", OPERATION, "--args", json.dumps(arguments, ensure_ascii=False)]


def printed(result: RunResult) -> list[str]:
    """Return what macros printed."""
    return [message.text for message in result.messages if message.name == "PrintEvent"]


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Look again and again until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.02)


def summary_of(output: str) -> dict[str, str]:
    """Return the lines of the summary by their first words, without the errors."""
    lines = output.split("dbt_estate: summary of ")[1].splitlines()[1:]
    return {
        line[2:14].strip(): line[14:]
        for line in lines
        if line.startswith("  ") and not line.startswith("  error")
    }
