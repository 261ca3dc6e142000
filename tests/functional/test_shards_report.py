"""The report of missing, unreachable and drifted shards, as text and as a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.estate import MakeEstate, RunResult
from tests.support.shards import Shards, Table

REPORT = ["run-operation", "dbt_estate.shards_report", "--args"]
TABLES = ["store.orders", "store.items"]


@pytest.fixture(scope="module")
def shards(session_estates: MakeEstate) -> Iterator[Shards]:
    estate = session_estates()
    shards = Shards(estate)
    usual = Table({"id": "int", "amount": "decimal(10,2)", "note": "varchar(20)"})
    items = Table({"id": "int"})
    shards.add("a_drifts", {"orders": Table({"id": "bigint", "amount": "decimal(10,2)"})})
    shards.add("b", {"orders": usual, "items": items})
    shards.add("c", {"orders": usual, "items": items})
    extra = Table({"note": "varchar(20)", "id": "int", "extra": "int", "amount": "decimal(10,2)"})
    shards.add("d_more", {"orders": extra, "items": items})
    gone = shards.add("e_gone")
    shards.add("f_off", is_enabled=False)
    estate.execute(f'drop schema "{gone.schema}"')
    shards.write_model()
    shards.write_source("orders", "items")
    estate.write({"models/few.sql": "select * from {{ ref('shards') }} where shard in ('b', 'c')"})
    estate.run_dbt(["run"])
    yield shards
    estate.close()


def printed(result: RunResult) -> list[str]:
    return [message.text for message in result.messages if message.name == "PrintEvent"]


def cells(result: RunResult) -> dict[str, dict[str, dict[str, Any]]]:
    [line] = printed(result)
    assert line.startswith("dbt_estate:json ")
    report = json.loads(line.removeprefix("dbt_estate:json "))
    assert report["tables"] == TABLES
    return {
        shard["shard"]: {cell["table"]: cell for cell in shard["cells"]}
        for shard in report["shards"]
    }


def test_the_report_as_json(shards: Shards) -> None:
    arguments = json.dumps({"tables": TABLES, "output": "json"})
    result = shards.estate.run_dbt([*REPORT, arguments])
    report = cells(result)
    assert list(report) == ["a_drifts", "b", "c", "d_more", "e_gone"]
    assert {
        name: {table: cell["status"] for table, cell in row.items()} for name, row in report.items()
    } == {
        "a_drifts": {"store.orders": "drift", "store.items": "no_table"},
        "b": {"store.orders": "ok", "store.items": "ok"},
        "c": {"store.orders": "ok", "store.items": "ok"},
        "d_more": {"store.orders": "drift", "store.items": "ok"},
        "e_gone": {"store.orders": "no_schema", "store.items": "no_schema"},
    }
    drifted = report["a_drifts"]["store.orders"]
    assert drifted["missing"] == ["note"]
    assert drifted["extra"] == []
    [kind] = drifted["types"]
    assert (kind["column"], kind["type"].lower()) == ("id", "bigint")
    assert kind["expected"].lower() in ("integer", "int")
    more = report["d_more"]["store.orders"]
    assert (more["missing"], more["extra"], more["types"]) == ([], ["extra"], [])
    metadata = ("duckdb_columns()", "pg_catalog.pg_attribute", "#estate_shapes")
    asked = [query for query in result.queries if any(name in query for name in metadata)]
    assert len(asked) == len(TABLES)


def test_the_report_as_text(shards: Shards) -> None:
    lines = printed(shards.estate.run_dbt([*REPORT, json.dumps({"tables": TABLES})]))
    assert lines[-1] == "5 shards, 5 findings"
    assert [line.split("  ")[:3] for line in lines[:-1]] == [
        ["a_drifts", "store.orders", "drift"],
        ["a_drifts", "store.items", "no_table"],
        ["d_more", "store.orders", "drift"],
        ["e_gone", "store.orders", "no_schema"],
        ["e_gone", "store.items", "no_schema"],
    ]
    assert "lacks note; id is " in lines[0]
    assert "has extra besides" in lines[2]


def test_another_registry_and_nothing_to_report(shards: Shards) -> None:
    arguments = json.dumps({"tables": ["store.orders"], "shards": "few"})
    lines = printed(shards.estate.run_dbt([*REPORT, arguments]))
    assert lines == ["2 shards, 0 findings"]


def test_a_model_that_is_on_every_shard(shards: Shards) -> None:
    arguments = json.dumps({"tables": ["orders"], "shards": "few"})
    shards.estate.write({"models/orders.sql": "select 1 as id"})
    lines = printed(shards.estate.run_dbt([*REPORT, arguments]))
    assert lines == ["2 shards, 0 findings"]


def test_wrong_arguments_are_refused_together(shards: Shards) -> None:
    result = shards.estate.run_dbt([*REPORT, '{"tables": "store.orders", "output": "xml"}'], False)
    for words in (
        "2 problems in shards_report",
        "tables: must be a list of 'source.table' or 'model', got: store.orders",
        "output: must be one of text, json, got: xml",
    ):
        assert words in result.output
