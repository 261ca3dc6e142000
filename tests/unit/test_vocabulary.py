"""The vocabulary of column names: what is made of a name, what is refused, and its SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.support.estate import REPOSITORY
from tests.support.parsing import parse_problems
from tests.support.rendering import CompilationError, Macros

CONFORMANCE = REPOSITORY / "tests" / "conformance"
GROUPS = json.loads((CONFORMANCE / "vocabulary.json").read_text(encoding="utf-8"))
TYPES = json.loads((CONFORMANCE / "types.json").read_text(encoding="utf-8"))
WRONG = json.loads((CONFORMANCE / "problems.json").read_text(encoding="utf-8"))
ADAPTERS = ("duckdb", "postgres", "sqlserver")
CHECKS = {
    "not_null": True,
    "accepted_values": [0, 1],
    "min": 0,
    "max": 9,
    "unique": True,
    "expression": "{col} % 2 = 0 and '{col}' <> 'x'",
}


def macros(vocabulary: Mapping[str, Any], adapter: str = "duckdb") -> Macros:
    return Macros(adapter, settings={"vocabulary": vocabulary})


def column(name: str, data_type: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, dtype=data_type, data_type=data_type)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: str(group["title"]))
def test_a_name_is_resolved_as_the_fixture_says(group: dict[str, Any]) -> None:
    package = macros(group["vocabulary"])
    vocabulary = package._vocabulary()
    assert group["names"]
    for name, wanted in group["names"].items():
        found = package._resolved_name(name, vocabulary)
        assert {
            "stubs": [stub["entry"]["stub"] for stub in found["stubs"]],
            "rest": found["rest"],
            "unknown": [level["name"] for level in found["unknown"]],
        } == {"unknown": [], **wanted}, name


@pytest.mark.parametrize("adapter", ["all", "sqlserver"])
def test_the_family_of_a_type(adapter: str) -> None:
    package = Macros("duckdb" if adapter == "all" else adapter)
    for family, names in TYPES[adapter].items():
        assert {name: package._type_family(name) for name in names} == dict.fromkeys(names, family)


def problems_of(vocabulary: Any) -> list[str]:
    with pytest.raises(CompilationError) as raised:
        macros(vocabulary)._vocabulary()
    text = str(raised.value)
    assert text.startswith("dbt_estate: ")
    assert " in vars: dbt_estate: vocabulary:\n" in text
    return [line.removeprefix("  - ") for line in text.splitlines()[1:]]


def test_everything_that_is_wrong_with_a_vocabulary_is_one_error() -> None:
    assert problems_of(yaml.safe_load(WRONG["yaml"])) == WRONG["problems"]


def test_no_vocabulary_says_how_to_get_one() -> None:
    with pytest.raises(CompilationError, match=r"there is no vocabulary in dbt_project\.yml; `dbt"):
        macros({})._vocabulary()


@pytest.mark.parametrize("vocabulary", [{"stubs": {}}, {"levels": []}])
def test_a_vocabulary_without_stubs_is_none(vocabulary: dict[str, Any]) -> None:
    problems = problems_of(vocabulary)
    assert problems[0].startswith("stubs: must be a mapping of stubs to what they mean, got: ")


def rules_of(adapter: str, stub: Any, *columns: SimpleNamespace, **more: Any) -> list[Any]:
    package = macros({"stubs": {"n": stub}, **more}, adapter)
    return list(package._column_rules(columns, package._vocabulary(), []))


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_sql_of_all_checks_is_sql(adapter: str) -> None:
    package = macros({"stubs": {"n": {"checks": CHECKS}}}, adapter)
    names = ['n_"b', "n_it's"]
    columns = [column(name, "integer") for name in names] + [column("other", "date")]
    rules = package._column_rules(columns, package._vocabulary(), [])
    sql = package._vocabulary_sql("a_table", rules)
    assert len(rules) == 2 * 6 + 1
    assert parse_problems(sql, adapter) == []
    assert sql.count("from a_table") == 1
    assert "\n\n" not in sql.strip()


def test_without_rules_nothing_is_scanned() -> None:
    package = macros({"stubs": {"n": None}})
    sql = package._vocabulary_sql("a_table", package._column_rules([], package._vocabulary(), []))
    assert "a_table" not in sql
    assert "where 1 = 0" in sql


@pytest.mark.parametrize(("adapter", "scans"), [("duckdb", 1), ("postgres", 2), ("sqlserver", 1)])
def test_as_many_scans_as_the_engine_needs(adapter: str, scans: int) -> None:
    package = macros({"stubs": {"n": {"checks": {"not_null": True, "min": 0}}}}, adapter)
    columns = [column(f"n_{n}", "integer") for n in range(1000)]
    rules = package._column_rules(columns, package._vocabulary(), [])
    sql = package._vocabulary_sql("a_table", rules)
    assert sql.count("from a_table") == scans
    assert sql.count("'min'") == 1000


def test_a_check_that_the_type_cannot_have_fails_without_a_scan() -> None:
    stub = {"checks": {"min": 0, "accepted_values": [1, 2], "not_blank": True, "not_null": True}}
    rules = rules_of("duckdb", stub, column("n_a", "VARCHAR"), column("n_b", "DATE"))
    assert [(r["column"], r["rule"], "count" in r, r["detail"]) for r in rules] == [
        ("n_a", "min", False, "is VARCHAR, and the check is for numbers"),
        ("n_a", "accepted_values", False, "is VARCHAR, and the check is for numbers"),
        ("n_a", "not_blank", True, "must not be blank"),
        ("n_a", "not_null", True, "must not be null"),
        ("n_b", "min", False, "is DATE, and the check is for numbers"),
        ("n_b", "accepted_values", False, "is DATE, and the check is for numbers"),
        ("n_b", "not_blank", False, "is DATE, and the check is for text"),
        ("n_b", "not_null", True, "must not be null"),
    ]
    texts = {"checks": {"accepted_values": ["a"], "max": "z", "matches": "^a"}}
    found = rules_of("duckdb", texts, column("n_a", "integer"), column("n_b", "boolean"))
    assert [r["detail"] for r in found] == [
        "is integer, and the check is for text",
        "is integer, and the check is for text",
        "is integer, and the check is for text",
        "is boolean, and the check is for another type",
        "is boolean, and the check is for another type",
        "is boolean, and the check is for text",
    ]


def test_a_flag_may_be_a_boolean() -> None:
    stub = {"types": ["integer", "boolean"], "checks": {"accepted_values": [0, 1]}}
    (rule,) = rules_of("postgres", stub, column("n", "boolean"))
    assert rule["count"] == 'count(case when "n" not in (false, true) then 1 end)'
    (rule,) = rules_of("sqlserver", stub, column("n", "bit"))
    assert rule["count"] == 'count_big(case when "n" not in (0, 1) then 1 end)'


def test_booleans_are_not_numbers() -> None:
    stub = {"checks": {"accepted_values": [True, False]}}
    (rule,) = rules_of("duckdb", stub, column("n", "integer"))
    assert rule["detail"] == "is integer, and the check is for booleans"
    (rule,) = rules_of("duckdb", stub, column("n", "boolean"))
    assert rule["count"] == 'count(case when "n" not in (true, false) then 1 end)'
    (rule,) = rules_of("duckdb", stub, column("n", "geometry"))
    assert rule["count"] == 'count(case when "n" not in (true, false) then 1 end)'


def test_types_are_families_groups_or_the_engines_own() -> None:
    columns = [column("n_a", "bigint"), column("n_b", "decimal(10,2)"), column("n_c", "uuid")]
    for types, wrong in (
        (["integer"], ["n_b", "n_c"]),
        ("number", ["n_c"]),
        (["BIGINT", "decimal(10, 2)"], ["n_c"]),
        (["uuid", "integer"], ["n_b"]),
    ):
        rules = rules_of("duckdb", {"types": types}, *columns)
        assert [rule["column"] for rule in rules if rule["rule"] == "type"] == wrong
    (rule,) = rules_of("duckdb", {"types": ["integer"]}, column("n_a", ""))
    assert (rule["rule"], rule["severity"]) == ("type", "warn")


def test_the_severity_of_a_rule_is_the_nearest_that_is_said() -> None:
    stub = {
        "severity": "warn",
        "checks": {"not_null": True, "min": {"value": 0, "severity": "error"}, "unique": False},
    }
    rules = rules_of("duckdb", stub, column("n_a", "integer"))
    assert [(rule["rule"], rule["severity"]) for rule in rules] == [
        ("not_null", "warn"),
        ("min", "error"),
    ]
    rules = rules_of("duckdb", {"types": "date"}, column("n_a", "integer"), severity="warn")
    assert [rule["severity"] for rule in rules] == ["warn"]


def test_names_that_are_left_out() -> None:
    names = ["N_a", "_loaded_at", "dbt_valid_from", "ETL_x", "other"]
    columns = [column(name, "integer") for name in names]
    rules = rules_of("duckdb", None, *columns, ignore=["_*", "etl_?"])
    assert [rule["column"] for rule in rules] == ["other"]
    for unknown, severities in (("fail", ["error"]), ("warn", ["warn"]), ("ignore", [])):
        rules = rules_of("duckdb", None, column("other", "int"), unknown=unknown)
        assert [rule["severity"] for rule in rules] == severities


def test_sql_server_has_no_regular_expressions() -> None:
    with pytest.raises(CompilationError, match="Write an expression with LIKE"):
        rules_of("sqlserver", {"checks": {"matches": "^a"}}, column("n_a", "nvarchar"))


def test_what_a_function_makes_of_a_column() -> None:
    package = macros(
        {
            "stubs": {
                "IND": {"rename": {"sum": "N", "mean": "P"}},
                "at": {"position": "suffix", "rename": {"day": "date"}},
            }
        }
    )
    text = package.across(
        ["ind_Open"], {"sum": "sum({{var}})", "mean": "avg({{var}})"}, names="{renamed}"
    )
    assert text.split() == [
        'sum("ind_Open")',
        "as",
        '"N_Open",',
        'avg("ind_Open")',
        "as",
        '"P_Open"',
    ]
    days = package.across(["created_at"], {"day": "d({{var}})"}, names="{renamed}")
    assert days == 'd("created_at") as "created_date"'
    with pytest.raises(CompilationError, match="needs a rename of max for the column ind_a"):
        package.across(["ind_a"], {"max": "max({{var}})"}, names="{renamed}")
