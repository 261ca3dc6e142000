"""The vocabulary test on the engines: every check can fail, and nothing passes unasked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.estate import Estate, RunResult

STUBS: dict[str, Any] = {
    "id": {"types": ["integer"], "checks": {"not_null": True, "unique": True}},
    "ind": {
        "types": ["integer", "boolean"],
        "checks": {"not_null": True, "accepted_values": [0, 1]},
    },
    "n": {"types": "number", "checks": {"min": 0, "max": {"value": 100, "severity": "warn"}}},
    "cat": {"checks": {"accepted_values": ["a", "it's"], "not_blank": True}},
    "dt": {"types": ["date", "timestamp"], "checks": {"min": "2000-01-01"}},
    "amt": {"checks": {"expression": "{col} * 100 = floor({col} * 100)"}},
    "free": "anything",
}
COLUMNS = {
    "id": "int",
    "ind_open": "int",
    "n_orders": "int",
    "cat_kind": "varchar(20)",
    "dt_made": "date",
    'amt_"odd" name': "decimal(10, 4)",
    "free_text": "varchar(20)",
}
ODD = 'amt_"odd" name'
CLEAN: list[dict[str, Any]] = [
    {"id": 1, "ind_open": 0, "n_orders": 0, "cat_kind": "a", "dt_made": "2020-01-01", ODD: 1.25},
    {"id": 2, "ind_open": 1, "n_orders": 100, "cat_kind": "it's", "dt_made": "2000-01-01"},
    {"id": 3, "ind_open": 1},
]
# A value that breaks one rule, and the rows of the test: column, rule, severity, failures.
BROKEN: list[tuple[str, Any, list[tuple[str, str, str, int]]]] = [
    ("id", 2, [("id", "unique", "error", 1)]),
    ("id", None, [("id", "not_null", "error", 1)]),
    ("ind_open", 2, [("ind_open", "accepted_values", "error", 1)]),
    ("ind_open", -1, [("ind_open", "accepted_values", "error", 1)]),
    ("ind_open", None, [("ind_open", "not_null", "error", 1)]),
    ("n_orders", -1, [("n_orders", "min", "error", 1)]),
    ("n_orders", 101, [("n_orders", "max", "warn", 1)]),
    ("cat_kind", "b", [("cat_kind", "accepted_values", "error", 1)]),
    (
        "cat_kind",
        "  ",
        [("cat_kind", "accepted_values", "error", 1), ("cat_kind", "not_blank", "error", 1)],
    ),
    ("dt_made", "1999-12-31", [("dt_made", "min", "error", 1)]),
    (ODD, 1.255, [(ODD, "expression", "error", 1)]),
]
PROPERTIES = """
models:
  - name: subject
    data_tests:
      - dbt_estate.columns_follow_vocabulary:%s
