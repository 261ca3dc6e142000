"""The readers of rendered SQL accept each engine's language and refuse what is not in it."""

from __future__ import annotations

import pytest

from tests.support.parsing import parse_problems, sqlfluff_problems, sqlglot_problems

UNION = """
select 'a' as shard, id, cast(null as integer) as n from "store_a"."main"."orders"
union all
select 'b' as shard, id, n from "store_b"."main"."orders"
"""


@pytest.mark.parametrize("adapter", ["duckdb", "postgres", "sqlserver"])
def test_a_plain_union_is_everybodys(adapter: str) -> None:
    assert parse_problems(UNION, adapter) == []


@pytest.mark.parametrize(
    ("adapter", "sql"),
    [
        ("duckdb", "select unnest(from_json('[1]', '[\"bigint\"]')) as n"),
        ("postgres", "select * from jsonb_to_recordset('[]'::jsonb) as r (a text)"),
        ("sqlserver", "select a from openjson(N'[]') with (a nvarchar(max) '$.a') as r"),
        ("sqlserver", "select N'it''s' as a, cast('2026-01-02T03:04:05' as datetime2(6)) as b"),
    ],
)
def test_what_an_engine_has_of_its_own_is_read(adapter: str, sql: str) -> None:
    assert sqlglot_problems(sql, adapter) == []
    assert sqlfluff_problems(sql, adapter) == []


@pytest.mark.parametrize("adapter", ["duckdb", "postgres", "sqlserver"])
@pytest.mark.parametrize(
    "sql",
    [
        "select a, from from t",
        "select 'a from t",
        "select a union all",
        "",
        "SELECT a from t where",
    ],
)
def test_what_is_no_sql_is_refused(adapter: str, sql: str) -> None:
    assert parse_problems(sql, adapter) != []


def test_capitals_are_refused() -> None:
    assert sqlfluff_problems("SELECT a from t", "duckdb") != []
    assert sqlfluff_problems("select NULL as a, null as b from t", "postgres") != []
