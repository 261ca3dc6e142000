"""The Information Schema out of what dbt itself has written."""

from __future__ import annotations

import pytest

from dbt_estate.info_schema.load import artifacts_in, load
from tests.support.estate import Estate

FILES = {
    "models/orders.sql": "{{ config(materialized='table', tags=['daily']) }}\n"
    "select id, 1 as n from {{ ref('kinds') }} -- {{ source('app', 'raw') }}\n",
    "models/off.sql": "{{ config(enabled=false) }} select 1 as x",
    "models/look.sql": "select * from {{ ref('orders') }}",
    "models/all.yml": """
    models:
      - name: orders
        description: All orders.
        config: {meta: {owner: anna}, contract: {enforced: false}}
        columns:
          - name: id
            description: Key.
            data_tests: [not_null, unique]
    sources:
      - name: app
        tables: [{name: raw, data_tests: [dbt_estate.columns_follow_vocabulary]}]
    exposures:
      - name: board
        type: dashboard
        owner: {name: Anna, email: a@x.org}
        depends_on: [ref('look')]
    unit_tests:
      - name: counts
        model: look
        given: [{input: ref('orders'), rows: [{id: 1, n: 1}]}]
        expect: {rows: [{id: 1, n: 1}]}
    """,
    "seeds/kinds.csv": "id\n1\n",
    "macros/mine.sql": "{% macro mine() %}1{% endmacro %}",
    "tests/singular.sql": "select 1 as x from {{ ref('look') }} where 1 = 0",
}


@pytest.mark.smoke
@pytest.mark.adapters("duckdb")
def test_a_project_as_tables(estate: Estate) -> None:
    estate.update_project(vars={"dbt_estate": {"vocabulary": {"stubs": {"id": "A key."}}}})
    estate.write(FILES)
    estate.create_schema("app")
    estate.run_dbt(["build", "--exclude", "source:*"])
    estate.execute(f"create table {estate.relation('raw', schema='app')} (id int)")
    estate.run_dbt(["docs", "generate"])
    name = "estate_test"
    with load(artifacts_in(estate.root / "target")) as connection:

        def ask(query: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in connection.execute(query).fetchall()]

        own = f"package_name = '{name}'"
        assert ask(
            "select name, materialized, enabled, tags, description, meta->>'owner' "
            f"from dbt.models where {own} order by 1"
        ) == [
            ("look", "view", True, [], "", None),
            ("off", "view", False, [], "", None),
            ("orders", "table", True, ["daily"], "All orders.", "anna"),
        ]
        assert ask(
            "select test_name, test_definition_package, node_unique_id from dbt.data_tests "
            f"where {own} order by 1"
        ) == [
            ("columns_follow_vocabulary", "dbt_estate", f"source.{name}.app.raw"),
            ("not_null", "dbt", f"model.{name}.orders"),
            ("singular", name, None),
            ("unique", "dbt", f"model.{name}.orders"),
        ]
        assert ask(
            "select parent_unique_id, child_unique_id from dbt.edges "
            "where child_unique_id not like 'test.%' order by all"
        ) == [
            (f"model.{name}.look", f"exposure.{name}.board"),
            (f"model.{name}.look", f"unit_test.{name}.look.counts"),
            (f"model.{name}.orders", f"model.{name}.look"),
            (f"seed.{name}.kinds", f"model.{name}.orders"),
            (f"source.{name}.app.raw", f"model.{name}.orders"),
        ]
        assert ask("select package_name from dbt.packages order by 1") == [("dbt_estate",), (name,)]
        assert ask(f"select name from dbt.macros where {own}") == [("mine",)]
        assert ask("select project_name, adapter_type from dbt.project") == [(name, "duckdb")]
        assert ask("select owner_email from dbt.exposures") == [("a@x.org",)]
        assert ask("select command from dbt_rt.invocations") == [("generate",)]
        assert ask(
            "select column_name, data_type from dbt_rt.catalog_columns "
            f"where node_unique_id = 'model.{name}.orders' order by column_index"
        ) == [("id", "INTEGER"), ("n", "INTEGER")]
