"""Whatever happens to the shards and to the runs: after a run that ended, the table is the union.

A history is a list of steps (a new shard, a new row, a drifting column, a run that dies half way,
an edited target, ...). Four models of different settings are built after each; a table of the same
union says what they should hold.
"""

from __future__ import annotations

import contextlib
import datetime
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.engines import qualified, quote
from tests.support.estate import Estate
from tests.support.shards import Shard, Shards, Table, literal, sql_type

UNION = "{{ dbt_estate.union_shards(source('store', 'orders'), source('store', 'registry')) }}"
EACH = """
{% call(shard) dbt_estate.for_each_shard(source('store', 'registry')) %}
select cast({{ dbt_estate.literal(shard.shard) }} as %s) as shard, id, amount, upd
from {{ dbt_estate.shard_relation(shard, source('store', 'orders')) }} as orders
{% endcall %}
"""
BY_WATERMARK = {"watermark": "upd", "batch_size": 2}
MODELS = ["whole", "increased", "kept", "each"]
NAMES = ["a", "é x", "o'b", 'q"q']
START = datetime.datetime(2026, 1, 1)


@pytest.fixture(scope="module")
def estate_settings() -> dict[str, Any]:
    return {"threads": 4}


@dataclass
class History:
    """What a sequence of steps has made of the shards, and what the models should hold."""

    estate: Estate
    number: int
    shards: Shards = field(init=False)
    disabled: set[str] = field(default_factory=set)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    poisoned: str | None = None
    clock: int = 0
    ids: int = 0
    retained: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    has_drifted: bool = False

    def __post_init__(self) -> None:
        self.shards = Shards(self.estate)

    # -- steps --------------------------------------------------------------------------------

    def new_shard(self, pick: int) -> None:
        shard = self.shards.add(f"h{self.number}_{len(self.shards.all)}_{self.name_end(pick)}")
        columns = {"id": "integer", "amount": "decimal(10,2)", "upd": "timestamp"}
        self.columns[shard.name] = columns
        self.shards.create(shard, "orders", Table(columns))
        for _ in range(pick % 4):
            self.new_row(len(self.shards.all) - 1)
        self.write_registry()

    def new_row(self, pick: int, upd: Any = ...) -> None:
        shard = self.shards.all[pick % len(self.shards.all)]
        self.ids += 1
        moment = self.now() if upd is ... else upd
        self.change(
            shard,
            "insert into {table} (id, amount, upd) values ("
            f"{self.ids}, {self.ids}.25, {self.literal(moment)})",
        )

    def new_row_without_time(self, pick: int) -> None:
        self.new_row(pick, None)

    def change_row(self, pick: int) -> None:
        shard = self.shards.all[pick % len(self.shards.all)]
        self.change(
            shard,
            f"update {{table}} set amount = amount + 1, upd = {self.literal(self.now())} "
            f"where id % 3 = {pick % 3}",
        )

    def new_column(self, pick: int) -> None:
        shard = self.shards.all[pick % len(self.shards.all)]
        if "note" not in self.columns[shard.name] and shard.name != self.poisoned:
            self.has_drifted = True
            self.columns[shard.name]["note"] = "varchar(20)"
            kind = sql_type(self.estate.adapter_type, "varchar(20)")
            self.change(shard, f"alter table {{table}} add note {kind}")
            self.change(shard, "update {table} set note = 'note'")

    def wider_column(self, pick: int) -> None:
        shard = self.shards.all[pick % len(self.shards.all)]
        self.has_drifted = True
        to = "" if self.estate.adapter_type == "sqlserver" else "type"
        self.change(shard, f"alter table {{table}} alter column id {to} bigint")

    def toggle_shard(self, pick: int) -> None:
        name = self.shards.all[pick % len(self.shards.all)].name
        if name in self.disabled:
            self.disabled.remove(name)
        elif len(self.disabled) + 1 < len(self.shards.all):
            self.disabled.add(name)
        self.write_registry()

    def poison(self, pick: int) -> None:
        """Let one shard raise when it is read, so that a run dies at it."""
        if self.poisoned is not None:
            self.heal()
            return
        shard = self.shards.all[pick % len(self.shards.all)]
        self.poisoned = shard.name
        table, real = self.table(shard), self.estate.relation("real_orders", shard.schema)
        raises = {
            "duckdb": "error('the shard is gone') is null",
            "postgres": "1 / (select 0) = 1",
            "sqlserver": "1 / (select 0) = 1",
        }[self.estate.adapter_type]
        if self.estate.adapter_type == "sqlserver":
            self.estate.execute(
                f"exec sp_rename {self.literal(qualified(shard.schema, 'orders'))}, 'real_orders'"
            )
        else:
            self.estate.execute(f"alter table {table} rename to real_orders")
        view = qualified(shard.schema, "orders")  # T-SQL takes no database here
        self.estate.execute(f"create view {view} as select * from {real} where {raises}")

    def heal(self) -> None:
        if self.poisoned is not None:
            shard = next(s for s in self.shards.all if s.name == self.poisoned)
            real = self.estate.relation("real_orders", shard.schema)
            self.estate.execute(f"drop view {qualified(shard.schema, 'orders')}")
            if self.estate.adapter_type == "sqlserver":
                renamed = self.literal(qualified(shard.schema, "real_orders"))
                self.estate.execute(f"exec sp_rename {renamed}, 'orders'")
            else:
                self.estate.execute(f"alter table {real} rename to orders")
            self.poisoned = None

    def edit_target(self, pick: int) -> None:
        """Delete rows of one shard from the tables behind the ledger's back."""
        name = self.shards.all[pick % len(self.shards.all)].name
        if name not in self.disabled:
            for table in MODELS:
                with contextlib.suppress(Exception):
                    self.estate.execute(
                        f"delete from {self.estate.relation(table)} "
                        f"where shard = {self.literal(name)} and id % 2 = {pick % 2}"
                    )

    def drop_target(self, pick: int) -> None:
        name = MODELS[pick % 4]
        self.estate.execute(f"drop table if exists {self.estate.relation(name)}")
        if name == "kept":
            self.retained = {}

    def forget_loads(self, pick: int) -> None:
        with contextlib.suppress(Exception):
            loads = self.estate.relation("estate_shard_loads")
            self.estate.execute(f"delete from {loads} where row_count % 2 = {pick % 2}")
            self.retained = {}

    # -- runs ---------------------------------------------------------------------------------

    def run(self, pick: int) -> None:
        self.run_dbt()

    def run_full_refresh(self, pick: int) -> None:
        self.run_dbt("--full-refresh")

    def run_empty(self, pick: int) -> None:
        loaded = {name: self.contents(name) for name in MODELS if self.is_loaded(name)}
        result = self.estate.run_dbt(["run", "--empty"], expect_pass=None)
        for name, before in loaded.items():
            assert self.contents(name) == before, f"--empty touched {name}: {result.output}"

    def run_dbt(self, *flags: str) -> None:
        is_dead = self.poisoned is not None and self.poisoned not in self.disabled
        result = self.estate.run_dbt(["run", *flags], expect_pass=None)
        assert result.success or is_dead, result.output
        if result.success:  # a shard without rows raises nothing
            self.compare()

    def compare(self) -> None:
        expected = self.contents("plain")
        for name in ["whole", "increased"]:
            assert self.contents(name) == expected, name
        narrow = {"shard", "id", "amount", "upd"}
        assert self.contents("each", narrow) == self.contents("plain", narrow), "each"
        held = self.rows("kept")
        active = {shard.name for shard in self.shards.all} - self.disabled
        assert as_counter([row for row in held if row["shard"] in active]) == expected, "kept"
        for name, rows in self.retained.items():
            if name not in active:
                still = [row for row in held if row["shard"] == name]
                assert as_counter(still, narrow) == as_counter(rows, narrow), f"retired {name}"
        self.retained = {
            name: [row for row in held if row["shard"] == name]
            for name in {row["shard"] for row in held}
        }

    def finish(self) -> None:
        self.heal()
        self.run_dbt()
        self.run_dbt()

    def name_end(self, pick: int) -> str:
        end = NAMES[pick % 4]
        return end.replace('"', "]") if self.estate.is_babelfish else end

    # -- helpers ------------------------------------------------------------------------------

    def now(self) -> datetime.datetime:
        self.clock += 1
        return START + datetime.timedelta(seconds=self.clock)

    def literal(self, value: Any) -> str:
        return literal(self.estate.adapter_type, value)

    def table(self, shard: Shard) -> str:
        return self.estate.relation("orders", shard.schema)

    def change(self, shard: Shard, statement: str) -> None:
        table = "real_orders" if shard.name == self.poisoned else "orders"
        if "alter table" in statement and self.poisoned == shard.name:
            return  # the view that stands for the table has its columns
        self.estate.execute(statement.format(table=self.estate.relation(table, shard.schema)))

    def write_registry(self) -> None:
        registry = self.estate.relation("registry", raw_schema(self.estate))
        rows = []
        for shard in self.shards.all:
            is_enabled = "0" if shard.name in self.disabled else "1"
            values = [shard.name, shard.database, shard.schema, is_enabled]
            rows.append(f"({', '.join(self.literal(value) for value in values)})")
        self.estate.execute(f"delete from {registry}")
        self.estate.execute(f"insert into {registry} values {', '.join(rows)}")

    def is_loaded(self, name: str) -> bool:
        try:
            ledger = self.estate.relation("estate_shard_loads")
            self.contents(name)
            query = f"select count(*) from {ledger} where model = '{name}' and slot = 'live'"
            return bool(self.estate.sql(query)[0][0])
        except Exception:
            return False

    def rows(self, name: str) -> list[dict[str, Any]]:
        columns = [
            row[0]
            for row in self.estate.sql(
                "select column_name from information_schema.columns where table_name = "
                f"'{name}' and table_schema = '{self.estate.target_schema}' order by column_name"
            )
        ]
        listed = ", ".join(f'"{column}"' for column in columns)
        found = self.estate.sql(f"select {listed} from {self.estate.relation(name)}")
        return [dict(zip(columns, row, strict=True)) for row in found]

    def contents(self, name: str, only: set[str] | None = None) -> Counter[Any]:
        return as_counter(self.rows(name), only)


