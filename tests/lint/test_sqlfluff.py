"""sqlfluff's configuration finds what it is there to find, and nothing else in our style."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.support.estate import REPOSITORY

MODEL = """\
{{ config(materialized='estate_shards', meta={'dbt_estate_shards': {'unique_key': 'id'}}) }}

with orders as (
    {{ dbt_estate.union_shards(source('store', 'orders'), shards=ref('shards')) }}
),

per_shard as (
    {% call(shard) dbt_estate.for_each_shard(ref('shards')) %}
        select count(*) as n
        from {{ dbt_estate.shard_relation(shard, source('store', 'orders')) }}
    {% endcall %}
)

select
    orders.shard,
    per_shard.n
from orders
cross join per_shard
"""


@pytest.fixture(autouse=True)
def _own_modules() -> Iterator[None]:
    """Keep sqlfluff's import of the stubs from taking the place of the real `dbt_estate`."""
    real = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    for name in real:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]
    sys.modules.update(real)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "dbt_estate"


@cache
def linter() -> Any:
    from sqlfluff.core import FluffConfig, Linter

    return Linter(config=FluffConfig.from_path(str(REPOSITORY / ".sqlfluff")))


def codes(sql: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.chdir(REPOSITORY)
    found = linter().lint_string(sql, fname=str(REPOSITORY / "models" / "example.sql"))
    return {violation.rule_code() for violation in found.get_violations()}


def test_our_style_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(MODEL, monkeypatch) == set()


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("select\n    orders", "SELECT\n    orders", "CP01"),
        ("    orders.shard,", "  orders.shard,", "LT02"),
        ("    per_shard.n\n", "    per_shard.n,\n", "CV03"),
        ("cross join per_shard", "cross join", "PRS"),
        ("{{ config", "{{config", "JJ01"),
        ("per_shard.n\n", "per_shard.n   \n", "LT01"),
        ("with orders as", "with unused as (select 1 as one),\n\norders as", "ST03"),
    ],
)
def test_what_is_wrong_is_found(
    right: str, wrong: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right in MODEL
    assert code in codes(MODEL.replace(right, wrong, 1), monkeypatch)
