"""The registry of shards: where it may come from, what is read of it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.estate import Estate, MakeEstate, RunResult
from tests.support.shards import Shards, Table, rows_query, to_yaml

SETTINGS = "vars: dbt_estate: {shards: "


def reader(registry: str, arguments: str = "registry", before: str = "") -> str:
    """Return a model that writes down what get_shards returns for a registry's query."""
    return (
        f"{{% set registry %}}{{% raw %}}{registry}{{% endraw %}}{{% endset %}}{before}"
        f"{{% set found = dbt_estate.get_shards({arguments}) %}}"
        "select {{ dbt_estate.literal(tojson(found)) }} as shards"
    )


def written(estate: Estate, model: str) -> list[dict[str, Any]]:
    [(text,)] = estate.sql(f"select shards from {estate.relation(model)}")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def row(shard: Any, place: Any, database: Any = "estate", **others: Any) -> dict[str, Any]:
    return {
        "shard": shard,
        "database_name": database,
        "schema_name": place,
        "is_enabled": True,
        **others,
    }


GOOD = [row("b", "place_b"), row("a", "place_a"), row("A2", "place_c")]

# A model each: the rows of a registry, and what its error has to say.
REFUSED: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "blank_name": ([row(" ", "p")], ["row 1: shard is blank"]),
    "null_name": ([row(None, "p")], ["row 1: shard is blank"]),
    "null_database": ([row("a", "p", None)], ["row 1: database_name is blank"]),
    "null_schema": ([row("a", None)], ["row 1: schema_name is blank"]),
    "duplicate_name": (
        [row("a", "p"), row("b", "q"), row("A", "r")],
        ["row 3: shard 'A' is already in row 1"],
    ),
    "duplicate_place": (
        [row("a", "p"), row("b", "p")],
        ["row 2: (estate, p) is already the place of row 1"],
    ),
    "number": ([row(1, "p")], ["row 1: shard is not text but 1", "Declare the seed's column"]),
    "newline": ([row("a\nb", "p")], ["row 1: shard has a control character", r"a\nb"]),
    "control": ([row("a", "p\x1b[2J")], ["row 1: schema_name has a control character"]),
    "outer_space": ([row("a", "p ")], ["row 1: schema_name begins or ends with white space: 'p '"]),
    "unclear": (
        [row("a", "p", is_enabled="maybe")],
        ["row 1: is_enabled must be true or false", "'maybe'"],
    ),
    "all_disabled": (
        [row("a", "p", is_enabled=False), row("b", "q", is_enabled=False)],
        ["all 2 shards of the registry", "are disabled", "Set is_enabled to true"],
    ),
    "several": (
        [row("a", "p"), row("A", None), row("", "p")],
        [
            "4 problems in the shard registry",
            "row 2: schema_name is blank",
            "row 3: shard is blank",
            "row 2: shard 'A' is already in row 1",
            "row 3: (estate, p) is already the place of row 1",
        ],
    ),
    "no_such_columns": (
        [{"shard": "a", "db": "x", "schema_name": "y"}],
        [
            "2 problems in the shard registry",
            "column database_name (database_name) is missing",
            "column is_enabled (is_enabled) is missing",
            "the registry has shard, db, schema_name",
            SETTINGS + "{columns: {database_name: ...}}}, or none if it has no such column",
        ],
    ),
}


@pytest.fixture(scope="module")
def estate_settings() -> dict[str, Any]:
    return {"threads": 4}


