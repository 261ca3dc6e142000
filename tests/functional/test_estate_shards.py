"""The materialization estate_shards: dbt's own list, and what is its own."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import pytest

from tests.support.acceptance import MaterializationAcceptance
from tests.support.estate import Estate
from tests.support.shards import Shards, Table, sql_type

UNION = "{{ dbt_estate.union_shards(source('store', 'orders'), ref('shards')) }}"
DAY = datetime.datetime(2026, 1, 1)
COLUMNS = {"id": "integer", "upd": "timestamp"}


def arrange(estate: Estate, count: int = 3) -> Shards:
    shards = Shards(estate)
    for number in range(count):
        rows = [(number * 10 + n, DAY + datetime.timedelta(days=n)) for n in range(2)]
        shards.add(f"store_{number}", {"orders": Table(COLUMNS, rows)})
    shards.write_model()
    shards.write_source("orders")
    estate.run_dbt(["run", "--select", "shards"])
    return shards


def write(estate: Estate, sql: str = UNION, name: str = "subject", **config: Any) -> None:
    config = {"materialized": "estate_shards", **config}
    estate.write({f"models/{name}.sql": f"{{{{ config(**{config!r}) }}}}\n\n{sql}\n"})


class ShardsAcceptance(MaterializationAcceptance):
    materialization = "estate_shards"
    shards: Shards

    def arrange(self, estate: Estate) -> None:
        type(self).shards = arrange(estate)

    def sql(self) -> str:
        return UNION

    def columns(self, estate: Estate) -> dict[str, str]:
        types = {
            "duckdb": {"shard": "varchar", "id": "integer", "upd": "timestamp"},
            "postgres": {"shard": "text", "id": "integer", "upd": "timestamp"},
            "sqlserver": {"shard": "nvarchar(256)", "id": "int", "upd": "datetime2(6)"},
        }
        return types[estate.adapter_type]

    def expected(self, estate: Estate) -> Counter[Any]:
        return Counter(
            (shard.name, *row)
            for shard in self.shards.all
            for row in estate.sql(f"select id, upd from {self.shards.relation(shard, 'orders')}")
        )

    def add_row(self, estate: Estate) -> None:
        moment = DAY + datetime.timedelta(days=9)
        self.shards.insert(self.shards.all[1], "orders", [(99, moment)])

    def add_column(self, estate: Estate) -> None:
        table = self.shards.relation(self.shards.all[2], "orders")
        kind = sql_type(estate.adapter_type, "varchar(20)")
        column = "" if estate.adapter_type == "sqlserver" else "column "
        estate.execute(f"alter table {table} add {column}extra {kind}")
        estate.execute(f"update {table} set extra = 'new'")


class TestWithoutWatermark(ShardsAcceptance):
    def test_on_schema_change(self, subject: Estate) -> None:
        """Every run makes the table anew, as dbt's table does, which knows no such policy."""
        self.write(subject)
        subject.run_dbt(["run"])
        self.add_column(subject)
        subject.run_dbt(["run"])
        assert "extra" in self.column_names(subject)


class TestWithWatermark(ShardsAcceptance):
    settings = {"meta": {"dbt_estate_shards": {"watermark": "upd", "batch_size": 2}}}

    def test_full_refresh_false_is_kept(self, subject: Estate) -> None:
        self.write(subject, full_refresh=False)
        subject.run_dbt(["run"])
        table = subject.relation("subject")
        old = "upd < '2026-01-02'"
        subject.execute(f"update {table} set id = -1 where {old}")
        subject.run_dbt(["run", "--full-refresh"])
        assert subject.sql(f"select distinct id from {table} where {old}") == [(-1,)]


def ledger(estate: Estate, columns: str = "*") -> list[Any]:
    return estate.sql(
        f"select {columns} from {estate.relation('estate_shard_loads')} order by model, slot, shard"
    )


def progress(result: Any) -> str:
    line: str = next(line for line in result.output.splitlines() if "to load whole" in line)
    return line


INCREASED: dict[str, Any] = {"meta": {"dbt_estate_shards": {"watermark": "upd", "batch_size": 2}}}


