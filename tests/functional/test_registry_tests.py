"""The generic tests for a registry: they pass where get_shards does, and find what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.estate import Estate, MakeEstate
from tests.support.shards import rows_query, to_yaml


def row(shard: Any, schema: Any, database: Any = "estate") -> dict[str, Any]:
    return {"shard": shard, "database_name": database, "schema_name": schema, "is_enabled": True}


UNIQUE = "shard_keys_unique"
VALID = "shard_identifiers_valid"

# A registry each, and how many rows each of the tests finds in it.
REGISTRIES: dict[str, tuple[list[dict[str, Any]], dict[str, int]]] = {
    "good": (
        [row("a", "p"), row("b", "q"), row("it's *", 'sch"ö'), row("c", "p", "other")],
        {UNIQUE: 0, VALID: 0},
    ),
    "same_name": ([row("a", "p"), row("A", "q")], {UNIQUE: 1, VALID: 0}),
    "same_place": ([row("a", "p"), row("b", "p")], {UNIQUE: 1, VALID: 0}),
    "place_in_another_case": ([row("a", "p"), row("b", "P")], {UNIQUE: 1, VALID: 0}),
    "same_both": ([row("a", "p"), row("a", "p"), row("a", "p")], {UNIQUE: 2, VALID: 0}),
    "nulls": ([row(None, "p"), row("b", None), row("c", "r", None)], {UNIQUE: 0, VALID: 3}),
    "blanks": ([row("", "p"), row("b", "  ")], {UNIQUE: 0, VALID: 2}),
    "outer_spaces": ([row(" a", "p"), row("b", "q "), row("c", "r")], {UNIQUE: 0, VALID: 2}),
    "controls": ([row("a\nb", "p"), row("b", "q\x7f"), row("c", "\x1br")], {UNIQUE: 0, VALID: 3}),
}


def write(estate: Estate, registries: dict[str, list[dict[str, Any]]]) -> None:
    for name, rows in registries.items():
        query = rows_query(estate.adapter_type, rows)
        estate.write({f"models/{name}.sql": f"{{{{ config(materialized='table') }}}} {query}"})
    models = [
        {
            "name": name,
            "data_tests": [
                {f"dbt_estate.{test}": {"name": f"{test}_of_{name}"}} for test in (UNIQUE, VALID)
            ],
        }
        for name in registries
    ]
    estate.write({"models/registries.yml": to_yaml({"models": models})})


@pytest.mark.smoke
def test_they_find_what_is_wrong(estate: Estate) -> None:
    write(estate, {name: rows for name, (rows, _) in REGISTRIES.items()})
    result = estate.run_dbt(["build"], expect_pass=None)
    failures = {node.node.name: node.failures for node in result.raw.results if node.failures}
    wanted = {
        f"{test}_of_{name}": count
        for name, (_, counts) in REGISTRIES.items()
        for test, count in counts.items()
        if count
    }
    if estate.adapter_type == "postgres":  # two schemas there
        del wanted[f"{UNIQUE}_of_place_in_another_case"]
    assert failures == wanted, result.output
    assert result.status(f"{UNIQUE}_of_good") == result.status(f"{VALID}_of_good") == "pass"


def test_they_know_the_columns_that_the_settings_name(make_estate: MakeEstate) -> None:
    columns = {"shard": "store", "database_name": None, "schema_name": "Place", "is_enabled": None}
    estate = make_estate(project={"vars": {"dbt_estate": {"shards": {"columns": columns}}}})
    good = [{"store": "a", "Place": "p"}, {"store": "b", "Place": "q"}]
    wrong = [
        {"store": "a", "Place": "p"},
        {"store": "b", "Place": "p"},
        {"store": "", "Place": "r"},
    ]
    write(estate, {"good": good, "wrong": wrong})
    result = estate.run_dbt(["build"], expect_pass=False)
    tests = {name: status for name, status in result.statuses.items() if "_of_" in name}
    assert tests == {
        f"{UNIQUE}_of_good": "pass",
        f"{VALID}_of_good": "pass",
        f"{UNIQUE}_of_wrong": "fail",
        f"{VALID}_of_wrong": "fail",
    }, result.output


def test_places_are_not_asked_for_where_there_are_none(make_estate: MakeEstate) -> None:
    columns = {"database_name": None, "schema_name": None}
    estate = make_estate(project={"vars": {"dbt_estate": {"shards": {"columns": columns}}}})
    write(estate, {"names": [{"shard": "a", "is_enabled": 1}, {"shard": "b", "is_enabled": 1}]})
    result = estate.run_dbt(["build"])
    assert result.status(f"{UNIQUE}_of_names") == result.status(f"{VALID}_of_names") == "pass"