def as_counter(rows: list[dict[str, Any]], only: set[str] | None = None) -> Counter[Any]:
    return Counter(
        tuple(sorted((k, repr(v)) for k, v in row.items() if only is None or k in only))
        for row in rows
    )


CHANGES = [
    "new_shard",
    "new_row",
    "new_row",
    "new_row_without_time",
    "change_row",
    "change_row",
    "new_column",
    "wider_column",
    "toggle_shard",
    "toggle_shard",
    "poison",
    "poison",
    "edit_target",
    "drop_target",
    "forget_loads",
]
RUNS = ["run", "run", "run", "run_empty", "run_full_refresh"]
steps = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 11)), max_size=4),
        st.sampled_from(RUNS),
    ),
    min_size=2,
    max_size=5,
)


def model(text: str, **config: Any) -> str:
    return f"{{{{ config(**{config!r}) }}}}\n\n{text}\n"


def raw_schema(estate: Estate) -> str:
    return f"{estate.target_schema}_raw"  # a server outlives its tests, a schema may not


def prepare(estate: Estate) -> None:
    """Write the models once; a history only changes tables."""
    name_type = sql_type(estate.adapter_type, "varchar(200)")
    estate.write(
        {
            "models/sources.yml": """
                sources:
                  - name: store
                    schema: RAW
                    tables: [{name: orders}, {name: registry}]
                """.replace("RAW", raw_schema(estate)),
            "models/plain.sql": model(UNION, materialized="table"),
            "models/whole.sql": model(
                UNION,
                materialized="estate_shards",
                meta={"dbt_estate_shards": {"batch_size": 2, "resume_minutes": 0}},
            ),
            "models/increased.sql": model(
                UNION,
                materialized="estate_shards",
                unique_key="id",
                meta={"dbt_estate_shards": BY_WATERMARK},
            ),
            "models/kept.sql": model(
                UNION,
                materialized="estate_shards",
                unique_key=["id"],
                meta={
                    "dbt_estate_shards": {
                        **BY_WATERMARK,
                        "retired": "keep",
                        "batch_size": 3,
                        "lookback": 2,
                        "lookback_unit": "second",
                    }
                },
            ),
            "models/each.sql": model(
                EACH.replace("%s", name_type),
                materialized="estate_shards",
                unique_key="id",
                meta={"dbt_estate_shards": BY_WATERMARK},
            ),
        }
    )
    estate.create_schema(raw_schema(estate))
    columns = ", ".join(
        f"{column} {name_type}"
        for column in ["shard", "database_name", "schema_name", "is_enabled"]
    )
    registry = estate.relation("registry", raw_schema(estate))
    estate.execute(f"create table {registry} ({columns})")


