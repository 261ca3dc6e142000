"""What arrives in a procedure or a statement is what stands in the row, to the last digit."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.estate import MakeEstate
from tests.support.procedures import TEXT, Calls, literal

CALLS, PARAMETERS = 250, 20

# Column to its type in DuckDB, PostgreSQL and T-SQL.
TYPES = {
    "id": ("integer", "integer", "int"),
    "name": ("varchar", "text", "nvarchar(max)"),
    "is_open": ("boolean", "boolean", "bit"),
    "big": ("bigint", "bigint", "bigint"),
    "exact": ("decimal(38, 10)", "numeric(38, 10)", "decimal(38, 10)"),
    "small": ("decimal(38, 38)", "numeric(38, 38)", "decimal(38, 38)"),
    "approximate": ("double", "double precision", "float"),
    "begun_on": ("date", "date", "date"),
    "begun_at": ("timestamp", "timestamp", "datetime2(6)"),
    "moment": ("timestamptz", "timestamptz", "datetimeoffset(6)"),
    "daily": ("time", "time", "time(6)"),
    "token": ("uuid", "uuid", "uniqueidentifier"),
}
TEXTS = [
    "007",
    "",
    " ",
    "null",
    "true",
    "1e5",
    "2026-01-02",
    "o'b\"r`ien",
    "a\\",
    "two\nlines\r\nand a tab\t",
    "goes on\\\nhere, and\\\r\nhere",
    "'; drop table canary; --",
    "/* :id */ -- :name $1 %s %(a)s {0} ${x}",
    "$estate_$ $$ $tag$",
    "{{ 1 / 0 }} {% raw %} {# no #}",
    "ß é 中文 \N{GRINNING FACE} \N{ZERO WIDTH SPACE} \N{NO-BREAK SPACE}",
    "x" * 9000,
    "\\\n" * 300,
]
BIG = 2**63 - 1
ROWS: list[dict[str, object]] = [
    {
        "is_open": "true",
        "big": BIG,
        "exact": "1234567890123456789012345678.0123456789",
        "small": "0.12345678901234567890123456789012345678",
        "approximate": "0.30000000000000004",
        "begun_on": "2026-02-28",
        "begun_at": "2026-01-02 03:04:05.000006",
        "moment": "2026-01-02 03:04:05.000006+05:30",
        "daily": "13:45:00.000001",
        "token": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    },
    {
        "is_open": "false",
        "big": -BIG - 1,
        "exact": "-0.0000000001",
        "small": "-0.00000000000000000000000000000000000001",
        "approximate": "-6.02214076e23",
        "begun_on": "0001-01-01",
        "begun_at": "2026-01-02 00:00:00",
        "moment": "1999-12-31 23:59:59+00:00",
        "daily": "00:00:00",
    },
    {"exact": "5.00", "begun_on": "9999-12-31", "begun_at": "9999-12-31 23:59:59.999999"},
    {"approximate": "3.3333333333333335", "big": 0, "small": 0},
    {"approximate": "1.25e-20"},
]


@pytest.fixture(scope="module")
def calls(session_estates: MakeEstate, estate_settings: dict[str, Any]) -> Iterator[Calls]:
    estate = session_estates(**estate_settings)
    calls = Calls(estate)
    estate.execute(
        [
            f"create table {calls.table('sent')} ({definitions(calls)})",
            f"create table {calls.table('arrived')} ({definitions(calls)})",
        ]
    )
    rows: list[dict[str, Any]] = [*ROWS, *({"name": text} for text in TEXTS)]
    estate.execute(
        f"insert into {calls.table('sent')} ({', '.join(TYPES)}) values "
        + ", ".join(
            f"({', '.join(written(calls, {'id': number, **row}.get(name)) for name in TYPES)})"
            for number, row in enumerate(rows)
        )
    )
    yield calls
    estate.close()


def types(calls: Calls) -> dict[str, str]:
    position = ["duckdb", "postgres", "sqlserver"].index(calls.estate.adapter_type)
    return {name: choices[position] for name, choices in TYPES.items()}


def definitions(calls: Calls, mark: str = "") -> str:
    return ", ".join(f"{mark}{name} {type_}" for name, type_ in types(calls).items())


def written(calls: Calls, value: object) -> str:
    """Write a value of a test; T-SQL joins a line to the one after a backslash."""
    text = literal(value, calls.estate.adapter_type)
    if calls.estate.adapter_type == "sqlserver" and "\\" in text:
        cut = text.replace("\\\n", "\\' + N'\n").replace("\\\r", "\\' + N'\r")
        return f"cast(N'' as nvarchar(max)) + {cut}"
    return text


def as_text(calls: Calls) -> str:
    """Return every column as text that has all of its digits."""
    if calls.estate.adapter_type != "sqlserver":
        kind = TEXT[calls.estate.adapter_type]
        return ", ".join(f"cast({name} as {kind}) as {name}" for name in TYPES)
    special = {"approximate": 3, "begun_at": 121, "moment": 121, "daily": 121, "begun_on": 23}
    return ", ".join(
        f"convert(nvarchar(max), {name}, {special[name]}) as {name}"
        if name in special
        else f"cast({name} as nvarchar(max)) as {name}"
        for name in TYPES
    )


def make_procedure(calls: Calls, name: str, parameters: dict[str, str], table: str) -> str:
    """Make a procedure that inserts its parameters."""
    procedure, into = calls.table(name), f"insert into {calls.table(table)} values"
    if calls.estate.adapter_type == "sqlserver":
        declared = ", ".join(f"@{column} {type_}" for column, type_ in parameters.items())
        values = ", ".join(f"@{column}" for column in parameters)
        calls.estate.execute(f"create procedure {procedure} {declared} as {into} ({values})")
    else:
        declared = ", ".join(f"{column} {type_}" for column, type_ in parameters.items())
        calls.estate.execute(
            f"create procedure {procedure}({declared}) language sql as "
            f"$$ {into} ({', '.join(parameters)}) $$"
        )
    return procedure


@pytest.mark.smoke
def test_every_type_arrives_as_it_was(calls: Calls) -> None:
    arrived, sent = calls.table("arrived"), calls.table("sent")
    whats = [{"statement": f"insert into {arrived} values ({', '.join(f':{n}' for n in TYPES)})"}]
    if calls.estate.adapter_type != "duckdb":
        whats.append({"procedure": make_procedure(calls, "note", types(calls), "arrived")})
    for what in whats:
        calls.estate.execute(f"delete from {arrived}")
        calls.run(**what, query=f"select * from {sent}")
        for columns in ("*", as_text(calls)):
            wanted = calls.estate.sql(f"select {columns} from {sent} order by id")
            assert len(wanted) == len(ROWS) + len(TEXTS)
            found = calls.estate.sql(f"select {columns} from {arrived} order by id")
            assert [tuple(map(str, row)) for row in found] == [
                tuple(map(str, row)) for row in wanted
            ]
    names = [row[0] for row in calls.estate.sql(f"select name from {arrived} order by id")]
    assert names[len(ROWS) :] == TEXTS
    noted = {row["row_key"]: json.loads(row["params"]) for row in calls.ledger()}
    shown = sorted(noted.values(), key=lambda row: int(row["id"]))
    assert shown[0]["exact"] == "1234567890123456789012345678.0123456789"
    assert shown[0]["is_open"] is True
    assert shown[len(ROWS)]["name"] == "007"


@pytest.mark.adapters("postgres", "sqlserver")
def test_a_type_of_a_parameter(calls: Calls) -> None:
    small = {"id": "smallint", "amount": "numeric(5, 2)", "day": "date"}
    calls.estate.execute(
        f"create table {calls.table('small_ones')} "
        f"({', '.join(f'{name} {type_}' for name, type_ in small.items())})"
    )
    procedure = make_procedure(calls, "keep_small", small, "small_ones")
    query = "select 7 as id, '1.50' as amount, '2026-02-28' as day"
    if calls.estate.adapter_type == "postgres":
        output = calls.fails(procedure=procedure, query=query, ledger=False)
        assert "procedure analytics.keep_small(id => integer, amount => unknown" in output
    calls.run(procedure=procedure, query=query, param_types={"id": "smallint"})
    calls.run(procedure=procedure, query=query, param_types=small)
    [first, second] = calls.estate.sql(f"select * from {calls.table('small_ones')}")
    assert first == second
    assert str(first[1]) == "1.50"


HEXADECIMAL = {
    "duckdb": ("blob", "\\x00\\xFF\\x27"),
    "postgres": ("bytea", "\\x00ff27"),
    "sqlserver": ("varbinary(max)", "0x00FF27"),
}


def test_bytes_as_hexadecimal_text(calls: Calls) -> None:
    kind, text = HEXADECIMAL[calls.estate.adapter_type]
    calls.estate.execute(f"create table {calls.table('files')} (content {kind})")
    whats = [{"statement": f"insert into {calls.table('files')} values (:content)"}]
    if calls.estate.adapter_type != "duckdb":
        procedure = make_procedure(calls, "keep_file", {"content": kind}, "files")
        whats.append({"procedure": procedure})
    for what in whats:
        calls.run(**what, query=f"select '{text}' as content", param_types={"content": kind})
    found = [bytes(row[0]) for row in calls.estate.sql(f"select * from {calls.table('files')}")]
    assert found == [b"\x00\xff\x27"] * len(whats)


def test_bytes_are_refused(calls: Calls) -> None:
    kind, _ = HEXADECIMAL[calls.estate.adapter_type]
    query = f"select cast(null as {kind}) as content, 1 as id, cast(null as {kind}) as more"
    output = calls.fails(statement="select :content, :id, :more", query=query)
    assert "2 problems in the parameters of call_procedures" in output
    for name in ("content", "more"):
        assert f"column {name} is " in output
    assert "which would arrive altered: select it as text (bytes as hexadecimal)" in output


@pytest.mark.adapters("duckdb", "postgres")
def test_what_python_has_no_type_for_is_refused(calls: Calls) -> None:
    query = "select interval '1 month' as a_while"
    if calls.estate.adapter_type == "duckdb":
        query += ", cast('2026-01-02' as timestamp_ns) as moment"
    output = calls.fails(statement="select :a_while", query=query)
    assert "column a_while is INTERVAL, which would arrive altered" in output.replace(
        "interval", "INTERVAL"
    )
    assert ("column moment is " in output) == (calls.estate.adapter_type == "duckdb")


# -- hostile texts ----------------------------------------------------------------------------


WORDS = [
    *("'", "''", "\\'", "\\\\", "\\\n", "\\\r\n", "\\n", "\\x41", "\\u0027", '"', "`", "--"),
    *(
        "\n--",
        "/*",
        "*/",
        "/*/",
        ";",
        "$$",
        "$",
        "$tag$",
        "$estate_",
        "$estate_00$",
        ":name",
        ":p1",
    ),
    *(
        "::text",
        "%s",
        "%(a)s",
        "%%",
        "?",
        "@x",
        "@@trancount",
        "{{",
        "}}",
        "{% raw %}",
        "{#",
        "{0}",
    ),
    *("null", "N'", "e'", "E'\\''", "U&'\\0041'", "x'00'", "&#39;", "commit;", "rollback;", "end;"),
    *("'; drop table canary; --", "exec sp_executesql", "\ngo\n", "\x01", "\x7f", "\x85", "\ufeff"),
    *("\N{GRINNING FACE}", "\N{MODIFIER LETTER APOSTROPHE}", "\N{FULLWIDTH APOSTROPHE}"),
]


def hostile(random: random.Random) -> str:
    """Return a text of what has a meaning in SQL, in Jinja or in between, and of any characters."""
    pieces = []
    for _ in range(random.randrange(12)):
        kind = random.randrange(8)
        if kind < 4:
            pieces.append(random.choice(WORDS))
        elif kind < 7:
            pieces.append(random.choice("'\"\\\n\r\t;-/*$ \N{RIGHT SINGLE QUOTATION MARK}"))
        else:
            number = random.randrange(1, 0x110000 - 0x800)
            pieces.append(chr(number if number < 0xD800 else number + 0x800))
    return "".join(pieces)


def send(calls: Calls, what: dict[str, Any], rows: list[list[str]], seed: int) -> None:
    estate = calls.estate
    names = [f"p{number}" for number in range(PARAMETERS)]
    estate.execute([f"delete from {calls.table(t)}" for t in ("hostile", "hostile_sent")])
    for start in range(0, len(rows), 50):
        values = ", ".join(
            f"({number}, {', '.join(written(calls, text) for text in row)})"
            for number, row in enumerate(rows[start : start + 50], start)
        )
        estate.execute(f"insert into {calls.table('hostile_sent')} values {values}")
    columns = ", ".join(["id", *names])
    result = calls.run(**what, query=f"select {columns} from {calls.table('hostile_sent')}")
    assert f"  ok          {len(rows)}" in result.output
    found = estate.sql(f"select {columns} from {calls.table('hostile')} order by id")
    assert [row[0] for row in found] == list(range(len(rows)))
    for row, arrived in zip(rows, found, strict=True):
        assert list(arrived[1:]) == row, seed
    assert estate.sql(f"select n from {calls.table('canary')}") == [(1,)]


@pytest.fixture(scope="module")
def hostile_calls(calls: Calls) -> Calls:
    kind = TEXT[calls.estate.adapter_type]
    parameters = {f"p{number}": kind for number in range(PARAMETERS)}
    columns = ", ".join(f"{name} {kind}" for name, kind in {"id": "int", **parameters}.items())
    calls.estate.execute(
        [
            f"create table {calls.table('hostile')} ({columns})",
            f"create table {calls.table('hostile_sent')} ({columns})",
            f"create table {calls.table('canary')} (n int)",
            f"insert into {calls.table('canary')} values (1)",
        ]
    )
    if calls.estate.adapter_type != "duckdb":
        make_procedure(calls, "keep_hostile", {"id": "int", **parameters}, "hostile")
    return calls


def hostile_whats(calls: Calls) -> list[dict[str, Any]]:
    names = ", ".join(f":p{number}" for number in range(PARAMETERS))
    whats = [{"statement": f"insert into {calls.table('hostile')} values (:id, {names})"}]
    if calls.estate.adapter_type != "duckdb":
        whats.append({"procedure": calls.table("keep_hostile")})
    return whats


def test_5000_hostile_texts(hostile_calls: Calls) -> None:
    rng = random.Random(20261121)
    rows = [[hostile(rng) for _ in range(PARAMETERS)] for _ in range(CALLS)]
    whats = hostile_whats(hostile_calls)
    for number, what in enumerate(whats):
        send(hostile_calls, what, rows[number :: len(whats)], 20261121)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(8))
def test_40000_hostile_texts(hostile_calls: Calls, seed: int) -> None:
    rng = random.Random(seed)
    rows = [[hostile(rng) for _ in range(PARAMETERS)] for _ in range(CALLS)]
    for what in hostile_whats(hostile_calls):
        send(hostile_calls, what, rows, seed)