@pytest.fixture(scope="module")
def shards(module_estate: Estate) -> Shards:
    """A project whose models write down, or fail to write down, the shards of a registry."""
    estate = module_estate
    shards = Shards(estate)
    shards.add("south", region="S")
    shards.add("north", region="N")
    shards.add("closed", is_enabled=False, region="N")
    shards.add("0001", region="")
    shards.write_seed("shards")
    shards.write_model("registry_model")
    shards.write_source("anything")
    later = rows_query(estate.adapter_type, GOOD)
    estate.write({"models/later.sql": f"{{{{ config(materialized='table') }}}} {later}"})
    estate.write({"models/passing.sql": f"{{{{ config(materialized='ephemeral') }}}} {later}"})
    good = rows_query(estate.adapter_type, GOOD)
    spelled = [
        row(f"s{n}", f"p{n}", is_enabled=word)
        for n, word in enumerate(["yes", "No", " T ", "f", "1", "0", "TRUE"])
    ]
    list_of_two = "{% set two = dbt_estate.get_shards(ref('shards'), ['south', 'north']) %}"
    of_default = "dbt_estate.get_shards() | selectattr('region', 'equalto', 'N') | list"
    estate.write(
        {
            "models/of_default.sql": reader("", ""),
            "models/of_seed.sql": reader("", "ref('shards')"),
            "models/of_model.sql": reader("", "ref('registry_model')"),
            "models/of_name.sql": reader("", "'registry_model'")
            + "\n-- depends_on: {{ ref('registry_model') }}",
            "models/of_package.sql": reader("", "'estate_test.registry_model'")
            + "\n-- depends_on: {{ ref('registry_model') }}",
            "models/of_query.sql": reader(good),
            "models/of_list.sql": reader("", "two", list_of_two),
            "models/of_filtered_list.sql": reader("", of_default),
            "models/of_spellings.sql": reader(rows_query(estate.adapter_type, spelled)),
            "models/of_places_by_case.sql": reader(
                rows_query(estate.adapter_type, [row("a", "Place"), row("b", "place")])
            ),
            "models/of_flags.sql": reader(
                rows_query(
                    estate.adapter_type,
                    [row("a", "p", is_enabled=1), row("b", "q", is_enabled=0)],
                )
            ),
            "models/only_text.sql": reader("", "ref('shards'), only='north'"),
            "models/only_list.sql": reader("", "ref('shards'), only=['south', '0001']"),
            "models/only_disabled.sql": reader("", "ref('shards'), only=['north', 'closed']"),
            "models/only_nothing.sql": reader("", "ref('shards'), only=[]"),
            "models/of_later.sql": reader("", "ref('later')"),
            "models/of_ephemeral.sql": reader("", "ref('passing')"),
            "models/of_no_rows.sql": reader(f"select * from ({good}) as r where 1 = 0"),
            "models/of_empty_list.sql": reader("", "[]"),
            "models/of_halves.sql": reader(
                "", "[{'shard': 'a'}, {'shard': 'b', 'schema_name': 1}]"
            ),
            "models/of_twins.sql": reader(
                "",
                "two + [{'shard': 'North', 'database_name': 'x', 'schema_name': none}]",
                list_of_two,
            ),
            "models/of_number.sql": reader("", "7"),
            "models/at_parse.sql": "{% set found = dbt_estate.get_shards(ref('shards')) %}"
            "{% if not execute %}{{ log('at parse: ' ~ found, info=true) }}{% endif %}"
            " select 1 as n",
            **{
                f"models/refused_{name}.sql": reader(rows_query(estate.adapter_type, rows))
                for name, (rows, _) in REFUSED.items()
            },
        }
    )
    return shards


@pytest.fixture(scope="module")
def built(module_estate: Estate, shards: Shards) -> RunResult:
    return module_estate.run_dbt(["build", "--exclude", "later"], expect_pass=None)


NAMES = ["0001", "north", "south"]


@pytest.mark.smoke
@pytest.mark.parametrize(
    "model", ["of_default", "of_seed", "of_model", "of_name", "of_package", "of_list"]
)
def test_the_enabled_shards_in_order(
    module_estate: Estate, shards: Shards, built: RunResult, model: str
) -> None:
    assert built.status(model) == "success", built.message(model)
    found = written(module_estate, model)
    wanted = sorted((r for r in shards.rows() if r["is_enabled"]), key=lambda r: str(r["shard"]))
    if model == "of_list":
        wanted = [r for r in wanted if r["shard"] != "0001"]
    else:
        assert [shard["shard"] for shard in found] == NAMES  # '0001' is not 1
    if model in ("of_default", "of_seed", "of_list"):  # dbt reads a blank field of a CSV as NULL
        wanted = [{**r, "region": r["region"] or None} for r in wanted]
    assert found == wanted


