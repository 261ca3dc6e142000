"""The SQL of a call, rendered without dbt: hostile names and statements, and T-SQL."""

from __future__ import annotations

import datetime
import random
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.parsing import parse_problems
from tests.support.rendering import CompilationError, Macros

ADAPTERS = ("duckdb", "postgres", "sqlserver")
BITS = [
    "a", "B", "_", "1", ".", '"', "'", "[", "]", ";", "--", "/*", "*/", " ", "\n", ":", "::", "(",
    ")", "$", "#", "@", "\\", "é", "🏪", "\x00", "drop table x", "=>", ",", "order",
]  # fmt: skip
MACROS = {adapter: Macros(adapter) for adapter in ADAPTERS}


def hostile(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(BITS, k=rng.randrange(1, 9))) for _ in range(count)]


def call(adapter: str, procedure: str, values: dict[str, Any], types: dict[str, str]) -> str:
    macros = MACROS[adapter]
    template = macros._call_template(procedure, None)
    texts = macros._value_texts([values], list(values))[0]
    return str(macros._call_sql(template, values, texts, types))


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_name_is_refused_or_is_quoted(adapter: str) -> None:
    """Five thousand names: what is taken for a procedure is one dotted name of quoted parts."""
    taken = 0
    for name in [*hostile(1, 5000), "dbo.p", 'a."b c".d', "x", '"a""b"', "[a b].c"]:
        parts = MACROS[adapter]._procedure_parts(name)
        if parts is None:
            continue
        taken += 1
        quoted = MACROS[adapter]._call_template(name, None)["procedure"]
        assert quoted == ".".join('"' + part.replace('"', '""') + '"' for part in parts)
        assert all(part and "\x00" not in part for part in parts)
    assert taken > 20


@pytest.mark.parametrize("kind", ["parameter", "type"])
def test_a_parameter_and_a_type_are_words(kind: str) -> None:
    macros = MACROS["sqlserver"]
    for text in hostile(2, 5000):
        problems: list[str] = []
        if kind == "parameter":
            macros._check_parameter_names("map", [text], problems)
            allowed = all(c.isalnum() or c in "_$#@" for c in text)
        else:
            macros._check_param_types({"a": text}, problems)
            allowed = all(c.isalnum() or c in "_. ()[],-" for c in text) and "--" not in text
        assert problems or allowed, text
    fine: list[str] = []
    macros._check_param_types(
        {
            "a": "decimal(10, 2)", "b": "double precision", "c": "int[]", "d": "varchar(max)",
            "e": "timestamp(3) with time zone", "f": "dbo.kind",
        },
        fine,
    )  # fmt: skip
    macros._check_parameter_names("map", ["a", "_b1", "Ärger"], fine)
    assert fine == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_value_is_replaced_only_outside_of_quotes(adapter: str) -> None:
    """What the pieces leave is the statement; nothing in quotes or comments is a placeholder."""
    macros = MACROS[adapter]
    statement = "select ':a', \":b\", /* :c */ :d, x::text -- :e\n from t where y = :f and z=:g;"
    template = macros._call_template(None, statement)
    assert template["placeholders"] == ["d", "f", "g"]
    values = {"d": -1, "f": "it's", "g": None}
    texts = macros._value_texts([values], list(values))[0]
    sql = macros._call_sql(template, values, texts, {})
    text = "N'it''s'" if adapter == "sqlserver" else "'it''s'"
    assert sql == (
        f"select ':a', \":b\", /* :c */ -1, x::text -- :e\n from t where y = {text} and z= null"
    )


@pytest.mark.parametrize(
    "statement",
    ["select 'a :x", "select /* /* */ :x", "select */ :x", 'select " :x', "select $a$ :x"],
)
def test_what_is_not_closed_is_refused(statement: str) -> None:
    with pytest.raises(CompilationError, match="is not closed, or a comment stands in another"):
        MACROS["postgres"]._call_template(None, statement)


