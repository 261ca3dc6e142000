"""Beside dbt_utils: its macros and tests take what ours give, and ours run inside its."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.estate import Estate, RunResult
from tests.support.shards import Shards, Table, to_yaml

pytestmark = pytest.mark.dbt_utils

SOURCE = "source('store', 'orders')"
UNION = f"dbt_estate.union_shards({SOURCE})"
MODELS = {
    "ours": f"{{{{ {UNION} }}}}",
    # Our relations into its union.
    "theirs": "{{ dbt_utils.union_relations(dbt_estate.get_shard_relations("
    f"{SOURCE}), source_column_name='path') }}}}",
    # Its query for values beside ours for shards.
    "regions": "{% set regions = dbt_utils.get_column_values(ref('shards'), 'region',"
    " order_by='region') %}"
    "{% set found = dbt_estate.get_shards() | selectattr('region', 'in', regions) | list %}"
    "select {{ dbt_estate.literal(found | map(attribute='shard') | join(',')) }} as found,"
    " {{ dbt_estate.literal(regions | reject('none') | join(',')) }} as regions",
    # Ours inside theirs, and theirs over ours.
    "latest": "{{ dbt_utils.deduplicate('(' ~ " + UNION + " ~ ')', 'id', 'amount desc, shard') }}",
    "keyed": f"with orders as (\n{{{{ {UNION} }}}}\n)\nselect orders.*,"
    " {{ dbt_utils.generate_surrogate_key(['shard', 'id']) }} as order_key from orders",
    "pivoted": "select id, {{ dbt_utils.pivot('shard', dbt_estate.get_shards()"
    " | map(attribute='shard') | list, then_value='amount', quote_identifiers=true) }}"
    " from {{ ref('ours') }} group by id",
    "starred": "select {{ dbt_utils.star(ref('ours'), except=['amount']) }} from {{ ref('ours') }}",
    "by_hand": "{% call(shard) dbt_estate.for_each_shard() %}"
    "select {{ dbt_estate.literal(shard.shard) }} as shard,"
    " {{ dbt_utils.safe_divide('amount', '2') }} as half from"
    f" {{{{ dbt_estate.shard_relation(shard, {SOURCE}) }}}} as orders{{% endcall %}}",
    "loaded": f"{{{{ config(materialized='estate_shards') }}}}{{{{ {UNION} }}}}",
}
TESTS: dict[str, Any] = {
    "ours": [
        {
            "dbt_utils.unique_combination_of_columns": {
                "name": "unique_ours",
                "arguments": {"combination_of_columns": ["shard", "id"]},
            }
        },
        {"dbt_utils.equality": {"name": "equal", "arguments": {"compare_model": "ref('loaded')"}}},
        {
            "dbt_utils.equal_rowcount": {
                "name": "as_many_as_theirs",
                "arguments": {"compare_model": "ref('theirs')"},
            }
        },
        {
            "dbt_utils.expression_is_true": {
                "name": "amounts_are_small",
                "arguments": {"expression": "amount < 30"},
            }
        },
    ],
    "shards": ["dbt_estate.shard_keys_unique"],
    "loaded": [
        {
            "dbt_utils.unique_combination_of_columns": {
                "name": "unique_loaded",
                "arguments": {"combination_of_columns": ["shard"]},
            }
        }
    ],
}


@pytest.fixture(scope="module")
def built(module_estate: Estate) -> RunResult:
    estate = module_estate
    estate.install_dbt_utils()
    shards = Shards(estate)
    for n, (name, region) in enumerate((("a", "N"), ("b", "S"), ("c", None))):
        orders = Table({"id": "int", "amount": "int"}, [(1, 10 * n), (2 + n, 1)])
        shards.add(name, {"orders": orders}, region=region)
    shards.write_model()
    shards.write_source("orders", database=estate.database)
    estate.write({f"models/{name}.sql": text for name, text in MODELS.items()})
    tests = [{"name": model, "data_tests": found} for model, found in TESTS.items()]
    estate.write({"models/tests.yml": to_yaml({"models": tests})})
    return estate.run_dbt(["build"], expect_pass=None)


def rows(estate: Estate, model: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return sorted(estate.sql(f"select {columns} from {estate.relation(model)}"), key=str)


ROWS = [("a", 1, 0), ("a", 2, 1), ("b", 1, 10), ("b", 3, 1), ("c", 1, 20), ("c", 4, 1)]


def test_everything_builds(built: RunResult) -> None:
    assert {name: built.statuses[name] for name in MODELS} == dict.fromkeys(MODELS, "success"), (
        built.output
    )


def test_our_relations_in_union_relations(module_estate: Estate, built: RunResult) -> None:
    assert rows(module_estate, "theirs", "id, amount") == sorted((row[1:] for row in ROWS), key=str)
    assert (
        rows(module_estate, "ours") == [(s, a, i) for s, i, a in ROWS]
        or rows(module_estate, "ours", "shard, id, amount") == ROWS
    )


def test_get_column_values_beside_get_shards(module_estate: Estate, built: RunResult) -> None:
    # A region that is NULL is one of the values.
    assert rows(module_estate, "regions", "found, regions") == [("a,b,c", "N,S")]


def test_ours_inside_theirs(module_estate: Estate, built: RunResult) -> None:
    assert rows(module_estate, "latest", "id, shard, amount") == [
        (1, "c", 20),
        (2, "a", 1),
        (3, "b", 1),
        (4, "c", 1),
    ]
    assert len({key for (key,) in rows(module_estate, "keyed", "order_key")}) == len(ROWS)
    assert (1, 0, 10, 20) in rows(module_estate, "pivoted", 'id, "a", "b", "c"')
    assert rows(module_estate, "starred", "shard, id") == [row[:2] for row in ROWS]
    assert [shard for shard, _ in rows(module_estate, "by_hand")] == [row[0] for row in ROWS]


def test_their_tests_on_our_models(built: RunResult) -> None:
    wanted = {
        "unique_ours": "pass",
        "equal": "pass",
        "as_many_as_theirs": "pass",
        "amounts_are_small": "pass",
        "unique_loaded": "fail",  # a test that can fail
    }
    assert {name: built.status(name) for name in wanted} == wanted
