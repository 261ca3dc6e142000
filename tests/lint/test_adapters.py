"""Which adapters a run tests: what was asked for is tested or refused, never skipped."""

from __future__ import annotations

import pytest

from tests.support.engines import missing_settings, qualified


@pytest.mark.parametrize(
    ("adapters", "environ", "problem"),
    [
        (["duckdb", "postgres"], {}, None),
        (["sqlserver"], {"DBT_SQLSERVER_HOST": "localhost"}, None),
        (["sqlserver"], {}, "DBT_SQLSERVER_HOST"),
        (["duckdb", "sqlserver"], {"DBT_SQLSERVER_HOST": ""}, "DBT_SQLSERVER_HOST"),
        (["mysql"], {}, "mysql is none of duckdb, postgres, sqlserver"),
    ],
)
def test_an_adapter_that_cannot_be_tested_is_an_error(
    adapters: list[str], environ: dict[str, str], problem: str | None
) -> None:
    found = missing_settings(adapters, environ)
    assert found is None if problem is None else found is not None and problem in found


def test_names_are_quoted() -> None:
    assert qualified("a.b", 'c"d') == '"a.b"."c""d"'
