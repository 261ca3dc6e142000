"""The union over shards: its columns, types and names, what it refuses, and dbt's own features."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.support.engines import Row
from tests.support.estate import Estate, MakeEstate, RunResult
from tests.support.shards import Shard, Shards, Table, rows_query, to_yaml

ALL = ("duckdb", "postgres", "sqlserver")
CATALOGS = ("duckdb_columns()", "pg_catalog.pg_attribute", "#estate_shapes")

EVIL = [
    'x"; drop table y; --',
    "*/ select 1; /*",
    "it's",
    "{{ 1 / 0 }}{% endraw %}",
    "a.b c",
    "back\\slash",
    "schön 店",
    "[x]]",
    "%s%(name)s",
]
AWKWARD = [
    "select",
    "a b",
    'quo"te',
    "it's",
    "do.t",
    "ünïcødé",
    "semi;colon",
    "%s",
    "{{ x }}",
    "[bracket]",
    "back\\slash",
    "-- x",
    "/* x */",
    "1st",
    "?",
]


def table(**columns: tuple[str, Any]) -> Table:
    """Return a table of one row: each column with its type and value."""
    return Table(
        {name: kind for name, (kind, _) in columns.items()},
        [tuple(value for _, value in columns.values())],
    )


@dataclass(frozen=True)
class Case:
    """A table as it is on each shard, how it is united, and what comes of it."""

    tables: Mapping[str, Table]
    columns: Sequence[str] = ()
    rows: Sequence[Row] = ()
    arguments: str = ""
    errors: Sequence[str] = ()
    adapters: Sequence[str] = ALL


ID_A = table(id=("int", 1))
ID_B = table(id=("int", 2))
DRIFT = {
    "a": table(id=("int", 1), x=("int", 10)),
    "b": table(y=("varchar(5)", "why"), id=("int", 2)),
}
WIDE = {
    "a": table(a=("int", 1), b=("int", 2), c=("int", 3)),
    "b": table(c=("int", 6), b=("int", 5), a=("int", 4)),
}
NAMES = {
    "a": table(**{"Visitor/Neutral": ("varchar(9)", "v"), "id": ("int", 1), "tag": ("int", 7)}),
    "b": table(vistm=("varchar(9)", "w"), id=("int", 2), home=("varchar(9)", "h")),
}

CASES: dict[str, Case] = {
    # Columns.
    "same": Case({"a": ID_A, "b": ID_B}, ["shard", "id"], [("a", 1), ("b", 2)]),
    "union": Case(
        DRIFT,
        ["shard", "id", "x", "y"],
        [("a", 1, 10, None), ("b", 2, None, "why")],
    ),
    "positions": Case(WIDE, ["shard", "a", "b", "c"], [("a", 1, 2, 3), ("b", 4, 5, 6)]),
    "positions_of_the_other": Case(
        {"a": WIDE["b"], "b": WIDE["a"]},
        ["shard", "a", "b", "c"],
        [("a", 4, 5, 6), ("b", 1, 2, 3)],
    ),
    "intersect": Case(DRIFT, ["shard", "id"], [("a", 1), ("b", 2)], "columns='intersect'"),
    "intersect_of_nothing": Case(
        {"a": table(x=("int", 1)), "b": table(y=("int", 1))},
        arguments="columns='intersect'",
        errors=["no column is left; columns='intersect' and the options leave none of x, y"],
    ),
    "strict": Case(
        WIDE, ["shard", "a", "b", "c"], [("a", 1, 2, 3), ("b", 4, 5, 6)], "columns='strict'"
    ),
    "strict_but_drifting": Case(
        {**DRIFT, "c": ID_A},
        arguments="columns='strict'",
        errors=[
            "2 problems in the columns of 3 shapes over the shards",
            "columns='strict': column 'x' is missing on 2 shards (b, c)",
            "columns='strict': column 'y' is missing on 2 shards (a, c)",
        ],
    ),
    "strict_where_excluded": Case(
        DRIFT,
        ["shard", "id"],
        [("a", 1), ("b", 2)],
        "columns='strict', options={'exclude': ['x', 'y']}",
    ),
    # Options.
    "include": Case(
        WIDE, ["shard", "c", "a"], [("a", 3, 1), ("b", 6, 4)], "options={'include': ['c', 'a']}"
    ),
    "include_text": Case(WIDE, ["shard", "c"], [("a", 3), ("b", 6)], "options={'include': 'c'}"),
    "exclude": Case(WIDE, ["shard", "b"], [("a", 2), ("b", 5)], "options={'exclude': ['c', 'a']}"),
    "exclude_all": Case(
        WIDE, arguments="options={'exclude': ['a', 'b', 'c']}", errors=["no column is left"]
    ),
    "rename": Case(
        NAMES,
        ["shard", "away", "home", "id", "tag"],
        [("a", "v", None, 1, 7), ("b", "w", "h", 2, None)],
        "options={'rename': {'Visitor/Neutral': 'away', 'vistm': 'away'}}",
    ),
    "rename_and_include": Case(
        NAMES,
        ["shard", "id", "Away"],
        [("a", 1, "v"), ("b", 2, "w")],
        "options={'rename': {'Visitor/Neutral': 'Away', 'vistm': 'Away'},"
        " 'include': ['id', 'Away']}",
    ),
    "rename_to_what_is_there": Case(
        {"a": table(id=("int", 1)), "b": table(key=("int", 2))},
        ["shard", "id"],
        [("a", 1), ("b", 2)],
        "options={'rename': {'key': 'id'}}",
    ),
    "rename_swap": Case(
        WIDE,
        ["shard", "a", "b", "c"],
        [("a", 2, 1, 3), ("b", 5, 4, 6)],
        "options={'rename': {'a': 'b', 'b': 'a'}}",
    ),
    "rename_collision": Case(
        NAMES,
        arguments="options={'rename': {'vistm': 'home'}}",
        errors=["columns 'vistm' and 'home' of one table would both be 'home'; see options.rename"],
    ),
    "no_such_names": Case(
        WIDE,
        arguments="options={'include': ['a', 'i'], 'exclude': ['e'], 'rename': {'r': 'q'},"
        " 'column_types': {'t': 'int'}}",
        errors=[
            "4 problems",
            "options.include: no shard has a column 'i'; there is a, b, c",
            "options.exclude: no shard has a column 'e'",
            "options.rename: no shard has a column 'r'",
            "options.column_types: no shard has a column 't'",
        ],
    ),
    "column_types": Case(
        {"a": table(id=("int", 1), v=("varchar(9)", "7")), "b": table(id=("int", 2), v=("int", 8))},
        ["shard", "id", "v"],
        [("a", 1, Decimal("7.00")), ("b", 2, Decimal("8.00"))],
        "options={'column_types': {'v': 'decimal(10, 2)'}}",
    ),
    "where": Case(
        {
            "a": Table({"id": "int", "kind": "varchar(9)"}, [(1, "x"), (2, "it's"), (3, None)]),
            "b": Table({"id": "int", "kind": "varchar(9)"}, [(4, "it's"), (5, "y")]),
        },
        ["shard", "id"],
        [("a", 2), ("b", 4)],
        "options={'where': \"kind = 'it''s' -- the kind\", 'exclude': 'kind'}",
    ),
    # The columns of the registry.
    "carried": Case(
        {"a": ID_A, "b": ID_B},
        ["shard", "region", "size", "rate", "opened", "since", "active", "nothing", "id"],
        [
            (
                "a",
                "N'orth",
                1,
                Decimal("0.5"),
                datetime.date(2020, 2, 29),
                datetime.datetime(2020, 2, 29, 12, 30, 1, 250000),
                True,
                None,
                1,
            ),
            ("b", None, 9007199254740993, Decimal("-12.345678901"), None, None, False, None, 2),
        ],
        "options={'shard_columns': ['shard', 'region', 'size', 'rate', 'opened', 'since', 'active',"
        " 'nothing']}",
    ),
    "carried_elsewhere": Case(
        {"a": table(shard=("int", 1)), "b": table(shard=("int", 2))},
        ["Store No", "where", "shard"],
        [("a", "N'orth", 1), ("b", None, 2)],
        "options={'shard_columns': {'shard': 'Store No', 'region': 'where'}}",
    ),
    "carried_but_not_there": Case(
        {"a": ID_A},
        arguments="options={'shard_columns': ['shard', 'tier']}",
        errors=["options.shard_columns names 'tier', which the registry does not have; it has"],
    ),
    "carried_too_precise": Case(
        {"a": ID_A, "b": ID_B},
        arguments="options={'shard_columns': ['shard', 'precise']}",
        errors=[
            "the registry's column 'precise' has a number of more than 29 digits before or 9 after"
            " the point, got: 0.1234567891"
        ],
    ),
    "carried_with_a_zone": Case(
        {"a": ID_A, "b": ID_B},
        arguments="options={'shard_columns': ['shard', 'zoned']}",
        errors=["the registry's column 'zoned' has a time zone or is a time of day"],
        adapters=("duckdb", "postgres"),
    ),
    "shard_is_a_column": Case(
        {"a": table(shard=("int", 1), id=("int", 1))},
        errors=[
            "column 'shard' has the name of a shard column; rename or exclude it, or name the shard"
            " column otherwise in options.shard_columns"
        ],
    ),
    "shard_is_excluded": Case(
        {"a": table(shard=("int", 1), id=("int", 1))},
        ["shard", "id"],
        [("a", 1)],
        "options={'exclude': 'shard'}",
    ),
    # Names.
    "awkward": Case(
        {
            "a": table(**{name: ("int", n) for n, name in enumerate(AWKWARD)}),
            "b": table(**{name: ("bigint", 100 + n) for n, name in enumerate(AWKWARD[::-1])}),
        },
        ["shard", *sorted(AWKWARD)],
        [
            ("a", *(AWKWARD.index(name) for name in sorted(AWKWARD))),
            ("b", *(100 + AWKWARD[::-1].index(name) for name in sorted(AWKWARD))),
        ],
    ),
    "case_folded": Case(
        {"a": table(Id=("int", 1)), "b": table(id=("bigint", 2)), "c": table(ID=("int", 3))},
        ["shard", "ID"],
        [("a", 1), ("b", 2), ("c", 3)],
        adapters=("duckdb",),
    ),
    "case_folded_otherwise": Case(
        {"a": table(ID=("int", 1)), "b": table(id=("bigint", 2)), "c": table(Id=("int", 3))},
        ["shard", "ID"],
        [("a", 1), ("b", 2), ("c", 3)],
        adapters=("duckdb",),
    ),
    "case_kept": Case(
        {"a": table(Id=("int", 1), id=("int", 2)), "b": table(id=("bigint", 3))},
        ["shard", "Id", "id"],
        [("a", 1, 2), ("b", None, 3)],
        adapters=("postgres",),
    ),
    "case_in_options": Case(
        {"a": table(Id=("int", 1), X=("int", 2)), "b": table(id=("int", 3), x=("int", 4))},
        ["shard", "Key"],
        [("a", 1), ("b", 3)],
        "options={'rename': {'ID': 'key'}, 'include': ['Key', 'x'], 'exclude': ['X'],"
        " 'column_types': {'KEY': 'bigint'}}",
        adapters=("duckdb",),
    ),
    # Types.
    "types_strict": Case(
        {"a": table(v=("int", 1)), "b": table(v=("bigint", 2)), "c": table(v=("int", 3))},
        arguments="types='strict'",
        errors=["column 'v' is ", " on a, c and ", " on b, and types='strict' allows one type"],
    ),
    "types_apart": Case(
        {
            "a": table(v=("int", 1), w=("date", None)),
            "b": table(v=("varchar(5)", "x"), w=("int", 1)),
        },
        errors=[
            "2 problems in the columns of 2 shapes",
            "column 'v' is ",
            "column 'w' is ",
            " on a and ",
            " on b, and no type holds them all without loss",
            "Name a type in options.column_types: {'v': ...}",
        ],
    ),
    "types_whole_and_broken": Case(
        {
            "a": table(v=("bigint", 9223372036854775807)),
            "b": table(v=("decimal(18,2)", Decimal("9999999999999999.99"))),
        },
        ["shard", "v"],
        [("a", Decimal("9223372036854775807.00")), ("b", Decimal("9999999999999999.99"))],
    ),
    "types_text": Case(
        {
            "a": table(v=("varchar(3)", "abc")),
            "b": table(v=("varchar(9)", "abcdefghi")),
            "c": table(v=("text", "x" * 5000)),
        },
        ["shard", "v"],
        [("a", "abc"), ("b", "abcdefghi"), ("c", "x" * 5000)],
    ),
    "types_days_and_moments": Case(
        {
            "a": table(v=("date", datetime.date(2020, 2, 29))),
            "b": table(v=("timestamp", datetime.datetime(2020, 2, 29, 13, 45, 0, 123456))),
        },
        ["shard", "v"],
        [
            ("a", datetime.datetime(2020, 2, 29)),
            ("b", datetime.datetime(2020, 2, 29, 13, 45, 0, 123456)),
        ],
    ),
    # Tables that are not there.
    "gone": Case(
        {"a": ID_A},
        arguments="only=['a', 'b', 'c']",
        errors=[
            "2 problems in the shards of gone",
            "shard 'b' (",
            "shard 'c' (",
            "the table gone does not exist",
            "or pass missing_table='warn' to go on without a table",
        ],
    ),
    "gone_with_a_warning": Case(
        {"a": ID_A},
        ["shard", "id"],
        [("a", 1)],
        "only=['a', 'b', 'c'], missing_table='warn'",
    ),
    "gone_and_skipped": Case(
        {"b": ID_B},
        ["shard", "id"],
        [("b", 2)],
        "only=['a', 'b', 'c'], missing_table='skip'",
    ),
    "gone_everywhere": Case(
        {},
        arguments="missing_table='skip'",
        errors=["in the shards of gone_everywhere (no shard has it)", "shard 'a' ("],
    ),
}


def call(source: str, arguments: str = "", macro: str = "union_shards") -> str:
    given = f", {arguments}" if arguments else ""
    return f"{{{{ dbt_estate.{macro}(source('store', '{source}'){given}) }}}}"


def read(estate: Estate, model: str) -> tuple[list[str], list[Row]]:
    """Return the names of a relation's columns and its rows in order."""
    names = estate.sql(
        "select column_name from information_schema.columns"
        f" where table_name = '{model}' and table_schema = '{estate.target_schema}'"
        " order by ordinal_position"
    )
    return [name for (name,) in names], rows_of(estate, model)


