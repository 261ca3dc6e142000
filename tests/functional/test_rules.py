"""One text, three places: the rules in the warehouse, on the command line, and as checks of v2."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbt_estate.check.commands import Options, run
from dbt_estate.check.engine import run_rules
from dbt_estate.check.user_checks import read_checks
from dbt_estate.info_schema.commands import read_project, variables_of
from dbt_estate.info_schema.load import Project, artifacts_in, load_project
from tests.support.estate import REPOSITORY, Estate
from tests.support.rule_list import rules
from tests.support.v2_checks import reason_not

IMMATURE = REPOSITORY / "integration_tests" / "immature"
BUILD = ["build", "--select", "package:dbt_estate", "rule_exceptions"]
# What the graph of dbt has no answer to.
BLIND = {rule["rule"] for rule in rules() if {"files", "macros"} & set(rule["needs"])}
COLUMNS = "rule_name, severity, unique_id, resource_name, file_path, detail"

Rows = set[tuple[Any, ...]]


def bring(estate: Estate, **maturity: Any) -> None:
    """Make the estate the immature project, with some of its settings replaced."""
    project = yaml.safe_load((IMMATURE / "dbt_project.yml").read_text(encoding="utf-8"))
    for folder in ("models", "seeds", "macros", "snapshots"):
        shutil.copytree(IMMATURE / folder, estate.root / folder, dirs_exist_ok=True)
    project["vars"]["dbt_estate"]["maturity"] |= maturity
    del project["profile"]
    estate.update_project(**project)


def loaded(estate: Estate) -> Project:
    settings, target = read_project(estate.root)
    artifacts = artifacts_in(estate.root / target)
    variables = variables_of(settings, estate.root, artifacts.manifest)
    return load_project(artifacts, variables, estate.root)


def embedded(estate: Estate) -> Rows:
    project = loaded(estate)
    with project.connection:
        found = run_rules(project).found
    return {
        (item.rule, item.severity, item.unique_id, item.resource_name, item.file_path, item.detail)
        for item in found
    }


def warehouse(estate: Estate, columns: str = COLUMNS) -> list[tuple[Any, ...]]:
    schema = next(iter(estate.sql(
        "select table_schema from information_schema.tables where table_name = 'estate_findings'"
    )))[0]  # fmt: skip
    table = estate.relation("estate_findings", schema=schema)
    return [tuple(row) for row in estate.sql(f"select {columns} from {table}")]


def without(rows: Iterable[tuple[Any, ...]], names: set[str]) -> Rows:
    return {row for row in rows if row[0] not in names}


def expected() -> set[tuple[str, str]]:
    with (IMMATURE / "expected.csv").open(encoding="utf-8", newline="") as file:
        return {(row["rule"], row["unique_id"]) for row in csv.DictReader(file)}


@pytest.mark.smoke
def test_the_rules_find_the_same_in_the_warehouse(estate: Estate) -> None:
    bring(estate)
    result = estate.run_dbt(BUILD, expect_pass=False)
    assert result.status("estate_findings") == "success", result.output
    found = embedded(estate)
    assert {(row[0], row[2]) for row in found} == expected()
    blind = BLIND | (set() if sees_unit_tests(estate) else {"complex_models_without_unit_tests"})
    rows = warehouse(estate)
    assert len(rows) == len(set(rows))
    assert set(rows) == without(found, blind)
    # Every rule finds something, and its test says so with the rule's severity.
    for rule in rules():
        name = f"no_findings_{rule['rule']}"
        if rule["rule"] in blind:
            assert name not in result.statuses
        else:
            severity = next(row[1] for row in found if row[0] == rule["rule"])
            assert result.status(name) == ("fail" if severity == "error" else "warn"), name


def sees_unit_tests(estate: Estate) -> bool:
    """Whether dbt's graph has unit tests: from 1.12 on."""
    from importlib.metadata import version

    return tuple(map(int, version("dbt-core").split(".")[:2])) >= (1, 12)


