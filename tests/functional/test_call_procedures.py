"""A call for each row, what becomes of the ones that fail, and which of them are made again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.estate import MakeEstate
from tests.support.procedures import LEDGER, Calls, summary_of

KINDS = ["procedure", "statement"]

catches = pytest.mark.adapters("postgres", "sqlserver")
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def calls(session_estates: MakeEstate) -> Iterator[Calls]:
    estate = session_estates()
    yield Calls(estate)
    estate.close()


# -- success and failure ----------------------------------------------------------------------


@pytest.mark.smoke
def test_a_statement_is_called_for_each_row(calls: Calls) -> None:
    calls.start(3, 1, 2)
    result = calls.run(**calls.usual("statement"))
    assert calls.done() == [1, 2, 3]
    assert calls.statuses() == dict.fromkeys((1, 2, 3), ("succeeded", 1))
    lines = [line for line in result.output.splitlines() if " of 3 succeeded " in line]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        f'dbt_estate: {n} of 3 succeeded {{"store_id": {n}, "name": "store {n}"}}'
        for n in (1, 2, 3)
    ]
    summary = summary_of(result.output)
    assert summary.pop("seconds").replace(".", "").isdigit()
    assert summary.pop("slowest").split(" s ")[1].startswith('{"store_id": ')
    assert summary == {
        "calls": "3",
        "ok": "3",
        "failed": "0",
        "in doubt": "0",
        "skipped": "0",
        "not called": "0",
    }


@catches
@pytest.mark.smoke
@each_kind
def test_stop_and_resume(calls: Calls, kind: str) -> None:
    usual = calls.usual(kind)
    calls.start(1, 2, 3, 4, broken=[3])
    output = calls.fails(**usual)
    assert "1 of 3 calls failed, 0 in doubt, 1 not made" in output
    assert [summary_of(output)[key] for key in ("calls", "ok", "failed", "not called")] == [
        "3",
        "2",
        "1",
        "1",
    ]
    assert calls.done() == [1, 2], "what the failed call had done is undone, what was before is not"
    assert calls.statuses() == {1: ("succeeded", 1), 2: ("succeeded", 1), 3: ("failed", 1)}
    [failed] = [row for row in calls.ledger() if row["status"] == "failed"]
    assert "boom 3" in failed["error"]
    assert failed["error"] in output
    assert failed["finished_at"] >= failed["started_at"]

    assert "1 of 1 calls failed" in calls.fails(**usual, resume=True)
    assert calls.statuses()[3] == ("failed", 2)
    calls.mend()
    resumed = calls.run(**usual, resume=True)
    assert calls.done() == [1, 2, 3, 4]
    assert calls.statuses() == {
        1: ("succeeded", 1),
        2: ("succeeded", 1),
        3: ("succeeded", 3),
        4: ("succeeded", 1),
    }
    assert summary_of(resumed.output)["skipped"] == "2"
    assert [row["error"] for row in calls.ledger()] == [None] * 4
    assert len({row["batch"] for row in calls.ledger()}) == 1

    calls.run(**usual, resume=True)
    assert calls.done() == [1, 2, 3, 4]


@catches
@each_kind
def test_continue_and_max_failures(calls: Calls, kind: str) -> None:
    usual = calls.usual(kind) | {"on_error": "continue", "batch": "b"}
    calls.start(1, 2, 3, 4, 5, broken=[2, 4])
    output = calls.fails(**usual)
    assert "2 of 5 calls failed, 0 in doubt, 0 not made" in output
    assert [line for line in output.splitlines() if line.startswith("  error  ")] == [
        f"  error       {row['params']} {row['error']}" for row in calls.ledger() if row["error"]
    ]
    assert calls.done() == [1, 3, 5]
    assert calls.statuses() == {
        n: ("failed" if n in (2, 4) else "succeeded", 1) for n in range(1, 6)
    }
    calls.mend()
    calls.add(6)
    calls.break_(6)
    calls.fails(**usual, resume=True)
    calls.mend()
    calls.run(**usual, resume=True)
    assert calls.done() == [1, 2, 3, 4, 5, 6]
    assert [attempt for _, attempt in calls.statuses().values()] == [1, 2, 1, 2, 1, 2]

    calls.start(1, 2, 3, 4, 5, broken=[1, 3, 5])
    assert "2 of 3 calls failed, 0 in doubt, 2 not made" in calls.fails(**usual, max_failures=2)
    assert calls.done() == [2]
    assert list(calls.statuses()) == [1, 2, 3]


@catches
def test_a_procedure_that_is_not_there_fails_as_any_other(calls: Calls) -> None:
    calls.start(1, 2)
    missing = {"procedure": f"{calls.schema}.no_such", "query": calls.query}
    assert "2 of 2 calls failed" in calls.fails(**missing, on_error="continue")
    assert all("no_such" in row["error"] for row in calls.ledger())


@pytest.mark.adapters("postgres")
def test_a_failed_assertion_and_a_failed_commit(calls: Calls) -> None:
    """`when others` leaves out the one, and the other comes after the block that catches."""
    once, asserts, defers = (calls.table(name) for name in ("once", "asserts", "defers"))
    calls.estate.execute(
        [
            f"create table {once} (id int unique deferrable initially deferred)",
            f"create procedure {asserts}(store_id int, name text) language plpgsql as $$ "
            "begin assert store_id <> 2, 'boom'; end $$",
            f"create procedure {defers}(store_id int, name text) language plpgsql as $$ "
            f"begin insert into {once} values (1); end $$",
        ]
    )
    calls.start(1, 2, 3)
    calls.fails(procedure=asserts, query=calls.query, on_error="continue")
    assert [status for status, _ in calls.statuses().values()] == [
        "succeeded",
        "failed",
        "succeeded",
    ]
    calls.start(1, 2, 3)
    calls.fails(procedure=defers, query=calls.query, on_error="continue")
    assert [status for status, _ in calls.statuses().values()] == ["succeeded", "failed", "failed"]
    assert calls.estate.sql(f"select count(*) from {once}") == [(1,)]


# -- batches ----------------------------------------------------------------------------------


def test_a_batch_is_called_once(calls: Calls) -> None:
    usual = calls.usual("statement")
    calls.start(1, 2)
    calls.run(**usual, batch="a 'batch' é")
    output = calls.fails(**usual, batch="a 'batch' é")
    assert "batch: a 'batch' é has 2 of these calls already. resume: true makes" in output
    assert calls.done() == [1, 2]

    calls.add(3)
    resumed = calls.run(**usual, batch="a 'batch' é", resume=True)
    assert calls.done() == [1, 2, 3], "a row that is new in a resumed batch is called"
    assert summary_of(resumed.output)["skipped"] == "2"
    calls.run(**usual, batch=20261121)
    assert calls.done() == [1, 1, 2, 2, 3, 3], "another batch calls all"
    calls.run(**usual)
    assert calls.done() == [1, 1, 1, 2, 2, 2, 3, 3, 3], "and so does a run that names none"
    batches = {row["batch"] for row in calls.ledger()}
    assert {"a 'batch' é", "20261121"} < batches
    assert len(batches) == 3


def test_a_batch_that_yaml_reads_as_a_number_or_a_date(calls: Calls) -> None:
    usual = json.dumps(calls.usual("statement"))[1:-1]
    calls.start(1)
    command = ["run-operation", "dbt_estate.call_procedures", "--args"]
    for batch in ("2026-11-21", "20261122", "1.5"):
        calls.estate.run_dbt([*command, f"{{{usual}, batch: {batch}}}"])
    assert [row["batch"] for row in calls.ledger()] == ["2026-11-21", "20261122", "1.5"]


def test_resume_without_a_batch_goes_on_with_the_last_one(calls: Calls) -> None:
    usual = calls.usual("statement")
    calls.start(1)
    calls.run(**usual, resume=True)
    assert calls.done() == [1], "where there is none, one is begun"
    calls.run(**usual)
    calls.add(2)
    calls.run(**usual, resume=True)
    assert calls.done() == [1, 1, 2]
    first, second, third = (row["batch"] for row in calls.ledger())
    assert first != second == third

    hours = {
        "duckdb": "started_at - interval 25 hour",
        "postgres": "started_at - interval '25 hours'",
        "sqlserver": "dateadd(hour, -25, started_at)",
    }
    calls.estate.execute(
        f"update {calls.table(LEDGER)} set started_at = {hours[calls.estate.adapter_type]}"
    )
    output = calls.fails(**usual, resume=True)
    assert "was begun more than a day ago" in output
    assert f"Name it to go on with it (batch: '{second}')" in output
    calls.run(**usual, resume=True, batch=second)
    assert calls.done() == [1, 1, 2]


def test_equal_rows_are_calls_of_their_own(calls: Calls) -> None:
    usual = calls.usual("statement") | {"batch": "b"}
    calls.start(1, 1, 2)
    calls.run(**usual)
    calls.add(1)
    calls.run(**usual, resume=True)
    assert calls.done() == [1, 1, 1, 2]


def test_no_rows_are_no_calls(calls: Calls) -> None:
    calls.start()
    result = calls.run(**calls.usual("statement"))
    assert summary_of(result.output)["calls"] == "0"


# -- without a ledger -------------------------------------------------------------------------


def test_without_a_ledger(calls: Calls) -> None:
    calls.start(1, 2)
    usual = calls.usual("statement") | {"ledger": "false"}
    result = calls.run(**usual)
    assert calls.done() == [1, 2]
    assert summary_of(result.output)["ok"] == "2"
    calls.run(**usual)
    assert calls.done() == [1, 1, 2, 2]
    calls.run(**usual, slice="1/2")
    calls.run(**usual, slice="2/2")
    assert calls.done() == [1, 1, 1, 2, 2, 2]
    assert not calls.has_ledger()


@catches
@each_kind
def test_failures_without_a_ledger(calls: Calls, kind: str) -> None:
    usual = calls.usual(kind) | {"ledger": False}
    calls.start(1, 2, 3, 4, broken=[2, 3])
    output = calls.fails(**usual)
    assert "1 of 2 calls failed, 0 in doubt, 2 not made" in output
    assert "boom 2" in output
    assert calls.done() == [1]
    output = calls.fails(**usual, on_error="continue")
    assert "2 of 4 calls failed" in output
    assert "boom 3" in output
    assert calls.done() == [1, 1, 4]
    assert not calls.has_ledger()


# -- DuckDB, which cannot catch ---------------------------------------------------------------


@pytest.mark.adapters("duckdb")
@pytest.mark.smoke
def test_a_failure_on_duckdb_ends_the_run_in_doubt(calls: Calls) -> None:
    usual = calls.usual("statement") | {"batch": "b"}
    calls.start(1, 2, 3, broken=[2])
    output = calls.fails(**usual)
    assert "boom 2" in output
    assert calls.done() == [1]
    assert calls.statuses() == {1: ("succeeded", 1), 2: ("running", 1)}
    calls.mend()

    output = calls.fails(**usual, resume=True)
    assert (
        '1 call is in doubt, since a run died in it: {"store_id": 2, "name": "store 2"}' in output
    )
    assert calls.statuses() == {1: ("succeeded", 1), 2: ("in_doubt", 1)}
    assert calls.done() == [1]
    calls.run(**usual, resume=True, in_doubt="retry")
    assert calls.done() == [1, 2, 3]
    assert calls.statuses() == {1: ("succeeded", 1), 2: ("succeeded", 2), 3: ("succeeded", 1)}


@pytest.mark.adapters("duckdb")
def test_a_call_in_doubt_is_told_once_and_left_if_wanted(calls: Calls) -> None:
    usual = calls.usual("statement")
    calls.start(1, 2, 3, broken=[2])
    calls.fails(**usual, batch="b")
    calls.mend()
    fresh = calls.run(**usual)
    assert [text for text in fresh.warnings if "in doubt" in text] == [
        f"dbt_estate: 1 call of {calls.ledger()[0]['operation']}, batch b, in doubt: the run died "
        'in it, for example at {"store_id": 2, "name": "store 2"}. Decide with resume: true, '
        "batch: 'b' and in_doubt: retry or skip."
    ]
    assert [row["status"] for row in calls.ledger() if row["batch"] == "b"] == [
        "succeeded",
        "in_doubt",
    ]
    assert calls.done() == [1, 1, 2, 3]
    assert [text for text in calls.run(**usual).warnings if "in doubt" in text] == []
    assert calls.done() == [1, 1, 1, 2, 2, 3, 3]

    skipping = calls.run(**usual, batch="b", resume=True, in_doubt="skip")
    assert calls.done() == [1, 1, 1, 2, 2, 3, 3, 3]
    assert summary_of(skipping.output)["skipped"] == "2"
    of_b = [row["status"] for row in calls.ledger() if row["batch"] == "b"]
    assert of_b == ["succeeded", "skipped", "succeeded"]
    calls.run(**usual, batch="b", resume=True, in_doubt="retry")
    assert calls.done() == [1, 1, 1, 2, 2, 3, 3, 3], "what was skipped is left for good"


@pytest.mark.adapters("duckdb")
def test_a_call_in_doubt_that_is_no_longer_among_the_parameters(calls: Calls) -> None:
    usual = calls.usual("statement") | {"batch": "b", "resume": True}
    calls.start(1, 2, broken=[2])
    calls.fails(**usual)
    calls.mend()
    calls.estate.execute(f"delete from {calls.table('params')} where store_id = 2")
    assert "no longer among the parameters" in calls.fails(**usual, in_doubt="retry")
    calls.run(**usual, in_doubt="skip")
    assert calls.statuses() == {1: ("succeeded", 1), 2: ("skipped", 1)}


# -- what a call returns ----------------------------------------------------------------------


def test_what_a_call_returns_is_kept(calls: Calls) -> None:
    calls.start(1, 2)
    select = "select :store_id as n, :name as name, 1.50 as amount, cast(null as int) as nothing"
    calls.run(statement=select, query=calls.query, capture=True)
    results = [json.loads(row["result"]) for row in calls.ledger()]
    assert [[row.pop("amount") for row in rows] for rows in results] in (
        [["1.50"]] * 2,
        [[1.5]] * 2,
    )
    assert results == [[{"n": n, "name": f"store {n}", "nothing": None}] for n in (1, 2)]
    calls.start(1)
    two = "select x, name from (select 1 as x, :name as name union all select 2, 'b') as t"
    calls.run(statement=f"{two} order by x", query=calls.query, map={"name": "name"}, capture=True)
    assert json.loads(calls.ledger()[0]["result"]) == [
        {"x": 1, "name": "store 1"},
        {"x": 2, "name": "b"},
    ]
    calls.start(1)
    calls.run(
        statement=f"{two} order by x",
        query=calls.query,
        map={"name": "name"},
        capture=True,
        redact="name",
    )
    assert json.loads(calls.ledger()[0]["result"]) == [
        {"x": 1, "name": "***"},
        {"x": 2, "name": "***"},
    ]


def test_a_call_that_returns_nothing(calls: Calls) -> None:
    calls.start(1, 2)
    insert = f"insert into {calls.table('sink')} values (:store_id, :name)"
    calls.run(statement=insert, query=calls.query, capture=True)
    assert calls.done() == [1, 2]
    assert [row["status"] for row in calls.ledger()] == ["succeeded"] * 2


@catches
def test_what_a_procedure_returns(calls: Calls) -> None:
    echo, schema = calls.table("echo"), calls.schema
    if calls.estate.adapter_type == "postgres":
        calls.estate.execute(
            f"create or replace procedure {echo}(inout store_id int, inout name text) language "
            f"plpgsql as $$ begin insert into {schema}.sink values (store_id, name); "
            "store_id := store_id * 10; end $$"
        )
    else:
        calls.estate.execute(
            f"create procedure {echo} @store_id int, @name nvarchar(max) as begin "
            f"insert into {schema}.sink values (@store_id, @name); "
            "select @store_id * 10 as store_id, @name as name; end"
        )
    calls.start(1, 2, broken=[2])
    calls.run(procedure=echo, query=calls.query, capture=True)
    assert [json.loads(row["result"]) for row in calls.ledger()] == [
        [{"store_id": n * 10, "name": f"store {n}"}] for n in (1, 2)
    ]
    assert calls.done() == [1, 2]
    calls.start(1, 2, broken=[2])
    calls.fails(**calls.usual("procedure"), capture=True)
    assert [row["status"] for row in calls.ledger()] == ["succeeded", "failed"]
    assert calls.done() == [1]


@pytest.mark.adapters("postgres")
def test_what_an_insert_returns(calls: Calls) -> None:
    calls.start(1, 2)
    calls.run(
        statement=f"insert into {calls.table('sink')} values (:store_id, :name) returning *",
        query=calls.query,
        capture=True,
    )
    assert json.loads(calls.ledger()[1]["result"]) == [{"store_id": 2, "name": "store 2"}]
    assert calls.done() == [1, 2]
