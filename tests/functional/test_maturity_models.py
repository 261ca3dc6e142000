"""The project as models in the warehouse: the same rows as out of the artifacts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pytest
import yaml

from dbt_estate.info_schema import tables
from dbt_estate.info_schema.layer import LAYER
from dbt_estate.info_schema.load import artifacts_in, load
from tests.support.engines import quote
from tests.support.estate import Estate
from tests.support.rendering import Macros

ON = {"dbt_estate": {"maturity": {"+enabled": True}}}

# What the graph does not have: docs/maturity/info_schema.md.
NOT_IN_GRAPH = {"checks", "macros", "docs_blocks", "project_vars", "project_env_vars", "packages"}
TIMES = {"ingested_at", "created_at"}
FILE_FACTS = {"files_read", "custom_naming_macro", "package", "macros_read", "seed_bytes"} | {
    "undocumented_macro",
    "undocumented_macro_argument",
    "unused_macro",
}
IN_BOTH = {
    **{name: columns for name, columns in tables.PROJECT.items() if name not in NOT_IN_GRAPH},
    **tables.ESTATE,
}


def test_the_columns_are_those_of_the_schema() -> None:
    macros = Macros("duckdb")
    for name, columns in IN_BOTH.items():
        assert list(macros._info_columns(name)) == list(columns), name


def plain(value: Any) -> Any:
    """Give JSON in a text as what it says, with the keys in order."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.dumps(json.loads(value), sort_keys=True)
        except ValueError:
            return value
    if isinstance(value, list):
        return json.dumps(value, sort_keys=True)
    return value


def of_babelfish(value: Any) -> Any:
    """Mend what its OPENJSON does, and SQL Server's does not: it keeps escapes, and cuts at 4,000.

    https://github.com/babelfish-for-postgresql/babelfish_extensions
    """
    if not isinstance(value, str):
        return value
    cut = value[:3900].rstrip("\\") if len(value) > 3900 else value
    return beginning(json.loads(f'"{cut}"'))


def beginning(value: Any) -> Any:
    value = json.dumps(value) if isinstance(value, list) else value
    return value[:3000] if isinstance(value, str) else value