@pytest.mark.smoke
def test_a_new_shard_is_back_filled_while_the_others_increase(estate: Estate) -> None:
    shards = arrange(estate)
    write(estate, **INCREASED)
    assert "3 shards, 3 to load whole, 0 to increase" in progress(estate.run_dbt(["run"]))
    new = Table(COLUMNS, [(70, DAY - datetime.timedelta(days=900))])
    shards.add("store_9", {"orders": new})
    shards.write_model()
    shards.insert(shards.all[0], "orders", [(77, DAY + datetime.timedelta(days=5))])
    result = estate.run_dbt(["run"])
    assert "4 shards, 1 to load whole, 3 to increase" in progress(result)
    assert "4 of 4 shards" in result.output
    table = estate.relation("subject")
    assert estate.sql(f"select count(*), min(id), max(id) from {table}") == [(8, 0, 77)]
    assert ledger(estate, "shard, row_count, status, generation") == [
        ("store_0", 3, "complete", 2),
        ("store_1", 2, "complete", 2),
        ("store_2", 2, "complete", 2),
        ("store_9", 1, "complete", 2),
    ]
    reads = [query for query in result.queries if query.startswith(("begin", "set xact_abort"))]
    bounds = [query for query in reads if "2026-01-02" in query]
    assert bounds, "no watermark was written as a literal"


def test_retired_shards_are_removed_or_kept(estate: Estate) -> None:
    shards = arrange(estate)
    keep: dict[str, Any] = {"meta": {"dbt_estate_shards": {"watermark": "upd", "retired": "keep"}}}
    write(estate, **INCREASED)
    write(estate, name="keeper", **keep)
    estate.run_dbt(["run"])
    shards.all.pop()
    shards.write_model()
    for flags in ([], ["--full-refresh"]):
        result = estate.run_dbt(["run", *flags])
        if not flags:
            assert "removes 1 retired shards: store_2" in result.output
        query = "select distinct shard from {} order by shard"
        assert len(estate.sql(query.format(estate.relation("subject")))) == 2
        assert len(estate.sql(query.format(estate.relation("keeper")))) == 3


def poison(estate: Estate, shards: Shards, number: int) -> None:
    """Let a shard raise when its rows are read."""
    shard = shards.all[number]
    table = estate.relation("orders", shard.schema)
    raises = "error('gone') is null" if estate.adapter_type == "duckdb" else "1 / (id - id) = 1"
    estate.execute(f"alter table {table} rename to real_orders")
    real = estate.relation("real_orders", shard.schema)
    estate.execute(f"create view {table} as select * from {real} where {raises}")


def heal(estate: Estate, shards: Shards, number: int) -> None:
    shard = shards.all[number]
    estate.execute(f"drop view {estate.relation('orders', shard.schema)}")
    estate.execute(f"alter table {estate.relation('real_orders', shard.schema)} rename to orders")


@pytest.mark.adapters("duckdb", "postgres")
@pytest.mark.parametrize("watermark", [None, "upd"])
def test_a_first_build_that_died_is_gone_on_with(estate: Estate, watermark: str | None) -> None:
    shards = arrange(estate, 7)
    write(estate, meta={"dbt_estate_shards": {"batch_size": 2, "watermark": watermark}})
    poison(estate, shards, 4)
    died = estate.run_dbt(["run"], expect_pass=False)
    assert "4 of 7 shards" in died.output
    assert [row[0] for row in ledger(estate, "shard")] == [f"store_{n}" for n in range(4)]
    heal(estate, shards, 4)
    shards.insert(shards.all[6], "orders", [(77, DAY + datetime.timedelta(days=5))])
    result = estate.run_dbt(["run"])
    assert "goes on with the rebuild that was left" in result.output
    kept = "0 to increase, 4 already" if watermark is None else "4 to increase, 0 already"
    assert f"7 shards, 3 to load whole, {kept}" in progress(result)
    assert estate.sql(f"select count(*) from {estate.relation('subject')}") == [(15,)]


