"""The body of a branch is the user's: joins inside a shard, filters, anything."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.estate import MakeEstate, RunResult
from tests.support.shards import Shards, Table

ORDERS = "{{ dbt_estate.shard_relation(shard, source('store', 'orders')) }}"
ITEMS = "{{ dbt_estate.shard_relation(shard, source('store', 'items')) }}"
NAME = "{{ dbt_estate.literal(shard.shard) }} as shard"


def each(body: str, shards: str = "") -> str:
    return f"{{% call(shard) dbt_estate.for_each_shard({shards}) %}}\n{body}\n{{% endcall %}}\n"


@pytest.fixture(scope="module")
def shards(session_estates: MakeEstate) -> Iterator[Shards]:
    estate = session_estates(threads=2)
    shards = Shards(estate)
    columns = {"id": "int", "region": "varchar(9)"}
    for n, (name, region) in enumerate([("south", "S"), ("north", "it's N"), ("east", None)]):
        orders = Table(columns, [(10 * n + 1, region), (10 * n + 2, "other")])
        items = Table({"order_id": "int", "price": "int"}, [(10 * n + 1, n), (10 * n + 1, 7)])
        shards.add(name, {"orders": orders, "items": items}, region=region)
    shards.add("closed", is_enabled=False, region="S")
    shards.write_model()
    shards.write_source("orders", "items")
    join = f"select {NAME}, o.id, i.price from {ORDERS} as o join {ITEMS} as i on i.order_id = o.id"
    own = f"select {NAME}, id from {ORDERS} as o where region = " + (
        "{{ dbt_estate.literal(shard.region) }}"
    )
    estate.write(
        {
            "models/joined.sql": each(join),
            "models/own_region.sql": each(own),
            "models/of_some.sql": each(own, "dbt_estate.get_shards(only=['north'])"),
            "models/of_ref.sql": each(own, "ref('shards')"),
            "models/after.sql": "with united as (\n"
            + each(join)
            + ")\nselect shard, sum(price) as price from united group by shard",
            "models/blank.sql": each(
                "{% if shard.shard == 'north' %}{% else %}select 1{% endif %}"
            ),
        }
    )
    yield shards
    estate.close()


@pytest.fixture(scope="module")
def result(shards: Shards) -> RunResult:
    return shards.estate.run_dbt(["run"], expect_pass=None)


def rows(shards: Shards, model: str) -> list[tuple[object, ...]]:
    estate = shards.estate
    return sorted(estate.sql(f"select * from {estate.relation(model)}"), key=str)


@pytest.mark.smoke
def test_a_join_stays_inside_its_shard(shards: Shards, result: RunResult) -> None:
    assert result.status("joined") == "success", result.message("joined")
    wanted = [("south", 1, 0), ("south", 1, 7), ("north", 11, 1), ("north", 11, 7)]
    assert rows(shards, "joined") == sorted([*wanted, ("east", 21, 2), ("east", 21, 7)], key=str)


def test_what_the_registry_carries_is_at_hand(shards: Shards, result: RunResult) -> None:
    for model in ("own_region", "of_ref"):
        assert rows(shards, model) == [("north", 11), ("south", 1)]
    assert rows(shards, "of_some") == [("north", 11)]


def test_a_union_may_stand_in_a_larger_query(shards: Shards, result: RunResult) -> None:
    assert rows(shards, "after") == [("east", 9), ("north", 8), ("south", 7)]


def test_a_blank_body_is_refused(result: RunResult) -> None:
    assert result.status("blank") == "error"
    text = result.message("blank")
    assert "for_each_shard: the body is blank for shard 'north'; it must be a select" in text


def test_lineage_has_every_table_and_the_registry(shards: Shards, result: RunResult) -> None:
    nodes = json.loads(shards.estate.read("target/manifest.json"))["nodes"]
    assert sorted(nodes["model.estate_test.joined"]["depends_on"]["nodes"]) == [
        "model.estate_test.shards",
        "source.estate_test.store.items",
        "source.estate_test.store.orders",
    ]


def test_no_metadata_is_asked_for_and_empty_reads_nothing(
    shards: Shards, result: RunResult
) -> None:
    run = shards.estate.run_dbt(["run", "--empty", "--select", "joined", "own_region"])
    names = ("duckdb_columns()", "pg_catalog.pg_attribute", "#estate_shapes")
    assert not [query for query in run.queries if any(name in query for name in names)]
    assert rows(shards, "joined") == rows(shards, "own_region") == []
    shards.estate.run_dbt(["run", "--select", "joined", "own_region"])  # the module shares them


@pytest.mark.parametrize(
    ("right", "wrong"), [("(shard,", "('south',"), ("source('store', 'orders')", "'orders'")]
)
def test_shard_relation_wants_a_shard_and_a_table(shards: Shards, right: str, wrong: str) -> None:
    shards.estate.write({"models/wrong.sql": each(ORDERS.replace(right, wrong))})
    result = shards.estate.run_dbt(["parse"], expect_pass=False)
    shards.estate.remove("models/wrong.sql")
    assert "shard_relation: 'shard' must be a shard of dbt_estate.get_shards()" in result.output
