"""`dbt-estate shards ...`: exit codes, what is printed and what is written. dbt is a fake here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

import dbt_estate.dbt
from dbt_estate.cli import cli

REGISTRY = """\
shard,database_name,schema_name,is_enabled
north,store_north,main,true
south,store_south,main,true
west,store_west,main,false
"""
PROJECT = """\
name: shop
vars:
  dbt_estate:
    shards:
      sources:
        tables: [orders, {name: items, identifier: order_items}]
"""
YAML_FILE = "models/staging/shards.yml"

Run = Callable[..., Result]
FakeDbt = Callable[..., list[list[str]]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three shards, one disabled; the current folder."""
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "shards.csv").write_text(REGISTRY, encoding="utf-8")
    (tmp_path / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(project: Path) -> Run:
    """Run `dbt-estate shards` and insist on an exit code, and on no traceback."""

    def run(*arguments: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(cli, ["shards", *arguments])
        assert result.exit_code == exit_code, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


@pytest.fixture
def fake_dbt(monkeypatch: pytest.MonkeyPatch) -> FakeDbt:
    """Let dbt print something; returns the commands it was given."""

    def install(
        document: object = None, stdout: str | None = None, exit_code: int = 0, stderr: str = ""
    ) -> list[list[str]]:
        commands: list[list[str]] = []
        printed = f"noise\ndbt_estate:json {json.dumps(document)}\n" if stdout is None else stdout

        def process(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
            commands.append(list(command))
            return subprocess.CompletedProcess(command, exit_code, printed, stderr)

        monkeypatch.setattr(dbt_estate.dbt, "run_process", process)
        return commands

    return install


def on_target(*names: str) -> dict[str, Any]:
    rows = [{"shard": name, "database_name": name, "schema_name": "public"} for name in names]
    return {"by": "database", "shards": rows}


# generate and check


def test_generate_then_check(run: Run, project: Path) -> None:
    assert run("generate").stdout == f"created {YAML_FILE}\n"
    read = yaml.safe_load((project / YAML_FILE).read_text())
    tables = [{"name": "orders"}, {"name": "items", "identifier": "order_items"}]
    assert read["sources"] == [
        {"name": f"shard_{n}", "database": f"store_{n}", "schema": "main", "tables": tables}
        for n in ("north", "south")
    ]
    before = (project / YAML_FILE).read_bytes()
    assert run("generate").stdout == f"unchanged {YAML_FILE}\n"
    assert (project / YAML_FILE).read_bytes() == before
    assert run("check").output == ""


def test_check_prints_a_diff_and_writes_nothing(run: Run, project: Path) -> None:
    run("generate")
    before = (project / YAML_FILE).read_bytes()
    registry = project / "seeds" / "shards.csv"
    registry.write_text(REGISTRY.replace("store_west,main,false", "store_west,main,true"))
    result = run("check", exit_code=1)
    assert result.stdout.startswith(f"--- a/{YAML_FILE}\n+++ b/{YAML_FILE}\n@@ ")
    added = [line for line in result.stdout.splitlines()[2:] if line.startswith("+")]
    assert added == [
        "+  - name: shard_west",
        "+    database: store_west",
        "+    schema: main",
        "+    tables: *estate_shard_tables",
    ]
    assert "dbt-estate shards generate" in result.stderr
    assert (project / YAML_FILE).read_bytes() == before
    assert run("generate").stdout == f"updated {YAML_FILE}\n"
    run("check")


def test_check_of_a_file_that_is_not_there(run: Run, project: Path) -> None:
    document = json.loads(run("check", "--format", "json", exit_code=1).stdout)
    assert document["findings"] == 1
    assert [(f["path"], f["status"]) for f in document["files"]] == [(YAML_FILE, "missing")]
    assert document["files"][0]["diff"].startswith("--- a/")
    assert not (project / "models").exists()


def test_generate_json(run: Run) -> None:
    document = {"files": [{"path": YAML_FILE, "status": "created"}]}
    assert json.loads(run("generate", "--format", "json").stdout) == document


def test_options_override_the_settings(run: Run, project: Path) -> None:
    (project / "other.csv").write_text("store,db\na,b\n")
    variables = (
        "{dbt_estate: {shards: {columns: {shard: store, database_name: db, schema_name: null, "
        "is_enabled: null}}}}"
    )
    run(
        "generate", "--registry", "other.csv", "--tables", "x,y", "--tables", "z",
        "--output", "models/a.yml", "--vars", variables,
    )  # fmt: skip
    [source] = yaml.safe_load((project / "models/a.yml").read_text())["sources"]
    assert (source["name"], source["database"]) == ("shard_a", "b")
    assert [table["name"] for table in source["tables"]] == ["x", "y", "z"]


def test_logical_mode_needs_no_registry_file(run: Run, project: Path) -> None:
    (project / "seeds" / "shards.csv").unlink()
    run("generate", "--mode", "logical")
    [source] = yaml.safe_load((project / YAML_FILE).read_text())["sources"]
    assert source["name"] == "shards"


def test_models_are_written_and_kept(run: Run, project: Path) -> None:
    mine = project / "models" / "shards__items.sql"
    mine.parent.mkdir()
    mine.write_text("select 1")
    result = run("generate", "--models", "models")
    assert result.stdout == f"created {YAML_FILE}\ncreated models/shards__orders.sql\n"
    assert mine.read_text() == "select 1"
    orders = project / "models" / "shards__orders.sql"
    assert "union_shards(source('shards', 'orders'))" in orders.read_text()
    run("check", "--models", "models")
    orders.write_bytes(orders.read_bytes().replace(b"\n", b"\r\n"))
    run("check", "--models", "models")
    orders.write_text(orders.read_text().replace("orders", "other"))
    assert "+{{ dbt_estate.union_shards" in run("check", "--models", "models", exit_code=1).stdout


def test_a_file_is_replaced_whole_or_not_at_all(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("generate")
    before = (project / YAML_FILE).read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    result = run("generate", "--tables", "other", exit_code=2)
    assert f"{YAML_FILE}: cannot be written: No space left on device" in result.stderr
    assert (project / YAML_FILE).read_bytes() == before
    assert [path.name for path in (project / "models/staging").iterdir()] == ["shards.yml"]


def test_mode_and_link_of_a_file_are_kept(run: Run, project: Path) -> None:
    real = project / "real.yml"
    real.write_text("# mine\n")
    real.chmod(0o640)
    (project / "models").mkdir()
    (project / "models" / "link.yml").symlink_to(real)
    run("generate", "--output", "models/link.yml")
    assert real.read_text().startswith("# mine\n\nanchors:")
    assert (project / "models" / "link.yml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640


def without(text: str) -> Callable[[Path], None]:
    """Return a change of the project: a text that is taken out of its two files."""

    def change(project: Path) -> None:
        for path in (project / "dbt_project.yml", project / "seeds" / "shards.csv"):
            path.write_text(path.read_text().replace(text, ""))

    return change


def disable_all(project: Path) -> None:
    (project / "seeds" / "shards.csv").write_text(REGISTRY.replace("true", "false"))


def broken_file(project: Path) -> None:
    (project / YAML_FILE).parent.mkdir(parents=True)
    (project / YAML_FILE).write_text("a: [\n")


@pytest.mark.parametrize("command", ["generate", "check"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (disable_all, "seeds/shards.csv: all 3 shards are disabled; enable one in the column"),
        (without("tables: [orders, {name: items, identifier: order_items}]"), "--tables orders"),
        (without("north,store_north"), "line 2: 3 values for 4 columns"),
        (without(REGISTRY), "seeds/shards.csv: is empty"),
        (broken_file, f"{YAML_FILE}: line 2: not valid YAML"),
        (lambda project: (project / "dbt_project.yml").unlink(), "dbt_project.yml: no such file"),
        (lambda project: (project / "seeds/shards.csv").unlink(), "no file shards.csv in the seed"),
    ],
)
def test_bad_input(
    run: Run, project: Path, command: str, change: Callable[[Path], None], message: str
) -> None:
    change(project)
    result = run(command, exit_code=2)
    assert result.stdout == ""
    assert message in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "--mode", "both"],
        ["generate", "--nothing"],
        ["generate", "--format", "xml"],
        ["sync"],
        ["list", "--from-target", "%", "--only-enabled"],
        ["nothing"],
    ],
)
def test_bad_usage(run: Run, arguments: list[str]) -> None:
    assert "Usage:" in run(*arguments, exit_code=2).stderr


@pytest.mark.parametrize("command", ["generate", "check", "sync", "list", "report"])
def test_help_has_examples(run: Run, command: str) -> None:
    assert f"Examples:\n    dbt-estate shards {command}" in run(command, "--help").stdout


def test_the_pre_commit_hook_is_check(run: Run) -> None:
    text = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    [hook] = [item for item in yaml.safe_load(text) if item["id"] == "dbt-estate-shards"]
    program, group, *arguments = hook["entry"].split()
    assert (program, group, hook["pass_filenames"]) == ("dbt-estate", "shards", False)
    for name in ("seeds/shards.csv", YAML_FILE, "dbt_project.yml", "models/a.yaml"):
        assert re.search(hook["files"], name)
    run(*arguments, exit_code=1)
    run("generate")
    run(*arguments)


# list


def test_list(run: Run) -> None:
    output = run("list").stdout
    assert "3 shards" in output
    assert "store_west" in output
    assert "store_west" not in run("list", "--only-enabled").stdout


def test_list_json(run: Run) -> None:
    document = json.loads(run("list", "--format", "json").stdout)
    assert document["shards"][2] == {
        "shard": "west",
        "database_name": "store_west",
        "schema_name": "main",
        "is_enabled": False,
    }


def test_list_of_the_target(run: Run, fake_dbt: FakeDbt) -> None:
    commands = fake_dbt(on_target("store_new"))
    output = run("list", "--from-target", "store%", "--by", "schema", "--target", "prod").stdout
    assert "store_new" in output
    [command] = commands
    assert command[command.index("run-operation") + 1] == "dbt_estate.shards_on_target"
    args = json.loads(command[command.index("--args") + 1])
    assert args == {"pattern": "store%", "by": "schema"}
    assert command[-4:] == ["--project-dir", ".", "--target", "prod"]


# sync


def test_sync_proposes(run: Run, project: Path, fake_dbt: FakeDbt) -> None:
    fake_dbt(on_target("STORE_north", "store_south", "store_new"))
    result = run("sync", "--from-target", "store%", exit_code=1)
    assert "\n+store_new,store_new,main,true\n" in result.stdout
    assert "gone" not in result.stdout
    assert (project / "seeds" / "shards.csv").read_text() == REGISTRY


def test_sync_writes(run: Run, project: Path, fake_dbt: FakeDbt) -> None:
    fake_dbt(on_target("store_north", "store_south", "store_new"))
    path = project / "seeds" / "shards.csv"
    assert "appended to seeds/shards.csv: 1" in run("sync", "--from-target", "%", "--write").stdout
    assert path.read_text() == REGISTRY + "store_new,store_new,main,true\n"
    assert run("sync", "--from-target", "%").stdout == ""


def test_sync_reports_enabled_rows_that_are_gone(run: Run, fake_dbt: FakeDbt) -> None:
    fake_dbt(on_target("store_north"))
    result = run("sync", "--from-target", "store%", "--write", "--format", "json", exit_code=1)
    document = json.loads(result.stdout)
    assert [row["shard"] for row in document["gone"]] == ["south"]
    assert (document["new"], document["written"]) == ([], False)
    assert "store_south" in run("sync", "--from-target", "store%", exit_code=1).stdout


def test_sync_does_not_miss_what_it_did_not_ask_for(run: Run, fake_dbt: FakeDbt) -> None:
    fake_dbt(on_target())
    result = run("sync", "--from-target", "other_%", exit_code=2)
    assert "nothing on the target is like 'other_%'" in result.stderr
    run("sync", "--from-target", "store_nort_", exit_code=1)


def test_sync_by_schema(run: Run, project: Path, fake_dbt: FakeDbt) -> None:
    path = project / "seeds" / "shards.csv"
    path.write_text("shard,schema_name\na,store_a\n")
    variables = (
        "{dbt_estate: {shards: {discover: {by: schema}, "
        "columns: {database_name: null, is_enabled: null}}}}"
    )
    rows = [{"shard": name, "database_name": "db", "schema_name": f"store_{name}"} for name in "ab"]
    commands = fake_dbt({"by": "schema", "shards": rows})
    run("sync", "--from-target", "store%", "--vars", variables, "--write")
    assert path.read_text() == "shard,schema_name\na,store_a\nb,store_b\n"
    assert '"by": "schema"' in " ".join(commands[0])
    assert commands[0][-2:] == ["--vars", variables]
    commands = fake_dbt({"by": "database", "shards": rows})
    result = run("sync", "--from-target", "%", "--by", "database", "--vars", variables, exit_code=2)
    assert '"by": "database"' in " ".join(commands[0])
    assert "the registry has no column for a database" in result.stderr


@pytest.mark.parametrize("variables", ["{}", "{dbt_estate: {shards: {discover: {by: null}}}}"])
def test_the_engine_says_what_a_shard_is_unless_the_user_does(
    run: Run, project: Path, fake_dbt: FakeDbt, variables: str
) -> None:
    path = project / "seeds" / "shards.csv"
    path.write_text("shard,database_name,schema_name,is_enabled\na,db,store_a,true\n")
    rows = [{"shard": name, "database_name": "db", "schema_name": f"store_{name}"} for name in "ab"]
    commands = fake_dbt({"by": "schema", "shards": rows})
    given = ("--from-target", "store%", "--vars", variables, "--format", "json")
    new = {"shard": "b", "database_name": "db", "schema_name": "store_b", "is_enabled": True}
    assert json.loads(run("sync", *given, exit_code=1).stdout)["new"] == [new]
    assert json.loads(run("list", *given).stdout)["shards"][1] == new
    for command in commands:
        assert json.loads(command[command.index("--args") + 1]) == {"pattern": "store%"}


def test_sync_refuses_rows_that_do_not_go_with_the_others(
    run: Run, project: Path, fake_dbt: FakeDbt
) -> None:
    fake_dbt(
        {
            "by": "database",
            "shards": [{"shard": "north", "database_name": "new", "schema_name": "s"}],
        }
    )
    result = run("sync", "--from-target", "%", "--write", exit_code=2)
    assert "line 5: the shard 'north' is on line 2 already" in result.stderr
    assert (project / "seeds" / "shards.csv").read_text() == REGISTRY


# report


def cell(table: str, status: str, **more: object) -> dict[str, object]:
    return {"table": table, "status": status, **more}


REPORT: dict[str, Any] = {
    "tables": ["shards.orders", "shards.items"],
    "shards": [
        {
            "shard": "north",
            "database_name": "store_north",
            "schema_name": "main",
            "cells": [cell("shards.orders", "ok"), cell("shards.items", "ok", detail="")],
        },
        {
            "shard": "south",
            "database_name": "store_south",
            "schema_name": None,
            "cells": [
                cell("shards.orders", "offline", detail="restoring"),
                cell(
                    "shards.items",
                    "drift",
                    missing=["a", "b"],
                    extra=["c"],
                    types=[{"column": "d", "type": "INTEGER", "expected": "BIGINT"}],
                ),
            ],
        },
    ],
}


def test_report(run: Run, fake_dbt: FakeDbt) -> None:
    commands = fake_dbt(REPORT)
    output = run("report", exit_code=1).stdout
    assert "missing a, b; extra c; d is INTEGER, not BIGINT" in output
    assert "restoring" in output
    assert "north" not in output
    assert "2 shards x 2 tables: 2 ok, 1 offline, 1 drift" in output
    args = json.loads(commands[0][commands[0].index("--args") + 1])
    assert args == {"tables": ["shards.orders", "shards.items"], "output": "json"}
    assert "north" in run("report", "--all", exit_code=1).stdout


def test_report_json(run: Run, fake_dbt: FakeDbt) -> None:
    fake_dbt(REPORT)
    document = json.loads(run("report", "--format", "json", exit_code=1).stdout)
    assert document["findings"] == 2
    assert document["counts"] == {"ok": 2, "offline": 1, "drift": 1}
    assert document["shards"][1]["cells"][1]["types"][0]["expected"] == "BIGINT"


def test_report_without_findings(run: Run, fake_dbt: FakeDbt) -> None:
    fake_dbt({"tables": REPORT["tables"], "shards": REPORT["shards"][:1]})
    assert run("report").stdout == "1 shards x 2 tables: 2 ok\n"
    output = run("report", "--all").stdout
    assert "north" in output
    assert "Findings" not in output
    commands = fake_dbt({"tables": ["a.b"], "shards": []})
    assert run("report", "--tables", "a.b,c").stdout == "0 shards x 1 tables: nothing\n"
    assert '"tables": ["a.b", "shards.c"]' in " ".join(commands[0])


def test_report_without_tables(run: Run, project: Path) -> None:
    (project / "dbt_project.yml").write_text("name: shop\n")
    assert "--tables: is not given" in run("report", exit_code=2).stderr


# dbt


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        ({"stdout": "Compilation Error\n  boom\n", "exit_code": 1}, "Compilation Error\n  boom"),
        ({"stdout": "", "stderr": "no profile", "exit_code": 2}, "dbt failed:\nno profile"),
        ({"stdout": "hello\n"}, "expected one line that starts with 'dbt_estate:json', got 0"),
        ({"stdout": "dbt_estate:json {}\n" * 2}, "got 2"),
        ({"stdout": "dbt_estate:json {\n"}, "its result is not understood"),
        ({"document": {"shards": [{"shard": 1}]}}, "Expected `str`, got `int`"),
    ],
)
def test_dbt_fails(run: Run, fake_dbt: FakeDbt, fake: dict[str, Any], message: str) -> None:
    fake_dbt(**fake)
    result = run("list", "--from-target", "%", exit_code=2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_dbt_on_the_path(run: Run, fake_dbt: FakeDbt, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = fake_dbt(on_target())
    monkeypatch.setattr(dbt_estate.dbt, "find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: "/bin/dbt")
    run("list", "--from-target", "%")
    assert commands[0][0] == "/bin/dbt"
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "dbt: not found" in run("list", "--from-target", "%", exit_code=2).stderr


# the process


def process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dbt_estate", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_the_process_exits_with_0_1_and_2(project: Path) -> None:
    assert process("shards", "check", cwd=project).returncode == 1
    assert process("shards", "generate", cwd=project).returncode == 0
    assert process("shards", "check", cwd=project).returncode == 0
    failed = process("shards", "check", "--project-dir", "nowhere", cwd=project)
    assert failed.returncode == 2
    assert failed.stderr.startswith("Error: nowhere/dbt_project.yml: no such file.")


def test_help_imports_nothing_heavy(project: Path) -> None:
    program = (
        "import sys; from dbt_estate.cli import cli\n"
        "try: cli(['shards', 'generate', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'rich', 'ruamel', 'duckdb', 'msgspec', 'dbt'} & sys.modules.keys()\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert "Examples:" in done.stdout
