"""Where the parameters of calls come from, what is shown of them, and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.estate import MakeEstate
from tests.support.procedures import Calls, printed

SEED = 'store_id,name,code\n3,c,007\n1,a,"it\'s"\n2,,"true"\n'

catches = pytest.mark.adapters("postgres", "sqlserver")


@pytest.fixture(scope="module")
def estate_settings() -> dict[str, Any]:
    return {
        "project": {
            "vars": {"dbt_estate": {"procedures": DISPATCHES}},
            "seeds": {"estate_test": {"+column_types": {"code": "varchar(9)"}}},
        },
        "files": {
            "seeds/stores.csv": SEED,
            "models/some_stores.sql": "select store_id, name from {{ ref('stores') }}\n",
            "models/fleeting.sql": "{{ config(materialized='ephemeral') }} select 1 as store_id\n",
            "models/sources.yml": """
                sources:
                  - name: own
                    schema: "{{ target.schema }}"
                    tables: [{name: params}]
                """,
        },
    }


DISPATCHES = {
    "nightly": {
        "statement": "insert into {schema}.sink values (:store_id, :name)",
        "params": "stores",
        "order_by": "store_id",
        "map": {"store_id": "store_id", "name": "code"},
    },
    "weekly": {"statement": "select :a", "query": "select 1 as a", "dry_run": True},
}


@pytest.fixture(scope="module")
def calls(session_estates: MakeEstate, estate_settings: dict[str, Any]) -> Iterator[Calls]:
    estate = session_estates(**estate_settings)
    text = json.dumps(DISPATCHES).replace("{schema}", estate.target_schema)
    estate.update_project(vars={"dbt_estate": {"procedures": json.loads(text)}})
    calls = Calls(estate)
    estate.run_dbt(["build"])
    yield calls
    estate.close()


def test_a_dispatch_takes_its_parameters_from_a_seed(calls: Calls) -> None:
    calls.start()
    calls.run(dispatch="nightly")
    assert calls.names() == [(1, "it's"), (2, "true"), (3, "007")]
    assert {row["operation"] for row in calls.ledger()} == {"nightly"}
    calls.run(
        dispatch="nightly", order_by="store_id desc", map={"store_id": "STORE_ID", "name": "name"}
    )
    assert [json.loads(row["params"]) for row in calls.ledger()][3:] == [
        {"store_id": 3, "name": "c"},
        {"store_id": 2, "name": None},
        {"store_id": 1, "name": "a"},
    ]
    output = calls.run(dispatch="weekly").output
    assert "dry run of weekly: 1 call would be made" in output


@pytest.mark.parametrize("params", ["some_stores", "own.params", "stores"])
def test_a_model_a_source_and_a_seed(calls: Calls, params: str) -> None:
    calls.start(1, 2, 3)
    only = {"store_id": "store_id", "name": "name"}
    calls.run(
        statement=calls.statement, params=params, order_by=["name desc", "store_id"], map=only
    )
    assert calls.done() == [1, 2, 3]
    called = [json.loads(row["params"])["name"] for row in calls.ledger()]
    wanted = ["store 3", "store 2", "store 1"] if params == "own.params" else ["c", "a"]
    assert [name for name in called if name is not None] == wanted


def test_parameters_that_are_not_there(calls: Calls) -> None:
    calls.start(1)
    estate, usual = calls.estate, {"statement": "select :store_id"}
    output = calls.fails(**usual, params="fleeting")
    assert "Operations can not ref() ephemeral nodes, but fleeting is ephemeral" in output
    estate.execute(f"drop view {estate.target_schema}.some_stores")
    output = calls.fails(**usual, params="some_stores")
    assert "is not there. Build it first: dbt build --select some_stores" in output
    estate.run_dbt(["run", "--select", "some_stores"])
    for missing in ("no_such_model", "own.no_such_table"):
        assert missing in calls.fails(**usual, params=missing)
    # What is wrong with the arguments is told all the same.
    assert "got: perhaps" in calls.fails(**usual, params="no_such_model", in_doubt="perhaps")
    assert not calls.has_ledger()


def test_a_statement_and_its_parameters_have_to_match(calls: Calls) -> None:
    calls.start(1)
    statement = "insert into t values (:store_id, :nam, ':name', 'a:b', x::int) -- :no"
    output = calls.fails(statement=statement, query=calls.query)
    assert "statement: :nam: there is no column nam; the parameters have store_id, name" in output
    assert "statement: write :name without quotes, got: ':name'" in output
    assert "2 problems" in output, "what stands in a text, a cast or a comment is no placeholder"
    output = calls.fails(
        statement="select :a, :b",
        query=calls.query,
        map={"a": "nam", "c": "name"},
        redact=["name", "d"],
        param_types={"e": "int"},
    )
    for words in (
        "6 problems",
        "map: there is no column nam; the parameters have store_id, name",
        "statement: there is no parameter :b; there are a, c",
        "statement: has no placeholder for the parameter c",
        "redact: must name parameters, which are a, c, got: name",
        "redact: must name parameters, which are a, c, got: d",
        "param_types: must name parameters, which are a, c, got: e",
    ):
        assert words in output, output
    output = calls.fails(statement="select 1", query=calls.query)
    assert "statement: has no placeholder, so that all calls would be the same" in output
    output = calls.fails(statement="select 'a, :store_id", query=calls.query)
    assert "a quote or a comment is not closed" in output
    assert not calls.has_ledger()


# -- a dry run, redacted parameters, no ledger ------------------------------------------------


def test_a_dry_run_shows_every_statement_and_writes_nothing(make_estate: MakeEstate) -> None:
    estate = make_estate()
    query = "select 1 as a, 'secret' as b union all select 2, 'it''s' order by 1"
    statement = "insert into no_such values (:a, :b, ':c')"
    arguments = {"statement": statement, "query": query, "dry_run": "true"}
    run = ["run-operation", "dbt_estate.call_procedures", "--args"]
    result = estate.run_dbt([*run, json.dumps(arguments)])
    n = "N" if estate.adapter_type == "sqlserver" else ""
    assert printed(result)[:4] == [
        '-- 1 of 2: {"a": 1, "b": "secret"}',
        f"insert into no_such values (1, {n}'secret', ':c')",
        '-- 2 of 2: {"a": 2, "b": "it\'s"}',
        f"insert into no_such values (2, {n}'it''s', ':c')",
    ]
    assert "2 calls would be made; nothing was called or written" in printed(result)[-1]
    masked = estate.run_dbt([*run, json.dumps(arguments | {"redact": "b"})])
    assert printed(masked)[:2] == [
        '-- 1 of 2: {"a": 1, "b": "***"}',
        "insert into no_such values (1, '***', ':c')",
    ]
    assert "secret" not in masked.output
    schemas = estate.sql(
        "select count(*) from information_schema.schemata "
        f"where schema_name = '{estate.target_schema}'"
    )
    assert schemas == [(0,)]


@catches
def test_a_dry_run_of_a_procedure_and_of_what_is_left(calls: Calls) -> None:
    calls.start(1, 2, 3, broken=[2])
    usual = calls.usual("procedure") | {"batch": "b"}
    calls.fails(**usual)
    before = calls.ledger()
    result = calls.run(**usual, resume=True, dry_run=True)
    shown = [text for text in printed(result) if not text.startswith("--")]
    name = f'"{calls.schema}"."load_store"'
    if calls.estate.adapter_type == "sqlserver":
        wanted = [f"exec {name} @store_id = {n}, @name = N'store {n}'" for n in (2, 3)]
    else:
        wanted = [f"""call {name}("store_id" => {n}, "name" => 'store {n}')""" for n in (2, 3)]
    assert shown[:-1] == wanted
    assert "2 calls would be made, 1 are done; nothing was called" in shown[-1]
    assert "has 2 of these calls already" in calls.fails(**usual, dry_run=True)
    assert calls.ledger() == before
    assert calls.done() == [1]


@catches
@pytest.mark.parametrize("ledger", [True, False])
def test_a_redacted_parameter_is_nowhere(calls: Calls, ledger: bool) -> None:
    calls.start(1, 2, 3)
    secrets = ["hunter2", "o'hunter2 é", "hunter2 and more"]
    calls.estate.execute(f"delete from {calls.table('params')}")
    calls.insert("params", *enumerate(secrets, 1))
    calls.insert("broken", *((n, f"no {text}, as {text}") for n, text in enumerate(secrets, 1)))
    result = calls.run(
        False, **calls.usual("procedure"), redact=["name"], on_error="continue", ledger=ledger
    )
    assert "3 of 3 calls failed" in result.output
    assert "no ***, as ***" in result.output
    assert "hunter2" not in result.output
    if ledger:
        rows = calls.ledger()
        assert "hunter2" not in str(rows)
        assert [json.loads(row["params"]) for row in rows] == [
            {"store_id": n, "name": "***"} for n in (1, 2, 3)
        ]
        assert {row["error"].split(" ", 1)[1] for row in rows} == {"no ***, as ***"}
    calls.mend()
    if ledger:
        # A password that was changed makes no other call of it.
        calls.estate.execute(f"update {calls.table('params')} set name = 'hunter3'")
        calls.run(**calls.usual("procedure"), redact="name", resume=True)
        assert calls.names() == [(n, "hunter3") for n in (1, 2, 3)]
        assert [attempt for _, attempt in calls.statuses().values()] == [2, 2, 2]


def test_rows_that_differ_in_what_is_redacted_only(calls: Calls) -> None:
    calls.start()
    calls.insert("params", (1, "a"), (1, "b"))
    output = calls.fails(**calls.usual("statement"), redact="name")
    assert "rows 1 and 2 differ in redacted parameters only (name)" in output
    calls.run(**calls.usual("statement"), redact="name", ledger=False)
    assert calls.names() == [(1, "a"), (1, "b")]
