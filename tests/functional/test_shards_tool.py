"""`dbt-estate shards` against a live target, through the real macros and a real dbt process."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from dbt_estate.cli import cli
from tests.support.estate import Estate

TABLES = [{"name": "orders", "description": "a: b", "tags": ["daily"]}, "items"]
SOURCES = {"logical": "store", "tables": TABLES}
SHARDS = {"discover": {"by": "schema"}, "sources": SOURCES}


@pytest.fixture(scope="module")
def estate_settings() -> dict[str, Any]:
    varchar = {"shard": "varchar(99)", "database_name": "varchar(99)", "schema_name": "varchar(99)"}
    return {
        "project": {
            "vars": {"dbt_estate": {"shards": SHARDS}},
            "seeds": {"estate_test": {"shards": {"+column_types": varchar}}},
        }
    }


@pytest.fixture(scope="module")
def stores(module_estate: Estate) -> Estate:
    """Three stores, one with other orders and no items; the registry lacks it, and has a ghost."""
    for store, note in (("store_a", ""), ("store_b", ", note varchar(9)"), ("store_c", "")):
        module_estate.create_schema(store)
        table = module_estate.relation("orders", store)
        module_estate.execute(f"create table {table} (order_id integer{note})")
        if not note:
            items = module_estate.relation("items", store)
            module_estate.execute(f"create table {items} (item_id integer)")
    rows = [f"{shard},{module_estate.database},store_{shard},true" for shard in ("a", "c", "ghost")]
    registry = "\n".join(["shard,database_name,schema_name,is_enabled", *rows, ""])
    module_estate.write({"seeds/shards.csv": registry})
    return module_estate


def shards(estate: Estate, monkeypatch: pytest.MonkeyPatch, *arguments: str, exit_code: int) -> Any:
    """Run a command in the estate's folder and return its document."""
    estate.workspace.disconnect()
    monkeypatch.chdir(estate.root)
    result = CliRunner().invoke(cli, ["shards", *arguments, "--format", "json"])
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


def test_from_the_target_to_the_report(stores: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("sync", "--from-target", "store%", "--profiles-dir", ".")
    proposed = shards(stores, monkeypatch, *arguments, "--write", exit_code=1)
    new = {"database_name": stores.database, "schema_name": "store_b", "is_enabled": True}
    assert proposed["new"] == [{"shard": "store_b", **new}]
    assert [row["shard"] for row in proposed["gone"]] == ["ghost"]
    assert shards(stores, monkeypatch, *arguments, exit_code=1)["new"] == []

    shards(stores, monkeypatch, "generate", exit_code=0)
    stores.run_dbt(["seed"])
    report = shards(stores, monkeypatch, "report", "--profiles-dir", ".", exit_code=1)
    found = {
        (row["shard"], cell["table"]): cell["status"]
        for row in report["shards"]
        for cell in row["cells"]
    }
    assert found == {
        ("a", "store.orders"): "ok",
        ("a", "store.items"): "ok",
        ("c", "store.orders"): "ok",
        ("c", "store.items"): "ok",
        ("ghost", "store.orders"): "no_schema",
        ("ghost", "store.items"): "no_schema",
        ("store_b", "store.orders"): "drift",
        ("store_b", "store.items"): "no_table",
    }


@pytest.mark.parametrize("mode", ["enumerated", "logical"])
def test_dbt_parses_what_is_generated_without_a_warning(
    stores: Estate, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    validation = pytest.importorskip("dbt.jsonschemas.jsonschemas")
    # dbt validates for four adapters only; the files are the same ones for all.
    monkeypatch.setattr(validation, "_can_run_validations", lambda: True)
    shards(stores, monkeypatch, "generate", "--mode", mode, exit_code=0)
    result = stores.run_dbt(["--no-partial-parse", "parse", "--show-all-deprecations"])
    assert [text for text in result.warnings if "shards.yml" in text] == []
    manifest = yaml.safe_load(stores.read("target/manifest.json"))
    names = {node["source_name"] for node in manifest["sources"].values()}
    assert names >= ({"store"} if mode == "logical" else {"store", "shard_a", "shard_ghost"})
