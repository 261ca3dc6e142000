"""The settings in dbt_project.yml, and every way to get them wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbt_estate.errors import InputError
from dbt_estate.shards.settings import Columns, Overrides, Settings, load_settings

NOTHING = Overrides()


def load(folder: Path, shards: str, overrides: Overrides = NOTHING) -> Settings:
    """Load the settings of a project whose `shards:` mapping is the given YAML."""
    indented = "".join(f"      {line}\n" for line in shards.splitlines())
    text = f"name: shop\nvars:\n  dbt_estate:\n    shards:\n{indented}"
    (folder / "dbt_project.yml").write_text(text, encoding="utf-8")
    return load_settings(folder, overrides)


def test_defaults(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\n", encoding="utf-8")
    settings = load_settings(tmp_path)
    assert (settings.seed_paths, settings.registry) == (["seeds"], "shards")
    assert settings.columns == Columns()
    assert settings.sources.path == Path("models/staging/shards.yml")
    assert settings.sources.mode == "enumerated"
    assert not settings.sources.writes_logical
    assert settings.discover_by is None


def test_everything_set(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """\
registry: stores
columns: {shard: store, schema_name: null, is_enabled: null}
discover: {by: schema}
sources:
  path: models/stores.yml
  mode: logical
  name: "store_{shard}"
  logical: store
  database: estate
  schema: "{{ target.schema }}"
  properties: {loader: copy}
  models: models/stores
  tables: [orders, {name: items, identifier: order_items}]""",
    )
    assert settings.registry == "stores"
    assert settings.columns == Columns("store", "database_name", None, None)
    assert settings.discover_by == "schema"
    sources = settings.sources
    assert (sources.path, sources.models) == (Path("models/stores.yml"), Path("models/stores"))
    assert (sources.mode, sources.name, sources.logical) == ("logical", "store_{shard}", "store")
    assert (sources.database, sources.schema) == ("estate", "{{ target.schema }}")
    assert sources.properties == {"loader": "copy"}
    assert sources.tables == [{"name": "orders"}, {"name": "items", "identifier": "order_items"}]


def test_the_command_line_wins(tmp_path: Path) -> None:
    overrides = Overrides("logical", Path("a.yml"), Path("m"), ["items", "new", "items"])
    text = "sources: {mode: enumerated, path: b.yml, tables: [{name: items, identifier: i}, x]}"
    sources = load(tmp_path, text, overrides).sources
    assert (sources.mode, sources.path, sources.models) == ("logical", Path("a.yml"), Path("m"))
    assert sources.tables == [{"name": "items", "identifier": "i"}, {"name": "new"}]


def test_vars_are_found_where_dbt_finds_them(tmp_path: Path) -> None:
    load(tmp_path, "registry: from_project")
    (tmp_path / "vars.yml").write_text("vars: {dbt_estate: {shards: {registry: own}}}")
    assert load_settings(tmp_path).registry == "own"
    given = Overrides(vars="{dbt_estate: {shards: {registry: given}}}")
    assert load_settings(tmp_path, given).registry == "given"


def test_what_dbt_moved_goes_into_config(tmp_path: Path) -> None:
    sources = load(
        tmp_path,
        """\
sources:
  properties: {meta: {owner: me}}
  tables: [{name: a, tags: [x], loaded_at_field: at, config: {enabled: true, tags: [y]}}]""",
    ).sources
    assert sources.properties == {"config": {"meta": {"owner": "me"}}}
    config = {"loaded_at_field": "at", "tags": ["y"], "enabled": True}
    assert sources.tables == [{"name": "a", "config": config}]


@pytest.mark.parametrize(
    ("shards", "message"),
    [
        ("registry: 7", "shards.registry must be a name, got: 7"),
        ("registry: ''", "shards.registry must be a name, got: ''"),
        ("columns: [a]", "shards.columns must be a mapping, got: ['a']"),
        ("columns: {shard: null}", "shards.columns.shard must be a name, got: None"),
        ("columns: {schema_name: 1}", "shards.columns.schema_name must be a name or null, got: 1"),
        (
            "columns: {databse: x}",
            "shards.columns may have the keys shard, database_name, schema_name, is_enabled, "
            "got: 'databse'",
        ),
        (
            "columns: {database_name: null, schema_name: null}",
            "shards.columns has neither database_name nor schema_name",
        ),
        ("discover: {by: server}", "discover.by must be one of database, schema, got: 'server'"),
        ("sources: {table: [a]}", "shards.sources may have the keys path, mode, name, logical,"),
        ("sources: {mode: both}", "mode must be one of enumerated, logical, got: 'both'"),
        ("sources: {name: store}", "name must contain {shard}, and no other braces, got: 'store'"),
        ("sources: {name: '{shard}_{x}'}", "shards.sources.name must contain {shard}, and no"),
        ("sources: {tables: orders}", "shards.sources.tables must be a list, got: 'orders'"),
        ("sources: {tables: [1]}", "shards.sources.tables[1] must have a name (quote a number)"),
        ("sources: {tables: [{id: a}]}", "shards.sources.tables[1] must have a name"),
        ("sources: {tables: [a, a]}", "shards.sources.tables[2] repeats a table, got: 'a'"),
        (
            "sources: {properties: {schema: x}}",
            "shards.sources.properties may not set what is written per source, got: 'schema'",
        ),
    ],
)
def test_wrong_settings(tmp_path: Path, shards: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path, shards)
    assert message in str(raised.value)
    assert str(raised.value).startswith(f"vars: dbt_estate in {tmp_path.as_posix()}")


def test_all_problems_are_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path, "registry: 7\ncolumns: {x: 1}\nsources: {mode: m, tables: [1]}")
    assert len(raised.value.problems) == 4
    assert ": 4 problems:\n  - shards.registry" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"name: a\nvars: [\n", "line 3: not valid YAML"),
        (b"name: a\nname: b\n", 'line 2: not valid YAML: found duplicate key "name"'),
        (b"- a\n", "must be a mapping of dbt project settings"),
        (b"name: caf\xe9\n", "line 1: byte 0xE9 is not UTF-8"),
        (b"vars: {dbt_estate: 1}\n", "vars.dbt_estate must be a mapping, got: 1"),
        (b"vars: 1\n", "vars must be a mapping, got: 1"),
        (b"seed-paths: seeds\n", "dbt_project.yml.seed-paths must be a list of names"),
    ],
)
def test_a_project_file_that_cannot_be_read(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "dbt_project.yml").write_bytes(text)
    with pytest.raises(InputError) as raised:
        load_settings(tmp_path)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[1]", "--vars: must be a YAML mapping, got: [1]"),
        ("{a: ", "--vars: line 1: not valid YAML"),
    ],
)
def test_wrong_vars(tmp_path: Path, given: str, message: str) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: a\n")
    with pytest.raises(InputError) as raised:
        load_settings(tmp_path, Overrides(vars=given))
    assert message in str(raised.value)


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file.*--project-dir"):
        load_settings(tmp_path)


def test_an_empty_table_name_on_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--tables has an empty name, got: 'a,'"):
        load(tmp_path, "registry: x", Overrides(tables=["a", ""]))
