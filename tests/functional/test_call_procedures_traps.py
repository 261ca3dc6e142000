"""Ways in which a call could go wrong without a word, each of which was found once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.engines import qualified
from tests.support.estate import MakeEstate
from tests.support.procedures import Calls, printed


@pytest.fixture(scope="module")
def calls(session_estates: MakeEstate) -> Iterator[Calls]:
    estate = session_estates()
    yield Calls(estate)
    estate.close()


def test_a_negative_value_after_a_minus_is_no_comment(calls: Calls) -> None:
    calls.start(1, 2)
    calls.insert("sink", (100, "a"), (200, "b"))
    sink = calls.table("sink")
    calls.run(
        statement=f"update {sink} set store_id = store_id -:amount where name = :name",
        query="select -7 as amount, 'a' as name",
    )
    assert calls.done() == [107, 200]


def test_a_comment_at_the_end_swallows_nothing(calls: Calls) -> None:
    calls.start()
    statement = f"insert into {calls.table('sink')} (store_id) select :n -- a note"
    calls.run(statement=statement, query="select 1 as n")
    calls.run(statement=statement, query="select 2 as n", ledger=False)
    arguments = {"statement": statement, "args": {"n": 3}}
    calls.estate.run_dbt(
        ["run-operation", "dbt_estate.call_procedure", "--args", json.dumps(arguments)]
    )
    assert calls.done() == [1, 2, 3]


@pytest.mark.adapters("postgres", "sqlserver")
def test_a_resume_goes_on_with_calls_of_the_same_origin(calls: Calls) -> None:
    calls.start(1, 2, 3, broken=[2])
    calls.fails(**calls.usual("statement"))
    assert calls.done() == [1]
    # The same statement for something else, which succeeds.
    calls.run(statement=calls.statement, query="select 9 as store_id, 'x' as name")
    calls.mend()
    result = calls.run(**calls.usual("statement"), resume=True)
    assert calls.done() == [1, 2, 3, 9]
    assert "  skipped     1" in result.output


def test_a_new_batch_beside_one_that_failed_is_told(calls: Calls) -> None:
    calls.start(1, 2, broken=[2])
    calls.run(False, **calls.usual("statement"))
    calls.mend()
    result = calls.run(**calls.usual("statement"))
    assert any("and a new batch is begun, in which every" in text for text in result.warnings)


@pytest.mark.adapters("postgres", "sqlserver")
def test_a_batch_of_another_procedure_is_refused(calls: Calls) -> None:
    calls.start(1)
    calls.run(procedure=calls.procedure, query=calls.query, batch="b")
    other = f"{calls.schema}.load_and_commit"
    calls.estate.update_project(
        vars={
            "dbt_estate": {
                "procedures": {
                    "one": {"procedure": calls.procedure, "query": calls.query},
                    "two": {"procedure": other, "query": calls.query, "transaction": "none"},
                }
            }
        }
    )
    calls.run(dispatch="one", batch="x")
    output = calls.fails(dispatch="one", procedure=other, batch="x", resume=True)
    assert f"batch x has called {calls.procedure}, so what is done there says nothing" in output


@pytest.mark.adapters("postgres", "sqlserver")
def test_a_failed_call_that_is_no_longer_wanted_is_told(calls: Calls) -> None:
    calls.start(1, 2, broken=[2])
    calls.fails(**calls.usual("statement"), batch="b", on_error="continue")
    calls.estate.execute(f"delete from {calls.table('params')} where store_id = 2")
    result = calls.run(**calls.usual("statement"), batch="b", resume=True)
    assert any("1 failed calls of batch b are no longer among" in t for t in result.warnings)


@pytest.mark.adapters("duckdb")
def test_a_refused_run_decides_nothing(calls: Calls) -> None:
    calls.start(1, 2, broken=[2])
    calls.fails(**calls.usual("statement"), batch="b")
    assert calls.statuses()[2] == ("running", 1)
    output = calls.fails(**calls.usual("statement"), batch="b", in_doubt="skip")
    assert "has 2 of these calls already" in output
    calls.mend()
    calls.run(**calls.usual("statement"), batch="b", resume=True, in_doubt="retry")
    assert calls.done() == [1, 2]


@pytest.mark.adapters("duckdb", "postgres")
def test_a_moment_is_one_call_in_every_time_zone(calls: Calls) -> None:
    calls.start()
    zone: dict[str, dict[str, Any]] = {
        "duckdb": {"settings": {"TimeZone": "Europe/Oslo"}},
        "postgres": {"keepalives_idle": 0},
    }
    moment = "timestamptz '2026-01-01 10:00:00+00'"
    arguments: dict[str, Any] = {
        "statement": f"insert into {calls.table('sink')} select 1, cast(:at as varchar(40))",
        "query": f"select {moment} as at",
        "batch": "b",
        "resume": True,
    }
    calls.run(**arguments)
    if calls.estate.adapter_type == "postgres":
        calls.estate.execute(
            f"alter database \"{calls.estate.database}\" set timezone to 'Europe/Oslo'"
        )
    else:
        calls.estate.update_profile(**zone["duckdb"])
    calls.run(**arguments)
    if calls.estate.adapter_type == "postgres":
        calls.estate.execute(f'alter database "{calls.estate.database}" reset timezone')
    else:
        calls.estate.update_profile(settings={})
    assert calls.done() == [1]


@pytest.mark.adapters("postgres")
def test_text_stays_text_whatever_the_server_makes_of_backslashes(calls: Calls) -> None:
    calls.start()
    hostile = "\\'); drop table " + calls.table("params") + "; --"
    calls.insert("params", (1, hostile))
    calls.estate.execute(
        f'alter database "{calls.estate.database}" set standard_conforming_strings to off'
    )
    try:
        statement = f"insert into {calls.table('sink')} values (:store_id, :name)"
        for transaction in ("per_call", "none"):
            calls.run(statement=statement, query=calls.query, transaction=transaction)
        split = f"insert into {calls.table('sink')} select 3, e'a'\n'b\\' , :name, \\'c'"
        calls.fails(statement=split, query=calls.query)
    finally:
        calls.estate.execute(
            f'alter database "{calls.estate.database}" reset standard_conforming_strings'
        )
    assert calls.names() == [(1, hostile), (1, hostile)]
    assert calls.estate.sql(f"select count(*) from {calls.table('params')}") == [(1,)]


@pytest.mark.adapters("postgres")
def test_a_query_that_writes_is_refused(calls: Calls) -> None:
    calls.start(1)
    calls.estate.execute(
        f"create function {calls.schema}.pop() returns int language sql as "
        f"$$ delete from {calls.table('params')} returning store_id $$"
    )
    output = calls.fails(
        statement="select :id", query=f"select {calls.schema}.pop() as id", dry_run=True
    )
    assert "read-only transaction" in output
    assert calls.estate.sql(f"select count(*) from {calls.table('params')}") == [(1,)]


@pytest.mark.adapters("postgres")
@pytest.mark.parametrize(
    "column", ["'{\"a\": 1}'::jsonb", "'null'::json", "interval '1 month'", "'a'::bytea"]
)
def test_what_would_arrive_altered_is_refused(calls: Calls, column: str) -> None:
    output = calls.fails(statement="select :a", query=f"select {column} as a", dry_run=True)
    assert "column a is" in output
    assert "which would arrive altered" in output


def test_a_statement_may_not_end_the_transaction(calls: Calls) -> None:
    calls.start()
    sink = calls.table("sink")
    for end in ("rollback", "commit; begin", "begin transaction"):
        output = calls.fails(
            statement=f"insert into {sink} (store_id) values (:n); {end}", query="select 1 as n"
        )
        assert "begins or ends a transaction" in output
    assert calls.done() == []


@pytest.mark.adapters("sqlserver")
def test_a_bracketed_name_is_no_placeholder(calls: Calls) -> None:
    calls.start(7)
    hostile = f"x] from (select 1 as a) as s; drop table {calls.table('params')}; --"
    output = calls.fails(
        statement="select :id as id, 1 as [amount in :cur]",
        query=f"select 1 as id, N'{hostile}' as cur",
        map={"id": "id", "cur": "cur"},
    )
    assert "statement: has no placeholder for the parameter cur" in output
    calls.run(statement="select :id as [it's], 2 as [b's]", query="select 1 as id")
    assert calls.estate.sql(f"select count(*) from {calls.table('params')}") == [(1,)]


@pytest.mark.adapters("sqlserver")
def test_a_type_without_a_length_cuts_nothing_off(calls: Calls) -> None:
    calls.start()
    text = "x" * 50
    calls.insert("params", (1, text))
    calls.run(**calls.usual("procedure"), param_types={"name": "varchar"})
    calls.run(**calls.usual("statement"), param_types={"name": "nvarchar"})
    assert calls.names() == [(1, text), (1, text)]
    output = calls.fails(**calls.usual("procedure"), param_types={"name": "char"})
    assert "char needs a length on SQL Server" in output


def test_the_report_is_not_frozen_before_the_first_call(calls: Calls) -> None:
    calls.start(1, 2)
    estate = calls.estate
    estate.update_project(
        models={"dbt_estate": {"procedures": {"+enabled": True}}}, vars={"dbt_estate": {}}
    )
    schema = f"{estate.target_schema}_dbt_estate"
    if estate.adapter_type == "sqlserver":  # whose adapter takes a custom schema as it is
        schema = "dbt_estate"
    report = estate.relation("estate_procedure_calls_report", schema)
    estate.run_dbt(["run", "--select", "estate_procedure_calls_report"])
    assert estate.sql(f"select count(*) from {report}") == [(0,)]
    calls.run(**calls.usual("statement"), batch="b")
    query = f"select batch, calls, succeeded, failed, open_calls, attempts from {report}"
    assert [tuple(row) for row in estate.sql(query)] == [("b", 2, 2, 0, 0, 2)]
    estate.write(
        {
            "models/mine.sql": "select count(*) as n from "
            "{{ dbt_estate.procedure_calls() }} as calls where calls.status = 'succeeded'"
        }
    )
    estate.run_dbt(["run", "--select", "mine"])
    assert estate.sql(f"select n from {estate.relation('mine')}") == [(2,)]
    views = [(estate.target_schema, "mine"), (schema, "estate_procedure_calls_report")]
    estate.execute([f"drop view {qualified(*path)}" for path in views])
    estate.remove("models/mine.sql")
    estate.update_project(models={})


@pytest.mark.adapters("postgres", "sqlserver")
def test_secrets_stay_out_of_everything_that_is_ours(calls: Calls) -> None:
    secret = 'O\'Reilly "x" \\ é'
    calls.start()
    calls.insert("params", (1, secret), (2, secret))
    calls.insert("broken", (2, f"no {secret} here"))
    result = calls.run(
        False, **calls.usual("procedure"), redact="name", on_error="continue", batch="b"
    )
    dry = calls.run(**calls.usual("procedure"), redact="name", dry_run=True)
    rows = json.dumps(calls.ledger(), default=str, ensure_ascii=False)
    for text in (result.output, rows, dry.output, "\n".join(printed(dry))):
        assert "Reilly" not in text
        assert "***" in text
    assert calls.names() == [(1, secret)]


@pytest.mark.adapters("duckdb", "postgres")
def test_captured_secrets_are_masked(calls: Calls) -> None:
    calls.start()
    calls.insert("params", (1, "hun'ter2 é"))
    calls.run(
        statement="select :store_id as id, :name as \"NAME\", concat('x', :name) as other",
        query=calls.query,
        redact=["name"],
        capture=True,
    )
    [row] = calls.ledger()
    assert "ter2" not in json.dumps(row, default=str)
    assert json.loads(row["result"])[0]["id"] == 1
