"""The dialect leaves against the engines themselves: what is written is what arrives."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.estate import Estate
from tests.support.rendering import Macros

# What has gone wrong in one engine or another: a T-SQL line continuation, an escape, a comment,
# a type that is guessed, a character beyond the first plane, a name that is a keyword.
TEXTS = [
    "",
    "007",
    "true",
    "null",
    "it's",
    "''",
    '"quoted"',
    "back\\slash",
    "ends with \\",
    "\\'",
    "line\nbreak",
    "line\r\nbreak",
    "continued \\\nline",
    "continued \\\r\nline",
    "\\\\\n",
    "tab\there",
    "-- no comment",
    "/* no comment */",
    "'; drop table t; --",
    "%s %(a)s ? :a {fn now()} {{ jinja }}",
    "$$ $1",
    "Zoë 東京 🏪 \u200d",
    "x" * 5000,
    "x" * 3999 + "\\\n" + "y" * 3999,
]
NUMBERS = [
    0,
    -1,
    2**63 - 1,
    -(2**63),
    Decimal("12345678901234567890123456789012345678"),
    Decimal("-0.1234567890123456789012345678901234567"),
    Decimal("-1234567890123456789.0123456789012345678"),
    Decimal("1E+5"),
    Decimal("1E-7"),
]
TIMES = [
    datetime.date(2026, 2, 28),
    datetime.date(1900, 1, 1),
    datetime.datetime(2026, 1, 2),
    datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
    datetime.time(13, 45, 0, 1),
]


@pytest.fixture(scope="module")
def macros(adapter_type: str) -> Macros:
    return Macros(adapter_type)


def sent_back(estate: Estate, macros: Macros, value: Any) -> Any:
    return estate.sql(f"select {macros.literal(value)} as a_value")[0][0]


@pytest.mark.parametrize("value", TEXTS, ids=range(len(TEXTS)))
def test_text_arrives_as_it_was(module_estate: Estate, macros: Macros, value: str) -> None:
    assert sent_back(module_estate, macros, value) == value


@pytest.mark.parametrize("value", NUMBERS, ids=str)
def test_numbers_keep_every_digit(module_estate: Estate, macros: Macros, value: Any) -> None:
    assert Decimal(sent_back(module_estate, macros, value)) == value


@pytest.mark.adapters("duckdb", "postgres")
def test_a_decimal_of_38_places_keeps_them(module_estate: Estate, macros: Macros) -> None:
    value = Decimal("-0.12345678901234567890123456789012345678")
    assert sent_back(module_estate, macros, value) == value


@pytest.mark.parametrize("value", TIMES, ids=str)
def test_times_arrive_typed(module_estate: Estate, macros: Macros, value: Any) -> None:
    arrived = sent_back(module_estate, macros, value)
    assert (type(arrived), arrived) == (type(value), value)


def test_a_time_zone_is_kept(module_estate: Estate, macros: Macros) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    value = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=zone)
    literal = macros.literal(value)
    if module_estate.adapter_type == "sqlserver":
        text = f"replace(cast({literal} as varchar(100)), ' +', '+')"
    else:
        text = f"replace(cast({literal} at time zone 'UTC' as varchar), ' ', 'T') || '+00:00'"
    arrived = module_estate.sql(f"select {text} as a_value")[0][0]
    assert datetime.datetime.fromisoformat(arrived) == value


def test_none_and_booleans(module_estate: Estate, macros: Macros) -> None:
    assert sent_back(module_estate, macros, None) is None
    booleans = (1, 0) if module_estate.adapter_type == "sqlserver" else (True, False)
    assert (
        sent_back(module_estate, macros, True),
        sent_back(module_estate, macros, False),
    ) == booleans


texts = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60
) | st.text("'\"\\\n\r;-/*%?{}$ aé", max_size=30)
scalars = (
    texts
    | st.integers(-(2**63), 2**63 - 1)
    | st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=9
    )
    | st.dates(datetime.date(1900, 1, 1))
    | st.datetimes(datetime.datetime(1900, 1, 1))
    | st.none()
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(scalars, min_size=1, max_size=25))
def test_any_values_arrive_as_they_were(
    module_estate: Estate, macros: Macros, values: list[Any]
) -> None:
    lines = [f"{macros.literal(value)} as c{n}" for n, value in enumerate(values)]
    arrived = module_estate.sql(f"select {', '.join(lines)}")[0]
    assert [Decimal(a) if isinstance(a, int) else a for a in arrived] == [
        Decimal(v) if isinstance(v, int) else v for v in values
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_any_double_arrives_as_it_was(module_estate: Estate, macros: Macros, value: float) -> None:
    kind = macros.data_type("double")
    arrived = module_estate.sql(f"select cast({macros.literal(value)} as {kind}) as a_value")[0][0]
    assert math.isclose(arrived, value, rel_tol=0, abs_tol=0) or arrived == value


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=texts.filter(lambda text: text.strip() and len(text.encode()) <= 60))
def test_any_name_is_one_identifier(module_estate: Estate, macros: Macros, name: str) -> None:
    quoted = macros.identifier(name)
    query = f"select {quoted} as a_value from (select 7 as {quoted}) as t"
    assert module_estate.sql(query) == [(7,)]


def test_rows_out_of_json(module_estate: Estate, macros: Macros) -> None:
    if module_estate.is_babelfish:
        pytest.skip("Babelfish's OPENJSON leaves the escapes of JSON in the text")
    rows = [
        {"n": n, "text": text, "x": 1.5, "ok": n % 2 == 0, "at": "2026-01-02T03:04:05"}
        for n, text in enumerate([*TEXTS, None])
    ]
    columns = {
        "n": "integer",
        "text": "text",
        "x": "double",
        "ok": "boolean",
        "at": "timestamp",
    }
    query = macros.json_rows(json.dumps(rows), columns)
    at = datetime.datetime(2026, 1, 2, 3, 4, 5)
    arrived = sorted(module_estate.sql(query))
    assert arrived == [(row["n"], row["text"], 1.5, row["ok"], at) for row in rows]


def test_no_rows_out_of_empty_json(module_estate: Estate, macros: Macros) -> None:
    assert module_estate.sql(macros.json_rows("[]", {"n": "integer"})) == []


def test_now_is_utc(module_estate: Estate, macros: Macros) -> None:
    now = module_estate.sql(f"select {macros.now()} as a_moment")[0][0]
    utc = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs((utc - now).total_seconds()) < 60


OPERATIONS = """
{% macro target_table() %}
    {{ return(api.Relation.create(
        database=target.database, schema=target.schema, identifier='kept'
    )) }}
{% endmacro %}