@pytest.mark.adapters("duckdb")
def test_every_rule_is_broken_by_the_immature_project() -> None:
    names = {rule["rule"] for rule in rules()}
    project = yaml.safe_load((IMMATURE / "dbt_project.yml").read_text(encoding="utf-8"))
    declared = {rule["name"] for rule in project["vars"]["dbt_estate"]["maturity"]["declared"]}
    assert {rule for rule, _ in expected()} == names | declared


@pytest.mark.smoke
@pytest.mark.adapters("duckdb")
def test_the_checks_of_v2_find_the_same(estate: Estate) -> None:
    """But for a constraint, which no table of v2 has. Exceptions are in `meta` alone there."""
    bring(estate, exceptions=None, checks=True)
    estate.run_dbt(["parse"])
    settings, target = read_project(estate.root)
    variables = variables_of(settings, estate.root, artifacts_in(estate.root / target).manifest)
    checks = {
        check.name: check for check in read_checks([REPOSITORY / "checks"], settings, variables)
    }
    names = {rule["rule"] for rule in rules() if reason_not(rule) is None}
    assert set(checks) == {f"estate_{name}" for name in names}
    project = loaded(estate)
    with project.connection as connection:
        found = run_rules(project).found
        for name in sorted(names):
            check = checks[f"estate_{name}"]
            assert (check.problem, check.enabled) == ("", True), name
            rows = set(connection.execute(check.query).fetchall())
            ours = {
                (item.unique_id, item.resource_name, item.file_path, item.detail)
                for item in found
                if item.rule == name
            }
            more = {row[0] for row in rows - ours}
            has_constraint = {"model.immature.stg_shop__customers"}
            assert more == (has_constraint if name == "missing_primary_key_tests" else set()), name
            assert ours <= rows, name
            assert rows or name == "expired_exceptions"


@pytest.mark.adapters("duckdb")
def test_the_checks_of_v2_are_off_until_switched_on(estate: Estate) -> None:
    bring(estate, checks=False)
    settings, target = read_project(estate.root)
    variables = variables_of(settings, estate.root, artifacts_in(estate.root / target).manifest)
    checks = read_checks([REPOSITORY / "checks"], settings, variables)
    assert len(checks) > 35
    assert not any(check.enabled for check in checks)


@pytest.mark.adapters("duckdb", "postgres")
def test_paths_packages_and_severities_are_settings(estate: Estate) -> None:
    bring(
        estate,
        exclude_paths=["STAGING/", r"_shop\.yml:shop\.nobody"],
        exclude_packages=[],
        rules={
            "root_models": {"severity": "off"},
            "dead_models": {"severity": "error", "exclude": ["*nobody"]},
            "too_many_joins": {"parents": 2},
        },
        declared=[],
    )
    result = estate.run_dbt(BUILD, expect_pass=False)
    rows = warehouse(estate)
    names = {row[0] for row in rows}
    assert "no_findings_root_models" not in result.statuses
    assert "root_models" not in names
    assert not any(row[2].startswith("model.immature.stg_") and "misplaced" not in row[2]
                   for row in rows)  # fmt: skip
    dead = {row[2] for row in rows if row[0] == "dead_models"}
    assert dead == {"model.immature.rpt_constants", "model.immature.rpt_old_report",
                    "model.immature.stg_misplaced"}  # fmt: skip
    assert result.status("no_findings_dead_models") == "fail"
    assert "model.immature.int_customers" in {row[2] for row in rows if row[0] == "too_many_joins"}
    assert not any("dbt_estate" in str(row[2]) for row in rows)
    blind = BLIND | {"complex_models_without_unit_tests"}
    assert without(rows, blind) == without(embedded(estate), blind)