def rows_of(estate: Estate, model: str) -> list[Row]:
    return sorted(estate.sql(f"select * from {estate.relation(model)}"), key=str)


def evil_registry(shards: Shards, places: Sequence[str], names: Sequence[str]) -> str:
    found = [
        {"shard": name, "database_name": shards.estate.database, "schema_name": place}
        for name, place in zip(names, places, strict=True)
    ]
    return rows_query(shards.estate.adapter_type, [{**row, "is_enabled": True} for row in found])


def with_registry(registry: str, source: str, arguments: str = "") -> str:
    given = f"registry, {arguments}" if arguments else "registry"
    # A Jinja string: what is in the registry is data, and is not to be rendered.
    text = json.dumps(registry)
    return f"{{% set registry = {text} %}}{call(source, given)}"


@pytest.fixture(scope="module")
def estate_settings() -> dict[str, Any]:
    return {"threads": 4}


CARRIED_TYPES = {
    "size": "bigint",
    "rate": "decimal(20,9)",
    "precise": "decimal(20,10)",
    "opened": "date",
    "since": "timestamp",
    "active": "boolean",
    "zoned": "timestamp with time zone",
}


def carried(number: int) -> dict[str, Any]:
    """Return what the registry carries for a shard: one column of each type."""
    return {
        "region": ["N'orth", None, "S"][number],
        "size": [1, 9007199254740993, 3][number],
        "rate": [Decimal("0.5"), Decimal("-12.345678901"), None][number],
        "precise": Decimal("0.1234567891"),
        "opened": [datetime.date(2020, 2, 29), None, None][number],
        "since": [datetime.datetime(2020, 2, 29, 12, 30, 1, 250000), None, None][number],
        "active": [True, False, None][number],
        "nothing": None,
        "zoned": "2020-02-29 12:30:01+02:00",
    }


