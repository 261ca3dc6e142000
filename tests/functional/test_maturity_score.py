"""Levels in the warehouse: the same as on the command line, kept, and tested."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from dbt_estate.cli import cli
from dbt_estate.info_schema.commands import read_project, variables_of
from dbt_estate.info_schema.load import artifacts_in, load_project
from dbt_estate.maturity.score import Score, score_project
from tests.functional.test_maturity_models import ON, SEMANTIC, SHOP, relation
from tests.functional.test_rules import bring
from tests.support.estate import Estate

BUILD = ["run", "--select", "package:dbt_estate"]
Values = tuple[Any, ...]


def embedded(estate: Estate, with_files: bool) -> Score:
    settings, target = read_project(estate.root)
    artifacts = artifacts_in(estate.root / target)
    variables = variables_of(settings, estate.root, artifacts.manifest)
    project = load_project(artifacts, variables, estate.root)
    with project.connection:
        return score_project(project, with_files)


def plain(*values: Any) -> Values:
    """Return the values as those of Python: engines have decimals and integers of several kinds."""
    return tuple(
        value if value is None or isinstance(value, str) else round(float(value), 6)
        for value in values
    )


def of_score(score: Score) -> dict[str, set[Values]]:
    return {
        "level": {plain(score.number, score.name, score.score, score.unknown, score.rule_set)},
        "levels": {
            plain(item.number, item.name, item.used, item.known, item.unknown, item.not_applicable,
                  item.completeness, item.depth, item.is_reached)
            for item in score.levels
        },
        "features": {
            plain(item.feature, item.level, item.title, item.weight, item.status, item.depth,
                  item.evidence, item.findings)
            for item in score.features
        },
    }  # fmt: skip


COLUMNS = {
    "level": "level_number, level_name, score, features_unknown, rule_set",
    "levels": "level_number, level_name, features_used, features_known, features_unknown, "
    "features_not_applicable, completeness, depth, is_reached",
    "features": "feature, maturity_level, title, weight, status, depth, evidence, findings",
}


def of_warehouse(estate: Estate) -> dict[str, set[Values]]:
    found = {}
    for name, columns in COLUMNS.items():
        rows = estate.sql(f"select {columns} from {relation(estate, name)}")
        found[name] = {plain(*row) for row in rows}
        assert len(rows) == len(found[name]), name
    return found


GROWN = {
    **SHOP,
    **{
        f"models/marts/fct_{n}.sql": "{{ config(materialized='incremental', unique_key='id', "
        "post_hook='select 1') }}select {{ our_key('id') }} as id from {{ ref('orders') }}"
        for n in range(3)
    },
    "models/marts/_marts.yml": "models: [{name: fct_0, description: Facts., "
    "data_tests: [is_fine], config: {contract: {enforced: false}}}]",
    "macros/ours.sql": "{% macro our_key(name) %}{{ name }}{% endmacro %}"
    "{% test is_fine(model) %}select * from {{ model }} where 1 = 0{% endtest %}",
}


@pytest.mark.smoke
def test_the_immature_project_is_the_same_in_the_warehouse(estate: Estate) -> None:
    bring(estate)
    estate.run_dbt(["seed", "--select", "rule_exceptions"])
    estate.run_dbt(BUILD)
    score = embedded(estate, with_files=False)
    assert (score.number, score.name) == (2, "Toddlerhood")
    assert of_warehouse(estate) == of_score(score)


SETTINGS = {"features": {"refs": {"weight": 5}, "hooks": {"weight": 0}}, "level_completeness": 90}


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("files", "settings", "wanted"),
    [
        (
            GROWN,
            SETTINGS,
            {"refs", "incremental", "macros", "custom_tests", "hooks", "exposures", "selectors"},
        ),
        (SEMANTIC, {}, {"semantic_models", "versions"}),
    ],
    ids=["grown", "semantic"],
)
def test_other_projects_are_the_same_in_the_warehouse(
    files: dict[str, str], settings: dict[str, Any], wanted: set[str], estate: Estate
) -> None:
    estate.update_project(vars={"dbt_estate": {"maturity": settings}}, models=ON)
    estate.write(files)
    estate.run_dbt(BUILD)
    score = embedded(estate, with_files=False)
    assert wanted <= {item.feature for item in score.features if item.status == "used"}
    assert of_warehouse(estate) == of_score(score)


@pytest.mark.adapters("duckdb", "postgres")
def test_an_empty_project_has_no_level(estate: Estate) -> None:
    estate.update_project(models=ON)
    estate.run_dbt(BUILD)
    score = embedded(estate, with_files=False)
    assert (score.number, score.name, score.score) == (0, "None", 0)
    assert of_warehouse(estate) == of_score(score)


def history(estate: Estate) -> list[Values]:
    query = (
        "select level_number, level_name, score, rule_set from "
        f"{relation(estate, 'maturity_history')} order by ran_at"
    )
    return [plain(*row) for row in estate.sql(query)]


@pytest.mark.smoke
@pytest.mark.parametrize("materialized", ["incremental", "table"])
def test_the_history_only_grows(materialized: str, estate: Estate) -> None:
    """Also where a project makes all models of the package tables, as it may.

    A server keeps the rows of the tests before this one.
    """
    settings = {"+enabled": True, **({"+materialized": "table"} if materialized == "table" else {})}
    estate.update_project(models={"dbt_estate": {"maturity": settings}})
    estate.write({"models/one.sql": "select 1 as x"})
    estate.run_dbt(BUILD)
    first = history(estate)
    assert first
    estate.write({"models/two.sql": "select * from {{ ref('one') }}"})
    estate.run_dbt([*BUILD, "--full-refresh"])
    second = history(estate)
    assert second[:-1] == first
    assert second[-1][:3] != first[-1][:3]
    assert second[-1][3] == first[-1][3]
    weights = {"maturity": {"features": {"models": {"weight": 3}}}}
    estate.update_project(vars={"dbt_estate": weights})
    estate.run_dbt(BUILD)
    third = history(estate)
    assert third[:-1] == second
    assert third[-1][3] != second[-1][3]


@pytest.mark.adapters("duckdb")
def test_a_history_that_would_forget_is_refused(estate: Estate) -> None:
    maturity = {"+enabled": True, "score": {"estate_maturity_history": {"+materialized": "view"}}}
    estate.update_project(models={"dbt_estate": {"maturity": maturity}})
    result = estate.run_dbt(BUILD, expect_pass=False)
    assert "keeps what was, and dbt_project.yml makes it view" in result.output


def gate(*tests: str) -> dict[str, str]:
    """Return tests on the level, which a project has beside a model of its own."""
    listed = ", ".join(tests)
    return {
        "models/gate.sql": "select * from {{ ref('dbt_estate', 'estate_level') }}",
        "models/gate.yml": f"models: [{{name: gate, data_tests: [{listed}]}}]",
    }


def at_least(name: str, **arguments: Any) -> str:
    given = {"name": name, "arguments": arguments}
    return json.dumps({"dbt_estate.maturity_at_least": given})


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [
        ("level_passes", {"level": 1}, "pass"),
        ("score_passes", {"level": 1, "score": 1.5}, "pass"),
        ("level_fails", {"level": 6}, "fail"),
        ("score_fails", {"level": 1, "score": 99}, "fail"),
    ],
)
def test_the_data_test(
    name: str, arguments: dict[str, Any], status: str, module_estate: Estate
) -> None:
    estate = module_estate
    estate.update_project(models=ON)
    estate.write(gate(at_least(name, **arguments)))
    given = ", ".join(f"{key}={value}" for key, value in arguments.items())
    call = f"dbt_estate.test_maturity_at_least(ref('dbt_estate', 'estate_level'), {given})"
    estate.write({"tests/alone.sql": f"{{{{ {call} }}}}"})
    if not any((estate.root / "target").glob("level_built")):
        estate.run_dbt(["run"])
        (estate.root / "target" / "level_built").touch()
    result = estate.run_dbt(["test", "--select", name, "alone"], expect_pass=None)
    assert result.status(name) == result.status("alone") == status


@pytest.mark.adapters("duckdb")
@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ({"level": 0}, ["'level' must be a whole number from 1 (Infancy) to 6 (Beyond), got: 0"]),
        ({"level": "4"}, ["'level' must be", "got: 4"]),
        ({"level": True}, ["'level' must be", "got: True"]),
        ({"level": 2, "score": 101}, ["'score' must be a number from 0 to 100", "got: 101"]),
        ({"level": 7, "score": "x"}, ["2 problems", "'level' must be", "'score' must be"]),
    ],
)
def test_the_data_test_refuses_what_is_wrong(
    arguments: dict[str, Any], problems: list[str], estate: Estate
) -> None:
    estate.update_project(models=ON)
    estate.write(gate(at_least("gate_level", **arguments)))
    result = estate.run_dbt(["test", "--select", "gate_level"], expect_pass=False)
    for problem in problems:
        assert problem in result.output


@pytest.mark.adapters("duckdb")
def test_wrong_settings_are_said_at_once(estate: Estate) -> None:
    features = {"redme": {"weight": 1}, "refs": {"weight": -1}, "hooks": 3}
    estate.run_dbt(["parse"])
    settings = {"features": features, "level_completeness": 60}
    estate.update_project(vars={"dbt_estate": {"maturity": settings}}, models=ON)
    result = estate.run_dbt(BUILD, expect_pass=False)
    wanted = [
        "3 problems in vars: dbt_estate: maturity: features",
        "redme: no such feature; the features are models, commands",
        "refs.weight: must be a whole number from 0 to 100, got: -1",
        "hooks: must be {weight: <number>}, got: 3",
    ]
    printed = CliRunner().invoke(
        cli, ["maturity", "--project-dir", str(estate.root), "--parse", "never"]
    )
    assert printed.exit_code == 2
    for text in wanted[1:]:
        assert text in result.output
        assert text in printed.output


@pytest.mark.smoke
@pytest.mark.adapters("duckdb")
def test_installing_the_package_changes_nothing(estate: Estate) -> None:
    """Without the package, with it, with its models on, and after they have been built."""
    estate.write(GROWN)
    (estate.root / "models" / "all.yml").write_text(
        (estate.root / "models" / "all.yml").read_text().replace("dbt_estate.columns_follow", "our")
        .replace("our_vocabulary", "is_fine"), encoding="utf-8",
    )  # fmt: skip
    installed = estate.root / "dbt_packages" / "dbt_estate"
    there = installed.resolve()
    installed.unlink()
    packages = estate.read("packages.yml")
    estate.remove("packages.yml")
    estate.run_dbt(["parse"])
    seen = [embedded(estate, with_files=True)]
    assert not [name for name in json.loads(estate.read("target/manifest.json"))["nodes"]
                if ".dbt_estate." in name]  # fmt: skip
    installed.symlink_to(there, target_is_directory=True)
    estate.write({"packages.yml": packages})
    estate.run_dbt(["parse"])
    seen.append(embedded(estate, with_files=True))
    estate.update_project(models=ON, **{"on-run-end": ["{{ dbt_estate.print_findings() }}"]})
    estate.run_dbt(["parse"])
    seen.append(embedded(estate, with_files=True))
    estate.run_dbt(BUILD)
    seen.append(embedded(estate, with_files=True))
    assert any(item.status == "used" for item in seen[0].features)
    assert [of_score(score) for score in seen[1:]] == [of_score(seen[0])] * 3
    estate.run_dbt(["seed"])
    assert status_of(embedded(estate, with_files=True), "commands") == "used"


def status_of(score: Score, feature: str) -> str:
    return next(item.status for item in score.features if item.feature == feature)