@pytest.mark.adapters("duckdb")
def test_wrong_settings_are_told_at_once(estate: Estate) -> None:
    bring(
        estate,
        rules={
            "root_model": {},
            "too_many_joins": {"parents": "many", "joins": 1},
            "dead_models": {"severity": "loud"},
        },
        declared=[],
    )
    result = estate.run_dbt(["parse"], expect_pass=False)
    for text in (
        "root_model: no such rule; the rules are root_models",
        "too_many_joins.parents: must be a whole number from 0 on, got: many",
        "too_many_joins.joins: no such setting; the settings are severity, include, exclude, par",
        "dead_models.severity: must be warn, error or off, got: loud",
    ):
        assert text in result.output


@pytest.mark.adapters("duckdb", "postgres")
def test_the_printer_prints_what_was_built(estate: Estate) -> None:
    bring(estate)
    estate.update_project(**{"on-run-end": ["{{ dbt_estate.print_findings(limit=2) }}"]})
    result = estate.run_dbt(["seed"])
    assert "dbt_estate: " not in result.output
    result = estate.run_dbt(["run", "--select", "package:dbt_estate"])
    count = len(warehouse(estate))
    assert f"dbt_estate: {count} findings" in result.output
    assert "error dimensions_name_a_grain: dim_customers: meta lacks owner" in result.output
    assert f"and {count - 2} more in estate_findings" in result.output


@pytest.mark.adapters("duckdb")
def test_a_rule_that_is_none_cannot_be_tested(estate: Estate) -> None:
    bring(estate)
    tests = "data_tests: [{dbt_estate.no_findings: {arguments: {rule: nothing}}}]"
    estate.write({"models/own.yml": f"models:\n  - name: report\n    {tests}\n"})
    result = estate.run_dbt(["parse"], expect_pass=False)
    assert (
        "no_findings: 'rule' must be the name of a rule that is on, got: nothing" in result.output
    )


LAYERS, WIDTH, FAN = 12, 100, 5


def billions_of_paths(root: Path) -> int:
    """Write 1,200 models in layers, each reading five of the layer before; return the paths."""
    folder = root / "models"
    folder.mkdir(exist_ok=True)
    for layer in range(LAYERS):
        for n in range(WIDTH):
            parents = [f"m_{layer - 1}_{(n * 7 + k * 13) % WIDTH}" for k in range(FAN)]
            names = parents if layer else []
            tables = ", ".join(f"{{{{ ref('{name}') }}}} as t{k}" for k, name in enumerate(names))
            text = f"select 1 as n{' from ' + tables if names else ''}"
            (folder / f"m_{layer}_{n}.sql").write_text(text, encoding="utf-8")
    return int(WIDTH * FAN ** (LAYERS - 1))


@pytest.mark.adapters("duckdb")
def test_a_graph_with_billions_of_paths_ends(estate: Estate) -> None:
    assert billions_of_paths(estate.root) > 1_000_000_000
    estate.update_project(models={"dbt_estate": {"maturity": {"+enabled": True}}})
    estate.run_dbt(["run", "--select", "package:dbt_estate"])
    found = without(warehouse(estate), set())
    assert found == without(embedded(estate), BLIND | {"complex_models_without_unit_tests"})
    chained = {row[2] for row in found if row[0] == "chained_views_dependencies"}
    assert len(chained) == WIDTH * (LAYERS - 6)


@pytest.mark.adapters("duckdb")
def test_the_command_line_finds_what_is_expected_after_a_parse(estate: Estate) -> None:
    bring(estate)
    estate.run_dbt(["parse"])
    options = Options(
        project_dir=estate.root, manifest=None, run_results=None, catalog=None, checks=(),
        select=(), exclude=(), state=None, baseline=None, parse="never", files=(),
    )  # fmt: skip
    result = run(options)
    found = {(item.rule, item.unique_id) for item in result.findings}
    assert found == expected()
    assert {rule.status for rule in result.rules} == {"warned", "failed"}
    assert all(item.line for item in result.findings if item.file)