"""


def write(estate: Estate, test: str = " {}", **vocabulary: Any) -> None:
    estate.update_project(
        vars={"dbt_estate": {"vocabulary": {"stubs": STUBS, **vocabulary}}},
    )
    estate.write(
        {
            "models/subject.sql": "select * from {{ source('raw', 'rows') }}",
            "models/sources.yml": "sources: [{name: raw, "
            f"schema: {estate.target_schema}, tables: [{{name: rows}}]}}]\n",
            "models/subject.yml": PROPERTIES % test,
        }
    )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    if value is None:
        return "null"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def fill(estate: Estate, rows: list[dict[str, Any]]) -> None:
    table = estate.relation("rows")
    estate.create_schema(estate.target_schema)
    cascade = "" if estate.adapter_type == "sqlserver" else " cascade"
    estate.execute(f"drop table if exists {table}{cascade}")
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in COLUMNS.items())
    estate.execute(f"create table {table} ({columns})")
    for row in rows:
        values = ", ".join(literal(row.get(name)) for name in COLUMNS)
        estate.execute(f"insert into {table} values ({values})")


TEST_NAME = "dbt_estate_columns_follow_vocabulary_subject_"


def outcome(result: RunResult, name: str | None = None) -> str:
    """Return how the only test ended, or one of several by its name."""
    tests = [r for r in result.raw.results if r.node.resource_type == "test"]
    (found,) = [test for test in tests if name is None or test.node.name == name]
    return str(found.status)


def stored(estate: Estate, name: str = TEST_NAME) -> list[tuple[Any, ...]]:
    schema = f"{estate.target_schema}_dbt_test__audit"
    if estate.adapter_type == "sqlserver":
        schema = "dbt_test__audit"
    query = f"select column_name, rule_name, severity, failures from {schema}.{name}"
    return sorted(tuple(row) for row in estate.sql(query))


@pytest.mark.smoke
def test_every_check_can_fail_and_only_then_does(estate: Estate) -> None:
    """One model a broken value, each of a copy of the clean rows."""
    clean = [{**dict.fromkeys(COLUMNS), **row} for row in CLEAN]
    write(estate)
    fill(estate, [])
    names = ", ".join(quoted(name) for name in COLUMNS)
    models = {}
    for number, (column, value, _) in enumerate([("free_text", "x", []), *BROKEN]):
        rows = [dict(row) for row in clean]
        rows[0][column] = value
        selects = " union all ".join(
            "select "
            + ", ".join(
                f"cast({literal(row[name])} as {kind}) as {quoted(name)}"
                for name, kind in COLUMNS.items()
            )
            for row in rows
        )
        models[f"models/m{number}.sql"] = f"select {names} from ({selects}) as given"
        models[f"models/m{number}.yml"] = (PROPERTIES % " {}").replace("subject", f"m{number}")
    estate.write(models)
    result = estate.run_dbt(["build", "--store-failures"], expect_pass=False)
    for number, (column, value, wanted) in enumerate([("free_text", "x", []), *BROKEN]):
        name = TEST_NAME.replace("subject", f"m{number}")
        severities = {row[2] for row in wanted}
        status = "fail" if "error" in severities else "warn" if severities else "pass"
        assert outcome(result, name) == status, (column, value)
        assert stored(estate, name) == sorted(wanted), (column, value)
    assert outcome(result, TEST_NAME) == "pass"  # a view of an empty table


def test_names_and_types_fail_without_a_scan(estate: Estate) -> None:
    fill(estate, CLEAN)
    write(estate)
    text = (
        "select cast(id as varchar(9)) as id, 1 as what, free_text, 2 as n "
        "from {{ source('raw', 'rows') }}"
    )
    estate.write({"models/subject.sql": text})
    result = estate.run_dbt(["build", "--store-failures"], expect_pass=False)
    assert outcome(result) == "fail"
    assert "Got 2 results" in result.message(TEST_NAME)
    assert stored(estate) == [("id", "type", "error", 1), ("what", "unknown_stub", "error", 1)]
    write(estate, unknown="warn")
    estate.write({"models/subject.sql": text.replace("cast(id as varchar(9)) as id", "id")})
    assert outcome(estate.run_dbt(["build"])) == "warn"
    write(estate, unknown="ignore")
    estate.write({"models/subject.sql": text.replace("cast(id as varchar(9)) as id", "id")})
    assert outcome(estate.run_dbt(["build"])) == "pass"


def test_where_limit_and_a_broken_row_that_is_left_out(estate: Estate) -> None:
    fill(estate, [*CLEAN, {"id": 4, "ind_open": 7, "n_orders": 999}])
    for table in ("model", "source"):
        write(estate, "\n          config: {where: id < 4}")
        if table == "source":
            text = (PROPERTIES % "\n          config: {where: id < 4}").splitlines()
            estate.write(
                {
                    "models/subject.yml": "",
                    "models/sources.yml": "sources:\n  - name: raw\n    schema: "
                    f"{estate.target_schema}\n    tables:\n      - name: rows\n"
                    + "\n".join(f"    {line}" for line in text[3:]),
                }
            )
        result = estate.run_dbt(["build"])
        assert outcome(result) == "pass"
    # A limit that leaves only the warning must not hide the error.
    for limit in (1, 2):
        write(estate, f"\n          config: {{limit: {limit}}}")
        assert outcome(estate.run_dbt(["build"], expect_pass=False)) == "fail"
    write(estate, "\n          config: {severity: warn}")
    assert outcome(estate.run_dbt(["build"])) == "warn"
    write(estate, "\n          arguments: {exclude: [ind_*, n_orders]}")
    assert outcome(estate.run_dbt(["build"])) == "pass"


@pytest.mark.adapters("duckdb", "postgres")
def test_an_ephemeral_model_needs_its_columns(estate: Estate) -> None:
    fill(estate, [{"id": 1, "ind_open": 5}])
    write(estate)
    head = "{{ config(materialized='ephemeral') }} "
    estate.write(
        {"models/subject.sql": head + "select id, ind_open from {{ source('raw', 'rows') }}"}
    )
    for where in (" {}", "\n          config: {where: 1 = 1}"):
        estate.write({"models/subject.yml": PROPERTIES % where})
        result = estate.run_dbt(["test"], expect_pass=False)
        assert "subject is an ephemeral model, which is in no catalog" in result.output
        listed = "\n    columns: [{name: id, data_type: int}, {name: ind_open, data_type: int}]"
        estate.write({"models/subject.yml": PROPERTIES.rstrip() % where + listed})
        result = estate.run_dbt(["test"], expect_pass=False)
        assert outcome(result) == "fail"
        assert "Got 1 result" in result.message(TEST_NAME)
    arguments = "\n          arguments: {columns: {id: int, ind_open: int}}"
    estate.write({"models/subject.yml": PROPERTIES % arguments})
    result = estate.run_dbt(["test"], expect_pass=False)
    assert outcome(result) == "fail"
    # Names alone: the types cannot be checked, which is a warning and never a pass.
    estate.execute(f"update {estate.relation('rows')} set ind_open = 1")
    estate.write({"models/subject.yml": PROPERTIES % "\n          arguments: {columns: [id]}"})
    result = estate.run_dbt(["test"])
    assert outcome(result) == "warn"


@pytest.mark.adapters("duckdb", "postgres")
def test_snapshots_and_seeds(estate: Estate) -> None:
    fill(estate, [{"id": 1, "ind_open": 1}])
    write(estate)
    estate.write(
        {
            "seeds/listed.csv": "id,n_a\n1,5\n",
            "snapshots/kept.yml": """
            snapshots:
              - name: kept
                relation: source('raw', 'rows')
                config: {unique_key: id, strategy: check, check_cols: all}
                data_tests: [dbt_estate.columns_follow_vocabulary]
            """,
            "seeds/listed.yml": "seeds: [{name: listed, data_tests: "
            "[dbt_estate.columns_follow_vocabulary]}]",
        }
    )
    result = estate.run_dbt(["build"])
    tests = [r for r in result.raw.results if r.node.resource_type == "test"]
    assert [str(test.status) for test in tests] == ["pass"] * 3


def test_two_hundred_columns_are_one_query(estate: Estate) -> None:
    estate.create_schema(estate.target_schema)
    columns = ", ".join(f"ind_{n} int" for n in range(200))
    estate.execute(f"create table {estate.relation('rows')} ({columns})")
    estate.execute(f"insert into {estate.relation('rows')} values ({', '.join(['1'] * 200)})")
    write(estate)
    estate.run_dbt(["run"])
    result = estate.run_dbt(["test"])
    assert outcome(result) == "pass"
    reading = [q for q in result.queries if "failures_400" in q]
    assert len(reading) == 1
    assert reading[0].count("subject") == 1


@pytest.mark.adapters("duckdb")
def test_a_wrong_vocabulary_or_argument_is_an_error(estate: Estate) -> None:
    fill(estate, CLEAN)
    write(estate, unknown="no", sepp=1)
    result = estate.run_dbt(["build"], expect_pass=False)
    assert "2 problems in vars: dbt_estate: vocabulary:" in result.output
    for argument, error in (
        ("exclude: id", "'exclude' must be a list of names or globs, got: id"),
        (
            "columns: id",
            "'columns' must be a list of names or a mapping of names to types, got: id",
        ),
        (
            "columns: []",
            "'columns' must be a list of names or a mapping of names to types, got: []",
        ),
    ):
        write(estate, f"\n          arguments: {{{argument}}}")
        result = estate.run_dbt(["build"], expect_pass=False)
        assert error in result.output
    estate.update_project(vars={})
    estate.write({"models/subject.yml": PROPERTIES % " {}"})
    result = estate.run_dbt(["build"], expect_pass=False)
    assert "there is no vocabulary in dbt_project.yml" in result.output


@pytest.mark.adapters("duckdb", "postgres")
def test_a_bad_table_never_replaces_the_good_one(estate: Estate) -> None:
    fill(estate, CLEAN)
    write(estate)
    hook = "{{ config(materialized='%s', post_hook='{{ dbt_estate.enforce_vocabulary(this) }}') }} "
    for kind in ("table", "incremental", "view"):
        fill(estate, CLEAN)
        text = hook % kind + "select id, ind_open, n_orders from {{ source('raw', 'rows') }}"
        estate.write({"models/subject.sql": text})
        estate.run_dbt(["run", "--full-refresh"])
        before = estate.sql(f"select * from {estate.relation('subject')} order by id")
        if kind == "view":
            estate.write({"models/subject.sql": text.replace("ind_open, n", "5 as ind_open, n")})
        else:
            estate.execute(f"update {estate.relation('rows')} set ind_open = 5 where id = 1")
        result = estate.run_dbt(["run"], expect_pass=False)
        assert "ind_open: accepted_values fails in" in result.output
        assert estate.sql(f"select * from {estate.relation('subject')} order by id") == before
    # A warning lets it in.
    estate.write({"models/subject.sql": text})
    fill(estate, [*CLEAN, {"id": 9, "ind_open": 1, "n_orders": 101}])
    result = estate.run_dbt(["run"])
    assert "n_orders: max fails in 1 rows: must be at most 100" in " ".join(result.warnings)


def test_the_findings_are_printed_after_the_tests(estate: Estate) -> None:
    fill(estate, [*CLEAN, {"id": 3, "ind_open": 9, "n_orders": 101}])
    write(estate)
    estate.update_project(**{"on-run-end": ["{{ dbt_estate.print_vocabulary_findings(results) }}"]})
    for arguments in (["build"], ["build", "--store-failures"]):
        result = estate.run_dbt(arguments, expect_pass=False)
        lines = result.output.splitlines()
        start = lines.index("dbt_estate: columns that do not follow the vocabulary")
        table = [line.split() for line in lines[start + 1 : start + 5]]
        assert table[0] == ["severity", "tested", "column", "rule", "rows", "detail"]
        assert sorted(line[:5] for line in table[1:]) == [
            ["error", "subject", "id", "unique", "1"],
            ["error", "subject", "ind_open", "accepted_values", "1"],
            ["warn", "subject", "n_orders", "max", "1"],
        ]
    fill(estate, CLEAN)
    assert "columns that do not follow" not in estate.run_dbt(["build"]).output


@pytest.mark.adapters("duckdb", "postgres")
def test_regular_expressions(estate: Estate) -> None:
    fill(estate, CLEAN)
    write(estate, stubs={**STUBS, "cat": {"checks": {"matches": "^(a|it's)$"}}})
    assert outcome(estate.run_dbt(["build"])) == "pass"
    fill(estate, [*CLEAN, {"id": 9, "ind_open": 1, "cat_kind": "ab"}])
    result = estate.run_dbt(["build", "--store-failures"], expect_pass=False)
    assert stored(estate) == [("cat_kind", "matches", "error", 1)]
    assert outcome(result) == "fail"
