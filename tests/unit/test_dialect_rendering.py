"""The dialect leaves without an engine: each adapter's SQL, read back by a parser of its language.

What the engines themselves make of it is in tests/functional/test_dialect.py. Here are also those
that no test can run: Snowflake, Spark and BigQuery have their literals and names, and the SQL for
SQL Server is parsed where there is no server.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot import exp

from tests.support.parsing import parse_problems, sqlfluff_problems, sqlglot_problems
from tests.support.rendering import CompilationError, Macros

OURS = ["duckdb", "postgres", "sqlserver"]
ALL = [*OURS, "snowflake", "spark", "bigquery"]
MACROS = {adapter: Macros(adapter) for adapter in ALL}
SQLGLOT = {adapter: "tsql" if adapter == "sqlserver" else adapter for adapter in ALL}

KINDS = ["name", "text", "integer", "double", "boolean", "timestamp"]
ZONE = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
TIMES = {
    "date": datetime.date(2026, 2, 28),
    "datetime": datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
    "with a zone": datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=ZONE),
    "time": datetime.time(13, 45, 0, 1),
}
NUMBERS = [0, -1, 2**63 - 1, 1.5, -2.5e300, Decimal("1E+5"), Decimal("-0.000000001")]

each_of_ours = pytest.mark.parametrize("adapter", OURS)
each_adapter = pytest.mark.parametrize("adapter", ALL)

texts = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30
) | st.text("'\"`\\\n\r;-/*%?{}$ aN", max_size=20)


class TableOfAnotherKind:
    """A Relation with everything in its name that has to be quoted."""

    database, schema, identifier = "db", "dbo", 'it\'s "a" table'

    def __str__(self) -> str:
        return '"db"."dbo"."it\'s ""a"" table"'


TABLE = TableOfAnotherKind()


def answering(adapter: str, *answers: object, **context: Any) -> tuple[Macros, list[str]]:
    """Return macros whose queries all get these rows of one value, and the queries they send."""
    queries: list[str] = []

    def run_query(query: str) -> SimpleNamespace:
        queries.append(query)
        return SimpleNamespace(rows=[[answer] for answer in answers])

    context = {"graph": {}, "this": SimpleNamespace(identifier="a 'model'"), **context}
    return Macros(adapter, run_query=run_query, **context), queries


def parsed(adapter: str, expression: str) -> exp.Expression:
    """Return what stands in `select <expression> as a`."""
    found: exp.Expression = alias_in(adapter, f"{expression} as a").this
    return found


def alias_in(adapter: str, aliased: str) -> exp.Alias:
    """Return the one expression of a select."""
    statement = sqlglot.parse_one(f"select {aliased}", dialect=SQLGLOT[adapter])
    assert isinstance(statement, exp.Select)
    [found] = statement.selects
    assert isinstance(found, exp.Alias)
    return found


def text_of(node: exp.Expression) -> str:
    """Return the text that an expression of literals gives."""
    if isinstance(node, exp.Paren | exp.Cast):
        return text_of(node.this)
    if isinstance(node, exp.Add | exp.DPipe | exp.Concat):
        return "".join(text_of(part) for part in node.iter_expressions())
    is_text = isinstance(node, exp.National | exp.ByteString)  # which is what E'' is read as
    assert is_text or (isinstance(node, exp.Literal) and node.is_string)
    return str(node.this)


# -- literal and identifier -------------------------------------------------------------------


@each_adapter
@given(value=texts)
def test_a_text_is_one_literal(adapter: str, value: str) -> None:
    assert text_of(parsed(adapter, MACROS[adapter].literal(value))) == value


@example(value="continued \\\nline")
@example(value="continued \\\r\nline")
@given(value=texts)
def test_no_line_is_continued_in_t_sql(value: str) -> None:
    """The parser reads such a text as it stands; the server takes the two characters out of it."""
    literal = MACROS["sqlserver"].literal(value)
    assert "\\\n" not in literal
    assert "\\\r" not in literal


@each_adapter
@given(name=texts.filter(lambda text: text.strip() != ""))
def test_a_name_is_one_identifier(adapter: str, name: str) -> None:
    alias = alias_in(adapter, f"1 as {MACROS[adapter].identifier(name)}").args["alias"]
    assert (alias.this, alias.quoted) == (name, True)


@each_adapter
@pytest.mark.parametrize("value", NUMBERS, ids=str)
def test_a_number_keeps_its_digits(adapter: str, value: Any) -> None:
    text = MACROS[adapter].literal(value)
    assert isinstance(parsed(adapter, text), exp.Literal | exp.Neg)
    assert type(value)(text) == value
    if not isinstance(value, float):
        assert "e" not in text.lower()


@each_adapter
@pytest.mark.parametrize("value", TIMES.values(), ids=TIMES)
def test_a_time_is_a_cast_of_its_text(adapter: str, value: Any) -> None:
    cast = parsed(adapter, MACROS[adapter].literal(value))
    assert isinstance(cast, exp.Cast)
    assert type(value).fromisoformat(text_of(cast)) == value


@each_of_ours
def test_none_and_booleans(adapter: str) -> None:
    macros = MACROS[adapter]
    words = ["null", "1", "0"] if adapter == "sqlserver" else ["null", "true", "false"]
    assert [macros.literal(value) for value in (None, True, False)] == words


@each_of_ours
def test_literals_belong_to_the_language(adapter: str) -> None:
    values = ["it's", "continued \\\nline", "Zoë 🏪", *NUMBERS, *TIMES.values(), None, True]
    lines = [f"{MACROS[adapter].literal(value)} as c{n}" for n, value in enumerate(values)]
    assert parse_problems("select\n    " + ",\n    ".join(lines), adapter) == []


@pytest.mark.parametrize(
    ("adapter", "value", "message"),
    [
        ("duckdb", float("nan"), "a number must be finite, got: nan. Pass none for NULL."),
        ("postgres", Decimal("-Infinity"), "a number must be finite, got: -Infinity"),
        ("duckdb", 10**38, "a number of 39 digits does not fit the engine's decimal (38 digits)"),
        ("sqlserver", Decimal("0." + "1" * 39), "a number of 39 digits does not fit"),
        ("postgres", "a\x00b", "text with a NUL character cannot be written in SQL; remove it"),
        ("duckdb", b"ab", "got: b'ab'. Pass bytes as hexadecimal text and cast them in SQL."),
        ("duckdb", [1], "the value must be text, a number, a boolean, a date, a time or none"),
    ],
)
def test_what_is_no_literal_is_refused(adapter: str, value: Any, message: str) -> None:
    with pytest.raises(CompilationError) as raised:
        MACROS[adapter].literal(value)
    assert str(raised.value).startswith("dbt_estate.literal: ")
    assert message in str(raised.value)


def test_postgres_takes_longer_numbers() -> None:
    assert MACROS["postgres"].literal(10**38) == "1" + "0" * 38


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", 7, None])
def test_what_is_no_name_is_refused(name: Any) -> None:
    with pytest.raises(CompilationError, match="'name' must be a non-blank string without NUL"):
        MACROS["duckdb"].identifier(name)


# -- types, moments and rows ------------------------------------------------------------------


@each_of_ours
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_type(adapter: str, kind: str) -> None:
    query = f"select cast(null as {MACROS[adapter].data_type(kind)}) as a"
    assert parse_problems(query, adapter) == []


def test_a_kind_that_is_none_is_refused() -> None:
    with pytest.raises(CompilationError, match=r"'kind' must be one of key, name, .* got: clob"):
        MACROS["duckdb"].data_type("clob")


@each_of_ours
def test_now_belongs_to_the_language(adapter: str) -> None:
    assert parse_problems(f"select {MACROS[adapter].now()} as a_moment", adapter) == []


@each_of_ours
def test_rows_out_of_json_belong_to_the_language(adapter: str) -> None:
    names = {f"the '{kind}'": kind for kind in KINDS}
    query = MACROS[adapter].json_rows(json.dumps([dict.fromkeys(names, "it's")]), names)
    assert parse_problems(query, adapter) == []
    # sqlfluff has no doubled quote in a name of PostgreSQL's list of column definitions.
    quoted = MACROS[adapter].json_rows("[]", {'the "name"': "name"})
    assert sqlglot_problems(quoted, adapter) == []


@pytest.mark.parametrize(
    ("adapter", "arguments", "message"),
    [
        ("duckdb", ([], {"a": "name"}), "'json' must be the text of a JSON list"),
        ("duckdb", ("[]", {}), "and 'columns' a mapping of column to kind"),
        ("snowflake", ("[]", {"a": "name"}), "dbt_estate.json_rows: not available on snowflake"),
    ],
)
def test_rows_that_cannot_be_made(adapter: str, arguments: tuple[Any, Any], message: str) -> None:
    with pytest.raises(CompilationError) as raised:
        MACROS[adapter].json_rows(*arguments)
    assert message in str(raised.value)


# -- transactions and errors ------------------------------------------------------------------


@each_of_ours
def test_atomically_is_one_text_with_its_own_begin_and_commit(adapter: str) -> None:
    text = MACROS[adapter].atomically(["delete from t", "insert into t select 1 as a"])
    assert parse_problems(text, adapter) == []
    lines = text.split("\n")
    own = {"sqlserver": ("begin transaction;", "commit transaction;")}
    begin, commit = own.get(adapter, ("begin;", "commit;"))
    own_lines = [begin, "delete from t;", "insert into t select 1 as a;", commit]
    assert [line for line in lines if line in own_lines] == own_lines
    assert lines[-1] == commit
    if adapter == "sqlserver":  # without it the first statement stays when the second fails
        assert lines[0] == "set xact_abort on;"


@pytest.mark.parametrize("statements", [[], "delete from t"])
def test_atomically_wants_a_list(statements: Any) -> None:
    with pytest.raises(CompilationError, match="must be a non-empty list of SQL statements, got"):
        MACROS["duckdb"].atomically(statements)


def test_end_transaction_opens_what_it_commits() -> None:
    macros = Macros("duckdb")
    macros.end_transaction()
    assert macros.statements == ["select 1 as one", "commit"]
    parsing = Macros("duckdb", execute=False)
    parsing.end_transaction()
    assert parsing.statements == []


def test_run_atomically_begins_when_dbt_has_nothing_open() -> None:
    macros = Macros("duckdb")
    macros.run_atomically(["delete from t"], sql_header="set a = 1;")
    text = MACROS["duckdb"].atomically(["set a = 1", "delete from t"])
    assert macros.statements == ["select 1 as one", "commit", text]


def test_guarded_is_not_available_on_duckdb() -> None:
    with pytest.raises(CompilationError, match="duckdb cannot catch an error inside SQL"):
        MACROS["duckdb"].guarded("delete from t", "select 1 as a")


def test_nothing_in_a_guarded_statement_ends_its_block() -> None:
    macros = MACROS["postgres"]
    inner = macros.guarded("select '$$ $estate_$'", "select 1 as a")
    outer = macros.guarded(inner, "select 2 as a")
    tag = outer.strip().split()[1]
    assert tag not in inner
    assert outer.count(tag) == 2


# -- locks and tables -------------------------------------------------------------------------


@pytest.mark.parametrize(("adapter", "refusal"), [("postgres", False), ("sqlserver", -1)])
def test_a_lock_that_is_held_is_an_error(adapter: str, refusal: object) -> None:
    macros, _ = answering(adapter, refusal)
    with pytest.raises(CompilationError, match="another run holds the lock of a lock"):
        macros.lock("a lock")


def test_the_file_is_the_lock_on_duckdb() -> None:
    macros, queries = answering("duckdb")
    macros.lock("a lock")
    macros.unlock("a lock")
    assert queries == []


@pytest.mark.parametrize("adapter", ["postgres", "sqlserver"])
def test_one_table_is_created_by_one_session(adapter: str) -> None:
    macros, _ = answering(adapter)
    macros.create_table_once(TABLE, {"n": "integer"})
    text = macros.statements[-1]
    lock = {"postgres": "pg_advisory_xact_lock", "sqlserver": "sp_getapplock"}[adapter]
    assert 0 < text.index(lock) < text.index("create table")


def test_one_table_is_created_by_one_thread() -> None:
    graph: dict[str, str] = {}
    first, _ = answering("duckdb", 1, graph=graph)
    first.create_table_once(TABLE, {"n": "integer"})
    assert f'create table if not exists {TABLE} ("n" bigint)' in first.statements[-1]
    other = SimpleNamespace(unique_id="model.other", resource_type="model")
    second, queries = answering("duckdb", 1, graph=graph, model=other)
    second.create_table_once(TABLE, {"n": "integer"})
    assert (second.statements, len(queries)) == ([], 1)
    assert parse_problems(queries[0], "duckdb") == []
    third, queries = answering("duckdb", 0, graph=graph, model=other)
    with pytest.raises(CompilationError, match=r"another thread was to create .* and did not"):
        third.create_table_once(TABLE, {"n": "integer"})


# -- whole statements -------------------------------------------------------------------------


def create_table(adapter: str) -> str:
    macros, _ = answering(adapter)
    macros.create_table_once(TABLE, {kind: kind for kind in KINDS})
    return macros.statements[-1]


def query_of(call: str) -> Callable[[str], str]:
    def send(adapter: str) -> str:
        macros, queries = answering(adapter, 1)
        getattr(macros, call)("it's")
        return queries[0]

    return send


def guarded(adapter: str) -> str:
    macros = MACROS[adapter]
    on_error = f"insert into errors values ({macros.error_text()})"
    text: str = macros.guarded("delete from t where a = 'it''s'", on_error)
    return text


def shapes(adapter: str) -> str:
    """Return the query that asks every catalog, through the macro that sends it."""
    macros, queries = answering(adapter)
    shards = [{"shard": "it's", "database_name": "it's", "schema_name": 'a "b"'}]
    assert macros._shapes(TABLE, shards) == []
    return queries[0]


def shape_in_a_database(adapter: str) -> str:
    return str(MACROS[adapter]._sqlserver_shape_query()).replace("{database}", "[a database]")


def discovered(by: str) -> Callable[[str], str]:
    return lambda adapter: str(MACROS[adapter].discovered_shards("it's_%", by))


def generic_test(name: str) -> Callable[[str], str]:
    return lambda adapter: str(getattr(MACROS[adapter], f"test_{name}")('"db"."dbo"."shards"'))


COLUMNS = [
    SimpleNamespace(name=name, data_type=kind)
    for name, kind in {"shard": "text", "Id": "int", "upd": "datetime2(6)"}.items()
]


def batch(adapter: str) -> str:
    """Return a transaction of two loads: a whole one, and one from a bound on with a unique key."""
    macros, _ = answering(adapter)
    settings = {"watermark": "upd", "unique_key": ["Id"], "lookback": 0, "lookback_unit": None}
    branches = [
        {"shard": name, "fingerprint": "f", "sql": f"select 1 as id, null as upd from {table}"}
        for name, table in {"it's": "a", "north": "b"}.items()
    ]
    stored = hashlib.md5(b'f["upd", ["Id"]]').hexdigest()  # of the branch, watermark and key
    rows = {"north": {"fingerprint": stored, "row_count": 2, "status": "complete"}}
    counts = {
        "it's": {"row_count": 1, "watermark": None},
        "north": {"row_count": 2, "watermark": "2026-01-02T03:04:05"},
    }
    loads = macros._planned_loads(branches, rows, counts, COLUMNS, "live", settings)
    assert [load["bound"] is None for load in loads] == [True, False]
    plan = macros._pass_plan("t", "live", COLUMNS, "shard", "loads", 7, settings)
    text: str = macros.atomically(macros._batch_statements(loads, plan))
    return text


# By name: the statement, and the adapters that have it.
STATEMENTS: Mapping[str, tuple[Callable[[str], str], list[str]]] = {
    "create_table_once": (create_table, OURS),
    "lock": (query_of("lock"), ["postgres", "sqlserver"]),
    "unlock": (query_of("unlock"), ["postgres", "sqlserver"]),
    "guarded": (guarded, ["postgres", "sqlserver"]),
    "shapes": (shapes, OURS),
    "shape in a database": (shape_in_a_database, ["sqlserver"]),
    "batch": (batch, OURS),
    "discovered_shards by database": (discovered("database"), ["duckdb", "sqlserver"]),
    "discovered_shards by schema": (discovered("schema"), OURS),
    "shard_keys_unique": (generic_test("shard_keys_unique"), OURS),
    "shard_identifiers_valid": (generic_test("shard_identifiers_valid"), OURS),
}
# sqlglot has no blocks of statements: it hands a DO block of PostgreSQL and TRY, WHILE and cursors
# of T-SQL on as text, or refuses them. sqlfluff reads them all; what is in the blocks is read by
# both as statements of their own.
NO_BLOCKS_IN_SQLGLOT = {
    ("guarded", "postgres"),
    ("guarded", "sqlserver"),
    ("shapes", "sqlserver"),
}


@pytest.mark.parametrize(
    ("name", "adapter"),
    [(name, adapter) for name, (_, adapters) in STATEMENTS.items() for adapter in adapters],
)
def test_a_statement_belongs_to_the_language(name: str, adapter: str) -> None:
    sql = STATEMENTS[name][0](adapter)
    assert sqlfluff_problems(sql, adapter) == []
    assert (sqlglot_problems(sql, adapter) != []) == ((name, adapter) in NO_BLOCKS_IN_SQLGLOT)


def test_what_sqlglot_cannot_read_as_a_block_it_reads_outside_of_it() -> None:
    for adapter in ("postgres", "sqlserver"):
        errors = f"insert into errors values ({MACROS[adapter].error_text()})"
        assert sqlglot_problems(errors, adapter) == []
    before, _, rest = shapes("sqlserver").partition("\ndeclare places cursor")
    _, _, after = rest.partition("deallocate places;\n")
    assert parse_problems(before, "sqlserver") == parse_problems(after, "sqlserver") == []


@each_of_ours
def test_a_batch_deletes_what_it_inserts(adapter: str) -> None:
    statements = [part.strip() for part in batch(adapter).split(";")]
    deletes = [part for part in statements if "delete from t\n" in part]
    assert len(deletes) == 3
    whole, bound, by_key = deletes
    assert "it''s" in whole
    assert '"upd"' not in whole
    assert 'and ("upd" >= cast(' in bound
    assert 'or "upd" is null)' in bound
    assert 'select "Id" as "fresh key 1 of dbt_estate"' in by_key
    assert 'where "fresh key 1 of dbt_estate" = "Id"' in by_key
    inserts = [part for part in statements if "insert into t (" in part]
    assert len(inserts) == (1 if adapter == "duckdb" else 2)
    assert statements.index(inserts[0]) > statements.index(deletes[-1])