def difference(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> list[Any]:
    """Return the rows that only one of the two has."""
    ours, theirs = ([tuple(map(plain, row)) for row in rows] for rows in (left, right))
    return sorted(
        [("warehouse only", row) for row in ours if row not in theirs]
        + [("embedded only", row) for row in theirs if row not in ours],
        key=repr,
    )


def is_in_graph(row: tuple[Any, ...]) -> bool:
    """Whether the graph of this version of dbt has it: unit tests are there from 1.12 on."""
    has_unit_tests = version("dbt-core") >= "1.12"
    is_of_unit_test = any(str(value).startswith("unit_test.") for value in row)
    return (has_unit_tests or not (is_of_unit_test or "unit_tests_read" in row)) and not (
        FILE_FACTS & {str(value) for value in row}
    )


def differences(estate: Estate) -> Mapping[str, list[Any]]:
    """Compare every table that both loaders have, and the layer; give what differs by table."""
    found: dict[str, list[Any]] = {}
    with load(artifacts_in(estate.root / "target")) as connection:

        def compare(name: str, schema: str, columns: Sequence[str]) -> None:
            listed = ", ".join(quote(column) for column in columns)
            where = 'where cast("enabled" as int) = 1' if "enabled" in columns else ""
            query = f"select {listed} from {schema}.{name} {where}"
            if name == "node_columns":  # the graph has no disabled resources
                query += " where node_unique_id in (select unique_id from dbt.dag_nodes)"
            embedded = connection.execute(query).fetchall()
            warehouse = estate.sql(f"select {listed} from {relation(estate, name)} {where}")
            if estate.is_babelfish:
                warehouse = [tuple(map(of_babelfish, row)) for row in warehouse]
                embedded = [tuple(map(beginning, row)) for row in embedded]
            found[name] = difference(
                [tuple(row) for row in warehouse], [row for row in embedded if is_in_graph(row)]
            )

        for name, columns in IN_BOTH.items():
            schema = "dbt" if name in tables.PROJECT else "estate"
            compare(name, schema, [column for column in columns if column not in TIMES])
        for name in LAYER:
            described = connection.execute(f"describe estate.rule_{name}").fetchall()
            compare(f"rule_{name}", "estate", [row[0] for row in described])
    return {name: rows for name, rows in found.items() if rows}


def relation(estate: Estate, name: str) -> str:
    """Return the name of a model of the package; each adapter makes its own schema of `+schema`."""
    manifest = json.loads(estate.read("target/manifest.json"))
    node = manifest["nodes"][f"model.dbt_estate.estate_{name}"]
    return estate.relation(node["alias"], schema=node["schema"])


SHOP = {
    "models/orders.sql": "{{ config(materialized='table', tags=['daily', 'Daily']) }}\n"
    "select id, 1 as n from {{ ref('kinds') }} -- {{ source('app', 'raw') }}\n",
    "models/off.sql": "{{ config(enabled=false) }} select 1 as x",
    "models/look.sql": "select * from {{ ref('orders') }};",
    "models/models.sql": "select * from other.tab join \"a b\".c on true where 'from x.y' <> ''",
    "models/edges.sql": "with a as (select * from {{ ref('models') }})\n\nselect * from a",
    "models/groups.sql": "select 1 as x, 'ü''\\n\"' as y",
    "models/metrics.sql": "select 1 as x",
    "models/all.yml": """
    groups:
      - name: finance
        owner: {name: Anna, email: [a@x.org, b@x.org]}
    models:
      - name: orders
        description: "All orders: 'x' \\"y\\" ü\\n."
        config:
          group: finance
          access: public
          meta:
            owner: anna
            since: 2020-01-02
            nested: {a: [1, true, null]}
            dbt_estate_ignore:
              - {rule: root_models, reason: by design, until: 2030-01-01}
              - stray
          contract: {enforced: false}
        columns:
          - name: id
            description: Key.
            data_type: int
            config: {tags: [key]}
            data_tests:
              - unique: {config: {tags: [slow], meta: {since: 2020-01-02}}}
              - accepted_values: {arguments: {values: [1, 2027-01-01]}}
      - name: look
        deprecation_date: 2030-01-01
        data_tests:
          - dbt_estate.columns_follow_vocabulary:
              config: {severity: warn}
    sources:
      - name: app
        description: The application.
        loader: ours
        config:
          freshness: {warn_after: {count: 1, period: day}}
          loaded_at_field: at
        tables: [{name: raw, data_tests: [dbt_estate.columns_follow_vocabulary]}]
    exposures:
      - name: board
        type: dashboard
        owner: {name: Anna, email: a@x.org}
        depends_on: ["ref('look')", "source('app', 'raw')"]
    unit_tests:
      - name: counts
        model: look
        given: [{input: ref('orders'), rows: [{id: 1, n: 1}]}]
        expect: {rows: [{id: 1, n: 1}]}
    """,
    "seeds/kinds.csv": "id\n1\n",
    "snapshots/history.sql": "{% snapshot history %}{{ config(strategy='check', check_cols=['n'], "
    "unique_key='id') }}select * from {{ ref('orders') }}{% endsnapshot %}",
    "analyses/why.sql": "select * from {{ ref('orders') }}",
    "tests/singular.sql": "select 1 as x from {{ ref('look') }} where 1 = 0",
}


SEMANTIC = {
    "models/orders.sql": "select 1 as id, cast('2026-01-01' as date) as ordered_on, 2.5 as amount",
    "models/days.sql": "select cast('2026-01-01' as date) as day_on",
    "models/versioned_v1.sql": "select 1 as a",
    "models/versioned_v2.sql": "select 1 as a, 2 as b",
    "models/uses.sql": "select * from {{ ref('versioned', v=1) }}",
    "models/all.yml": """
    models:
      - name: days
        time_spine: {standard_granularity_column: day_on}
        columns: [{name: day_on, granularity: day}]
      - name: versioned
        latest_version: 1
        columns: [{name: a, description: An a.}]
        versions: [{v: 1}, {v: 2, columns: [{include: all}, {name: b, data_type: int}]}]
        config: {contract: {enforced: false}}
    semantic_models:
      - name: orders
        model: ref('orders')
        description: What is ordered.
        defaults: {agg_time_dimension: ordered_on}
        entities: [{name: order_id, type: primary, expr: id}]
        dimensions: [{name: ordered_on, type: time, type_params: {time_granularity: day}}]
        measures:
          - {name: amount, agg: sum, description: Money.}
          - {name: orders, agg: count, expr: id}
    metrics:
      - name: amount
        label: Amount
        type: simple
        type_params: {measure: amount}
        config: {meta: {owner: anna}}
      - name: orders
        label: Orders
        type: simple
        type_params: {measure: orders}
      - name: mean
        label: Mean
        type: ratio
        type_params: {numerator: amount, denominator: orders}
    saved_queries:
      - name: by_day
        query_params: {metrics: [amount], group_by: ["TimeDimension('order_id__ordered_on')"]}
    """,
}


@pytest.mark.smoke
@pytest.mark.adapters("duckdb", "postgres")
def test_semantic_models_and_versions_are_the_same_in_the_warehouse(estate: Estate) -> None:
    estate.update_project(models=ON)
    estate.write(SEMANTIC)
    estate.run_dbt(["run", "--select", "package:dbt_estate"])
    assert differences(estate) == {}
    assert estate.sql(f"select name from {relation(estate, 'semantic_measures')} order by 1") == [
        ("amount",),
        ("orders",),
    ]
    mean = f"select input_metric_names from {relation(estate, 'metrics')} where name = 'mean'"
    assert json.loads(estate.sql(mean)[0][0]) == ["amount", "orders"]


@pytest.mark.adapters("duckdb")
def test_what_a_project_sets_for_all_models_is_refused_or_overridden(estate: Estate) -> None:
    estate.write({"models/one.sql": "select 1 as x"})
    for materialized in ("incremental", "view"):
        estate.update_project(models={"+materialized": materialized, **ON})
        result = estate.run_dbt(["run", "--select", "package:dbt_estate"], expect_pass=False)
        assert f"is to be a table, and dbt_project.yml makes it {materialized}" in result.output
    # What the message says to set.
    advice = "maturity: {+materialized: table, rules: {+materialized: ephemeral}}"
    assert advice in " ".join(result.output.split())
    maturity = {"+enabled": True, **yaml.safe_load(advice)["maturity"]}
    estate.update_project(
        models={"+materialized": "incremental", "dbt_estate": {"maturity": maturity}}
    )
    for _ in range(2):
        estate.run_dbt(["run", "--select", "package:dbt_estate"])
    rule = "select count(*) from information_schema.tables where table_name = 'estate_root_models'"
    assert estate.sql(rule) == [(0,)]
    for name in ("project", "models", "rule_nodes"):
        key = "project_name" if name == "project" else "unique_id"
        query = f"select count(*), count(distinct {key}) from {relation(estate, name)}"
        ((rows, distinct),) = estate.sql(query)
        assert rows == distinct > 0, name


@pytest.mark.adapters("duckdb", "postgres")
def test_a_number_that_json_has_not_is_null(estate: Estate) -> None:
    estate.update_project(models=ON)
    estate.write({
        "models/one.sql": "select 1 as x",
        "models/one.yml": "models: [{name: one, config: {meta: {"
        "one: .nan, limits: [-.inf, 1], deep: {high: .inf}, text: Not a NaN}}}]",
    })  # fmt: skip
    estate.run_dbt(["run", "--select", "package:dbt_estate"])
    assert differences(estate) == {}
    query = f"select name, value from {relation(estate, 'node_settings')} where kind = 'meta'"
    assert sorted(estate.sql(query)) == [
        ("deep", '{"high": null}'),
        ("limits", "[null, 1]"),
        ("text", "Not a NaN"),
    ]


@pytest.mark.adapters("duckdb")
def test_a_run_without_rows_says_that_the_rules_find_nothing(estate: Estate) -> None:
    estate.write({"models/one.sql": "select 1 as x"})
    estate.update_project(models=ON)
    told = "under --empty the rules read empty tables and find nothing"
    arguments = ["run", "--select", "package:dbt_estate"]
    assert told in " ".join(estate.run_dbt([*arguments, "--empty"]).output.split())
    assert estate.sql(f"select count(*) from {relation(estate, 'findings')}") == [(0,)]
    assert told not in " ".join(estate.run_dbt(arguments).output.split())


@pytest.mark.adapters("duckdb")
def test_a_query_that_fails_without_transactions_leaves_what_was(estate: Estate) -> None:
    estate.write({"models/one.sql": "select 1 as x"})
    estate.update_project(models=ON)
    estate.update_profile(disable_transactions=True)
    estate.run_dbt(["run", "--select", "package:dbt_estate"])
    before = estate.sql(f"select count(*) from {relation(estate, 'rule_nodes')}")
    assert before > [(0,)]
    estate.sql(f"drop table {relation(estate, 'models')}")
    estate.run_dbt(["run", "--select", "estate_rule_nodes"], expect_pass=False)
    assert estate.sql(f"select count(*) from {relation(estate, 'rule_nodes')}") == before


@pytest.mark.adapters("duckdb")
def test_the_rules_may_be_views(estate: Estate) -> None:
    estate.write({"models/one.sql": "select 1 as x"})
    maturity = {"+enabled": True, "rules": {"+materialized": "view"}}
    estate.update_project(models={"dbt_estate": {"maturity": maturity}})
    estate.run_dbt(["run", "--select", "package:dbt_estate"])
    kinds = (
        "select table_name, table_type from information_schema.tables where table_name in"
        " ('estate_root_models', 'estate_rules', 'estate_rule_findings') order by 1"
    )
    assert estate.sql(kinds) == [
        ("estate_root_models", "VIEW"),
        ("estate_rule_findings", "BASE TABLE"),
        ("estate_rules", "BASE TABLE"),
    ]


@pytest.mark.smoke
@pytest.mark.adapters("duckdb")
def test_a_project_of_one_model_and_many_rows_is_the_same(estate: Estate) -> None:
    """More than one statement's worth of rows, and a row that alone is more."""
    estate.update_project(models=ON)
    columns = "\n".join(f"      - {{name: c{n}, description: {'x' * 900}}}" for n in range(3000))
    estate.write(
        {
            "models/one.sql": f"select 1 as x -- {'y' * 2_100_000}",
            "models/one.yml": f"models:\n  - name: one\n    columns:\n{columns}\n",
        }
    )
    result = estate.run_dbt(["run", "--select", "package:dbt_estate"])
    inserts = [query for query in result.queries if "estate_node_columns" in query[:200]]
    assert sum(query.startswith("insert into") for query in inserts) == 2
    assert differences(estate) == {}


@pytest.mark.smoke
def test_a_project_is_the_same_in_the_warehouse(estate: Estate) -> None:
    estate.update_project(
        vars={"dbt_estate": {"vocabulary": {"stubs": {"id": "A key."}}}},
        models=ON,
        **{"on-run-start": ["select 1"], "on-run-end": ["{{ log('x') }}"]},
    )
    estate.write(SHOP)
    estate.run_dbt(["run", "--select", "package:dbt_estate"])
    assert differences(estate) == {}