def cases(adapter: str) -> dict[str, Case]:
    return {name: case for name, case in CASES.items() if adapter in case.adapters}


@pytest.fixture(scope="module")
def shards(module_estate: Estate) -> Shards:
    """Every case is one table of the shards, and one model."""
    estate = module_estate
    shards = Shards(estate)
    for number, name in enumerate("abc"):
        shards.add(name, **carried(number))
    types = dict(CARRIED_TYPES)
    if estate.adapter_type == "sqlserver":
        types["zoned"] = "varchar(40)"
    shards.write_model("shards", types)
    by_name = {shard.name: shard for shard in shards.all}
    ours = cases(estate.adapter_type)
    for name, case in ours.items():
        for owner, content in case.tables.items():
            shards.create(by_name[owner], name, content)
        arguments = case.arguments
        if "only=" not in arguments and case.tables:
            arguments = f"{arguments}, only={sorted(case.tables)}".removeprefix(", ")
        estate.write({f"models/{name}.sql": call(name, arguments)})
    evil = [shards.add(f"evil {n}", place=name) for n, name in enumerate(EVIL)]
    del shards.all[3:]
    for n, shard in enumerate(evil):
        shards.create(shard, "orders", Table({"id": "int"}, [(n,)]))
    estate.execute(f"create table {estate.relation('y', by_name['a'].schema)} (id int)")
    shards.write_source("orders", "only_a", *ours)
    others = [f"{place}?" for place in EVIL]
    places = [shard.schema for shard in evil]
    absent = [{**row, "database_name": 'no"where'} for row in shards.rows()]
    parent = "{{ config(materialized='ephemeral') }} select 1 as id"
    ephemeral = "{{ dbt_estate.union_shards(ref('passing'), only=['a', 'b']) }}"
    estate.write(
        {
            "models/evil.sql": with_registry(evil_registry(shards, places, EVIL), "orders"),
            "models/evil_places.sql": with_registry(
                evil_registry(shards, others, [f"s{n}" for n, _ in enumerate(EVIL)]), "orders"
            ),
            "models/no_database.sql": with_registry(
                rows_query(estate.adapter_type, absent, types), "orders"
            ),
            "models/passing.sql": parent,
            "models/of_ephemeral.sql": ephemeral,
            "models/by_list.sql": call("same", "dbt_estate.get_shards(only=['b', 'a'])"),
            "models/twice.sql": call("same", "only='a'") + " union all " + call("same", "only='b'"),
        }
    )
    return shards


