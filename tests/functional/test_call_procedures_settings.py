"""What is wrong with the arguments of call_procedures is told, all at once, and nothing is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.estate import MakeEstate
from tests.support.procedures import Calls

USUAL = {"statement": "select :a", "query": "select 1 as a"}
DISPATCHES = {"odd": {**USUAL, "resum": True, "on_error": "halt"}}
CHOICES = (
    "procedure, statement, params, query, map, param_types, order_by, dry_run, on_error, "
    "max_failures, resume, in_doubt, transaction, redact, batch, slice, ledger, capture"
)


@pytest.fixture(scope="module")
def estate_settings() -> dict[str, Any]:
    return {"project": {"vars": {"dbt_estate": {"procedures": DISPATCHES}}}}


@pytest.fixture(scope="module")
def calls(session_estates: MakeEstate, estate_settings: dict[str, Any]) -> Iterator[Calls]:
    estate = session_estates(**estate_settings)
    calls = Calls(estate)
    calls.start(1)
    yield calls
    assert calls.done() == []
    assert not calls.has_ledger()
    estate.close()


def problems(output: str) -> list[str]:
    """Return the problems of an error of ours, and insist that it counts them."""
    lines = [line[4:].strip() for line in output.split("problem", 1)[1].splitlines()[1:]]
    found = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    assert f"{len(found)} problem{'' if len(found) == 1 else 's'} in call_procedures" in output
    return found


@pytest.mark.smoke
def test_everything_that_is_wrong_is_told_in_one_error(calls: Calls) -> None:
    output = calls.fails(
        statement="select :store_id",
        procedure="load_store",
        params="stores",
        query="select 1 as store_id",
        dry_run="yes",
        resume=1,
        ledger="",
        capture="no",
        on_error="go on",
        in_doubt="perhaps",
        transaction="all",
        max_failures=0,
        map=["store_id"],
        param_types={"a": "int; drop table t", "b": 7},
        redact={"name": 1},
        order_by=[1],
        batch="two\nlines",
        slice="3/2",
        retry=True,
        dispach="nightly",
    )
    assert problems(output) == [
        f"argument: must be one of {CHOICES}, got: retry",
        f"argument: must be one of {CHOICES}, got: dispach",
        "procedure, statement: give one of them, got: both",
        "params, query: give one of them, got: both. params is a model, a seed or source.table; "
        "query is the text of a query",
        "dry_run: must be true or false, got: yes",
        "resume: must be true or false, got: 1",
        "ledger: must be true or false, got:",
        "capture: must be true or false, got: no",
        "on_error: must be one of stop, continue, got: go on",
        "in_doubt: must be one of fail, retry, skip, got: perhaps",
        "transaction: must be one of per_call, none, got: all",
        "max_failures: must be a whole number from 1 to 1000000000, got: 0",
        "max_failures: counts failures under on_error: continue, got on_error: go on",
        "map: must be a mapping of parameter to column, got: ['store_id']",
        "param_types: the type of a must be the name of an SQL type such as decimal(10, 2), "
        "got: int; drop table t",
        "param_types: the type of b must be the name of an SQL type such as decimal(10, 2), got: 7",
        "redact: must be a name or a list of names, got: {'name': 1}",
        "order_by: must be a name or a list of names, got: [1]",
        "batch: must be a text of 1 to 200 characters on one line, got: two",
        "slice: must be a part of a whole such as 2/8, got: 3/2",
        "batch: is kept in the ledger; remove ledger: false, got: two",
    ]


@pytest.mark.adapters("duckdb")
def test_what_duckdb_cannot_do(calls: Calls) -> None:
    output = calls.fails(procedure="p", query="select 1 as a", on_error="continue", max_failures=2)
    assert problems(output) == [
        "procedure: duckdb has no stored procedures; give a statement with :name for each "
        "parameter, got: p",
        "on_error: must be stop, since duckdb cannot catch an error in SQL: the first one ends the "
        "run, and its call stays in doubt, got: continue",
    ]
    assert problems(calls.fails(**USUAL, max_failures=2)) == [
        "max_failures: counts failures under on_error: continue, got on_error: stop"
    ]


@pytest.mark.adapters("postgres")
def test_what_postgres_cannot_do(calls: Calls) -> None:
    output = calls.fails(**USUAL, transaction="none", on_error="continue", max_failures=2)
    assert problems(output) == [
        "on_error: must be stop with transaction: none, since postgres cannot catch the error of a "
        "procedure that commits, got: continue"
    ]


@pytest.mark.adapters("duckdb")
def test_booleans_that_the_command_line_made_text(calls: Calls) -> None:
    """GitHub's inputs and shells give text, and text is true in Jinja."""
    texts = {"dry_run": "True", "resume": "false", "ledger": "TRUE", "capture": "False"}
    assert "1 call would be made" in calls.run(**USUAL, **texts).output
    assert "remove ledger: false" in calls.fails(**USUAL, ledger="false", resume="true")


@pytest.mark.adapters("duckdb")
def test_settings_that_are_no_mapping(calls: Calls) -> None:
    settings = json.dumps({"dbt_estate": {"procedures": ["nightly"]}})
    output = calls.run(False, flags=["--vars", settings], dispatch="nightly").output
    assert "dbt_estate.procedures must be a mapping, got: ['nightly']" in output


@pytest.mark.adapters("duckdb")
def test_a_dispatch_that_is_wrong(calls: Calls) -> None:
    output = calls.fails(dispatch="daily")
    assert problems(output)[0] == (
        "dispatch: must be one of odd, got: daily. Dispatches are named in vars: dbt_estate: "
        "{procedures: ...}"
    )
    assert problems(calls.fails(dispatch="odd", in_doubt="perhaps")) == [
        f"argument: must be one of {CHOICES}, got: resum",
        "on_error: must be one of stop, continue, got: halt",
        "in_doubt: must be one of fail, retry, skip, got: perhaps",
    ]
