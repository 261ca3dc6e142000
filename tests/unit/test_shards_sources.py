"""The generated entries and models, as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from dbt_estate.errors import InputError
from dbt_estate.shards.registry import Shard
from dbt_estate.shards.settings import Sources
from dbt_estate.shards.sources import model_files, source_blocks, source_names

ORDERS = {"name": "orders", "columns": [{"name": "y"}]}
SHARDS = [Shard("0001", "db1", "main"), Shard("north-1", "null", "0002")]


def written(sources: Sources, shards: list[Shard]) -> Any:
    """Read the blocks as dbt would read the file."""
    blocks = source_blocks(sources, shards)
    lines = [line for key, part in blocks.items() for line in (f"{key}:", *part)]
    return yaml.safe_load("\n".join(lines))


def test_one_source_per_shard_and_one_table_list() -> None:
    sources = Sources(tables=[ORDERS, {"name": "items"}], properties={"loader": "copy"})
    blocks = source_blocks(sources, SHARDS)
    assert blocks["sources"] == [
        "- name: shard_0001",
        "  database: db1",
        "  schema: main",
        "  loader: *estate_shard_loader",
        "  tables: *estate_shard_tables",
        "- name: shard_north_1",
        "  database: 'null'",
        "  schema: '0002'",
        "  loader: *estate_shard_loader",
        "  tables: *estate_shard_tables",
    ]
    read = written(sources, SHARDS)["sources"]
    assert [source["tables"] for source in read] == [[ORDERS, {"name": "items"}]] * 2
    assert [source["loader"] for source in read] == ["copy", "copy"]


def test_one_logical_source() -> None:
    sources = Sources(
        mode="logical", logical="store", schema="{{ target.schema }}", tables=[ORDERS],
        properties={"config": {"meta": {"a": 1}}},
    )  # fmt: skip
    assert written(sources, SHARDS) == {
        "anchors": None,
        "sources": [
            {
                "name": "store",
                "schema": "{{ target.schema }}",
                "config": {"meta": {"a": 1}},
                "tables": [ORDERS],
            }
        ],
    }


@pytest.mark.parametrize("extra", [{"logical": "store"}, {"models": Path("models")}])
def test_the_logical_source_joins_the_enumerated_ones(extra: dict[str, Any]) -> None:
    sources = Sources(tables=[ORDERS], **extra)
    names = [source["name"] for source in written(sources, SHARDS)["sources"]]
    assert names == [extra.get("logical", "shards"), "shard_0001", "shard_north_1"]


def test_what_the_registry_does_not_have_comes_from_the_settings() -> None:
    sources = Sources(tables=[ORDERS], database="estate", schema="dbo")
    [source] = written(sources, [Shard("a", None, None)])["sources"]
    assert (source["database"], source["schema"]) == ("estate", "dbo")
    [source] = written(Sources(tables=[ORDERS]), [Shard("a", None, "s")])["sources"]
    assert "database" not in source


@pytest.mark.parametrize("name", ["{{ x }}", "{% raw %}", "a{# b", "{{{", "{", "}}", "a: b # '\""])
def test_a_name_is_not_jinja(name: str) -> None:
    [source] = written(Sources(tables=[ORDERS]), [Shard("a", name, name)])["sources"]
    assert NativeEnvironment().from_string(source["database"]).render() in (name, [name])
    assert source["schema"] == source["database"]


def test_source_names_that_are_the_same_are_all_reported() -> None:
    shards = [Shard("a b", "d1", "s"), Shard("a-b", "d2", "s"), Shard("a.b", "d3", "s")]
    with pytest.raises(InputError) as raised:
        source_names(Sources(), shards)
    assert raised.value.problems == [
        f"the shard {name!r} and the shard 'a b' both get the source name 'shard_a_b'; "
        "rename one of them"
        for name in ("a-b", "a.b")
    ]


def test_a_shard_may_not_take_the_name_of_the_logical_source() -> None:
    sources = Sources(name="{shard}", logical="store")
    with pytest.raises(InputError, match="and the source that stands for all shards both get"):
        source_names(sources, [Shard("store", "d", "s")])


def test_models() -> None:
    sources = Sources(logical="store", tables=[{"name": "orders"}, {"name": "it's \\ 2"}])
    marker = "{# dbt-estate: generated model; delete this line to keep edits #}\n"
    assert model_files(sources) == {
        "store__orders.sql": (
            marker + "{{ dbt_estate.union_shards(source('store', 'orders')) }}\n"
        ),
        "store__it_s_2.sql": (
            marker + "{{ dbt_estate.union_shards(source('store', 'it\\'s \\\\ 2')) }}\n"
        ),
    }


def test_two_tables_with_one_file() -> None:
    with pytest.raises(InputError, match=r"two tables get the file 'shards__a_b\.sql'"):
        model_files(Sources(tables=[{"name": "a b"}, {"name": "a.b"}]))