@pytest.fixture(scope="module")
def result(module_estate: Estate, shards: Shards) -> RunResult:
    module_estate.run_dbt(["run", "--select", "shards"])
    return module_estate.run_dbt(["run", "--exclude", "shards"], expect_pass=None)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.adapters == ALL])
def test_case(module_estate: Estate, result: RunResult, name: str) -> None:
    check(module_estate, result, name)


def test_cases_of_some_engines(module_estate: Estate, result: RunResult) -> None:
    ours = [
        name for name, case in cases(module_estate.adapter_type).items() if case.adapters != ALL
    ]
    for name in ours:
        check(module_estate, result, name)


def check(estate: Estate, result: RunResult, name: str) -> None:
    case = CASES[name]
    if case.errors:
        assert result.status(name) == "error", name
        for words in case.errors:
            assert words in result.message(name)
    else:
        assert result.status(name) == "success", result.message(name)
        assert read(estate, name) == (list(case.columns), sorted(case.rows, key=str))


def test_a_table_that_is_left_out_is_warned_of_once(result: RunResult) -> None:
    warned = [text for text in result.warnings if "left out of the union" in text]
    assert len(warned) == 1
    assert "shard 'b' (" in warned[0]
    assert "shard 'c' (" in warned[0]
    assert "the table gone_with_a_warning does not exist" in warned[0]