{% macro replace_rows(second) %}
    {% do dbt_estate.run_atomically([
        'delete from ' ~ target_table(), 'insert into ' ~ target_table() ~ ' ' ~ second
    ], 'both') %}
{% endmacro %}

{% macro after_other_statements(second) %}
    {% do run_query('insert into ' ~ target_table() ~ ' select 2') %}
    {% call statement('opened') %}insert into {{ target_table() }} select 3{% endcall %}
    {{ replace_rows(second) }}
{% endmacro %}

{% macro hold_and_fail() %}
    {% do dbt_estate.lock('a lock') %}
    {% do run_query('select 1/0 from no_such_table') %}
{% endmacro %}

{% macro hold(fine=true) %}
    {% do dbt_estate.lock('a lock') %}
    {% do dbt_estate.unlock('a lock') %}
    {{ print('held and given back') }}
{% endmacro %}
"""

TRANSACTION_SETTINGS: dict[str, list[dict[str, Any]]] = {
    "duckdb": [{}],
    "postgres": [{}, {"autocommit": True}],
    "sqlserver": [{"flag": False}, {"flag": True}],
}


def settings_of(estate: Estate) -> list[dict[str, Any]]:
    return TRANSACTION_SETTINGS[estate.adapter_type]


@pytest.mark.smoke
@pytest.mark.parametrize("variant", [0, 1])
@pytest.mark.parametrize("operation", ["replace_rows", "after_other_statements"])
def test_a_failing_second_statement_undoes_the_first(
    module_estate: Estate, variant: int, operation: str
) -> None:
    estate = module_estate
    if variant >= len(settings_of(estate)):
        pytest.skip(f"{estate.adapter_type} has one setting of transactions")
    setting = dict(settings_of(estate)[variant])
    if "flag" in setting:
        estate.update_project(flags={"dbt_sqlserver_use_dbt_transactions": setting.pop("flag")})
    estate.update_profile(**setting)
    kept = estate.relation("kept")
    estate.write({"macros/operations.sql": OPERATIONS})
    estate.create_schema(estate.target_schema)
    estate.execute([f"drop table if exists {kept}", f"create table {kept} (n int)"])
    estate.execute(f"insert into {kept} values (1)")

    failed = estate.run_dbt(
        ["run-operation", operation, "--args", "{second: 'select nothing from nowhere'}"],
        expect_pass=False,
    )
    assert "nowhere" in failed.output
    rows = {row[0] for row in estate.sql(f"select n from {kept}")}
    assert 1 in rows, "the delete was kept without its insert"

    estate.run_dbt(["run-operation", operation, "--args", "{second: 'select 9'}"])
    assert estate.sql(f"select n from {kept}") == [(9,)]


def test_a_lock_ends_with_an_error(module_estate: Estate) -> None:
    module_estate.write({"macros/operations.sql": OPERATIONS})
    module_estate.run_dbt(["run-operation", "hold_and_fail"], expect_pass=False)
    assert "held and given back" in [
        message.text for message in module_estate.run_dbt(["run-operation", "hold"]).messages
    ]


@pytest.mark.adapters("postgres")
def test_a_lock_that_is_held_is_refused(module_estate: Estate, macros: Macros) -> None:
    module_estate.write({"macros/operations.sql": OPERATIONS})
    server = module_estate.workspace.server  # type: ignore[attr-defined]
    with server.session(module_estate.database) as session:
        session.cursor().execute(f"select pg_advisory_lock({macros._lock_key('a lock')})")
        refused = module_estate.run_dbt(["run-operation", "hold"], expect_pass=False)
    assert "another run holds the lock of a lock" in refused.output


@pytest.mark.adapters("postgres")
def test_an_error_is_caught_inside_sql(module_estate: Estate, macros: Macros) -> None:
    table = module_estate.relation("caught")
    module_estate.create_schema(module_estate.target_schema)
    module_estate.execute(f"create table {table} (message text)")
    module_estate.execute(
        macros.guarded("perform 1 / 0, $$ '; end $$", f"insert into {table} values ('divided')")
    )
    assert module_estate.sql(f"select message from {table}") == [("divided",)]
    module_estate.execute(
        macros.guarded(
            "insert into nowhere values (1)",
            f"insert into {table} values ({macros.error_text()})",
        )
    )
    assert any("nowhere" in row[0] for row in module_estate.sql(f"select message from {table}"))