@pytest.mark.adapters("duckdb", "postgres")
def test_a_full_refresh_that_died_leaves_the_old_table_in_use(estate: Estate) -> None:
    shards = arrange(estate, 5)
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    poison(estate, shards, 3)
    estate.run_dbt(["run", "--full-refresh"], expect_pass=False)
    count = f"select count(*) from {estate.relation('subject')}"
    assert estate.sql(count) == [(10,)]
    heal(estate, shards, 3)
    assert "5 shards, 0 to load whole, 5 to increase" in progress(estate.run_dbt(["run"]))
    again = estate.run_dbt(["run", "--full-refresh"])
    assert "5 shards, 3 to load whole, 2 to increase" in progress(again)
    assert estate.sql(count) == [(10,)]
    assert {row[0] for row in ledger(estate, "slot")} == {"live"}


@pytest.mark.adapters("duckdb", "postgres")
def test_a_full_refresh_that_died_long_ago_is_not_believed(estate: Estate) -> None:
    """What was deleted since is gone after the next one, since it loads those shards again."""
    shards = arrange(estate, 5)
    write(estate, meta={"dbt_estate_shards": {**INCREASED["meta"]["dbt_estate_shards"]}})
    poison(estate, shards, 3)
    estate.run_dbt(["run"], expect_pass=False)
    heal(estate, shards, 3)
    estate.execute(f"delete from {shards.relation(shards.all[0], 'orders')} where id = 0")
    loads = estate.relation("estate_shard_loads")
    estate.execute(f"update {loads} set finished_at = finished_at - interval '2 hours'")
    assert "5 shards, 5 to load whole" in progress(estate.run_dbt(["run"]))
    assert estate.sql(f"select min(id) from {estate.relation('subject')}") == [(1,)]


def test_branches_of_ones_own_go_by_position_as_a_union_does(estate: Estate) -> None:
    arrange(estate, 2)
    literal = "{{ dbt_estate.literal(s.shard) }}"
    table = "{{ dbt_estate.shard_relation(s, source('store', 'orders')) }}"
    body = (
        f"{{% if s.shard == 'store_0' %}}select {literal} as shard, id, 7 as x from {table} as t"
        f"{{% else %}}select {literal} as shard, 8 as x, id from {table} as t{{% endif %}}"
    )
    wider = body.replace("8 as x, id", "8 as x, id, 9 as y")
    call = "{{% call(s) dbt_estate.for_each_shard(ref('shards')) %}}{}{{% endcall %}}"
    write(estate, call.format(body))
    write(estate, call.format(body), name="plain", materialized="table")
    write(estate, call.format(wider), name="wider")
    result = estate.run_dbt(["run"], expect_pass=False)
    rows = "select shard, id, x from {} order by shard, id, x"
    assert estate.sql(rows.format(estate.relation("subject"))) == estate.sql(
        rows.format(estate.relation("plain"))
    )
    assert result.status("wider") == "error"


@pytest.mark.adapters("duckdb", "postgres")
def test_a_full_refresh_that_died_starts_anew_if_the_columns_have_changed(estate: Estate) -> None:
    shards = arrange(estate, 5)
    write(estate, **INCREASED)
    poison(estate, shards, 3)
    estate.run_dbt(["run"], expect_pass=False)
    heal(estate, shards, 3)
    table = shards.relation(shards.all[0], "orders")
    estate.execute(f"alter table {table} add column extra integer")
    assert "5 shards, 5 to load whole" in progress(estate.run_dbt(["run"]))


def test_an_edited_or_lost_target_is_loaded_again(estate: Estate) -> None:
    arrange(estate)
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    table = estate.relation("subject")
    estate.execute(f"delete from {table} where id = 0")
    assert "3 shards, 1 to load whole, 2 to increase" in progress(estate.run_dbt(["run"]))
    estate.execute(f"drop table {table}")
    assert "3 shards, 3 to load whole" in progress(estate.run_dbt(["run"]))
    assert estate.sql(f"select count(*) from {table}") == [(6,)]