def test_names_that_try_to_be_sql_are_names(
    module_estate: Estate, shards: Shards, result: RunResult
) -> None:
    assert result.status("evil") == "success", result.message("evil")
    assert rows_of(module_estate, "evil") == sorted(
        zip(EVIL, range(len(EVIL)), strict=True), key=str
    )
    y = module_estate.relation("y", shards.all[0].schema)
    assert module_estate.sql(f"select count(*) from {y}") == [(0,)]


def test_places_that_are_not_there_are_named_and_nothing_else_is_read(
    module_estate: Estate, result: RunResult
) -> None:
    text = result.message("evil_places")
    assert result.status("evil_places") == "error"
    assert f"{len(EVIL)} problems in the shards of orders" in text
    assert text.count("the schema does not exist") == len(EVIL)
    for n, place in enumerate(EVIL):
        written = f"{place}?".replace('"', '""')
        assert f"shard 's{n}' (" in text
        assert f'."{written}".' in text
    assert "set is_enabled to false in the registry" in text


def test_a_database_that_is_not_there_is_named(module_estate: Estate, result: RunResult) -> None:
    text = result.message("no_database")
    assert result.status("no_database") == "error"
    assert '"no""where"' in text
    if module_estate.adapter_type == "postgres":
        assert text.count("PostgreSQL cannot read another database than the one") == 3
    else:
        assert text.count("the database does not exist or is not attached") == 3


def test_an_ephemeral_table_stands_for_no_table_on_a_shard(result: RunResult) -> None:
    assert result.status("of_ephemeral") == "error"
    text = result.message("of_ephemeral")
    assert "passing is an ephemeral model, and stands for no table on a shard" in text


def test_a_list_of_shards_and_two_unions_in_one_model(
    module_estate: Estate, result: RunResult
) -> None:
    assert rows_of(module_estate, "by_list") == [("a", 1), ("b", 2)]
    assert rows_of(module_estate, "twice") == [("a", 1), ("b", 2)]


@pytest.mark.smoke
def test_one_metadata_query_a_model_and_lineage_to_both(
    module_estate: Estate, result: RunResult
) -> None:
    run = module_estate.run_dbt(["run", "--select", "same", "awkward", "evil"])
    metadata = [q for q in run.queries if any(name in q for name in CATALOGS)]
    assert len(metadata) == 3
    nodes = json.loads(module_estate.read("target/manifest.json"))["nodes"]
    for model in ("same", "by_list"):
        assert sorted(nodes[f"model.estate_test.{model}"]["depends_on"]["nodes"]) == [
            "model.estate_test.shards",
            "source.estate_test.store.same",
        ]


@pytest.mark.smoke
def test_empty_reads_the_registry_and_no_row_of_a_shard(
    module_estate: Estate, result: RunResult
) -> None:
    run = module_estate.run_dbt(["run", "--empty", "--select", "same", "union", "where", "evil"])
    assert run.success
    for model in ("same", "union", "where", "evil"):
        columns, rows = read(module_estate, model)
        assert rows == []
        assert columns == (["shard", "id"] if model == "evil" else list(CASES[model].columns))


