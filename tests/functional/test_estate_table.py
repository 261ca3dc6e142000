"""The materialization of the package's own small tables."""

from __future__ import annotations

import pytest

from tests.support.estate import Estate

SMALL = "{{ config(materialized='estate_table') }}\nselect {{ var('n', 1) }} as n"

pytestmark = pytest.mark.adapters("duckdb", "postgres")


def rows(estate: Estate, name: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in estate.sql(f"select n from {estate.relation(name)}")]


@pytest.mark.smoke
def test_each_run_makes_it_anew_with_the_views_on_it(estate: Estate) -> None:
    estate.write({"models/small.sql": SMALL, "models/look.sql": "select n from {{ ref('small') }}"})
    for n in (1, 2, 3):
        estate.run_dbt(["run", "--vars", f"n: {n}"])
        assert rows(estate, "small") == rows(estate, "look") == [(n,)]


def test_a_view_makes_room_for_it(estate: Estate) -> None:
    estate.write({"models/small.sql": "select 0 as n"})
    estate.run_dbt(["run"])
    estate.write({"models/small.sql": SMALL, "models/look.sql": "select n from {{ ref('small') }}"})
    estate.run_dbt(["run"])
    estate.write({"models/small.sql": SMALL.replace("estate_table", "view")})
    estate.run_dbt(["run", "--vars", "n: 4"])
    assert rows(estate, "look") == [(4,)]


@pytest.mark.parametrize("place", ["the hook", "the query", "the hook, of a view"])
def test_a_run_that_fails_leaves_what_was(estate: Estate, place: str) -> None:
    estate.write({"models/small.sql": SMALL})
    if place.endswith("view"):
        estate.write({"models/small.sql": SMALL.replace("estate_table", "view")})
    estate.run_dbt(["run"])
    if place == "the query":
        estate.write({"models/small.sql": SMALL + " from nowhere"})
    else:
        hook = ", post_hook='insert into {{ this }} select n from nowhere') }}"
        estate.write({"models/small.sql": SMALL.replace(") }}", hook, 1)})
    estate.run_dbt(["run", "--vars", "n: 2"], expect_pass=False)
    assert rows(estate, "small") == [(1,)]


FULL = """
{{ config(
    materialized='estate_table', persist_docs={'relation': true}, indexes=[{'columns': ['n']}],
    pre_hook=before_begin('create table if not exists {{ this.schema }}.log as select 0 as n'),
    grants={'select': ['public']},
    post_hook='insert into {{ this }} select 5 as n'
) }}
select 1 as n
"""


def test_hooks_comments_indexes_and_grants(estate: Estate) -> None:
    described = "models: [{name: small, description: One number's table.}]"
    estate.write({"models/small.sql": FULL, "models/small.yml": described})
    for _ in range(2):
        estate.run_dbt(["run"])
        assert sorted(rows(estate, "small")) == [(1,), (5,)]
        assert rows(estate, "log") == [(0,)]
    schema = estate.target_schema
    if estate.adapter_type == "postgres":
        comment = f"select obj_description('{schema}.small'::regclass)"
        indexes = f"select count(*) from pg_indexes where schemaname = '{schema}'"
        granted = (
            "select count(*) from information_schema.role_table_grants "
            f"where grantee = 'PUBLIC' and table_schema = '{schema}'"
        )
        assert estate.sql(granted)[0][0] == 1
    else:
        of_small = f"where schema_name = '{schema}' and table_name = 'small'"
        comment = f"select comment from duckdb_tables() {of_small}"
        indexes = f"select count(*) from duckdb_indexes() {of_small}"
    assert estate.sql(comment)[0][0] == "One number's table."
    assert estate.sql(indexes)[0][0] == 1
