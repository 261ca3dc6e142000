"""`dbt-estate check`: what is printed, what is left out, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from dbt_estate.check import engine
from dbt_estate.check.result import STATUSES
from dbt_estate.cli import cli
from tests.unit.test_rules import (
    RULES,
    Resource,
    document,
    ignored,
    macro,
    model,
    only,
    seed,
    source,
)

FUTURE = "2999-01-01T00:00:00Z"
# What the project has findings of; the others are off, since they take their time.
ON = ("root_models", "models_without_properties", "unused_sources", "undocumented_models")
CODE = "select 1 as a"
PROPERTIES = "version: 2\n\nmodels:\n  - name: stg_a\n  - name: fct_a\n"


def resources() -> list[Resource]:
    staging = {"patch_path": "shop://models/_models.yml"}
    return [
        source("app.a", "models/_app.yml"),
        model("stg_a", raw_code=CODE, **staging),
        model("fct_a", "stg_a", "models/marts", raw_code=CODE, description="All.", **staging),
        model("alone", raw_code=CODE, meta=ignored("models_without_properties")),
    ]


# rule, unique_id, file, line
STG, ALONE = "model.shop.stg_a", "model.shop.alone"
FOUND = [
    ("unused_sources", "source.shop.app.a", "models/_app.yml", 6),
    ("undocumented_models", STG, "models/_models.yml", 4),
    ("root_models", ALONE, "models/alone.sql", 1),
    ("undocumented_models", ALONE, "models/alone.sql", 1),
    ("root_models", STG, "models/stg_a.sql", 1),
]


def put(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_project(
    items: Sequence[Resource] | None = None, files: Mapping[str, str] | None = None, **rules: Any
) -> None:
    """Write a project into the current folder, whose manifest is as new as its files."""
    given = {"maturity": {"rules": only(*(() if rules else ON), **rules)}}
    project = {"name": "shop", "vars": {"dbt_estate": given}}
    content = document(resources() if items is None else items)
    content["metadata"]["generated_at"] = FUTURE
    put({
        "dbt_project.yml": yaml.safe_dump(project),
        "models/stg_a.sql": CODE, "models/alone.sql": CODE, "models/marts/fct_a.sql": CODE,
        "models/_models.yml": PROPERTIES,
        "models/_app.yml": "version: 2\n\nsources:\n  - name: app\n    tables:\n      - name: a\n",
        "target/manifest.json": json.dumps(content),
        **(files or {}),
    })  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments])


def document_of(result: Result) -> dict[str, Any]:
    """Return what `--format json` printed, which is nothing else on the standard output."""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def found_by(*arguments: str) -> set[tuple[str, str]]:
    """Return the pairs of rule and resource."""
    result = check("--parse", "never", "--format", "json", *arguments)
    assert result.exit_code in (0, 1), result.output
    return {(item["rule"], item["unique_id"]) for item in document_of(result)["findings"]}


def statuses_of(result: Result) -> dict[str, str]:
    return {rule["rule"]: rule["status"] for rule in document_of(result)["rules"]}


PAIRS = {(rule, unique_id) for rule, unique_id, _, _ in FOUND}


# -- What is printed


def test_json_has_exactly_the_documented_keys() -> None:
    write_project()
    result = check("--format", "json")
    assert result.exit_code == 0, result.output
    found = document_of(result)
    assert list(found) == ["findings", "rules"]
    for item in found["findings"]:
        assert list(item) == [
            "rule", "area", "severity", "unique_id", "resource_name", "file", "line", "detail",
        ]  # fmt: skip
    for item in found["rules"]:
        assert list(item) == ["rule", "status", "findings", "seconds"]
        assert item["status"] in STATUSES
    assert [item["rule"] for item in found["rules"]] == list(RULES)
    assert [
        (item["rule"], item["unique_id"], item["file"], item["line"]) for item in found["findings"]
    ] == FOUND
    first = found["findings"][0]
    assert (first["area"], first["severity"], first["resource_name"], first["detail"]) == (
        "modeling", "warn", "app.a", "nothing reads it",
    )  # fmt: skip
    counts = {item["rule"]: item["findings"] for item in found["rules"] if item["findings"]}
    assert counts == {"unused_sources": 1, "undocumented_models": 2, "root_models": 2}


def test_text_is_the_default() -> None:
    write_project()
    result = check()
    assert result.exit_code == 0
    assert "models/stg_a.sql:1: warn root_models: stg_a: " in result.stdout
    assert "0 errors, 5 warnings in 4 files" in " ".join(result.stdout.split())


@pytest.mark.parametrize("format_", ["markdown", "github", "sarif", "junit"])
def test_every_format_prints_and_ends_alike(format_: str) -> None:
    write_project(root_models={"severity": "error"})
    result = check("--format", format_)
    assert result.exit_code == 1
    assert "root_models" in result.stdout


def test_nothing_in_the_project_changes(folder: Path) -> None:
    write_project(files={"checks/ours.sql": "select unique_id from {{ info_schema('models') }}"})
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert check().exit_code == 1
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_project_may_be_another_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "shop").mkdir()
    monkeypatch.chdir(folder / "shop")
    write_project(files={"checks/ours.sql": "select unique_id from {{ info_schema('seeds') }}"})
    monkeypatch.chdir(folder)
    result = check("--project-dir", "shop", "--format", "json")
    assert result.exit_code == 0, result.output
    found = document_of(result)
    assert {(item["rule"], item["unique_id"]) for item in found["findings"]} == PAIRS
    assert statuses_of(result)["ours"] == "passed"


# -- Exit codes


@pytest.mark.parametrize(
    ("severity", "options", "code"),
    [
        ("warn", [], 0),
        ("warn", ["--fail-on", "error"], 0),
        ("warn", ["--fail-on", "warn"], 1),
        ("error", [], 1),
        ("error", ["--fail-on", "warn"], 1),
        ("off", ["--fail-on", "warn"], 0),
    ],
)
def test_the_exit_code_of_findings(severity: str, options: list[str], code: int) -> None:
    write_project(root_models={"severity": severity})
    result = check(*options)
    assert result.exit_code == code, result.output


def test_without_findings_the_exit_code_is_0() -> None:
    write_project(unused_sources={"exclude": ["*"]})
    result = check("--fail-on", "warn", "--format", "json")
    assert result.exit_code == 0
    assert document_of(result)["findings"] == []
    assert statuses_of(result)["unused_sources"] == "passed"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--fail-on", "never"], "'never' is not one of 'warn', 'error'"),
        (["--format", "html"], "'html' is not one of 'text', 'json', 'markdown'"),
        (["--parse", "always"], "'always' is not one of 'auto', 'never', 'require'"),
        (["--no-such-option"], "--no-such-option"),
        (["--write-baseline"], "--write-baseline: needs --baseline FILE"),
        (["--baseline", "gone.json"], "gone.json: no such file"),
        (["--select", "no_such_method:x"], "no_such_method"),
        (["--select", "state:modified"], "--state"),
        (["--state", "gone", "--select", "state:modified"], "gone/manifest.json: no such file"),
        (["--checks", "gone"], "gone"),
        (["--manifest", "gone.json", "--parse", "never"], "gone.json: no such file"),
        (["--manifest", "dbt_project.yml", "--parse", "never"], "dbt_project.yml: not valid JSON"),
        (["--run-results", "gone.json"], "gone.json: no such file"),
        (["--catalog", "target/manifest.json"], "must be a catalog of dbt"),
    ],
)
def test_wrong_input_is_exit_code_2(options: list[str], problem: str) -> None:
    write_project()
    result = check(*options)
    assert result.exit_code == 2, result.output
    assert problem in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: shop\nvars: {dbt_estate: {maturity: {rules: {root_models: {severity: bad}}}}}",
         "root_models.severity: must be warn, error or off, got: bad"),
        ("name: shop\nvars: {dbt_estate: {maturity: {rule: {}}}}",
         "dbt_estate.maturity.rule is not a setting"),
        ("- name: shop", "dbt_project.yml: must be a mapping"),
        ("name: [", "dbt_project.yml"),
    ],
)  # fmt: skip
def test_a_wrong_project_file_is_exit_code_2(text: str, problem: str) -> None:
    write_project(files={"dbt_project.yml": text})
    result = check("--parse", "never")
    assert result.exit_code == 2, result.output
    assert problem in result.stderr
    assert "Traceback" not in result.output


# -- What is chosen


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--select", "stg_a"], {("root_models", STG), ("undocumented_models", STG)}),
        (["-s", "+fct_a"], {("root_models", STG), ("undocumented_models", STG)}),
        (["--select", "fct_a"], set()),
        (["--select", "source:app"], {("unused_sources", "source.shop.app.a")}),
        (["--select", "alone stg_a", "--exclude", "alone"],
         {("root_models", STG), ("undocumented_models", STG)}),
        (["--exclude", "alone", "--exclude", "source:*"],
         {("root_models", STG), ("undocumented_models", STG)}),
    ],
)  # fmt: skip
def test_a_selection_is_of_resources(
    options: list[str], wanted: set[tuple[str, str]] | None
) -> None:
    write_project()
    if wanted is None:  # what follows the option's one value is a file
        assert found_by(*options) == set()
    else:
        assert found_by(*options) == wanted


def test_what_is_selected_in_vain_is_a_note() -> None:
    write_project()
    result = check("--select", "gone", "--format", "json")
    assert result.exit_code == 0, result.output
    assert document_of(result)["findings"] == []
    assert "gone selects nothing" in result.stderr


def test_what_concerns_the_project_is_not_of_a_selection() -> None:
    write_project(test_coverage={}, root_models={})
    assert ("test_coverage", "project.shop") in found_by()
    assert found_by("--select", "stg_a") == {("root_models", STG)}
    whole = ("test_coverage", "project.shop")
    assert found_by("--exclude", "stg_a") == {("root_models", ALONE), whole}
    assert ("test_coverage", "project.shop") in found_by("dbt_project.yml")


def test_a_source_is_selected_by_its_tables_and_a_test_by_what_it_tests() -> None:
    write_project(undocumented_sources={})
    wanted = {("undocumented_sources", "source.shop.app")}
    assert found_by("--select", "source:app.a") == wanted
    assert found_by("--select", "stg_a") == set()


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (["models/stg_a.sql"], {("root_models", STG), ("undocumented_models", STG)}),
        (["./models/../models/alone.sql"],
         {("root_models", ALONE), ("undocumented_models", ALONE)}),
        (["models/_models.yml"], {("root_models", STG), ("undocumented_models", STG)}),
        (["models/_app.yml", "models/marts/fct_a.sql"], {("unused_sources", "source.shop.app.a")}),
        (["models"], {("root_models", STG), ("undocumented_models", STG), ("root_models", ALONE),
                      ("undocumented_models", ALONE), ("unused_sources", "source.shop.app.a")}),
    ],
)  # fmt: skip
def test_files_are_those_of_findings_or_of_their_resources(
    files: list[str], wanted: set[tuple[str, str]], folder: Path
) -> None:
    write_project()
    assert found_by(*files) == wanted
    assert found_by(*(str(folder / file) for file in files)) == wanted


def test_files_that_are_none_are_told() -> None:
    write_project()
    result = check("gone.sql", "--select", "a", "b")
    assert result.exit_code == 2
    assert "FILES: there is none of gone.sql, b. Several selectors are given as" in result.stderr
    result = check("models/stg_a.sql", "gone.sql", "--format", "json")
    assert "there is no file gone.sql" in result.stderr
    assert found_by("models/stg_a.sql", "gone.sql") == found_by("models/stg_a.sql")


def test_a_baseline_of_a_part_is_refused() -> None:
    write_project()
    for part in (["models/stg_a.sql"], ["--select", "stg_a"], ["--exclude", "stg_a"]):
        result = check("--baseline", "b.json", "--write-baseline", *part)
        assert result.exit_code == 2
        assert "leave out FILES, --select and --exclude" in result.stderr
    assert not Path("b.json").exists()


def test_a_check_cannot_be_called_as_a_rule() -> None:
    write_project(files={"checks/root_models.sql": "select 1 as a"})
    result = check()
    assert result.exit_code == 2
    assert "a check cannot be called as a rule: give root_models another name" in result.stderr


def test_files_and_a_selection_are_both_asked_for() -> None:
    write_project(root_models={"severity": "error"})
    assert found_by("models/stg_a.sql", "--select", "stg_a") == {("root_models", STG)}
    assert found_by("models/stg_a.sql", "--select", "alone") == set()
    assert check("models/marts/fct_a.sql").exit_code == 0
    assert check("models/stg_a.sql").exit_code == 1


# -- The baseline


def test_a_baseline_lets_only_new_findings_fail() -> None:
    write_project(root_models={"severity": "error"})
    written = check("--baseline", "known.json", "--write-baseline")
    assert (written.exit_code, written.stdout) == (0, "known.json knows 2 findings\n")
    entries = json.loads(Path("known.json").read_text(encoding="utf-8"))["findings"]
    assert entries == [
        {"rule": "root_models", "unique_id": ALONE}, {"rule": "root_models", "unique_id": STG},
    ]  # fmt: skip
    again = check("--baseline", "known.json", "--format", "json")
    assert again.exit_code == 0
    assert document_of(again)["findings"] == []
    assert statuses_of(again)["root_models"] == "skipped"
    assert "2 findings known to the baseline" in " ".join(
        check("--baseline", "known.json").output.split()
    )
    write_project([*resources(), model("new")], root_models={"severity": "error"})
    assert found_by("--baseline", "known.json") == {("root_models", "model.shop.new")}
    assert check("--baseline", "known.json", "--parse", "never").exit_code == 1


def test_a_baseline_is_written_anew_with_what_is_there() -> None:
    write_project(root_models={"severity": "error"})
    put({"known.json": "not a baseline"})
    assert check("--baseline", "known.json").exit_code == 2
    assert check("--baseline", "known.json", "--write-baseline").exit_code == 0
    assert found_by("--baseline", "known.json") == set()


def test_no_baseline_of_a_run_that_is_broken() -> None:
    write_project(files={"checks/broken.sql": "select nothing from nowhere"})
    result = check("--baseline", "known.json", "--write-baseline")
    assert result.exit_code == 2
    assert "--write-baseline: some rules cannot run: broken: " in result.stderr
    assert not Path("known.json").exists()


# -- Rules that cannot run, and those of the user


BROKEN = [
    ("select nothing from nowhere", "nowhere"),
    ("selec 1", "selec"),
    ("select 'x' as unique_id", "resource_name"),
    ("select 1 / 0 + cast('x' as int) as unique_id, 'a' as resource_name, "
     "'b' as file_path, 'c' as detail", "x"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), BROKEN)
def test_a_rule_with_broken_sql_stops_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, problem: str
) -> None:
    write_project()
    broken = folder / "elsewhere" / "estate_root_models.sql"
    put({str(broken): text})
    files = {**engine.rule_files(), "root_models": broken}
    monkeypatch.setattr(engine, "rule_files", lambda: files)
    result = check("--format", "json")
    assert result.exit_code == 2
    assert "root_models: " in result.stderr
    assert problem in result.stderr
    assert "Traceback" not in result.output
    found = document_of(result)
    assert {(item["rule"], item["unique_id"]) for item in found["findings"]} == {
        pair for pair in PAIRS if pair[0] != "root_models"
    }
    statuses = statuses_of(result)
    assert statuses["root_models"] == "error"
    assert statuses["undocumented_models"] == "warned"
    assert list(statuses.values()).count("error") == 1


def test_every_declaration_of_a_broken_rule_is_in_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = [
        {"rule": "max-parents", "name": name, "maximum": 0, "severity": "error"}
        for name in ("one", "two")
    ]
    declared.append({"rule": "max-children", "name": "three", "maximum": 0})
    project = {"maturity": {"rules": only(), "declared": declared}}
    text = yaml.safe_dump({"name": "shop", "vars": {"dbt_estate": project}})
    write_project(files={"dbt_project.yml": text})
    broken = folder / "estate_max_parents.sql"
    broken.write_text("select x from y")
    files = {**engine.rule_files(), "max_parents": broken}
    monkeypatch.setattr(engine, "rule_files", lambda: files)
    result = check("--format", "json")
    assert result.exit_code == 2
    found = {name: status for name, status in statuses_of(result).items() if name not in RULES}
    assert found == {"one": "error", "two": "error", "three": "warned"}


OWN = "{{ config(severity='SEVERITY') }} select unique_id from {{ info_schema('models') }}"


@pytest.mark.parametrize(
    ("severity", "options", "code", "status"),
    [
        ("error", [], 1, "failed"),
        ("warn", [], 0, "warned"),
        ("warn", ["--fail-on", "warn"], 1, "warned"),
        ("error", ["--select", "alone"], 1, "failed"),
        ("error", ["--select", "source:app"], 0, "skipped"),
        ("error", ["models/alone.sql"], 1, "failed"),
        ("error", ["models/_app.yml"], 0, "skipped"),
    ],
)
def test_checks_of_the_user(severity: str, options: list[str], code: int, status: str) -> None:
    write_project(
        files={"checks/ours.sql": OWN.replace("SEVERITY", severity)},
        unused_sources={"severity": "off"},
    )
    result = check("--format", "json", *options)
    assert result.exit_code == code, result.output
    found = document_of(result)["findings"]
    assert {(item["rule"], item["area"], item["severity"]) for item in found} <= {
        ("ours", "checks", severity)
    }
    assert bool(found) == (status in ("failed", "warned"))
    assert all(item["file"] and item["line"] for item in found)
    assert statuses_of(result)["ours"] == status


def test_folders_of_checks_take_the_place_of_the_default_one() -> None:
    everything = OWN.replace("SEVERITY", "warn")
    write_project(files={
        "checks/ours.sql": everything, "one/theirs.sql": everything, "two/more.sql": everything,
    })  # fmt: skip
    default, given = (
        {name for name in statuses_of(check("--format", "json", *options)) if name not in RULES}
        for options in ([], ["--checks", "one", "--checks", "two"])
    )
    assert default == {"ours"}
    assert given == {"theirs", "more"}


@pytest.mark.parametrize(
    "text",
    ["select nothing from nowhere", "{{ ref('stg_a') }}", "{% if %}", "drop table dbt.models"],
)
def test_a_broken_check_stops_no_other(text: str) -> None:
    write_project(files={
        "checks/a_broken.sql": text, "checks/ours.sql": OWN.replace("SEVERITY", "warn"),
    })  # fmt: skip
    result = check("--format", "json")
    assert result.exit_code == 2
    assert "a_broken: " in result.stderr
    statuses = statuses_of(result)
    assert (statuses["a_broken"], statuses["ours"], statuses["root_models"]) == (
        "error", "warned", "warned",
    )  # fmt: skip


def test_every_status() -> None:
    models = "select unique_id from {{ info_schema('models') }}"
    write_project(
        files={"checks/broken.sql": "select", "checks/skipped.sql": models},
        root_models={"severity": "error"},
        unused_sources={},
        models_without_properties={},
        large_seeds={},
    )
    # Without its dbt_project.yml the files of a project cannot be judged.
    settings = Path("dbt_project.yml").read_text(encoding="utf-8")
    result = check("--format", "json", "--select", "source:app")
    statuses = statuses_of(result)
    assert (statuses["broken"], statuses["skipped"]) == ("error", "skipped")
    assert (statuses["unused_sources"], statuses["dead_models"]) == ("warned", "disabled")
    whole = statuses_of(check("--format", "json"))
    assert (whole["root_models"], whole["models_without_properties"]) == ("failed", "passed")
    assert (whole["large_seeds"], whole["skipped"]) == ("passed", "failed")
    Path("dbt_project.yml").unlink()
    bare = statuses_of(check("--format", "json", "--parse", "never"))
    assert bare["large_seeds"] == "not_evaluated"
    Path("dbt_project.yml").write_text(settings, encoding="utf-8")
    assert {*statuses.values(), *whole.values(), *bare.values()} == set(STATUSES)


def test_what_is_not_evaluated_is_not_passed_whatever_is_asked_for() -> None:
    write_project([seed("large"), macro("unused")], {"seeds/large.csv": "x" * 2_000_000})
    Path("dbt_project.yml").unlink()
    for options in ([], ["--select", "large"], ["seeds/large.csv"]):
        result = check("--parse", "never", "--format", "json", *options)
        assert result.exit_code == 0
        assert statuses_of(result)["large_seeds"] == "not_evaluated", options
    text = " ".join(check("--parse", "never").stdout.split())
    assert "large_seeds: needs the files of the project; give --project-dir" in text
    write_project(
        [seed("large")], {"seeds/large.csv": "x" * 2_000_000}, large_seeds={"severity": "error"}
    )
    assert check("--parse", "never").exit_code == 1


# -- A manifest that is older than the project


def make_stale() -> None:
    put({"models/stg_a.sql": "select 2 as a"})
    path = Path("target/manifest.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    checksum = {"name": "sha256", "checksum": "0" * 64}
    content["nodes"][STG]["checksum"] = checksum
    path.write_text(json.dumps(content), encoding="utf-8")


def test_require_stops_at_an_old_manifest() -> None:
    write_project()
    assert check("--parse", "require").exit_code == 0
    make_stale()
    result = check("--parse", "require")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "models/stg_a.sql: changed" in result.stderr
    assert "run `dbt parse`" in result.stderr


def test_never_takes_the_manifest_as_it_is() -> None:
    write_project()
    make_stale()
    result = check("--parse", "never", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(document_of(result)["findings"]) == len(FOUND)


def test_auto_without_dbt_uses_the_old_one_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbt_estate import dbt
    from dbt_estate.errors import InputError

    def parse(*_: Any) -> Path:
        raise InputError("dbt", "is not there")

    monkeypatch.setattr(dbt, "parse", parse)
    write_project()
    make_stale()
    result = check("--format", "json")
    assert result.exit_code == 0, result.output
    assert "is older than the project" in result.stderr
    assert "is not there" in result.stderr
    assert len(document_of(result)["findings"]) == len(FOUND)


@pytest.mark.parametrize("mode", ["never", "require"])
def test_without_a_manifest(mode: str) -> None:
    write_project()
    Path("target/manifest.json").unlink()
    result = check("--parse", mode)
    assert result.exit_code == 2
    assert "target/manifest.json: no such file" in result.stderr


def test_another_target_folder() -> None:
    write_project()
    project = yaml.safe_load(Path("dbt_project.yml").read_text(encoding="utf-8"))
    put({"dbt_project.yml": yaml.safe_dump({**project, "target-path": "out/of"})})
    Path("out").mkdir()
    Path("target").replace("out/of")
    assert found_by() == PAIRS


def test_help_says_what_the_exit_codes_are() -> None:
    result = check("--help")
    assert result.exit_code == 0
    assert "Exit code 1 for findings, 2 for wrong input" in " ".join(result.stdout.split())