def test_arguments_are_refused_together(make_estate: MakeEstate, adapter_type: str) -> None:
    estate = make_estate()
    Shards(estate).write_source("orders")
    options = (
        "{'includ': 1, 'include': 7, 'exclude': {'a': 1}, 'rename': ['a'], 'where': ' ',"
        " 'column_types': {'a': 'int; drop table y', 'b': 3},"
        " 'shard_columns': {'region': 'r', 'size': 'R'}}"
    )
    estate.write(
        {
            "models/wrong.sql": "{{ dbt_estate.union_shards('orders', columns='all', types='loose',"
            f" missing_table='ignore', options={options}) }}}}"
        }
    )
    text = estate.run_dbt(["parse"], expect_pass=False).output
    for words in (
        "13 problems in union_shards of wrong",
        "'table' must be a source() or a ref() that stands for the table on every shard, got: ord",
        "columns: must be one of union, intersect, strict, got: all",
        "types: must be one of promote, strict, got: loose",
        "missing_table: must be one of error, warn, skip, got: ignore",
        "options: must be one of include, exclude, rename, column_types, where, shard_columns, got",
        "options.include must be a list of column names, got: 7",
        "options.exclude must be a list of column names, got: {'a': 1}",
        "options.rename must be a mapping by column name, got: ['a']",
        "options.column_types.a must be the name of a type, got: int; drop table y",
        "options.column_types.b must be the name of a type, got: 3",
        "options.where must be the text of a condition",
        "options.shard_columns must have 'shard'",
        "options.shard_columns gives one name to two columns: r, R",
    ):
        assert words in text
    estate.write({"models/wrong.sql": call("orders", "options=['include']")})
    text = estate.run_dbt(["parse"], expect_pass=False).output
    assert "1 problem in union_shards of wrong" in text
    assert "'options' must be a mapping, got: ['include']" in text
    estate.write({"models/wrong.sql": call("orders", "options={'shard_columns': 'shard'}")})
    text = estate.run_dbt(["parse"], expect_pass=False).output
    assert "options.shard_columns must be a list of the registry's columns, or a mapping" in text


@pytest.mark.adapters("duckdb", "sqlserver")
class TestDatabases:
    """Each shard is a database of its own."""

    # dbt renders what is in a profile, the names of databases among it.
    NAMES = [name for name in EVIL if "{{" not in name]

    @pytest.fixture(scope="class")
    def found(self, class_estate: Estate) -> Shards:
        shards = Shards(class_estate, by="database")
        for n, name in enumerate(self.NAMES):
            content = Table({"id": "int", **({"x": "int"} if n % 2 else {})}, [(n, n)[: 1 + n % 2]])
            shards.add(name, {"orders": content})
        shards.add("bare")
        shards.write_model()
        shards.write_source("orders")
        class_estate.write(
            {
                "models/orders.sql": call("orders", "missing_table='skip'"),
                "models/by_hand.sql": "{% call(shard) dbt_estate.for_each_shard("
                f"dbt_estate.get_shards(only={self.NAMES!r})) %}}select "
                "{{ dbt_estate.literal(shard.shard) }} as shard, id from "
                "{{ dbt_estate.shard_relation(shard, source('store', 'orders')) }}{% endcall %}",
            }
        )
        return shards

    def test_databases_are_read(self, class_estate: Estate, found: Shards) -> None:
        class_estate.run_dbt(["run"])
        wanted = [(name, n, n if n % 2 else None) for n, name in enumerate(self.NAMES)]
        assert rows_of(class_estate, "orders") == sorted(wanted, key=str)
        assert rows_of(class_estate, "by_hand") == sorted((row[:2] for row in wanted), key=str)

    def test_a_database_that_went_away_is_named(self, class_estate: Estate, found: Shards) -> None:
        away = found.all[2]
        if class_estate.adapter_type == "sqlserver":
            class_estate.execute(f'alter database "{away.database}" set offline')
            reason = "the database is offline or not accessible: OFFLINE"
        else:
            del class_estate.workspace.attached[2]  # type: ignore[attr-defined]
            class_estate.workspace.disconnect()
            class_estate.write_profile()
            reason = "the database does not exist or is not attached"
        result = class_estate.run_dbt(["run", "--select", "orders"], expect_pass=False)
        text = result.message("orders")
        assert f"shard '{away.name}' (" in text
        assert reason in text
        assert "1 problem in the shards of orders" in text


class TestTimes:
    """dbt's filters by time reach every branch."""

    DAYS = [datetime.datetime(2026, 1, day, 12) for day in (1, 2, 3)]

    @pytest.fixture(scope="class")
    def times(self, class_estate: Estate) -> Shards:
        estate = class_estate
        shards = Shards(estate)
        for name in ("a", "b"):
            rows = [(f"{name}{n}", day) for n, day in enumerate(self.DAYS)]
            columns = {"id": "varchar(9)", "happened_at": "timestamp"}
            shards.add(name, {"events": Table(columns, rows)})
        shards.write_model()
        shards.write_source("events", config={"event_time": "happened_at"})
        key = ", unique_key='id'" if estate.adapter_type == "postgres" else ""
        microbatch = (
            "{{ config(materialized='incremental', incremental_strategy='microbatch',"
            f" event_time='happened_at', batch_size='day', begin='2026-01-01'{key}) }}}}"
        )
        body = (
            "{% call(shard) dbt_estate.for_each_shard() %}"
            "select {{ dbt_estate.literal(shard.shard) }} as shard, id, happened_at from"
            " {{ dbt_estate.shard_relation(shard, source('store', 'events')) }} as e{% endcall %}"
        )
        estate.write(
            {
                "models/events.sql": call("events"),
                "models/by_hand.sql": body,
                "models/batches.sql": f"{microbatch}\n{call('events')}",
            }
        )
        estate.run_dbt(["run", "--select", "shards"])
        return shards

    @pytest.mark.smoke
    def test_sample(self, class_estate: Estate, times: Shards) -> None:
        sample = "{'start': '2026-01-02', 'end': '2026-01-03'}"
        result = class_estate.run_dbt(
            ["run", "--sample", sample, "--select", "shards", "events", "by_hand"]
        )
        assert result.success
        for model in ("events", "by_hand"):
            rows = class_estate.sql(f"select shard, id from {class_estate.relation(model)}")
            assert sorted(rows) == [("a", "a1"), ("b", "b1")]

    @pytest.mark.smoke
    def test_microbatch(self, class_estate: Estate, times: Shards) -> None:
        window = ["--event-time-start", "2026-01-01", "--event-time-end", "2026-01-03"]
        class_estate.run_dbt(["run", "--select", "batches", *window])
        rows = f"select shard, id from {class_estate.relation('batches')}"
        first = [("a", "a0"), ("a", "a1"), ("b", "b0"), ("b", "b1")]
        assert sorted(class_estate.sql(rows)) == first
        late = times.all[0]
        times.insert(late, "events", [("late", self.DAYS[0])])
        window = ["--event-time-start", "2026-01-03", "--event-time-end", "2026-01-04"]
        class_estate.run_dbt(["run", "--select", "batches", *window])
        assert sorted(class_estate.sql(rows)) == sorted([*first, ("a", "a2"), ("b", "b2")])