def test_a_query_is_a_registry_and_order_is_by_name_with_capitals_first(
    module_estate: Estate, built: RunResult
) -> None:
    assert built.status("of_query") == "success", built.message("of_query")
    found = written(module_estate, "of_query")
    assert [shard["shard"] for shard in found] == ["A2", "a", "b"]
    assert found[1] == row("a", "place_a")


def test_a_list_of_shards_can_be_filtered_before(module_estate: Estate, built: RunResult) -> None:
    assert [s["shard"] for s in written(module_estate, "of_filtered_list")] == ["north"]


def test_is_enabled_in_every_spelling(module_estate: Estate, built: RunResult) -> None:
    assert [s["shard"] for s in written(module_estate, "of_spellings")] == ["s0", "s2", "s4", "s6"]
    assert all(s["is_enabled"] is True for s in written(module_estate, "of_spellings"))
    assert [s["shard"] for s in written(module_estate, "of_flags")] == ["a"]


def test_only(module_estate: Estate, built: RunResult) -> None:
    assert [s["shard"] for s in written(module_estate, "only_text")] == ["north"]
    assert [s["shard"] for s in written(module_estate, "only_list")] == ["0001", "south"]
    text = built.message("only_disabled")
    assert "'only' must name enabled shards (0001, north, south), got: north, closed" in text
    assert "Not enabled or not in the registry: closed" in text
    assert "'only' must name enabled shards" in built.message("only_nothing")


def test_no_shards_while_dbt_parses(built: RunResult) -> None:
    assert "at parse: []" in built.output


@pytest.mark.parametrize("case", REFUSED)
def test_a_registry_is_refused(built: RunResult, case: str) -> None:
    assert built.status(f"refused_{case}") == "error"
    text = built.message(f"refused_{case}")
    for words in REFUSED[case][1]:
        assert words in text, text


def test_places_that_differ_in_case_are_two_where_the_engine_keeps_case(
    module_estate: Estate, built: RunResult
) -> None:
    if module_estate.adapter_type == "postgres":
        found = written(module_estate, "of_places_by_case")
        assert [shard["schema_name"] for shard in found] == ["Place", "place"]
    else:
        text = built.message("of_places_by_case")
        assert "row 2: (estate, place) is already the place of row 1" in text


def test_a_registry_without_rows_is_refused(built: RunResult) -> None:
    text = built.message("of_no_rows")
    assert "the shard registry (the given query) is empty. Add a row for each shard." in text


def test_an_ephemeral_registry_is_refused(built: RunResult) -> None:
    text = built.message("of_ephemeral")
    assert "the shard registry passing is an ephemeral model" in text
    assert "Materialize it as a table or a view" in text


def test_a_list_that_get_shards_did_not_return_is_refused(built: RunResult) -> None:
    for model in ("of_empty_list", "of_number"):
        text = built.message(model)
        assert "'shards' must be the ref() of a registry, a query, or a non-empty list" in text
    halves = built.message("of_halves")
    assert "3 problems in the list of shards" in halves
    assert "row 1: has no database_name, no schema_name" in halves
    assert "row 2: has no database_name" in halves
    assert "row 2: schema_name is not text but 1" in halves
    assert "shard 'North' is already in row 1" in built.message("of_twins")


def test_a_registry_that_is_not_built_stops_a_run_with_the_remedy(
    module_estate: Estate, built: RunResult
) -> None:
    text = built.message("of_later")
    assert built.status("of_later") == "error"
    assert f"the shard registry {module_estate.relation('later')} is not built yet" in text
    assert "Build it first: dbt build --select later" in text


def test_references_are_kept_in_the_manifest(module_estate: Estate, built: RunResult) -> None:
    nodes = json.loads(module_estate.read("target/manifest.json"))["nodes"]
    for model, parent in {
        "of_default": "seed.estate_test.shards",
        "of_name": "model.estate_test.registry_model",
        "of_package": "model.estate_test.registry_model",
        "of_list": "seed.estate_test.shards",
    }.items():
        assert nodes[f"model.estate_test.{model}"]["depends_on"]["nodes"] == [parent]


def test_the_registry_is_read_under_empty(module_estate: Estate, built: RunResult) -> None:
    result = module_estate.run_dbt(["run", "--empty", "--select", "of_seed", "of_model", "of_list"])
    assert result.success
    for model in ("of_seed", "of_model"):
        assert [s["shard"] for s in written(module_estate, model)] == NAMES


