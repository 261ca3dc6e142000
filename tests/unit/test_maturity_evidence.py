"""What is no evidence of a feature though it looks like it, and what steps can be taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dbt_estate.maturity.steps import Step, next_steps
from tests.unit.test_maturity_score import (
    CI,
    FEATURES,
    MART,
    MISSING,
    ORDERS,
    RAW,
    STAGING,
    UNKNOWN,
    USED,
    Document,
    data_test,
    described,
    feature,
    judged,
    maturity,
    model,
    shop,
    status,
    write,
)  # fmt: skip

PACKAGES = "packages.yml"


def macro(name: str, path: str) -> dict[str, Document]:
    unique_id = f"macro.shop.{name}"
    return {
        unique_id: {
            "unique_id": unique_id, "name": name, "package_name": "shop",
            "original_file_path": path,
        }
    }  # fmt: skip


def semantic(path: str) -> dict[str, Document]:
    return {
        "semantic_model.shop.s": {
            "unique_id": "semantic_model.shop.s", "name": "s", "model": "ref('stg_orders')",
            "package_name": "shop", "original_file_path": path,
        }
    }  # fmt: skip


def test_a_blank_description_is_none(tmp_path: Path) -> None:
    blank = {"a": {"name": "a", "description": "  "}}
    score = judged(tmp_path, shop({**described(STAGING, "  "), "columns": blank}))
    for name in ("key_docs", "descriptions", "column_docs"):
        assert status(score, name) == (MISSING, 0), name


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("{{ config(tags=['a']) }} select 1", USED),
        ("{{\n    config (\n) }} select 1", USED),
        ("{# {{ config(tags=['a']) }} #} select 1", MISSING),
        ("-- see config() of the store\nselect 1", MISSING),
        ("select app_config(x) from y", MISSING),
    ],
)
def test_a_config_is_one_that_dbt_reads(code: str, wanted: str, tmp_path: Path) -> None:
    assert status(judged(tmp_path, shop(model("a", raw_code=code))), "builtin_macros")[0] == wanted


def test_what_is_excluded_is_no_evidence(tmp_path: Path) -> None:
    document = shop(
        STAGING,
        semantic_models=semantic("models/old/s.yml"),
        macros=macro("generate_schema_name", "macros/old/names.sql"),
    )
    seen = judged(tmp_path, document)
    assert status(seen, "semantic_models") == (USED, 0.5)
    assert status(seen, "custom_naming") == (USED, 1)
    left = judged(tmp_path, document, exclude_paths=["/old/"])
    assert status(left, "semantic_models") == (MISSING, 0)
    assert status(left, "custom_naming") == (MISSING, 0)


@pytest.mark.parametrize(
    ("command", "name", "wanted"),
    [
        ("dbt build && pytest --select a", "jobs", UNKNOWN),
        ("dbt build; echo --exclude", "jobs", UNKNOWN),
        ("dbt build | tee -a -s", "jobs", UNKNOWN),
        ("dbt build --vars '{a: --select-not}'", "jobs", UNKNOWN),
        ("dbt build --vars '{a: \"b; c\"}' --select a", "jobs", USED),
        ("dbt deps && dbt build --exclude=a", "jobs", USED),
        ("dbt build -s a", "jobs", USED),
        ("dbt build --selector nightly", "jobs", USED),
        ("dbt build && dbt docs generate", "docs_deployed", USED),
        ("dbt build; dbt run-operation grant", "operations", USED),
    ],
)
def test_a_command_of_a_workflow(command: str, name: str, wanted: str, tmp_path: Path) -> None:
    score = judged(tmp_path, shop(STAGING), {CI: f"jobs:\n  a:\n    - run: |\n        {command}\n"})
    assert feature(score, name).status == wanted


@pytest.mark.parametrize(
    "entry",
    [
        "{local: \"{{ env_var('ESTATE', '../estate') }}\"}",
        "{local: ../estate}",
        "{tarball: 'https://x.org/files/1.tar.gz', name: dbt_estate}",
        "{tarball: 'https://x.org/dbt_estate-0.1.0.tar.gz', name: estate}",
        "{git: 'https://x.org/data.git', subdirectory: packages/dbt_estate}",
        "{git: 'https://x.org/dbt-estate.git', revision: main}",
        "{package: someone/dbt_estate, version: 0.1.0}",
        "{local: ../nothing}",
    ],
)
def test_this_package_is_no_package_however_it_comes(entry: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "dbt_project.yml").write_text("name: dbt_estate\n")
    folder.mkdir()
    score = judged(folder, shop(STAGING), {PACKAGES: f"packages:\n  - {entry}\n"})
    assert status(score, "packages") == (MISSING, 0)


@pytest.mark.parametrize(
    "entry",
    [
        "{local: \"{{ env_var('OTHER', '../other') }}\"}",
        "{tarball: 'https://x.org/utils.tar.gz', name: utils}",
        "{git: 'https://x.org/data.git', subdirectory: packages/utils}",
    ],
)
def test_another_package_is_one_however_it_comes(entry: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "dbt_project.yml").write_text("name: other\n")
    folder.mkdir()
    score = judged(folder, shop(STAGING), {PACKAGES: f"packages:\n  - {entry}\n"})
    assert status(score, "packages") == (USED, 0.5)


# -- weights of nothing -----------------------------------------------------------------------


def test_a_feature_of_no_weight_counts_nowhere(tmp_path: Path) -> None:
    plain = judged(tmp_path, shop(STAGING))
    score = judged(tmp_path, shop(STAGING), features={"commands": {"weight": 0}})
    assert (plain.unknown, score.unknown) == (4, 3)
    assert (plain.levels[0].unknown, score.levels[0].unknown) == (1, 0)
    write(tmp_path, shop(STAGING), {"dbt_project.yml": PROJECT_WITHOUT_COMMANDS})
    printed = json.loads(maturity(tmp_path, "--format", "json").stdout)
    assert "commands" not in {item["feature"] for item in printed["unknown"]}
    assert "commands" in {item["feature"] for item in printed["features"]}


PROJECT_WITHOUT_COMMANDS = """\
name: shop
vars:
  dbt_estate:
    maturity:
      features:
        commands: {weight: 0}
