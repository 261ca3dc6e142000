"""What `dbt-estate check --fix` changes in files, and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbt_estate.check.fix import Fix, apply, fixes, with_stubs, without_trailing_semicolons
from dbt_estate.check.result import Finding
from dbt_estate.errors import InputError
from dbt_estate.info_schema.load import Artifacts, Project, load_project

SNAPSHOTS = (
    "{% snapshot one %}select 1;{% endsnapshot %}\n"
    "{%- snapshot two -%}\nselect 2;\n{%- endsnapshot -%}\n;"
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("select 1;", "select 1"),
        ("select 1;\n", "select 1\n"),
        ("select 1 ;\r\n\r\n", "select 1 \r\n\r\n"),
        ("\ufeffselect 1;", "\ufeffselect 1"),
        ("select 1;;\n ; ", "select 1\n  "),
        ("select 1; -- ; done\n", "select 1 -- ; done\n"),
        ("select 1; /* ; */ -- ;\n;", "select 1 /* ; */ -- ;\n"),
        ("select 1; {# ; #}\n{#- it's ; -#}", "select 1 {# ; #}\n{#- it's ; -#}"),
        ("select 1 -- {# two\nlines #} ;\n;", "select 1 -- {# two\nlines #} ;\n"),
        ("select 'ü;😀'; -- é;\n", "select 'ü;😀' -- é;\n"),
        ("select '{{ x(';') }}' as a;", "select '{{ x(';') }}' as a"),
        ("{{ config(a={'b': ';'}) }} select 1;", "{{ config(a={'b': ';'}) }} select 1"),
        ("select 1; select 2;", "select 1; select 2"),
        ("{% raw %}{{ {# {% endraw %} select 1;", "{% raw %}{{ {# {% endraw %} select 1"),
        ("select 'it''s;', \";\" as x;", "select 'it''s;', \";\" as x"),
        ("select $$ ; $$;", "select $$ ; $$"),
        # Nothing at the end, or what cannot be known.
        ("select 1", "select 1"),
        ("select ';'", "select ';'"),
        ("select 1 -- ;", "select 1 -- ;"),
        ("select 1 /* ; */", "select 1 /* ; */"),
        ("select 1 {# ; #}", "select 1 {# ; #}"),
        ("select 1; select 2", "select 1; select 2"),
        ("select 1; {{ more() }}", "select 1; {{ more() }}"),
        ("{% if a %} select 1; {% endif %}", "{% if a %} select 1; {% endif %}"),
        ("select 'open;", "select 'open;"),
        ("select 1; {% raw %};{% endraw %}", "select 1; {% raw %};{% endraw %}"),
        (";", ";"),
        ("-- only\n;", "-- only\n;"),
        ("", ""),
    ],
)
def test_trailing_semicolons(text: str, wanted: str) -> None:
    assert without_trailing_semicolons(text, "duckdb") == wanted
    assert without_trailing_semicolons(wanted, "duckdb") == wanted


@pytest.mark.parametrize(
    ("dialect", "text", "wanted"),
    [
        ("bigquery", r"select 'it\'s;' # ; ;", r"select 'it\'s;' # ; ;"),
        ("bigquery", r"select 'it\'s;'; # it's", r"select 'it\'s;' # it's"),
        ("postgres", r"select '\';", r"select '\'"),
        ("snowflake", "select $$;'$$; // ;", "select $$;'$$ // ;"),
        ("tsql", "select [a;] from b;", "select [a;] from b"),
        (None, "select 1;", "select 1"),
    ],
)
def test_strings_and_comments_are_those_of_the_dialect(
    dialect: str | None, text: str, wanted: str
) -> None:
    assert without_trailing_semicolons(text, dialect) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("one", SNAPSHOTS.replace("1;", "1")),
        ("two", SNAPSHOTS.replace("2;", "2")),
        ("three", SNAPSHOTS),
    ],
)
def test_a_snapshot_is_the_text_of_its_block(name: str, wanted: str) -> None:
    assert without_trailing_semicolons(SNAPSHOTS, "duckdb", name) == wanted


# What is put in stands between « and ».
STUBS = {
    "a file that is new": "«version: 2\n\nmodels:\n  - name: b\n    description: \"\"\n"
    '    columns:\n      - name: id\n        description: ""\n»',
    "nothing but a comment": "# a«\n\nversion: 2\n\nmodels:\n  - name: b\n    description: \"\"\n"
    '    columns:\n      - name: id\n        description: ""»\n',
    "sources only": "sources:\n  - name: a # a«\n\nmodels:\n  - name: b\n    description: \"\"\n"
    '    columns:\n      - name: id\n        description: ""»\n\n',
    "close together": "models:\n  - name: a\n  - name: c\n    # of c\n    tags: [x]\n    # end of c"
    '«\n  - name: b\n    description: ""\n    columns:\n      - name: id\n'
    '        description: ""»\n\n# of sources\nsources: []\n',
    "apart": "models:\n  - name: a\n\n  # of c\n  - name: c«\n\n  - name: b\n"
    '    description: ""\n    columns:\n      - name: id\n        description: ""»\n',
    "no newline at the end": "models:\n- name: a\n- name: c«\n- name: b\n  description: \"\"\n"
    '  columns:\n  - name: id\n    description: ""»',
    "wide": "models:\n    -   name: a\n    -   name: c«\n    -   name: b\n"
    '        description: ""\n        columns:\n            -   name: id\n'
    '                description: ""»\n',
    "no models": "models:\n  # - name: old«\n  - name: b\n    description: \"\"\n    columns:\n"
    '      - name: id\n        description: ""»\nseeds: []\n',
    "a text of several lines": "models:\n  - name: a\n  - name: c\n    description: |\n      c 😀\n"
    '      # c«\n  - name: b\n    description: ""\n    columns:\n      - name: id\n'
    '        description: ""»\n\n\nseeds: []\n',
    "blank lines that count": "models:\n  - name: a\n  - name: c\n    description: |+\n      c\n"
    '«\n  - name: b\n    description: ""\n    columns:\n      - name: id\n'
    '        description: ""»\nseeds: []\n',
    "aliases": "x: &a {name: a}\nmodels:\n  - name: c\n  - *a # a«\n  - name: b\n"
    '    description: ""\n    columns:\n      - name: id\n        description: ""»\nseeds: []\n',
    "two keys": "models:\n  - name: b\nmodels:\n  - name: a\n  - name: c«\n  - name: b\n"
    '    description: ""\n    columns:\n      - name: id\n        description: ""»\n',
    "the end of a document": "---\nmodels:\n  - name: a\n  - name: c«\n  - name: b\n"
    '    description: ""\n    columns:\n      - name: id\n        description: ""»\n...\n',
    "in brackets": 'models: [{name: a}«, {name: b, description: "", columns: [{name: id, '
    'description: ""}]}», # a\n]\n',
    "empty brackets": 'models: [«{name: b, description: "", columns: [{name: id, '
    'description: ""}]}»]\n',
    "an entry without columns": "models:\n  - name: b\n    description: mine # b\n    # end of b«\n"
    '    columns:\n      - name: id\n        description: ""»\n\n  - name: c\n',
    "an entry with others": "models:\n  - name: b\n    columns:\n      - name: x\n"
    '        # end of x«\n      - name: id\n        description: ""»\n    meta: {a: 1}\n',
    "an entry with an empty list": "models:\n  - name: b\n    columns:«\n      - name: id\n"
    '        description: ""»\n    meta: {a: 1}\n',
    "an entry in braces": 'models:\n  - {name: b«, columns: [{name: id, description: ""}]»}\n',
    "columns in brackets": 'models:\n  - name: b\n    columns: [{name: x}«, {name: id, '
    'description: ""}»] # x\n',
    "a column in another case": "models:\n  - name: b\n    columns:\n      - name: ID\n",
    "versions": "models:\n  - name: b\n    versions: [{v: 1}]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", STUBS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_stub_is_put_in_and_nothing_else_changes(name: str, newline: str, mark: str) -> None:
    text = STUBS[name].replace("\n", newline)
    before, after = text, text.replace("«", "").replace("»", "")
    while "«" in before:
        before = before[: before.index("«")] + before[before.index("»") + 1 :]
    if not before and newline == "\r\n":
        after = after.replace("\r\n", "\n")  # a file that is new has none to go by
    columns = {"b": ["id"]}
    assert with_stubs(mark + before, columns) == mark + after
    assert with_stubs(mark + after, columns) == mark + after
    assert [item for item in yaml.safe_load(after)["models"] if item["name"] == "b"]


@pytest.mark.parametrize(
    "text",
    [
        "models: [\n",
        "models: ~\n",
        "models: {a: 1}\n",
        "- name: a\n",
        "models:\n  - name: a\n    description: {{ doc('a') }}\n",
        # What is shared would change in two places, or what is taken over would be hidden.
        "models:\n  - name: b\n    columns: &c\n      - name: x\n  - name: d\n    columns: *c\n",
        "models:\n  - &d\n    name: d\n    columns: [{name: x}]\n  - <<: *d\n    name: b\n",
        "x: &x {y: *x}\nmodels:\n  - name: a\n",
        # The text would end with a newline that it has not.
        "models:\n  - name: a\n    description: |\n      a",
    ],
)
def test_a_layout_that_is_not_understood_is_left(text: str) -> None:
    assert with_stubs(text, {"b": ["id"]}) is None


def test_names_are_quoted_where_yaml_needs_it() -> None:
    names = ["no", "1", "a: b", "#x", "it's", "ü", "null", "a,b", "{{ x }}", "y"]
    for text in ("", "models: []\n", "models:\n  - name: a\n    columns: [{name: x}]\n"):
        after = with_stubs(text, {"a": names, "0x1": names})
        assert after is not None
        entries = {entry["name"]: entry for entry in yaml.safe_load(after)["models"]}
        for entry in (entries["a"], entries["0x1"]):
            assert [column["name"] for column in entry["columns"] if column["name"] != "x"] == names


def test_several_models_go_into_a_file_at_once() -> None:
    text = "models:\n  - name: a\n  - name: b\n    columns:\n      - name: x\n"
    after = with_stubs(text, {"b": ["x", "y"], "c": [], "a": ["z"], "d": ["z"]})
    assert after is not None
    assert yaml.safe_load(after) == {
        "models": [
            {"name": "a", "columns": [{"name": "z", "description": ""}]},
            {"name": "b", "columns": [{"name": "x"}, {"name": "y", "description": ""}]},
            {"name": "c", "description": ""},
            {"name": "d", "description": "", "columns": [{"name": "z", "description": ""}]},
        ]
    }


# Whole projects


FILES = {
    "dbt_project.yml": "name: shop\nprofile: shop\n",
    "models/stg_orders.sql": "select id as order_id, state as State from {{ source('a', 'o') }};\n",
    "models/orders.sql": "select *, 1 as is_new from {{ ref('stg_orders') }}\n",
    "models/raw.sql": "select * from {{ source('a', 'o') }}\n",
    "models/made.py": "def model(dbt, session): ...\n",
    "models/marts/fct.sql": "select 1 as id -- c\n",
    "models/marts/bound.sql": "select 1 as id\n",
    "models/marts/a.yml": "models:\n  - name: bound # ours\n",
    "models/marts/b.yml": "# about sources\nsources: []\n",
    "snapshots/kept.sql": SNAPSHOTS,
}


def node(path: str, kind: str = "model", name: str = "", **more: Any) -> dict[str, Any]:
    name = name or Path(path).stem
    return {
        "unique_id": f"{kind}.shop.{name}", "name": name, "resource_type": kind,
        "package_name": "shop", "original_file_path": path, "fqn": ["shop", name],
        "language": Path(path).suffix[1:].replace("py", "python"), "alias": name,
        "config": {"enabled": True}, "raw_code": "select 1", **more,
    }  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return tmp_path


def project(root: Path, changed: Sequence[dict[str, Any]] = ()) -> Project:
    nodes = [node(path) for path in FILES if path.startswith("models/") and "yml" not in path]
    nodes += [node("snapshots/kept.sql", "snapshot", name) for name in ("one", "two")]
    found = {item["unique_id"]: item for item in [*nodes, *changed]}
    metadata = {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
        "project_name": "shop", "adapter_type": "duckdb", "dbt_version": "1.11.0",
    }  # fmt: skip
    path = root / "manifest.json"
    path.write_text(json.dumps({"metadata": metadata, "nodes": found}))
    return load_project(Artifacts(path), {}, root)


def finding(rule: str, unique_id: str) -> Finding:
    return Finding(rule, "structure", "warn", unique_id, unique_id.split(".")[-1], None, None, "")


def changes(root: Path, given: Sequence[tuple[str, str]], **more: Any) -> list[Fix]:
    loaded = project(root, more.pop("changed", ()))
    with loaded.connection:
        return fixes(loaded, root, [finding(*item) for item in given], **more)


def shown(found: Sequence[Fix], root: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (fix.path.relative_to(root).as_posix(), fix.rule, tuple(fix.unique_ids)) for fix in found
    ]


def state(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


ALL = [
    ("trailing_semicolons", "model.shop.stg_orders"),
    ("trailing_semicolons", "snapshot.shop.one"),
    ("trailing_semicolons", "snapshot.shop.two"),
    ("models_without_properties", "model.shop.stg_orders"),
    ("models_without_properties", "model.shop.orders"),
    ("models_without_properties", "model.shop.made"),
    ("models_without_properties", "model.shop.fct"),
    ("undocumented_columns", "model.shop.bound"),
    ("undocumented_models", "model.shop.fct"),
]


def test_a_project_is_mended_once(root: Path) -> None:
    before = state(root)
    found = changes(root, ALL)
    assert shown(found, root) == [
        ("models/stg_orders.sql", "trailing_semicolons", ("model.shop.stg_orders",)),
        ("snapshots/kept.sql", "trailing_semicolons", ("snapshot.shop.one", "snapshot.shop.two")),
        (
            "models/_models.yml",
            "models_without_properties",
            ("model.shop.stg_orders", "model.shop.orders", "model.shop.made"),
        ),
        ("models/marts/a.yml", "models_without_properties", ("model.shop.fct",)),
        ("models/marts/a.yml", "undocumented_columns", ("model.shop.bound",)),
    ]
    assert state(root) == before, "nothing is written"
    apply(found)
    after = state(root)
    assert {name for name in after if after[name] != before.get(name)} == {
        "models/stg_orders.sql", "snapshots/kept.sql", "models/_models.yml", "models/marts/a.yml",
    }  # fmt: skip
    assert after["models/stg_orders.sql"] == before["models/stg_orders.sql"].replace(b";", b"")
    assert after["snapshots/kept.sql"].decode() == SNAPSHOTS.replace("1;", "1").replace("2;", "2")
    listed = yaml.safe_load(after["models/_models.yml"])["models"]
    assert {
        entry["name"]: [column["name"] for column in entry.get("columns", [])] for entry in listed
    } == {
        "stg_orders": ["order_id", "State"],
        "orders": ["order_id", "State", "is_new"],
        "made": [],
    }
    assert after["models/marts/a.yml"].decode() == (
        "models:\n  - name: bound # ours\n    columns:\n      - name: id\n"
        '        description: ""\n\n  - name: fct\n    description: ""\n    columns:\n'
        '      - name: id\n        description: ""\n'
    )
    # The manifest is the old one: what is in the files counts.
    assert changes(root, ALL) == []


def test_two_files_that_list_models_are_left_for_a_new_one(root: Path) -> None:
    (root / "models/marts/b.yml").write_text("models:\n  - name: other\n")
    given = [("models_without_properties", "model.shop.fct")]
    found = changes(root, given)
    assert shown(found, root)[0][0] == "models/marts/_models.yml"
    apply(found)
    assert changes(root, given) == []
    (root / "models/marts/more.sql").write_text("select 2 as id")
    more = node("models/marts/more.sql")
    found = changes(root, [(given[0][0], "model.shop.more")], changed=[more])
    assert [(fix.path.name, fix.before != "") for fix in found] == [("_models.yml", True)]
    listed = yaml.safe_load(found[0].after)["models"]
    assert [entry["name"] for entry in listed] == ["fct", "more"]


def test_columns_that_the_sql_does_not_say_are_those_of_the_catalog(root: Path) -> None:
    catalog = root / "catalog.json"
    columns = {name: {"name": name, "type": "int"} for name in ("ID", "AMOUNT")}
    stale = {"ORDER_ID": {"name": "ORDER_ID"}, "DROPPED": {"name": "DROPPED"}}
    nodes = {"model.shop.raw": columns, "model.shop.made": columns, "model.shop.stg_orders": stale}
    document = {"nodes": {id_: {"columns": found} for id_, found in nodes.items()}}
    catalog.write_text(json.dumps(document))
    given = [
        ("models_without_properties", f"model.shop.{name}")
        for name in ("raw", "made", "stg_orders")
    ]
    (fix,) = changes(root, given, catalog=catalog)
    found = {
        entry["name"]: [column["name"] for column in entry["columns"]]
        for entry in yaml.safe_load(fix.after)["models"]
    }
    assert found == {
        "raw": ["ID", "AMOUNT"], "made": ["ID", "AMOUNT"], "stg_orders": ["order_id", "State"],
    }  # fmt: skip
    (without,) = changes(root, given)
    assert "columns" not in yaml.safe_load(without.after)["models"][0]


@pytest.mark.parametrize(
    "changed",
    [
        {"contract": {"enforced": True}},
        {"version": 2},
        {"package_name": "other"},
        {"original_file_path": "../models/bound.sql"},
        {"resource_type": "seed"},
    ],
)
def test_what_gets_no_columns(root: Path, changed: dict[str, Any]) -> None:
    bound = node("models/marts/bound.sql") | changed
    assert changes(root, [("undocumented_columns", "model.shop.bound")], changed=[bound]) == []


def test_a_finding_of_what_is_gone_is_left(root: Path) -> None:
    (root / "models/marts/fct.sql").unlink()
    given = [(rule, f"model.shop.{name}") for rule, _ in ALL for name in ("fct", "nowhere")]
    assert changes(root, given) == []


def test_one_layout_that_is_not_understood_does_not_stop_the_others(root: Path) -> None:
    path = root / "models/marts/a.yml"
    shared = "models:\n  - name: bound\n    columns: &c\n      - name: x\n  - name: fct\n"
    path.write_text(f"{shared}    tags: []\n  - name: z\n    columns: *c\n")
    given = [("undocumented_columns", f"model.shop.{name}") for name in ("bound", "fct")]
    (fix,) = changes(root, given)
    assert fix.unique_ids == ("model.shop.fct",)
    entries = {entry["name"]: entry for entry in yaml.safe_load(fix.after)["models"]}
    assert [column["name"] for column in entries["fct"]["columns"]] == ["id"]
    assert [column["name"] for column in entries["bound"]["columns"]] == ["x"]


def test_bad_files_stop_before_anything_is_written(root: Path) -> None:
    found = changes(root, ALL)
    (root / "models/marts/a.yml").write_text("models: []\n")
    before = state(root)
    with pytest.raises(InputError, match=r"a\.yml: has changed while it was mended"):
        apply(found)
    with pytest.raises(InputError, match="another change of it is left out"):
        apply([found[0], found[0]])
    assert state(root) == before
    (root / "models/marts/a.yml").write_text("models: [\n")
    with pytest.raises(InputError, match=r"a\.yml: line 2: not valid YAML"):
        changes(root, ALL)