class TestOtherNames:
    """The registry and its columns are called as the project calls them."""

    @pytest.fixture(scope="class")
    def named(self, session_estates: MakeEstate) -> Iterator[Estate]:
        columns = {"shard": "Store", "schema_name": "place"}
        settings = {
            "registry": "estates",
            "columns": {**columns, "database_name": None, "is_enabled": None},
        }
        estate = session_estates(project={"vars": {"dbt_estate": {"shards": settings}}})
        yield estate
        estate.close()

    def test_names_and_absent_columns(self, named: Estate) -> None:
        shards = Shards(named)
        orders = Table({"id": "int"}, [(1,)])
        shards.add("a", {"orders": orders})
        shards.add("b", {"orders": orders})
        rows = [
            {"Store": shard.name, "place": shard.schema, "size": n, "is_enabled": "no"}
            for n, shard in enumerate(shards.all)
        ]
        registry = rows_query(named.adapter_type, rows)
        shards.write_source("orders", database=named.database)
        named.write(
            {
                "models/estates.sql": f"{{{{ config(materialized='table') }}}} {registry}",
                "models/found.sql": reader("", ""),
                "models/orders.sql": "{{ dbt_estate.union_shards(source('store', 'orders'),"
                " options={'shard_columns': ['shard', 'store', 'size']}) }}",
            }
        )
        named.run_dbt(["run"])
        found = written(named, "found")
        assert [(s["shard"], s["schema_name"], s["size"]) for s in found] == [
            (shard.name, shard.schema, n) for n, shard in enumerate(shards.all)
        ]
        assert all(s["database_name"] is None and s["is_enabled"] is True for s in found)
        query = f"select shard, store, size, id from {named.relation('orders')} order by 1"
        assert named.sql(query) == [("a", "a", 0, 1), ("b", "b", 1, 1)]

    def test_settings_that_do_not_exist_are_refused_together(self, named: Estate) -> None:
        wrong = {"shards": {"registy": "x", "columns": {"scheme": "y"}, "discover": 1}, "shard": {}}
        result = named.run_dbt(["parse", "--vars", json.dumps({"dbt_estate": wrong})], False)
        for words in (
            "4 problems in vars: dbt_estate in dbt_project.yml",
            "dbt_estate.shards.registy is not a setting; the settings are registry, columns,",
            "dbt_estate.shards.columns.scheme is not a setting",
            "dbt_estate.shards.discover must be a mapping, got: 1",
            "dbt_estate.shard is not a setting; the settings are shards",
        ):
            assert words in result.output

    def test_a_blank_registry_and_a_nameless_shard_are_refused(self, named: Estate) -> None:
        blank = {"dbt_estate": {"shards": {"registry": " "}}}
        result = named.run_dbt(["parse", "--vars", json.dumps(blank)], False)
        assert "the shard registry is blank. Name a seed or a model" in result.output
        nameless = {"dbt_estate": {"shards": {"registry": "estates", "columns": {"shard": None}}}}
        result = named.run_dbt(
            ["run", "--select", "found", "--vars", json.dumps(nameless)], expect_pass=False
        )
        assert "{shards: {columns: {shard: none}}}: a shard needs a name" in result.output