"""


def of_no_weight(*levels: int) -> dict[str, Any]:
    return {name: {"weight": 0} for name, item in FEATURES.items() if item["level"] in levels}


def test_a_level_that_is_switched_off_is_no_hurdle(tmp_path: Path) -> None:
    document = shop(RAW, described(STAGING), described(MART), data_test("t", ORDERS))
    assert judged(tmp_path, document).number == 2
    assert judged(tmp_path, document, features=of_no_weight(1)).number == 2
    assert judged(tmp_path, shop(RAW), features=of_no_weight(1, 2)).number == 0


# -- steps ------------------------------------------------------------------------------------


def steps_of(folder: Path, document: Document, files: dict[str, str] | None = None) -> list[Step]:
    from dbt_estate.info_schema.load import Artifacts, load_project
    from dbt_estate.maturity.score import score_project

    write(folder, document, files)
    project = load_project(Artifacts(folder / "target" / "manifest.json"), {}, folder)
    with project.connection:
        return next_steps(project, score_project(project))


def step(steps: list[Step], name: str) -> Step:
    return next(item for item in steps if item.feature == name)


def test_a_step_for_what_is_used_a_little_is_another(tmp_path: Path) -> None:
    files = {PACKAGES: "packages: [{package: a/b}]", CI: "run: make"}
    steps = steps_of(tmp_path, shop(STAGING, {**MART, "schema": "marts"}), files)
    assert step(steps, "packages").do == "Use the macros, the models or the tests of the packages"
    assert list(step(steps, "packages").files) == []
    assert step(steps, "deployment").do == "Let a workflow run dbt for each change"
    assert list(step(steps, "deployment").files) == [CI]
    assert step(steps, "custom_naming").do.startswith("Name schemas in one place")
    tagged = steps_of(tmp_path, shop(model("a", tags=["x"])), {"selectors.yml": "x"})
    assert "selectors" not in {item.feature for item in tagged}
    some = steps_of(tmp_path, shop(STAGING), {"selectors.yml": "x"})
    assert step(some, "selectors").do.startswith("Tag the models that are built together")
    others = steps_of(tmp_path / "tags", shop(model("a", tags=["x"])))
    assert list(step(others, "selectors").files) == ["selectors.yml"]


def test_a_step_names_no_file_of_an_installed_package(tmp_path: Path) -> None:
    other = {**model("theirs"), "package_name": "other", "unique_id": "model.other.theirs"}
    project = "name: shop\nvars: {dbt_estate: {maturity: {exclude_packages: []}}}\n"
    write(tmp_path, shop(STAGING, other), {"dbt_project.yml": project})
    printed = json.loads(maturity(tmp_path, "--format", "json").stdout)
    (found,) = (item for item in printed["next_steps"] if item["feature"] == "descriptions")
    assert found["files"] == ["models/_models.yml"]


def test_a_step_names_the_properties_and_not_the_sql(tmp_path: Path) -> None:
    listed = described({**model("a"), "patch_path": "shop://models/staging/_shop.yml"})
    nodes = (
        {**listed, "original_file_path": "models/staging/a.sql"},
        model("b", original_file_path="models/staging/b.sql"),
        model("c", original_file_path="models/marts/c.sql"),
    )
    files = step(steps_of(tmp_path, shop(*nodes)), "descriptions").files
    assert list(files) == ["models/marts/_models.yml", "models/staging/_shop.yml"]


def test_tests_come_before_guides(tmp_path: Path) -> None:
    """What gains more comes first where gain over effort is the same."""
    names = [item.feature for item in steps_of(tmp_path, shop(STAGING, MART, model("a")))]
    assert names.index("tests") < names.index("style_guide")