def test_a_changed_branch_loads_its_shards_again_and_a_column_elsewhere_does_not(
    estate: Estate,
) -> None:
    shards = arrange(estate)
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    column = "" if estate.adapter_type == "sqlserver" else "column "
    table = shards.relation(shards.all[0], "orders")
    estate.execute(f"alter table {table} add {column}extra integer")
    assert "3 shards, 1 to load whole, 2 to increase" in progress(estate.run_dbt(["run"]))
    where = UNION.replace("ref('shards')", "ref('shards'), options={'where': 'id <> 0'}")
    write(estate, where, **INCREASED)
    assert "3 shards, 3 to load whole, 0 to increase" in progress(estate.run_dbt(["run"]))
    assert estate.sql(f"select min(id) from {estate.relation('subject')}") == [(1,)]


@pytest.mark.adapters("postgres")
def test_a_second_concurrent_run_is_refused(estate: Estate) -> None:
    arrange(estate)
    write(estate)
    name = f"dbt_estate {estate.database}.{estate.target_schema}.subject"
    server = estate.workspace.server  # type: ignore[attr-defined]
    with server.session(estate.database) as session:
        session.cursor().execute(f"select pg_advisory_lock(hashtextextended('{name}', 0))")
        refused = estate.run_dbt(["run"], expect_pass=False)
    assert "another run holds the lock" in refused.output
    estate.run_dbt(["run"])


@pytest.mark.adapters("duckdb")
def test_a_second_process_is_refused_by_the_file(estate: Estate) -> None:
    import duckdb

    arrange(estate)
    write(estate)
    estate.workspace.disconnect()
    with duckdb.connect(str(estate.workspace.root / "estate.duckdb")):
        process = estate.dbt_subprocess(["run"])
        printed = process.communicate()[0]
    assert process.returncode != 0
    assert "lock" in printed


SETTINGS_ERRORS = {
    "batch_size: must be a whole number from 1 to 500, got: 0": {"batch_size": 0},
    "batch_size: must be a whole number from 1 to 500, got: many": {"batch_size": "many"},
    "retired: must be one of delete, keep, got: forget": {"retired": "forget"},
    "lookback_unit: must be one of": {"lookback_unit": "parsec"},
    "setting: must be one of batch_size": {"watermarks": "upd"},
    "there is no watermark": {"lookback": 3},
    "the watermark 'nope' is not a column of the model": {"watermark": "nope"},
    "watermark: must be the name of one column": {"watermark": ["upd"]},
    "lookback_unit: must be none, since the watermark 'id' is a number": {
        "watermark": "id",
        "lookback": 1,
        "lookback_unit": "hour",
    },
    "since the watermark 'upd' is no number": {"watermark": "upd", "lookback": 1},
}


def test_settings_are_checked(estate: Estate) -> None:
    arrange(estate)
    for number, given in enumerate(SETTINGS_ERRORS.values()):
        write(estate, name=f"m{number}", meta={"dbt_estate_shards": given})
    write(estate, name="nested", meta={"dbt_estate": {"shards": {}}})
    write(estate, name="keyed", unique_key="id")
    write(estate, name="beside", watermark="upd", incremental_strategy="merge")
    write(estate, name="ended", sql=f"{UNION};")
    write(estate, name="two", sql=f"select 1 as n\nunion all\n{UNION}")
    write(estate, name="twice", sql=f"{UNION}\nunion all\n{UNION}")
    write(estate, name="inside", sql=f"with a as (\n{UNION}\n)\nselect * from a")
    write(estate, name="none_at_all", sql="select 1 as n")
    write(estate, name="commented", sql=f"-- a comment\n{UNION}\n/* and another */")
    body = "select 1 as n from {{ dbt_estate.shard_relation(s, source('store', 'orders')) }} as t"
    unnamed = f"{{% call(s) dbt_estate.for_each_shard(ref('shards')) %}}{body}{{% endcall %}}"
    write(estate, name="unnamed", sql=unnamed)
    result = estate.run_dbt(["run"], expect_pass=False)
    for number, text in enumerate(SETTINGS_ERRORS):
        assert text in result.message(f"m{number}")
    assert "write the flat key meta: dbt_estate_shards" in result.message("nested")
    assert "there is no watermark" in result.message("keyed")
    assert "watermark: is set beside meta" in result.message("beside")
    assert "incremental_strategy: estate_shards has one way" in result.message("beside")
    assert 'has other SQL around it: ";"' in result.message("ended")
    for name in ("two", "twice", "inside", "none_at_all"):
        assert "needs a model that is exactly one call" in result.message(name)
    assert result.status("commented") == "success"
    assert "no column 'shard' with the shard's name" in result.message("unnamed")