class TestBeforeTheRegistryIsBuilt:
    """A placeholder of the right columns, and a warning, where nothing is to be read yet."""

    @pytest.fixture(scope="class")
    def unbuilt(self, session_estates: MakeEstate) -> Iterator[Estate]:
        estate = session_estates()
        estate.create_schema(estate.target_schema)
        shards = Shards(estate)
        shards.add("a", {"orders": Table({"id": "int"}, [(1,)])}, region="N")
        shards.write_seed()
        shards.write_source("orders", database=estate.database)
        options = "options={'shard_columns': {'shard': 'store', 'region': 'Region'}}"
        source = "source('store', 'orders')"
        body = "select 1 as n from {{ dbt_estate.shard_relation(shard, " + source + ") }}"
        estate.write(
            {
                "models/orders.sql": f"{{{{ dbt_estate.union_shards({source}, {options}) }}}}",
                "models/by_list.sql": "{{ dbt_estate.union_shards("
                f"{source}, dbt_estate.get_shards()) }}}}",
                "models/by_hand.sql": "{% call(shard) dbt_estate.for_each_shard() %}"
                f"{body} where '{{{{ dbt_estate.literal(shard.region) }}}}' = 'N'{{% endcall %}}",
                "models/relations.sql": "{% set found = dbt_estate.get_shard_relations("
                f"{source}) %}}select {{{{ found | length }}}} as n",
            }
        )
        yield estate
        estate.close()

    @pytest.mark.parametrize("command", [["compile"], ["docs", "generate"]])
    def test_compile_and_docs_go_on(self, unbuilt: Estate, command: list[str]) -> None:
        result = unbuilt.run_dbt(command)
        found = [text for text in result.warnings if "is not built yet" in text]
        assert len(found) == 4, result.output
        assert "Build it first: dbt build --select shards" in found[0]
        assert "A placeholder without rows stands in for the union." in found[0]
        for model, columns in {
            "orders": ["store", "Region"],
            "by_list": ["shard"],
            "by_hand": ["shard"],
        }.items():
            # It is a query of its own, with typed columns and no rows.
            text = unbuilt.compiled(model)
            view = f'"{unbuilt.target_schema}"."placeholder_of_{model}"'  # T-SQL: no database
            unbuilt.execute([f"create view {view} as {text}"])
            cursor = unbuilt.sql(f"select * from {view}")
            names = unbuilt.sql(
                "select column_name, data_type from information_schema.columns"
                f" where table_name = 'placeholder_of_{model}' order by ordinal_position"
            )
            unbuilt.execute([f"drop view {view}"])
            assert cursor == []
            assert [name for name, _ in names] == columns
            assert {kind.lower() for _, kind in names} <= {"varchar", "text", "nvarchar"}
        assert unbuilt.compiled("relations") == "select 0 as n"

    @pytest.mark.parametrize("command", ["run", "show"])
    def test_a_run_does_not(self, unbuilt: Estate, command: str) -> None:
        result = unbuilt.run_dbt([command, "--select", "orders", "by_hand"], expect_pass=False)
        assert "is not built yet. Build it first: dbt build --select shards" in result.output


def test_a_deferred_registry_is_read_where_it_is(make_estate: MakeEstate) -> None:
    estate = make_estate()
    shards = Shards(estate)
    shards.add("a", {"orders": Table({"id": "int"}, [(1,)])})
    shards.write_seed()
    shards.write_source("orders", database=estate.database)
    estate.write({"models/orders.sql": "{{ dbt_estate.union_shards(source('store', 'orders')) }}"})
    estate.run_dbt(["build"])
    manifest = estate.read("target/manifest.json")
    estate.write({"production/manifest.json": manifest})
    built_in = estate.relation("shards")
    other = f"{estate.target_schema}_dev"
    estate.update_profile(schema=other)
    command = ["run", "--select", "orders"]
    result = estate.run_dbt(command, expect_pass=False)
    assert "is not built yet" in result.message("orders")
    result = estate.run_dbt([*command, "--defer", "--state", "production"])
    assert f"select * from {built_in}" in result.queries
    assert estate.sql(f"select shard, id from {estate.relation('orders', other)}") == [("a", 1)]


def test_a_source_is_a_registry(estate: Estate) -> None:
    shards = Shards(estate)
    shards.add("a")
    estate.create_schema("catalogue")
    registry = shards.query()
    made = "select * into {} from ({}) as r" if estate.adapter_type == "sqlserver" else None
    table = estate.relation("stores", "catalogue")
    estate.execute(made.format(table, registry) if made else f"create table {table} as {registry}")
    sources = [{"name": "catalogue", "database": estate.database, "tables": [{"name": "stores"}]}]
    estate.write(
        {
            "models/catalogue.yml": to_yaml({"sources": sources}),
            "models/of_source.sql": reader("", "source('catalogue', 'stores')"),
        }
    )
    result = estate.run_dbt(["run"])
    assert [s["shard"] for s in written(estate, "of_source")] == ["a"], result.output
