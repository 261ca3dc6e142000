"""The shards of a live target: as a registry, and as the JSON line that the command line reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.estate import MakeEstate, RunResult
from tests.support.shards import Shards, Table


def found(result: RunResult) -> list[dict[str, Any]]:
    [line] = [m.text for m in result.messages if "dbt_estate:json " in m.text]
    shards: list[dict[str, Any]] = json.loads(line.split("dbt_estate:json ", 1)[1])["shards"]
    return shards


def place(shards: Shards, number: int) -> dict[str, Any]:
    shard = shards.all[number]
    name = shard.database if shards.by == "database" else shard.schema
    return {"shard": name, "database_name": shard.database, "schema_name": shard.schema}


ORDERS = {"orders": Table({"id": "int"}, [(1,)])}
ON_TARGET = ["run-operation", "dbt_estate.shards_on_target", "--args"]


@pytest.fixture(scope="module")
def schemas(session_estates: MakeEstate, adapter_type: str) -> Iterator[Shards]:
    estate = session_estates()
    shards = Shards(estate)
    for name in ("store_b", "store_a", "Other 'x'"):
        shards.add(name, ORDERS)
    shards.write_source("orders")
    like = shards.all[0].schema.removesuffix("b") + "%"
    by = "" if adapter_type == "postgres" else ", by='schema'"
    estate.write(
        {
            "models/shards.sql": "{{ config(materialized='table') }}"
            f"{{{{ dbt_estate.discovered_shards({like!r}{by}) }}}}",
            "models/orders.sql": "{{ dbt_estate.union_shards(source('store', 'orders')) }}",
        }
    )
    yield shards
    estate.close()


@pytest.mark.smoke
def test_what_is_discovered_is_a_registry(schemas: Shards) -> None:
    estate = schemas.estate
    estate.run_dbt(["run"])
    rows = estate.sql(f"select shard, id from {estate.relation('orders')}")
    assert sorted(rows) == [(schemas.all[1].schema, 1), (schemas.all[0].schema, 1)]


def test_schemas_are_listed_in_order(schemas: Shards) -> None:
    like = schemas.all[0].schema.removesuffix("b") + "%"
    result = schemas.estate.run_dbt([*ON_TARGET, json.dumps({"pattern": like, "by": "schema"})])
    assert found(result) == [place(schemas, 1), place(schemas, 0)]
    quoted = json.dumps({"pattern": schemas.all[2].schema, "by": "schema"})
    assert found(schemas.estate.run_dbt([*ON_TARGET, quoted])) == [place(schemas, 2)]


def test_the_engines_own_schemas_are_not_shards(schemas: Shards) -> None:
    listed = found(schemas.estate.run_dbt([*ON_TARGET, '{"by": "schema"}']))
    names = {shard["schema_name"] for shard in listed}
    assert {shard.schema for shard in schemas.all} <= names
    assert not names & {"information_schema", "INFORMATION_SCHEMA", "pg_catalog", "pg_toast", "sys"}


def test_the_settings_are_the_default(schemas: Shards) -> None:
    discover = {"pattern": "%other%", "by": "schema"}
    if schemas.estate.adapter_type != "sqlserver":
        discover["pattern"] = "%Other%"
    settings = json.dumps({"dbt_estate": {"shards": {"discover": discover}}})
    result = schemas.estate.run_dbt([*ON_TARGET, "{}", "--vars", settings])
    assert found(result) == [place(schemas, 2)]


def test_wrong_arguments_are_refused_together(schemas: Shards) -> None:
    result = schemas.estate.run_dbt([*ON_TARGET, '{"pattern": "", "by": "server"}'], False)
    for words in (
        "2 problems in discovered_shards",
        "by: must be one of database, schema, got: server",
        "pattern: must be a LIKE pattern such as 'store_%'",
    ):
        assert words in result.output


@pytest.mark.adapters("postgres")
def test_postgres_has_no_other_databases(schemas: Shards) -> None:
    result = schemas.estate.run_dbt([*ON_TARGET, '{"by": "database"}'], expect_pass=False)
    assert "PostgreSQL cannot read another database than its own" in result.output
    assert "by='schema'" in result.output


@pytest.mark.adapters("duckdb", "sqlserver")
def test_databases_are_listed_without_the_target(session_estates: MakeEstate) -> None:
    estate = session_estates()
    try:
        shards = Shards(estate, by="database")
        for name in ("store_b", "store_a", "it's"):
            shards.add(name, ORDERS)
        like = shards.all[0].database.removesuffix("b") + "%"
        shards.write_source("orders")
        estate.write(
            {
                "models/shards.sql": "{{ config(materialized='table') }}"
                f"{{{{ dbt_estate.discovered_shards({like!r}) }}}}",
                "models/orders.sql": "{{ dbt_estate.union_shards(source('store', 'orders')) }}",
            }
        )
        estate.run_dbt(["run"])
        rows = estate.sql(f"select shard, id from {estate.relation('orders')}")
        assert sorted(rows) == [(shards.all[1].database, 1), (shards.all[0].database, 1)]
        listed = found(estate.run_dbt([*ON_TARGET, "{}"]))
        assert [place(shards, n) for n in range(3)] == [
            shard for n in range(3) for shard in listed if shard == place(shards, n)
        ]
        assert estate.database not in {shard["database_name"] for shard in listed}
    finally:
        estate.close()