UNIT_TESTS = {
    "unit_tests": [
        {
            "name": "of_union",
            "model": "orders",
            "given": [
                {
                    "input": "source('store', 'orders')",
                    "format": "sql",
                    "rows": "select 1 as id, 10 as amount union all select 2 as id, 3 as amount",
                },
                {
                    "input": "ref('shards')",
                    "rows": [
                        {"shard": "x", "region": "N", "is_enabled": True},
                        {"shard": "y", "region": "S", "is_enabled": True},
                        {"shard": "z", "region": "S", "is_enabled": False},
                    ],
                },
            ],
            "expect": {
                "rows": [
                    {"shard": shard, "area": area, "key": key, "amount": amount}
                    for shard, area in (("x", "N"), ("y", "S"))
                    for key, amount in ((1, 10),)
                ]
            },
        },
        {
            "name": "of_union_that_fails",
            "model": "orders",
            "given": [
                {
                    "input": "source('store', 'orders')",
                    "format": "sql",
                    "rows": "select 1 as id, 10 as amount",
                },
                {"input": "ref('shards')", "rows": [{"shard": "x", "is_enabled": True}]},
            ],
            "expect": {"rows": [{"shard": "y", "key": 1}]},
        },
        {
            "name": "of_all_columns",
            "model": "all_columns",
            "given": [
                {
                    "input": "source('store', 'orders')",
                    "format": "sql",
                    "rows": "select 1 as id, 10 as amount",
                },
                {"input": "ref('shards')", "rows": [{"shard": "x", "is_enabled": True}]},
            ],
            "expect": {"rows": [{"shard": "x", "id": 1, "amount": 10}]},
        },
        {
            "name": "of_a_real_shard",
            "model": "of_first",
            "given": [
                {"input": "source('first', 'orders')", "rows": [{"id": 1, "amount": 10}]},
                {"input": "ref('shards')", "rows": [{"shard": "x", "is_enabled": True}]},
            ],
            "expect": {"rows": [{"shard": "x", "id": 1, "amount": 10}]},
        },
        {
            "name": "by_hand",
            "model": "by_hand",
            "given": [
                {
                    "input": "source('store', 'orders')",
                    "format": "sql",
                    "rows": "select 1 as id, 10 as amount",
                },
                {
                    "input": "source('store', 'items')",
                    "format": "sql",
                    "rows": "select 1 as id, 5 as item union all select 2 as id, 6 as item",
                },
                {"input": "ref('shards')", "rows": [{"shard": "x", "is_enabled": True}]},
            ],
            "expect": {"rows": [{"shard": "shard", "id": 1, "item": 5}]},
        },
        {
            "name": "by_hand_with_shards",
            "model": "by_region",
            "overrides": {
                "macros": {
                    "dbt_estate.get_shards": [
                        {
                            "shard": name,
                            "database_name": None,
                            "schema_name": None,
                            "region": region,
                        }
                        for name, region in (("x", "N"), ("y", "S"))
                    ]
                }
            },
            "given": [
                {
                    "input": "source('store', 'orders')",
                    "format": "sql",
                    "rows": "select 1 as id, 'N' as region union all select 2 as id, 'S' as region",
                },
                {"input": "ref('shards')", "rows": [{"shard": "x", "is_enabled": True}]},
            ],
            "expect": {"rows": [{"shard": "x", "id": 1}, {"shard": "y", "id": 2}]},
        },
    ]
}


