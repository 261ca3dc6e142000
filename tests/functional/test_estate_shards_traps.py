"""Histories that once ended in success with a table that was not the union."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.functional.test_estate_shards import (
    COLUMNS,
    DAY,
    INCREASED,
    UNION,
    arrange,
    heal,
    ledger,
    poison,
    progress,
    write,
)
from tests.support.estate import Estate
from tests.support.shards import Shards, Table

NAME = "{{ dbt_estate.literal(s.shard) }}"
TABLE = "{{ dbt_estate.shard_relation(s, source('store', 'orders')) }}"
EACH = "{{% call(s) dbt_estate.for_each_shard(ref('shards')) %}}{}{{% endcall %}}"
LATER = DAY + datetime.timedelta(days=30)

pytestmark = pytest.mark.adapters("duckdb", "postgres")


def is_the_union(estate: Estate, sql: str = UNION, name: str = "subject") -> None:
    """Build the same text as a table of dbt's, and compare."""
    write(estate, sql, name="plain", materialized="table")
    estate.run_dbt(["run", "--select", "plain"])
    tables = [estate.relation("plain"), estate.relation(name)]
    columns = [
        row[0]
        for row in estate.sql(
            "select column_name from information_schema.columns where table_name = 'plain' "
            f"and table_schema = '{estate.target_schema}' order by column_name"
        )
    ]
    names = ", ".join(f'"{column}"' for column in columns)
    for one, other in (tables, tables[::-1]):
        query = f"select {names} from {one} except all select {names} from {other}"
        assert estate.sql(query) == []


def test_a_value_that_looks_like_a_marker_stays_a_value(estate: Estate) -> None:
    note = (
        'a\n/* estate_shards shard [" as varchar) as note, 1 as id, null as upd) as shard_rows; '
        'drop table v; commit; begin; \\u002f\\u002a", "f"] */\nb\n'
        "/* estate_shards end [] */\n*/ select 1; --"
    )
    shards = Shards(estate)
    shards.add("a", {"orders": Table(COLUMNS, [(1, DAY)])}, note=note)
    shards.add("b", {"orders": Table(COLUMNS, [(2, DAY)])}, note="x")
    shards.write_model()
    shards.write_source("orders")
    carried = "options={'shard_columns': ['shard', 'note']}"
    write(estate, UNION.replace("ref('shards')", f"ref('shards'), {carried}"), **INCREASED)
    for _ in range(2):
        estate.run_dbt(["run"])
        assert estate.sql(f"select note from {estate.relation('subject')} where id = 1") == [
            (note,)
        ]


def test_long_names_that_begin_alike_have_tables_of_their_own(estate: Estate) -> None:
    shards = arrange(estate, 2)
    stem = "sales_of_all_stores_by_region_and_by_country_of_the"
    poison(estate, shards, 1)
    for name, column in ((f"{stem}_orders", "id"), (f"{stem}_others", "id + 1000 as id")):
        body = f"select {NAME} as shard, {column} from {TABLE} as t"
        meta = {"dbt_estate_shards": {"batch_size": 1}}
        write(estate, EACH.format(body), name=name, meta=meta)
    estate.run_dbt(["run"], expect_pass=False)
    heal(estate, shards, 1)
    estate.run_dbt(["run"])
    assert estate.sql(f"select max(id) from {estate.relation(f'{stem}_orders')}") == [(11,)]
    assert estate.sql(f"select min(id) from {estate.relation(f'{stem}_others')}") == [(1000,)]


def add_channel(estate: Estate, shards: Shards, *numbers: int) -> None:
    for number in numbers:
        table = shards.relation(shards.all[number], "orders")
        estate.execute(f"alter table {table} add column channel varchar(20)")
        estate.execute(f"update {table} set channel = 'web'")


def test_a_column_that_was_dropped_by_a_run_that_died_comes_back_with_its_values(
    estate: Estate,
) -> None:
    shards = arrange(estate)
    add_channel(estate, shards, 0, 1)
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    without = UNION.replace("ref('shards')", "ref('shards'), options={'exclude': ['channel']}")
    write(estate, without, **INCREASED)
    poison(estate, shards, 0)
    estate.run_dbt(["run"], expect_pass=False)
    heal(estate, shards, 0)
    write(estate, **INCREASED)
    assert "2 to load whole, 1 to increase" in progress(estate.run_dbt(["run"]))
    is_the_union(estate)


def test_a_policy_that_ignored_a_column_is_lifted(estate: Estate) -> None:
    shards = arrange(estate)
    write(estate, on_schema_change="ignore", **INCREASED)
    estate.run_dbt(["run"])
    add_channel(estate, shards, 1)
    estate.run_dbt(["run"])
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    is_the_union(estate)


@pytest.mark.parametrize("flags", [[], ["--full-refresh"]])
def test_kept_rows_keep_the_column_that_only_they_had(estate: Estate, flags: list[str]) -> None:
    shards = arrange(estate)
    add_channel(estate, shards, 2)
    write(estate, meta={"dbt_estate_shards": {"watermark": "upd", "retired": "keep"}})
    estate.run_dbt(["run"])
    gone = shards.all.pop()
    shards.write_model()
    estate.run_dbt(["run", *flags])
    kept = f"select distinct channel from {estate.relation('subject')} where shard = '{gone.name}'"
    assert estate.sql(kept) == [("web",)]
    shards.all.append(gone)
    shards.write_model()
    estate.run_dbt(["run"])
    is_the_union(estate)


