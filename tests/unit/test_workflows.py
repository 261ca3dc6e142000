"""Which commands of dbt a workflow runs, and for which project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbt_estate.info_schema.artifacts import read_manifest
from dbt_estate.info_schema.facts import estate_rows
from dbt_estate.info_schema.workflows import Command, workflows
from tests.unit.test_maturity_score import CI, shop

JENKINS = "Jenkinsfile"
GITLAB = ".gitlab-ci.yml"
CIRCLE = ".circleci/config.yml"


def put(root: Path, name: str, text: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def commands(root: Path, text: str | bytes, name: str = CI, project: str = ".") -> list[Command]:
    folder = root / project
    put(folder, "dbt_project.yml", "name: shop")
    return workflows([put(root, name, text)], folder, root)[0][1]


def texts(root: Path, text: str | bytes, name: str = CI, project: str = ".") -> list[str]:
    return [command.text for command in commands(root, text, name, project)]


# -- what is a command ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "run: 'echo \"now dbt run-operation grants a\"'",
        "run: echo dbt run-operation grants",
        "run: pip install dbt test-utils",
        "run: sudo apt-get install -y dbt test",
        "run: grep dbt build.log",
        "run: dbt deps",
        "run: cp -r dbt build",
        "run: git add dbt run",
        "run: which dbt run",
        "run: docker build -t dbt build",
        "run: make -C dbt test",
        "a: !!bool maybe\nrun: dbt build",
        "a: !!timestamp x\nrun: dbt build",
        "a: !!int ''\nrun: dbt build",
        "run: cd dbt runner",
        "run: |\n  # dbt build\n  dbt debug # dbt build",
        "run: |\n  cat <<EOF\n  dbt build\n  EOF",
        'run: |\n  echo "\n  dbt build\n  "',
        "run: |\n  it's\n  echo dbt build",
        "- name: |\n    dbt build\n  run: make",
        "{name: dbt build of all, run: make}",
        "on: {push: {paths: [dbt build/**]}}",
        "{if: false, run: dbt build}",
        "{if: 'false', steps: [{run: dbt build}]}",
        "{if: '${{ false }}', run: dbt build}",
        "run: dbt build\n  wrong: [",
        "run: [dbt build",
        "run: !!int dbt build",
        "a: &a [*a]\nrun: *a",
        "",
    ],
)
def test_what_is_no_command(text: str, tmp_path: Path) -> None:
    assert texts(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("run: dbt build", ["build"]),
        ("run: >-\n  dbt build\n  --select a", ["build --select a"]),
        ("run: 'dbt --vars ''{\"a\": 1}'' docs generate'", ["docs generate"]),
        ("run: dbt --target ${{ env.T }} run-operation grants", ["run-operation grants"]),
        ('run: "dbt build\\n dbt docs generate"', ["build", "docs generate"]),
        ("run: dbt --no-use-colors -t dev --log-level=info source freshness", ["source freshness"]),
        ("run: dbt source status", []),
        ("run: /bin/bash -c 'dbt build'", ["build"]),
        ("run: docker run img /bin/sh -c 'dbt build'", ["build"]),
        ("run: docker compose run --rm app dbt build", ["build"]),
        ("run: DBT_TARGET=x uv run --with y dbt build", ["build"]),
        ("run: if dbt build; then dbt test; else ! dbt run; fi", ["build", "test", "run"]),
        ("run: timeout 600 dbt build", ["build"]),
        ("run: op run -- dbt build", ["build"]),
        ("pipelines: {default: [{step: {after-script: [dbt build]}}]}", ["build"]),
        ("run: poetry run dbt build && ./venv/bin/dbt test", ["build", "test"]),
        ("run: docker run -v dbt:/x dbt dbt build", ["build"]),
        ("run: |\n  if [ $# -gt 0 ]; then dbt build; fi", ["build"]),
        ("run: |\n  dbt build \\\n    --select a", ["build --select a"]),
        ('run: "dbt build\\r\\ndbt test"', ["build", "test"]),
        (
            "run: |\n  dbt build --vars 'a: \"b; c\"' > x.log 2>&1 | tee y",
            ['build --vars a: "b; c"'],
        ),
        ("run: |\n  dbt build --vars '{\n  a: 1}'", ["build --vars { a: 1}"]),
        ("run: |\n  it's\n  dbt build", ["build"]),
        ("run: |\n  # don't\n  dbt build", ["build"]),
        ("run: bash -lc 'cd x && dbt build'", ["build"]),
        ("run: |\n  cat <<EOF > x\n  dbt test\n  EOF\n  dbt build", ["build"]),
        ("run: {name: dbt test, command: dbt build}", ["build"]),
        ("script: [dbt deps, dbt build]", ["build"]),
        ("script:\n- !reference [.dbt, script]\n- dbt build", ["build"]),
        ("script:\n- - dbt seed\n- pipe: {script: dbt build}", ["seed", "build"]),
        ("spec: {inputs: {}}\n---\njob: {script: dbt build}", ["build"]),
        ("args: [dbt, build, --select, a b]", ["build --select a b"]),
        ("command: [bash, -c, dbt build]", ["build"]),
        ("with: {dbt_command: dbt build}", ["build"]),
        ("inputs: {inlineScript: dbt build}", ["build"]),
        ("on: push\nat: 2024-13-45\nrun: dbt build", ["build"]),
        ("a: &a {b: *a, run: dbt build}", ["build"]),
        ("{if: always(), run: dbt build}", ["build"]),
    ],
)
def test_what_is_a_command(text: str, wanted: list[str], tmp_path: Path) -> None:
    assert texts(tmp_path, text) == wanted


@pytest.mark.parametrize(
    "words",
    ["-s a", "-sa", "-s=a", "-m a", "-ma", "--select a", "--select=a", "--selector a",
     "--exclude a", "--exclude=a", "--models a", "--model a"],
)  # fmt: skip
def test_what_selects(words: str, tmp_path: Path) -> None:
    assert commands(tmp_path, f"run: dbt build {words}") == [Command(f"build {words}", True)]


@pytest.mark.parametrize("words", ["", "--state a", "--vars '{a: --select-not}'", "--selection a"])
def test_what_does_not_select(words: str, tmp_path: Path) -> None:
    found = commands(tmp_path, f"run: |\n  dbt build {words}")
    assert [command.selects for command in found] == [False]


def test_a_byte_that_is_not_utf_8_hides_nothing(tmp_path: Path) -> None:
    assert texts(tmp_path, b"# caf\xe9\nrun: dbt build") == ["build"]
    assert texts(tmp_path, b"\xef\xbb\xbfrun: dbt build") == ["build"]


def test_what_is_no_text_at_all_is_replaced(tmp_path: Path) -> None:
    assert texts(tmp_path, 'run: "dbt build \\ud800"') == ["build ?"]


def test_a_file_that_cannot_be_read_has_no_commands(tmp_path: Path) -> None:
    assert workflows([tmp_path / "none.yml"], tmp_path, tmp_path) == [(tmp_path / "none.yml", [])]
    assert texts(tmp_path, "[" * 100_000 + "dbt build") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sh 'dbt build'", ["build"]),
        ("sh \"dbt build --vars '{a: 1}'\"", ["build --vars {a: 1}"]),
        ('bat("dbt build")', ["build"]),
        ("sh '''\n  dbt seed\n  dbt build\n'''", ["seed", "build"]),
        ('sh """dbt build"""', ["build"]),
        ("sh(returnStdout: true, script: 'dbt build')", ["build"]),
        ("sh label: 'dbt test', script: 'dbt build'", ["build"]),
        ("git 'https://x.org'; sh 'dbt build'", ["build"]),
        ("// sh 'dbt build'", []),
        ("/* sh 'dbt build'\n sh 'dbt test' */", []),
        ("echo 'dbt build'\nstage('dbt build')", []),
        ("echo \"sh 'dbt build'\"", []),
    ],
)
def test_a_jenkinsfile(text: str, wanted: list[str], tmp_path: Path) -> None:
    assert texts(tmp_path, text, JENKINS) == wanted


# -- of which project -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("run: dbt build", True),  # no project is there
        ("run: cd one && dbt build", True),
        ("run: cd two && dbt build", False),
        ("run: dbt build --project-dir two", False),
        ("run: dbt --project-dir=two build", False),
        ("run: cd one && dbt build --project-dir ../two", False),
        ("run: cd none && dbt build", True),
        ("run: cd $FOLDER/../two && dbt build", True),
        ("run: cd ${{ env.X }}/../two && dbt build", True),
        ("run: |\n  (cd two && dbt deps)\n  dbt build", True),
        ("run: (cd two && dbt build)", False),
        ("run: bash -c 'cd two && dbt build'", False),
        ("run: |\n  if true; then\n  cd two\n  fi\n  dbt build", False),
        ("{run: dbt build, working-directory: two}", False),
        ("{run: dbt build, working-directory: ./one}", True),
        ("{run: cd ../one && dbt build, working-directory: two}", True),
        ("{run: {command: dbt build, working_directory: ~/project/two}}", False),
        ("{script: dbt build, workingDirectory: two}", False),
        ("{defaults: {run: {working-directory: two}}, steps: [run: dbt build]}", False),
        (
            "{defaults: {run: {working-directory: two}}, "
            "steps: [{working-directory: one, run: dbt build}]}",
            True,
        ),
        ("script: [cd two, dbt build]", False),
        ("{before_script: [cd two], script: [dbt build]}", False),
        ('{run: dbt build, working-directory: "two\\0"}', True),
        (f"{{run: dbt build, working-directory: {'x' * 5000}}}", True),
    ],
)
def test_a_command_is_of_the_project_of_its_folder(text: str, wanted: bool, tmp_path: Path) -> None:
    put(tmp_path, "two/dbt_project.yml", "name: two")
    assert texts(tmp_path, text, project="one") == (["build"] if wanted else [])


def test_the_project_above_is_another(tmp_path: Path) -> None:
    put(tmp_path, "dbt_project.yml", "name: above")
    assert texts(tmp_path, "run: dbt build", project="one") == []
    assert texts(tmp_path, "run: cd one; dbt build", project="one") == ["build"]


# -- facts ------------------------------------------------------------------------------------


def facts(project: Path) -> list[tuple[str, str]]:
    manifest = read_manifest(put(project, "target/manifest.json", json.dumps(shop())))
    rows = estate_rows(manifest, project)["node_facts"]
    return [(row["fact"], row["value"]) for row in rows if "workflow" in row["fact"]]


def test_the_workflow_that_runs_dbt_for_the_project_comes_first(tmp_path: Path) -> None:
    put(tmp_path, ".git/HEAD", "")
    put(tmp_path, "one/dbt_project.yml", "name: shop")
    put(tmp_path, "two/dbt_project.yml", "name: two")
    put(tmp_path, ".github/workflows/a.yml", "run: cd two && dbt build")
    assert facts(tmp_path / "one") == [("ci_workflow", ".github/workflows/a.yml")]
    put(tmp_path, ".github/workflows/b.yml", "run: cd one && dbt build -s a && dbt test")
    put(tmp_path, GITLAB, "script: [dbt test, dbt seed]")
    assert facts(tmp_path / "one") == [
        ("ci_workflow", ".github/workflows/b.yml"),
        ("workflow_command", "build -s a"),
        ("workflow_command", "test"),
        ("workflow_command", "seed"),
        ("workflow_selection", "build -s a"),
    ]


def test_a_workflow_stands_at_the_root_of_the_repository(tmp_path: Path) -> None:
    put(tmp_path, "one/dbt_project.yml", "name: shop")
    put(tmp_path, f"one/{CIRCLE}", "run: dbt build")
    assert facts(tmp_path / "one") == [("ci_workflow", CIRCLE), ("workflow_command", "build")]
    put(tmp_path, ".git/HEAD", "")
    assert facts(tmp_path / "one") == []


def test_a_command_is_a_fact_once(tmp_path: Path) -> None:
    put(tmp_path, "dbt_project.yml", "name: shop")
    put(tmp_path, CI, "run: |\n  dbt test 'b -s a'\n  dbt test b -s a\n  dbt test b -s a")
    assert facts(tmp_path) == [
        ("ci_workflow", CI),
        ("workflow_command", "test b -s a"),
        ("workflow_selection", "test b -s a"),
    ]


def test_lists_of_lists_of_aliases_end(tmp_path: Path) -> None:
    lines = ["a0: &a0 [dbt build, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 9)]
    assert texts(tmp_path, "\n".join([*lines, "script: *a8"])) == []
