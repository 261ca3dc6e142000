"""`dbt-estate names` through its command line, on small projects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from dbt_estate.cli import cli
from dbt_estate.errors import InputError
from dbt_estate.names.types import type_family
from dbt_estate.names.vocabulary import read_vocabulary
from tests.support.estate import REPOSITORY

CONFORMANCE = REPOSITORY / "tests" / "conformance"
VOCABULARY: dict[str, Any] = {
    "stubs": {
        "id": {"position": "suffix", "types": "integer", "description": "A key."},
        "is": {"types": ["integer", "boolean"], "description": "Yes (1) or no (0)."},
        "at": {"position": "suffix", "types": "timestamp", "severity": "warn"},
    },
    "ignore": ["_*"],
}
FILES = {
    "models/stg_orders.sql": "select\n    id as order_id,\n    state as is_open,\n    weird\n"
    "from {{ source('app', 'orders') }}\n",
    "models/orders.sql": "select * exclude (weird), 1 as _run\nfrom {{ ref('stg_orders') }}\n",
    "models/wide.sql": "select {{ star() }} from {{ ref('orders') }}\n",
    "models/orders.yml": "models:\n  - name: orders  # the orders\n    columns:\n"
    "      - name: order_id\n        data_type: varchar\n"
    "      - {name: is_open, data_tests: [not_null]}\n"
    "      - name: shipped_at\n        description: ''\n        data_type: date\n",
    "models/sources.yml": "sources:\n  - name: app\n    tables:\n      - name: orders\n"
    "        columns:\n          - name: state\n",
    "seeds/kinds.csv": "kind_id,label\n1,a\n",
}


def write(root: Path, files: dict[str, str], vocabulary: object = VOCABULARY) -> None:
    project: dict[str, Any] = {"name": "shop", "profile": "shop"}
    if vocabulary is not None:
        project["vars"] = {"dbt_estate": {"vocabulary": vocabulary}}
    files = {"dbt_project.yml": yaml.safe_dump(project), **files}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    write(tmp_path, FILES)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["names", *arguments])


def findings(*arguments: str) -> list[tuple[str, ...]]:
    result = run("check", "--format", "json", *arguments)
    assert result.exit_code in (0, 1), result.output
    return [
        (f"{f['file']}:{f['line']}", f["severity"], f["rule"], f["resource"], f["column"])
        for f in json.loads(result.stdout)["findings"]
    ]


ALL = [
    ("models/orders.yml:4", "error", "type", "model orders", "order_id"),
    ("models/orders.yml:7", "warn", "type", "model orders", "shipped_at"),
    ("models/sources.yml:6", "error", "unknown_stub", "source app.orders", "state"),
    ("models/stg_orders.sql:4", "error", "unknown_stub", "model stg_orders", "weird"),
    ("models/wide.sql:1", "warn", "unresolved", "model wide", ""),
    ("seeds/kinds.csv:1", "error", "unknown_stub", "seed kinds", "label"),
]


def test_every_finding_has_its_file_and_line(project: Path) -> None:
    assert findings() == ALL
    result = run("check")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == (
        "models/orders.yml:4: error type: model orders: order_id (yaml, sql): is varchar, not "
        "integer"
    )
    assert lines[4] == (
        "models/wide.sql:1: warn unresolved: model wide: unresolved: columns made by Jinja: "
        "{{ star() }}"
    )
    assert lines[-1] == (
        "4 errors, 2 warnings: 10 names of 5 resources, of which 1 are not wholly resolved"
    )


def test_the_cache_gives_the_same_and_sees_a_change(project: Path) -> None:
    assert findings("--no-cache") == ALL
    assert not (project / "target").exists()
    assert findings() == findings() == ALL
    cache = project / "target" / "dbt_estate_names.msgpack"
    assert cache.exists()
    write(project, {"models/stg_orders.sql": "select 1 as order_id, 2 as odd\n"})
    assert ("models/stg_orders.sql:1", "error", "unknown_stub", "model stg_orders", "odd") in (
        findings()
    )
    cache.write_bytes(b"broken")
    assert findings() == findings("--no-cache")


def test_the_catalog_knows_what_the_text_does_not(project: Path) -> None:
    columns = {"ORDER_ID": {"name": "ORDER_ID", "type": "BIGINT"}, "X": {"name": "X", "type": "T"}}
    nodes = {
        "model.shop.wide": {"columns": columns},
        "model.other.wide": {"columns": {"b": {"name": "b"}}},
    }
    write(project, {"target/catalog.json": json.dumps({"nodes": nodes, "sources": {}})})
    found = findings()
    assert ("models/wide.sql:1", "error", "unknown_stub", "model wide", "X") in found
    assert "unresolved" not in [finding[2] for finding in found]
    write(project, {"target/catalog.json": "{"})
    result = run("check")
    assert result.exit_code == 2
    assert "target/catalog.json: not a catalog of dbt: " in result.output
    write(project, {"mine.json": "{}"})
    assert "missing required field `nodes`" in run("check", "--catalog", "mine.json").output


@pytest.mark.parametrize(
    "catalog",
    [
        [],
        {"nodes": []},
        {"nodes": {"model.shop.wide": 1}},
        {"nodes": {"model.shop.wide": {"columns": {"a": {}}}}},
        {"nodes": {}, "sources": [1]},
    ],
)
def test_a_catalog_of_another_shape_is_exit_code_2(project: Path, catalog: object) -> None:
    write(project, {"target/catalog.json": json.dumps(catalog)})
    result = run("check")
    assert result.exit_code == 2
    assert "target/catalog.json: not a catalog of dbt: " in result.output


def test_a_star_reads_the_version_and_the_package_that_it_names(project: Path) -> None:
    def reader(ref: str) -> list[str]:
        write(project, {"models/reader.sql": f"select * from {{{{ ref({ref}) }}}}"})
        return sorted(f[4] for f in findings("--select", "reader"))

    for version in ("1", "2", "10"):
        write(project, {f"models/visits_v{version}.sql": f"select 1 as only_{version}"})
    assert reader("'visits'") == ["only_10"]
    assert reader("'visits', v=2") == reader("'shop', 'visits', version='2'") == ["only_2"]
    assert reader("'visits', v=3") == reader("'other', 'visits'") == [""]


def test_ref_of_a_versioned_model_is_the_latest_version(project: Path) -> None:
    versions = "models:\n  - {name: ver, latest_version: 1, versions: [{v: 1}, {v: 2}]}\n"
    write(project, {"models/ver.yml": versions, "models/ver_v1.sql": "select 1 as odd_1"})
    write(project, {"models/ver_v2.sql": "select 1 as odd_2"})
    write(project, {"models/reader.sql": "select * from {{ ref('ver') }}"})
    assert [f[4] for f in findings("--select", "reader")] == ["odd_1"]


def test_a_seed_that_cannot_be_read_is_unresolved(project: Path) -> None:
    write(project, {"seeds/semi.csv": "order_id;weird\n1;2\n", "seeds/gap.csv": "order_id,,n\n"})
    write(project, {"models/reader.sql": "select * from {{ ref('semi') }}"})
    assert [f[2:4] for f in findings("--select", "semi")] == [("unresolved", "seed semi")]
    assert ("unresolved", "seed gap") in [f[2:4] for f in findings("--select", "gap")]
    assert [f[2] for f in findings("--select", "reader")] == ["unresolved"]


def test_the_catalog_does_not_hide_what_the_text_says(project: Path) -> None:
    columns = {"order_id": {"name": "order_id", "type": "INTEGER"}}
    nodes = {"model.shop.up": {"columns": columns}}
    write(project, {"target/catalog.json": json.dumps({"nodes": nodes, "sources": {}})})
    write(project, {"models/up.sql": "select 1 as order_id, 2 as weird"})
    write(project, {"models/down.sql": "select * from {{ ref('up') }}"})
    assert [f[4] for f in findings("--select", "down")] == ["weird"]


def test_every_type_that_is_said_is_checked(project: Path) -> None:
    properties = "models:\n  - {name: m, columns: [{name: order_id, data_type: integer}]}\n"
    write(project, {"models/m.sql": "select cast('x' as text) as order_id"})
    write(project, {"models/m.yml": properties})
    assert [f[2] for f in findings("--select", "m")] == ["type"]


def test_a_star_over_a_snapshot_has_what_dbt_adds(project: Path) -> None:
    snapshot = "{% snapshot snap %}select 1 as order_id{% endsnapshot %}"
    write(project, {"snapshots/snap.sql": snapshot})
    text = "select * rename (dbt_valid_from as weird) from {{ ref('snap') }}"
    write(project, {"models/reader.sql": text})
    assert [f[4] for f in findings("--select", "reader")] == ["weird"]
    named = snapshot.replace("select", "{{ config(snapshot_meta_column_names={}) }}select")
    write(project, {"snapshots/snap.sql": named})
    assert [f[2] for f in findings("--select", "reader")] == ["unresolved"]


def test_columns_that_duckdb_renames_are_unresolved(project: Path) -> None:
    profile = {"shop": {"target": "dev", "outputs": {"dev": {"type": "duckdb"}}}}
    write(project, {"profiles.yml": yaml.safe_dump(profile)})
    write(project, {"models/twice.sql": "select 1 as order_id, 2 as order_id"})
    assert [f[2] for f in findings("--select", "twice")] == ["unresolved"]


def test_a_baseline_counts(project: Path) -> None:
    branch = "{%% if %s %%}{%% else %%}, 2 as weird_%s{%% endif %%}"
    write(project, {"models/wide.sql": "select 1 as order_id" + branch % ("a", "a")})
    assert run("check", "--baseline", "known.json", "--write-baseline").exit_code == 0
    arguments = ("--baseline", "known.json", "--select", "wide")
    assert findings(*arguments) == []
    both = "select 1 as order_id" + branch % ("a", "a") + branch % ("b", "b")
    write(project, {"models/wide.sql": both})
    assert [f[2] for f in findings(*arguments)] == ["unresolved"]


def test_paths_of_resources_are_those_of_dbt(project: Path) -> None:
    text = yaml.safe_dump({"name": "shop", "model-paths": ["/tmp"], "vars": {}})
    (project / "dbt_project.yml").write_text(text)
    result = run("check")
    assert result.exit_code == 2
    assert "must be relative" in result.output
    write(project, {"models/self.yml": "x: &x {<<: *x, name: a}\nmodels: [*x]\n"})
    result = run("check")
    assert result.exit_code == 2
    assert "models/self.yml: " in result.output


def test_only_some_files_or_resources(project: Path) -> None:
    assert findings("models/stg_orders.sql") == [ALL[3]]
    assert findings("models/orders.sql") == ALL[:2]  # its YAML says the type
    for wrong in ("models/nothing.sql", "/elsewhere/x.sql", "models"):
        result = run("check", wrong)
        assert result.exit_code == 2
        assert f"FILES: {wrong} is a folder" in result.output or "no such file" in result.output
    assert findings(str(Path(__file__))) == []
    assert findings("--select", "seeds") == [ALL[5]]
    assert findings("--select", "stg_*") == [ALL[3]]
    assert findings("--exclude", "models") == [ALL[5]]
    result = run("check", "--select", "nobody")
    assert result.exit_code == 2
    assert "--select: no model, seed, snapshot or source is like nobody" in result.output


def test_exit_codes(project: Path) -> None:
    assert run("check", "--select", "wide").exit_code == 0
    assert run("check", "--select", "wide", "--fail-on", "warn").exit_code == 1
    assert run("check", "--select", "stg_orders").exit_code == 1
    assert run("check", "--project-dir", "nowhere").exit_code == 2
    write(project, {"models/bad.yml": "models: [\n"})
    result = run("check")
    assert result.exit_code == 2
    assert "models/bad.yml: line 2: not valid YAML" in result.output


def test_a_baseline_reports_what_is_new(project: Path) -> None:
    result = run("check", "--baseline", "known.json", "--write-baseline")
    assert (result.exit_code, result.output) == (0, "known.json knows 6 findings\n")
    assert run("check", "--baseline", "known.json").exit_code == 0
    text = "\n" + FILES["models/stg_orders.sql"].replace("weird", "weird,\n    odd")
    write(project, {"models/stg_orders.sql": text})
    result = run("check", "--baseline", "known.json")
    assert result.exit_code == 1
    assert "stg_orders: odd (sql): no stub" in result.output
    assert "model orders: odd (sql): no stub" in result.output  # which selects all of it
    assert "2 errors, 0 warnings, 6 known to the baseline" in result.output
    write(project, {"known.json": "[]"})
    assert "not a baseline of dbt-estate names" in run("check", "--baseline", "known.json").output
    assert "no such file" in run("check", "--baseline", "none.json").output
    assert "needs --baseline FILE" in run("check", "--write-baseline").output


def test_annotations_and_sarif(project: Path) -> None:
    first = run("check", "--format", "github").output.splitlines()[0]
    assert first == (
        "::error file=models/orders.yml,line=4,title=dbt-estate names type::model orders: "
        "order_id (yaml, sql): is varchar, not integer"
    )
    log = json.loads(run("check", "--format", "sarif").output)
    results = log["runs"][0]["results"]
    assert log["version"] == "2.1.0"
    assert [(r["ruleId"], r["level"]) for r in results] == [
        (finding[2], "error" if finding[1] == "error" else "warning") for finding in ALL
    ]
    place = results[0]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "models/orders.yml"},
        "region": {"startLine": 4},
    }
    assert {r["id"] for r in log["runs"][0]["tool"]["driver"]["rules"]} >= {f[2] for f in ALL}


def test_compare_finds_what_is_lacking_and_what_is_alike(project: Path) -> None:
    columns = ", ".join(
        f"1 as {name}" for name in ("acct_a", "acct_b", "acct_c", "accnt_d", "iz_x")
    )
    write(project, {"models/more.sql": f"select {columns}, 1 as amount"})
    found = json.loads(run("compare", "--format", "json").output)
    assert found["lacking"] == [
        {"stub": "acct", "position": "prefix", "names": 3, "example": "acct_a"}
    ]
    assert found["alike"] == [{"stub": "acct", "other": "accnt", "names": 3, "other_names": 1}]
    text = run("compare", "--least", "1").output
    assert "Stubs in use that the vocabulary lacks" in text
    assert "Stubs that differ by one letter" in text


def test_init_proposes_a_vocabulary_that_reads_the_names(project: Path) -> None:
    names = [f"{n}_id" for n in "abcd"] + [f"is_{n}" for n in "abc"] + ["made_at", "seen_at", "x"]
    casts = ", ".join(f"cast(1 as integer) as {name}" for name in names)
    write(project, {"models/more.sql": f"select {casts}"}, vocabulary=None)
    result = run("init")
    proposed = yaml.safe_load(result.output)["vars"]["dbt_estate"]["vocabulary"]
    assert proposed["stubs"]["id"] == {
        "description": "", "position": "suffix", "types": ["integer", "string"]
    }  # fmt: skip
    assert list(proposed["stubs"]) == ["id", "is", "at"]
    vocabulary = read_vocabulary(proposed, "here")
    assert [n for n in names if not vocabulary.resolve(n).stubs] == ["x"]
    assert run("init", "--output", "new.yml").exit_code == 0
    assert yaml.safe_load((project / "new.yml").read_text()) == yaml.safe_load(result.output)
    assert "is there already" in run("init", "--output", "new.yml").output
    assert "there is no vocabulary; `dbt-estate names init`" in run("check").output


def test_describe_fills_the_empty_and_nothing_else(project: Path) -> None:
    before = FILES["models/orders.yml"]
    text = before + (
        "      - name: due_id  # when\n        description:\n"
        "      - name: own_id\n        description: Mine.\n      - name: nothing\n"
    )
    text = text.replace("\n", "\r\n")
    write(project, {"models/orders.yml": text})
    result = run("describe")
    assert result.exit_code == 1
    assert "+        description: 'A key: order.'" in result.output
    assert (project / "models/orders.yml").read_bytes() == text.encode()
    assert run("describe", "--write").exit_code == 0
    assert run("describe").exit_code == 0
    after = (project / "models/orders.yml").read_bytes().decode()
    assert after.count("\r\n") == after.count("\n") == text.count("\n") + 1
    assert "# the orders" in after
    assert "# when" in after
    columns = yaml.safe_load(after)["models"][0]["columns"]
    assert {column["name"]: column.get("description") for column in columns} == {
        "order_id": "A key: order.",
        "is_open": "Yes (1) or no (0): open.",
        "shipped_at": "",  # its stub says nothing
        "due_id": "A key: due.",
        "own_id": "Mine.",
        "nothing": None,
    }
    for column in columns:
        column.pop("description", None)
    wanted = yaml.safe_load(text)["models"][0]["columns"]
    for column in wanted:
        column.pop("description", None)
    assert columns == wanted


def test_describe_leaves_what_it_cannot_write(project: Path) -> None:
    text = (
        "models:\n  - name: m\n    columns:\n      - data_tests: [unique]\n        name: a_id\n"
        "      - {description: , name: b_id}\n      - {description: '', name: c_id}\n"
        "      - name: d_id\n        description: >\n\n\n      - name: e_id\n"
        "        description: |\n          Mine.\n    versions:\n      - v: 1\n"
        "        columns: [{include: all}, {name: odd}]\n"
    )
    write(project, {"models/m.yml": text})
    assert run("describe", "--write").exit_code == 0
    columns = yaml.safe_load((project / "models/m.yml").read_text())["models"][0]["columns"]
    assert [column.get("description") for column in columns] == [
        "A key: a.", "A key: b.", "A key: c.", "", "Mine.\n",
    ]  # fmt: skip
    assert ("models/m.yml:18", "error", "unknown_stub", "model m", "odd") in findings()


@pytest.mark.parametrize(
    "column",
    [
        "      - name: order_id\n        description:\n          null\n",
        "      - name: order_id\n        description:\n          ~\n",
        "      - name: >-\n          order_id\n      - name: zzz\n        data_type: x\n",
        "      - {<<: {name: order_id}}\n",
    ],
)
def test_describe_damages_no_layout(project: Path, column: str) -> None:
    text = f"models:\n  - name: m\n    columns:\n{column}"
    write(project, {"models/m.yml": text})
    assert run("describe", "--write").exit_code == 0
    assert (project / "models/m.yml").read_text() == text


def test_a_page_of_the_vocabulary(project: Path) -> None:
    vocabulary = {
        **VOCABULARY,
        "levels": [{"name": "subject", "stubs": {"acct": "An | account."}}],
    }
    vocabulary["stubs"]["n"] = {"checks": {"min": 0, "accepted_values": [1, 2], "unique": True}}
    write(project, {}, vocabulary)
    result = run("describe", "--write", "--page", "docs/names.md")
    assert "docs/names.md is written" in result.output
    text = (project / "docs/names.md").read_text()
    assert "| `..._id` | A key. | integer |  |" in text
    assert "| `n_...` |  |  | accepted_values: 1, 2, min: 0, unique: true |" in text
    assert "## subject" in text
    assert "An \\| account." in text


def test_the_vocabulary_is_the_same_in_python() -> None:
    groups = json.loads((CONFORMANCE / "vocabulary.json").read_text(encoding="utf-8"))
    for group in groups:
        vocabulary = read_vocabulary(group["vocabulary"], "here")
        for name, wanted in group["names"].items():
            found = vocabulary.resolve(name)
            assert {
                "stubs": [stub.text for stub in found.stubs],
                "rest": found.rest,
                "unknown": [level.name for level in found.unknown],
            } == {"unknown": [], **wanted}, (group["title"], name)
    wrong = json.loads((CONFORMANCE / "problems.json").read_text(encoding="utf-8"))
    with pytest.raises(InputError) as raised:
        read_vocabulary(yaml.safe_load(wrong["yaml"]), "here")
    assert raised.value.problems == wrong["problems"]
    types = json.loads((CONFORMANCE / "types.json").read_text(encoding="utf-8"))
    for adapter, families in types.items():
        for family, names in families.items():
            found_families = {name: type_family(name, adapter) for name in names}
            assert found_families == dict.fromkeys(names, family)


@pytest.mark.parametrize(
    "vocabulary", [{}, {"stubs": {}}, {"stubs": {"a": 1}}, {"sepp": 1, "stubs": {"a": None}}]
)
def test_a_wrong_vocabulary_is_exit_code_2(project: Path, vocabulary: object) -> None:
    write(project, {}, vocabulary)
    result = run("check")
    assert result.exit_code == 2
    assert "vars: dbt_estate: vocabulary in dbt_project.yml: " in result.output


def test_vars_are_found_where_dbt_finds_them(project: Path) -> None:
    given = "{dbt_estate: {vocabulary: {stubs: {x: null}, unknown: ignore}}}"
    assert {finding[2] for finding in findings("--vars", given)} == {"unresolved"}
    own = yaml.safe_dump({"vars": yaml.safe_load(given)})
    write(project, {"vars.yml": own})
    assert {finding[2] for finding in findings()} == {"unresolved"}
    assert run("check", "--vars", "[1]").exit_code == 2


def test_the_profile_names_the_language(project: Path) -> None:
    profile = {"shop": {"target": "d", "outputs": {"d": {"type": "sqlserver"}}}}
    write(project, {"profiles.yml": yaml.safe_dump(profile)})
    write(project, {"models/top.sql": "select top 1 [row id] as [row_id] from [t]"})
    assert not [finding for finding in findings() if "top.sql" in finding[0]]
    write(project, {"profiles.yml": "shop: {{ env_var('X') }}"})
    assert findings("--dialect", "tsql")
    result = run("check", "--dialect", "tsequel")
    assert result.exit_code == 2
    assert "--dialect: must be one of athena, bigquery, " in result.output


def test_the_console_script_needs_no_dbt(project: Path) -> None:
    """As the pre-commit hook starts it, with dbt out of reach."""
    script = (
        "import sys; sys.modules['dbt'] = None\nfrom dbt_estate.cli import main\n"
        "sys.argv = ['dbt-estate', 'names', 'check', 'models/stg_orders.sql']\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "models/stg_orders.sql:4: error unknown_stub" in done.stdout