def test_every_column_of_a_body_is_followed(estate: Estate) -> None:
    shards = arrange(estate, 2)
    body = EACH.format(f"select {NAME} as shard, t.* from {TABLE} as t")
    write(estate, body, **INCREASED)
    estate.run_dbt(["run"])
    add_channel(estate, shards, 0, 1)
    estate.run_dbt(["run"])
    is_the_union(estate, body)


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [("decimal(10,2)", "decimal(14,4)", "1.2345"), ("date", "timestamp", "'2026-01-01 10:11:12'")],
)
def test_bodies_have_the_types_of_their_union(
    estate: Estate, first: str, second: str, value: str
) -> None:
    arrange(estate, 2)
    kind = f"{{% if s.shard == 'store_0' %}}{first}{{% else %}}{second}{{% endif %}}"
    body = EACH.format(f"select {NAME} as shard, cast({value} as {kind}) as x from {TABLE} as t")
    write(estate, body)
    estate.run_dbt(["run"])
    is_the_union(estate, body)


@pytest.mark.adapters("postgres")
def test_a_finer_time_is_another_type(estate: Estate) -> None:
    shards = Shards(estate)
    coarse = {"id": "integer", "upd": "timestamp(0)"}
    for name in ("a", "b"):
        shards.add(name, {"orders": Table(coarse, [(1, DAY)])})
    shards.write_model()
    shards.write_source("orders")
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    table = shards.relation(shards.all[0], "orders")
    estate.execute(f"alter table {table} alter column upd type timestamp(6)")
    for tenth in (7, 8):
        moment = LATER + datetime.timedelta(milliseconds=100 * tenth)
        shards.insert(shards.all[0], "orders", [(tenth, moment)])
        estate.run_dbt(["run"])
    is_the_union(estate)


@pytest.mark.adapters("postgres")
def test_names_that_differ_in_case_are_two_columns(estate: Estate) -> None:
    shards = Shards(estate)
    columns = {"id": "integer", "upd": "timestamp", "UPD": "timestamp", "Shard": "integer"}
    shards.add("a", {"orders": Table(columns, [(1, DAY, LATER, 5)])})
    shards.write_model()
    shards.write_source("orders")
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    shards.insert(shards.all[0], "orders", [(2, DAY + datetime.timedelta(days=1), DAY, 6)])
    assert "0 to load whole" in progress(estate.run_dbt(["run"]))
    is_the_union(estate)


@pytest.mark.adapters("duckdb")
def test_a_shard_that_writes_a_name_in_another_case_joins(estate: Estate) -> None:
    shards = arrange(estate)
    write(estate, **INCREASED)
    estate.run_dbt(["run"])
    shards.add("zulu", {"orders": Table({"Id": "integer", "upd": "timestamp"}, [(7, DAY)])})
    shards.write_model()
    estate.run_dbt(["run"])
    is_the_union(estate)


def test_another_watermark_or_key_loads_all_again(estate: Estate) -> None:
    shards = Shards(estate)
    columns = {"id": "integer", "created": "timestamp", "upd": "timestamp"}
    shards.add("a", {"orders": Table(columns, [(1, DAY, DAY), (2, DAY, LATER)])})
    shards.write_model()
    shards.write_source("orders")
    write(estate, unique_key="id", meta={"dbt_estate_shards": {"watermark": "created"}})
    estate.run_dbt(["run"])
    shards.insert(shards.all[0], "orders", [(3, LATER, DAY)])
    table = shards.relation(shards.all[0], "orders")
    estate.execute(f"update {table} set upd = upd + interval '1 day' where id = 1")
    estate.run_dbt(["run"])
    write(estate, unique_key="id", **INCREASED)
    assert "1 to load whole" in progress(estate.run_dbt(["run"]))
    is_the_union(estate)


def test_a_sample_forgets_a_build_that_died(estate: Estate) -> None:
    shards = arrange(estate)
    recent = datetime.datetime.now() - datetime.timedelta(hours=1)
    for shard in shards.all:
        shards.insert(shard, "orders", [(8, recent), (9, recent)])
    shards.write_source("orders", config={"event_time": "upd"})
    write(estate, **INCREASED)
    poison(estate, shards, 2)
    estate.run_dbt(["run"], expect_pass=False)
    heal(estate, shards, 2)
    estate.run_dbt(["run", "--sample", "3 days"])
    assert ledger(estate) == []
    estate.run_dbt(["run"])
    is_the_union(estate)


def test_a_registry_column_of_any_name_is_the_users(estate: Estate) -> None:
    shards = Shards(estate)
    for number, name in enumerate("ab"):
        rows: list[Any] = [(number, DAY)]
        shards.add(name, {"orders": Table(COLUMNS, rows)}, is_placeholder=True)
    shards.write_model()
    shards.write_source("orders", schema=shards.all[0].schema)
    body = EACH.format(f"select {NAME} as shard, id from {TABLE} as t")
    write(estate, body)
    estate.run_dbt(["run"])
    rows = estate.sql(f"select shard, id from {estate.relation('subject')} order by 1")
    assert rows == [("a", 0), ("b", 1)]