@pytest.mark.adapters("duckdb", "postgres")
def test_a_type_is_not_narrowed_under_rows_that_need_it(estate: Estate) -> None:
    """The widest shard leaves; its rows are removed, kept as they are, or the run says why not."""
    shards = arrange(estate, 2)
    wide = Table({**COLUMNS, "id": "bigint"}, [(3_000_000_000, DAY)])
    shards.add("wide", {"orders": wide})
    shards.write_model()
    keep = {"dbt_estate_shards": {"watermark": "upd", "retired": "keep"}}
    typed = UNION.replace(
        "ref('shards')", "ref('shards'), options={'column_types': {'id': 'bigint'}}"
    )
    write(estate, **INCREASED)
    write(estate, name="keeper", meta=keep)
    write(estate, name="typed", sql=typed, meta=keep)
    write(estate, name="ignoring", on_schema_change="ignore", **INCREASED)
    estate.run_dbt(["run"])
    shards.all.pop()
    shards.write_model()
    result = estate.run_dbt(["run"], expect_pass=False)
    assert result.status("subject") == result.status("typed") == "success"
    assert "types have changed, so all is loaded anew: id from" in result.output
    assert estate.sql(f"select count(*) from {estate.relation('subject')}") == [(4,)]
    assert "types have changed" in result.message("ignoring")
    assert "with on_schema_change: ignore" in result.message("ignoring")
    for name in ("keeper", "typed"):
        kept = f"select id from {estate.relation(name)} where shard = 'wide'"
        assert estate.sql(kept) == [(3_000_000_000,)]
    if estate.adapter_type == "duckdb":
        assert "1 rows of retired shards need BIGINT" in result.message("keeper")
    else:
        assert "out of range" in result.message("keeper")


def test_rows_of_a_changed_key_are_replaced_and_rows_without_a_time_are_kept_up(
    estate: Estate,
) -> None:
    shards = arrange(estate)
    write(estate, unique_key=["id"], **INCREASED)
    estate.run_dbt(["run"])
    table = shards.relation(shards.all[0], "orders")
    estate.execute(f"update {table} set upd = '2026-02-01' where id = 0")
    shards.insert(shards.all[0], "orders", [(5, None)])
    assert "3 to increase" in progress(estate.run_dbt(["run"]))
    rows = f"select id from {estate.relation('subject')} where shard = 'store_0' order by id"
    assert estate.sql(rows) == [(0,), (1,), (5,)]
    estate.execute(f"update {table} set id = 6 where id = 5")
    assert "3 to increase" in progress(estate.run_dbt(["run"]))
    assert estate.sql(rows) == [(0,), (1,), (6,)]


def test_a_sample_moves_neither_ledger_nor_a_loaded_table(estate: Estate) -> None:
    shards = arrange(estate)
    recent = datetime.datetime.now() - datetime.timedelta(hours=1)
    shards.insert(shards.all[0], "orders", [(88, recent)])
    shards.write_source("orders", config={"event_time": "upd"})
    write(estate)
    count = f"select count(*) from {estate.relation('subject')}"
    estate.run_dbt(["run", "--sample", "3 days"])
    assert estate.sql(count) == [(1,)]
    assert ledger(estate) == []
    estate.run_dbt(["run"])
    assert estate.sql(count) == [(7,)]
    estate.run_dbt(["run", "--sample", "3 days"])
    assert estate.sql(count) == [(7,)]


def test_compiled_text_is_the_whole_union_even_when_loaded(estate: Estate) -> None:
    arrange(estate)
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    estate.run_dbt(["compile"])
    assert estate.compiled("subject").count("union all") == 2