def test_the_call_as_t_sql() -> None:
    values = {
        "store_id": 7,
        "name": "it's",
        "since": datetime.date(2026, 1, 2),
        "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
        "note": "continued \\\nline",
        "amount": "12.50",
        "picture": "0x00ff",
        "nothing": None,
    }
    text = call(
        "sqlserver", "dbo.rebuild_store", values,
        {"amount": "decimal(10, 2)", "picture": "varbinary"},
    )  # fmt: skip
    assert text == (
        "declare @estate_value_3 date = cast('2026-01-02' as date);\n"
        "declare @estate_value_4 datetime2(6) = "
        "cast('2026-01-02T03:04:05.000006' as datetime2(6));\n"
        "declare @estate_value_5 nvarchar(max) = "
        "(cast(N'' as nvarchar(max)) + N'continued \\' + N'\nline');\n"
        "declare @estate_value_6 decimal(10, 2) = cast(N'12.50' as decimal(10, 2));\n"
        "declare @estate_value_7 varbinary(max) = convert(varbinary(max), N'0x00ff', 1);\n"
        "exec \"dbo\".\"rebuild_store\" @store_id = 7, @name = N'it''s', @since = @estate_value_3, "
        "@at = @estate_value_4, @note = @estate_value_5, @amount = @estate_value_6, "
        "@picture = @estate_value_7, @nothing = null"
    )
    assert parse_problems(text, "sqlserver") == []


def test_what_stands_around_the_call_as_t_sql() -> None:
    macros = MACROS["sqlserver"]
    options = {
        "operation": "nightly", "batch": "b", "condition": '"operation" = N\'nightly\'',
        "values_text": "N'nightly', N'b'", "procedure_text": "N'dbo.p'", "now": macros.now(),
        "invocation_text": "N'i'", "origin_text": "N'o'", "transaction": "per_call",
        "capture": False, "redact": ["pin"], "errors": "#estate_call_errors",
    }  # fmt: skip
    one = {"attempt": 0, "key_text": "N'k'", "params": '{"a": 1}', "values": {"pin": "12'3"}}
    claim = macros._claim_text(one, '"db"."s"."ledger"', options, "N'run'")
    assert claim.startswith("set xact_abort on;\nset nocount on;\nbegin transaction;\n")
    assert claim.endswith("row_key = N'k'")
    again = macros._claim_text({**one, "attempt": 2}, '"db"."s"."ledger"', options, "N'run'")
    assert "attempt = 3" in again
    assert "and attempt = 2" in again
    success = macros._success_sql(one, '"db"."s"."ledger"', options)
    failure = macros._failure_sql(one, '"db"."s"."ledger"', options)
    assert "replace(" in failure
    assert "N'12''3', '***')" in failure
    parts = macros._call_parts("exec p", success, failure, options)
    assert parts["call"].startswith("set nocount on;\nbegin try\n")
    assert "exec sp_executesql @estate_statement;" in parts["call"]
    assert "if @@trancount > 0 rollback transaction;" in parts["call"]
    assert "N'begin transaction;\nexec p;\nupdate" in parts["call"]
    for text in (success, failure, "insert into" + claim.partition("insert into")[2]):
        assert parse_problems(text.partition("\n\ncommit")[0], "sqlserver") == []


def test_a_slice_has_its_own_calls() -> None:
    macros = MACROS["postgres"]
    keys = macros._call_keys([{"a": str(n)} for n in range(500)], ["a"], {"redact": []})
    assert len(set(keys)) == 500
    parts = [[key for key in keys if macros._is_in_slice(key, f"{n}/3")] for n in (1, 2, 3)]
    assert sorted(key for part in parts for key in part) == sorted(keys)
    assert min(map(len, parts)) > 100
    same = macros._call_keys([{"a": "1"}, {"a": "1"}], ["a"], {"redact": []})
    assert len(set(same)) == 2
    with pytest.raises(CompilationError, match="rows 1 and 2 differ in redacted"):
        macros._call_keys(
            [{"a": "1", "b": "x"}, {"a": "1", "b": "y"}], ["a", "b"],
            {"redact": ["b"], "ledger": True},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "is_retry"),
    [
        ("dbt retry", True),
        ("dbt --quiet retry --target x", True),
        ("dbt --log-path build retry", True),
        ("dbt run-operation x --args {in_doubt: retry }", False),
        ("dbt build --vars {x: retry }", False),
        ("dbt worker.py --on-failure retry", False),
        ("dbt ", False),
    ],
)
def test_dbt_retry_is_seen_in_the_command(command: str, is_retry: bool) -> None:
    macros = Macros("duckdb", invocation_args_dict={"invocation_command": command})
    assert macros._is_retry() == is_retry


def test_the_mock_of_a_relation_is_what_the_macros_ask_for() -> None:
    relation = SimpleNamespace(is_cte=True, identifier="__dbt__cte__x")
    with pytest.raises(CompilationError, match="x is an ephemeral model"):
        MACROS["duckdb"]._params_query({"query": None, "order_by": []}, relation)