def play(estate: Estate, number: int, history_steps: list[Any]) -> None:
    history = History(estate, number)
    for name in [*MODELS, "estate_shard_loads"]:
        estate.execute(f"drop table if exists {estate.relation(name)}")
        estate.execute(f"drop table if exists {estate.relation(name + '__estate_next')}")
    history.new_shard(2)
    history.new_shard(3)
    history.new_shard(0)
    for changes, run in history_steps:
        for name, pick in changes:
            getattr(history, name)(pick)
        getattr(history, run)(0)
    history.finish()
    history.heal()
    for shard in history.shards.all:
        if estate.adapter_type != "sqlserver":
            estate.execute(f"drop schema {quote(shard.schema)} cascade")


_numbers = iter(range(10**9))


def run_histories(estate: Estate, count: int) -> None:
    prepare(estate)

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=count < 100,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate],
    )
    @given(history_steps=steps)
    def each_history(history_steps: list[Any]) -> None:
        play(estate, next(_numbers), history_steps)

    each_history()


@pytest.mark.smoke
def test_after_every_run_the_tables_are_the_union(module_estate: Estate) -> None:
    run_histories(module_estate, 12)


@pytest.mark.fuzz
def test_after_every_run_of_many_histories_the_tables_are_the_union(module_estate: Estate) -> None:
    run_histories(module_estate, 300)


@pytest.mark.fuzz
def test_killed_runs(estate: Estate) -> None:
    """A process that is killed at a random time loses nothing: the next run ends with the union."""
    prepare(estate)
    history = History(estate, 0)
    for pick in range(40):
        history.new_shard(pick)
    history.run(0)
    chance = random.Random(7)
    landed = 0
    for number in range(60):
        history.change_row(number)
        history.new_row(number)
        process = estate.dbt_subprocess(["run", *(["--full-refresh"] if number % 3 == 0 else [])])
        assert process.stdout is not None
        for line in process.stdout:
            if "START sql estate_shards" in line:
                break
        time.sleep(chance.uniform(0.0, 1.5))
        estate.kill(process)
        landed += process.returncode < 0
        history.run(0)
        if landed == 20:
            return
    raise AssertionError(f"only {landed} runs were killed while they loaded")