class TestUnitTests:
    """dbt's unit tests mock the table and the registry."""

    @pytest.fixture(scope="class")
    def tested(self, class_estate: Estate) -> RunResult:
        estate = class_estate
        shards = Shards(estate)
        columns = {"id": "int", "amount": "int", "region": "varchar(9)"}
        tables = {"orders": Table(columns), "items": Table({"id": "int", "item": "int"})}
        first = shards.add("a", tables, region="N")
        shards.add("b", tables, region="S")
        shards.write_model()
        shards.write_source("orders", "items")
        shards.write_source("orders", name="first", database=first.database, schema=first.schema)
        options = (
            "options={'shard_columns': {'shard': 'shard', 'region': 'area'},"
            " 'rename': {'id': 'key'}, 'include': ['key', 'amount'], 'where': 'amount > 5'}"
        )
        each = "{% call(shard) dbt_estate.for_each_shard() %}"
        table = "{{ dbt_estate.shard_relation(shard, source('store', '%s')) }}"
        estate.write(
            {
                "models/orders.sql": call("orders", options),
                "models/all_columns.sql": call("orders", "options={'include': ['id', 'amount']}"),
                "models/of_first.sql": call("orders").replace("store", "first"),
                "models/by_hand.sql": f"{each}select {{{{ dbt_estate.literal(shard.shard) }}}} as"
                f" shard, o.id, i.item from {table % 'orders'} as o join {table % 'items'} as i"
                " on i.id = o.id{% endcall %}",
                "models/by_region.sql": f"{each}select {{{{ dbt_estate.literal(shard.shard) }}}} as"
                f" shard, id from {table % 'orders'} as o"
                " where region = {{ dbt_estate.literal(shard.region) }}{% endcall %}",
                "models/unit_tests.yml": to_yaml(UNIT_TESTS),
            }
        )
        estate.run_dbt(["run"])
        return estate.run_dbt(["test"], expect_pass=None)

    @pytest.mark.smoke
    @pytest.mark.parametrize("test", UNIT_TESTS["unit_tests"], ids=lambda test: str(test["name"]))
    def test_mocks(self, tested: RunResult, test: dict[str, Any]) -> None:
        name = str(test["name"])
        wanted = "fail" if name == "of_union_that_fails" else "pass"
        assert tested.status(name) == wanted, tested.output


def test_get_shard_relations(make_estate: MakeEstate, adapter_type: str) -> None:
    estate = make_estate()
    shards = Shards(estate)
    for name in ("b", "a"):
        shards.add(name, {"orders": Table({"id": "int"}, [(1,)])})
    shards.add("off", is_enabled=False)
    shards.write_model()
    shards.write_source("orders", database=estate.database)
    of = "dbt_estate.get_shard_relations(source('store', 'orders')"
    text = (
        "{% for r in " + of + ") -%}{% if not loop.first %}, {% endif %}"
        "{{ dbt_estate.literal(r | string) }} as r{{ loop.index }},"
        " {{ dbt_estate.literal(r.schema) }} as s{{ loop.index }}{%- endfor -%}"
    )
    estate.write(
        {
            "models/found.sql": f"select {text}",
            "models/only_b.sql": "select {{ " + of + ", dbt_estate.get_shards(only='b'))"
            " | length }} as n",
        }
    )
    estate.run_dbt(["run"])
    [found] = estate.sql(f"select * from {estate.relation('found')}")
    a, b = sorted(shards.all[:2], key=lambda shard: shard.name)

    def path(shard: Shard) -> str:
        return shards.relation(shard, "orders")

    assert found == (path(a), a.schema, path(b), b.schema)
    assert estate.sql(f"select n from {estate.relation('only_b')}") == [(1,)]
    nodes = json.loads(estate.read("target/manifest.json"))["nodes"]
    assert sorted(nodes["model.estate_test.found"]["depends_on"]["nodes"]) == [
        "model.estate_test.shards",
        "source.estate_test.store.orders",
    ]


def test_a_large_view_is_warned_of(make_estate: MakeEstate, adapter_type: str) -> None:
    estate = make_estate(project={"vars": {"dbt_estate": {"shards": {"warn_above": 2}}}})
    shards = Shards(estate)
    for name in "abc":
        shards.add(name, {"orders": Table({"id": "int"}, [(1,)])})
    shards.write_model()
    shards.write_source("orders")
    estate.write(
        {
            "models/three.sql": call("orders"),
            "models/two.sql": call("orders", "only=['a', 'b']"),
            "models/loaded.sql": "{{ config(materialized='estate_shards') }}" + call("orders"),
        }
    )
    result = estate.run_dbt(["run"])
    warned = [text for text in result.warnings if "shards in one statement" in text]
    assert len(warned) == 1
    assert "dbt_estate: three unions 3 shards in one statement" in warned[0]
    assert "materialized='estate_shards' loads the same text shard by shard" in warned[0]
    assert "(vars: dbt_estate: {shards: {warn_above: 2}})" in warned[0]
