"""Runs that die, runs at the same time, runs that dbt repeats, and hooks: no call is made twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.estate import MakeEstate, RunResult
from tests.support.procedures import Calls, operation, wait_until


@pytest.fixture
def calls(session_estates: MakeEstate) -> Iterator[Calls]:
    estate = session_estates()
    yield Calls(estate)
    estate.close()


def status_of(calls: Calls, **arguments: object) -> RunResult:
    command = ["run-operation", "dbt_estate.procedures_status", "--args", json.dumps(arguments)]
    return calls.estate.run_dbt(command)


@pytest.mark.adapters("postgres")
def test_a_killed_run_is_resumed_and_nothing_is_called_twice(calls: Calls) -> None:
    calls.start(1, 2, 3, 4)
    calls.insert("waiting", (3,))
    usual = {**calls.usual("procedure"), "batch": "b"}
    with calls.closed_gate() as open_gate:
        process = calls.estate.dbt_subprocess(operation(usual))
        wait_until(lambda: calls.has_ledger() and calls.statuses().get(3) == ("running", 1))
        # The ledger says so before the call is sent: the server has it when it waits at the gate.
        waiting = (
            "select count(*) from pg_stat_activity "
            "where datname = current_database() and wait_event_type = 'Lock'"
        )
        wait_until(lambda: calls.estate.sql(waiting) != [(0,)])
        calls.estate.kill(process)
        # The server is still at it, so the call is not in doubt, and nobody else may begin.
        output = calls.fails(**usual, resume=True)
        assert "another run holds the lock" in output
        text = status_of(calls, operation=calls.procedure).output
        assert "2 succeeded, 0 failed, 0 in doubt, 0 skipped, 1 running" in text
        open_gate()
    ended = "select count(*) from pg_locks where locktype = 'advisory'"
    wait_until(lambda: calls.estate.sql(ended) == [(0,)])
    # What was sent was ended by the server, call and ledger alike.
    assert calls.statuses()[3] == ("succeeded", 1)
    result = calls.run(**usual, resume=True)
    assert "  skipped     3" in result.output
    assert calls.done() == [1, 2, 3, 4]


@pytest.mark.adapters("postgres")
def test_a_killed_session_leaves_its_call_in_doubt(calls: Calls) -> None:
    calls.start(1, 2, 3)
    calls.insert("waiting", (2,))
    usual = {**calls.usual("procedure"), "batch": "b"}
    with calls.closed_gate():
        process = calls.estate.dbt_subprocess(operation(usual))
        wait_until(lambda: calls.has_ledger() and calls.statuses().get(2) == ("running", 1))
        calls.estate.kill(process)
        calls.estate.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid in "
            "(select pid from pg_locks where locktype = 'advisory')"
        )
        ended = "select count(*) from pg_locks where locktype = 'advisory'"
        wait_until(lambda: calls.estate.sql(ended) == [(0,)])
    text = status_of(calls, operation=calls.procedure, batch="b").output
    assert "1 succeeded, 0 failed, 1 in doubt, 0 skipped, 0 running" in text
    assert calls.statuses()[2] == ("running", 1), "the status writes nothing"
    calls.estate.execute(f"delete from {calls.table('waiting')}")
    output = calls.fails(**usual, resume=True)
    assert "1 call is in doubt, since a run died in it" in output
    calls.run(**usual, resume=True, in_doubt="retry")
    assert calls.done() == [1, 2, 3]
    assert calls.statuses()[2] == ("succeeded", 2)


@pytest.mark.adapters("duckdb")
def test_a_killed_run_on_duckdb(calls: Calls) -> None:
    calls.start(*range(400))
    usual = {**calls.usual("statement"), "batch": "b"}
    process = calls.estate.dbt_subprocess(operation(usual))
    for line in process.stdout or ():
        if "dbt_estate: 40 of 400 succeeded" in line:
            break
    calls.estate.kill(process)
    made = len(calls.done())
    assert 39 < made < 400
    calls.run(**usual, resume=True, in_doubt="retry")
    assert calls.done() == list(range(400))


@pytest.mark.adapters("postgres")
def test_two_slices_at_the_same_time(calls: Calls) -> None:
    calls.start(*range(60))
    usual = {**calls.usual("procedure"), "batch": "b"}
    processes = [
        calls.estate.dbt_subprocess(operation({**usual, "slice": f"{part}/2"})) for part in (1, 2)
    ]
    for process in processes:
        output = process.communicate(timeout=120)[0]
        assert process.returncode == 0, output
    assert calls.done() == list(range(60))
    assert {row["run"] for row in calls.ledger()} != {calls.ledger()[0]["run"]}


@pytest.mark.adapters("postgres", "sqlserver")
def test_the_lock_is_free_after_an_error_in_one_process(calls: Calls) -> None:
    calls.start(1, 2, broken=[2])
    for kind in ("procedure", "statement"):
        for _ in range(2):
            output = calls.fails(**calls.usual(kind))
            assert "another run holds the lock" not in output
    unguarded = {"procedure": f"{calls.schema}.load_and_commit", "query": calls.query}
    for _ in range(2):
        output = calls.fails(**unguarded, transaction="none")
        assert "boom 2" in output
        assert "another run holds the lock" not in output


@pytest.mark.adapters("duckdb", "postgres")
def test_a_ledger_that_cannot_be_written_stops_the_run_before_the_call(calls: Calls) -> None:
    calls.start(1, 2)
    calls.run(**calls.usual("statement"), batch="first")
    calls.estate.execute(f"delete from {calls.table('sink')}")
    columns = "operation, batch, row_key, procedure, params, status, attempt, started_at, "
    columns += "finished_at, error, result, run, invocation_id, origin"
    ledger = calls.table("estate_procedure_calls")
    calls.estate.execute(
        [
            f"create table {calls.table('copy')} as select * from {ledger}",
            f"drop table {ledger}",
            f"create view {ledger} as select {columns} from {calls.table('copy')} "
            "union all select * from " + calls.table("copy") + " where 1 = 0",
        ]
    )
    calls.fails(**calls.usual("statement"), batch="second")
    assert calls.done() == []


def retried(calls: Calls) -> str:
    """Run `dbt retry` as a process, since it is recognised by its command line."""
    process = calls.estate.dbt_subprocess(["retry", "--profiles-dir", "."])
    return process.communicate(timeout=120)[0] + f"exit code {process.returncode}"


@pytest.mark.adapters("postgres")
def test_dbt_retry_resumes(calls: Calls) -> None:
    calls.start(1, 2, 3, broken=[2])
    calls.fails(**calls.usual("procedure"))
    calls.mend()
    output = retried(calls)
    assert "resumes" in output
    assert "exit code 0" in output
    assert calls.done() == [1, 2, 3]
    calls.break_(1)
    calls.fails(**calls.usual("procedure"), ledger=False)
    output = retried(calls)
    assert "ledger: false cannot be retried" in output
    assert "exit code 1" in output
    assert calls.done() == [1, 2, 3]


def test_hooks_call_once_and_only_where_dbt_runs(calls: Calls) -> None:
    estate = calls.estate
    estate.write({"models/params.sql": "select 1 as n union all select 2 as n"})
    insert = f"insert into {calls.table('sink')} (store_id) values"
    hook = (
        "{{ dbt_estate.call_procedures(statement='%s (:n)', params=%s, batch='%s', resume=true) }}"
    )
    outside = {"sql": hook % (insert, "ref('params')", "m"), "transaction": False}
    inside = "{{ dbt_estate.call_procedure(statement='%s (:n)', args={'n': %s}) }}"
    estate.write(
        {
            "models/hooked.sql": "{{ config(materialized='table', post_hook=%r) }} select 1 as a"
            % [outside, inside % (insert, 30)],
            "models/failing.sql": "{{ config(materialized='table', post_hook=%r) }} select 1 as a"
            % [inside % (insert, 40), "select no_such_column_anywhere"],
            "models/wrong.sql": "{{ config(materialized='table', post_hook=%r) }} select 1 as a"
            % [hook % (insert, "ref('params')", "w")],
            "macros/mine.sql": "{% macro mine() %}{% do dbt_estate.call_procedure("
            f"statement='{insert} (:n)', args={{'n': 50}}) %}}{{% endmacro %}}",
        }
    )
    estate.update_project(**{"on-run-end": [inside % (insert, 60)]})
    for command in (["parse"], ["compile"], ["list"], ["docs", "generate"]):
        estate.run_dbt(command)
        assert calls.done() == [], command
    estate.run_dbt(["run", "--select", "params", "hooked"])
    assert calls.done() == [1, 2, 30, 60]
    manifest = json.loads(estate.read("target/manifest.json"))
    assert manifest["nodes"]["model.estate_test.hooked"]["depends_on"]["nodes"] == [
        "model.estate_test.params"
    ]
    estate.run_dbt(["run", "--select", "hooked", "--empty"])
    assert calls.done() == [1, 2, 30, 30, 60, 60]
    estate.update_project(**{"on-run-end": []})
    estate.run_dbt(["run", "--select", "failing"], expect_pass=False)
    if estate.adapter_type != "sqlserver":  # which by default has no transaction here
        assert 40 not in calls.done()
    output = estate.run_dbt(["run", "--select", "wrong"], expect_pass=False).output
    assert "the hook of wrong is in the model's transaction" in output
    estate.run_dbt(["run-operation", "mine"])
    assert calls.done().count(50) == 1


@pytest.mark.adapters("duckdb")
def test_the_command_line_prints_the_ledger(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    calls.start(1, 2, broken=[2])
    calls.run(False, **calls.usual("statement"), batch="b")
    calls.estate.workspace.disconnect()
    command = [sys.executable, "-m", "dbt_estate", "procedures", "status"]
    monkeypatch.chdir(calls.estate.root)
    monkeypatch.setenv("DBT_PROFILES_DIR", ".")
    found = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert found.returncode == 1, found.stderr
    assert "in doubt" in found.stdout
    assert '"store_id": 2' in found.stdout
    calls.mend()
    calls.run(**calls.usual("statement"), batch="b", resume=True, in_doubt="retry")
    calls.estate.workspace.disconnect()
    found = subprocess.run(
        [*command, "--format", "json"], capture_output=True, encoding="utf-8", check=False
    )
    document = json.loads(found.stdout)
    assert (found.returncode, document["findings"]) == (0, 0)
    assert document["batches"][0]["succeeded"] == 2


@pytest.mark.adapters("duckdb", "postgres")
def test_five_thousand_hostile_values_arrive_as_they_are(calls: Calls) -> None:
    rng = random.Random(7)
    bits = ["'", '"', "\\", "--", "/*", "*/", ";", "$$", "$estate_", ":n", "\n", "\r\n", "%s",
            "{{ 1 }}", "é", "🏪", "drop table canary", "' || 'x", "E'", "N'", "\t"]  # fmt: skip
    width, rows = 20, 250
    names = [f"c{n}" for n in range(width)]
    wanted = {
        row: ["".join(rng.choices(bits, k=rng.randrange(12))) for _ in names] for row in range(rows)
    }
    estate = calls.estate
    text = "varchar" if estate.adapter_type == "duckdb" else "text"
    columns = ", ".join(f"{name} {text}" for name in names)
    estate.execute(
        [
            f"create table {calls.table('hostile')} (n int, {columns})",
            f"create table {calls.table('arrived')} (n int, {columns})",
            f"create table {calls.table('canary')} (n int)",
        ]
    )
    for row, values in wanted.items():
        written = ", ".join(
            "'" + value.replace("'", "''") + "'" for value in values
        )  # both engines take a backslash as it is
        estate.execute(f"insert into {calls.table('hostile')} values ({row}, {written})")
    placeholders = ", ".join(f":{name}" for name in ["n", *names])
    calls.run(
        statement=f"insert into {calls.table('arrived')} values ({placeholders})",
        query=f"select * from {calls.table('hostile')}",
        redact=names[:2],
    )
    arrived = {
        row[0]: list(row[1:]) for row in estate.sql(f"select * from {calls.table('arrived')}")
    }
    assert arrived == wanted
    assert estate.sql(f"select count(*) from {calls.table('canary')}") == [(0,)]
    assert len(calls.ledger()) == rows
