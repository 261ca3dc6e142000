"""What is no evidence of a feature though it looks like it, and what steps can be taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dbt_estate.maturity.steps import Step, next_steps
from tests.support.rendering import Macros
from tests.unit.test_info_schema import node
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
        "{git: 'git@git.corp:dbt_estate.git'}",
        "{git: 'file://ESTATE_FOLDER'}",
        "{local: ../nothing}",
    ],
)
def test_this_package_is_no_package_however_it_comes(entry: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "dbt_project.yml").write_text("name: dbt_estate\n")
    folder.mkdir()
    entry = entry.replace("ESTATE_FOLDER", (tmp_path / "estate").as_posix())
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


# -- a project that is a folder of a repository -----------------------------------------------


def nested(folder: Path, files: dict[str, str], document: Document | None = None) -> Path:
    """Write a project in data/shop of a repository; files are those of the repository."""
    project = folder / "data" / "shop"
    project.mkdir(parents=True)
    write(project, document or shop(STAGING))
    (project / ".git").rmdir()
    (folder / ".git").mkdir()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return project


def printed_of(project: Path) -> Document:
    found: Document = json.loads(maturity(project, "--format", "json").stdout)
    return found


def status_of(printed: Document, name: str) -> str:
    return str(next(i["status"] for i in printed["features"] if i["feature"] == name))


def files_of(printed: Document, name: str) -> list[str]:
    (found,) = (item["files"] for item in printed["next_steps"] if item["feature"] == name)
    return list(found)


def test_what_a_forge_reads_stands_at_the_root_of_the_repository(tmp_path: Path) -> None:
    below = nested(tmp_path, {
        "data/shop/.github/workflows/dbt.yml": "run: dbt build",
        "data/shop/.github/pull_request_template.md": "x",
    })  # fmt: skip
    printed = printed_of(below)
    assert status_of(printed, "deployment") == MISSING
    assert status_of(printed, "pull_request_template") == MISSING
    assert files_of(printed, "deployment") == ["../../.github/workflows/dbt.yml"]
    assert files_of(printed, "pull_request_template") == ["../../.github/pull_request_template.md"]
    assert files_of(printed, "readme") == ["README.md"]


def test_files_of_the_repository_count(tmp_path: Path) -> None:
    project = nested(tmp_path, {
        ".github/workflows/a_lint.yml": "run: ruff check",
        ".github/workflows/dbt.yml": "run: dbt build",
        ".github/pull_request_template.md": "x", "CONTRIBUTING.md": "x", "README.md": "x",
        "pyproject.toml": "[tool.sqlfluff.core]\ndialect = 'duckdb'\n",
    })  # fmt: skip
    printed = printed_of(project)
    for name in (
        "deployment", "pull_request_template", "contribution_guide", "readme", "style_guide",
    ):  # fmt: skip
        assert status_of(printed, name) == USED, name
    evidence = {item["feature"]: item["evidence"] for item in printed["features"]}
    assert evidence["deployment"] == ".github/workflows/dbt.yml; a workflow runs dbt"


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("pyproject.toml", "[tool.sqlfluff.core]\ndialect='x'\n", USED),
        ("pyproject.toml", "[tool.sqlfmt]\nline_length=99\n", USED),
        ("setup.cfg", "[sqlfluff]\ndialect = x\n", USED),
        ("tox.ini", "[sqlfluff:rules]\nx = 1\n", USED),
        ("pyproject.toml", "[tool.ruff]\n# not [tool.sqlfluff]\n", MISSING),
        ("setup.cfg", "[metadata]\nname = x\n", MISSING),
    ],
)
def test_settings_of_an_sql_linter(name: str, text: str, wanted: str, tmp_path: Path) -> None:
    assert status(judged(tmp_path, shop(STAGING), {name: text}), "style_guide")[0] == wanted


# -- more evidence ----------------------------------------------------------------------------


def test_a_version_that_is_prepared_needs_no_end(tmp_path: Path) -> None:
    versions = [
        {**model("a"), "unique_id": f"model.shop.a.v{n}", "version": n, "latest_version": 2}
        for n in (1, 2, 10)
    ]
    assert status(judged(tmp_path, shop(*versions)), "versions") == (USED, 0.6667)
    versions[0]["deprecation_date"] = "2030-01-01T00:00:00"
    assert status(judged(tmp_path, shop(*versions)), "versions") == (USED, 1)


def test_a_macro_in_the_place_of_ref_is_none_of_your_own(tmp_path: Path) -> None:
    replaced = model("a", macros=["macro.shop.ref", "macro.shop.source"])
    assert status(judged(tmp_path, shop(replaced)), "macros") == (MISSING, 0)
    more = model("a", macros=["macro.shop.ref", "macro.shop.cents"])
    assert status(judged(tmp_path, shop(more)), "macros") == (USED, 1)


def test_a_step_names_a_properties_file_for_each_model_where_neighbours_have_one(
    tmp_path: Path,
) -> None:
    neighbour = {**described(model("a")), "patch_path": "shop://models/a.yml"}
    files = step(steps_of(tmp_path, shop(neighbour, model("b"))), "descriptions").files
    assert list(files) == ["models/b.yml"]


PYTHON = {"language": "python", "raw_code": "def model(dbt, session):\n    dbt.config(x=1)\n"}


def test_a_python_model_can_have_a_config_and_a_hook(tmp_path: Path) -> None:
    plain = {"language": "python", "raw_code": "def model(dbt, session):\n    # dbt.config(x=1)\n"}
    assert status(judged(tmp_path, shop(model("a", **plain))), "builtin_macros") == (MISSING, 0)
    hooked = model("a", **PYTHON, config={"pre-hook": [{"sql": "select 1"}]})
    score = judged(tmp_path, shop(hooked))
    assert status(score, "builtin_macros") == (USED, 1)
    assert status(score, "hooks") == (USED, 1)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("{{ shop.own() }} /* see dbt_estate.print_findings( ) */", USED),
        ("{{ dbt_estate.print_findings() }}{{ grant_all() }}", USED),
        ("{{ dbt_estate.f() ~ 'grant select on x to y' }}", USED),
        ("{{ dbt_estate.f() ~ x }}{{ g() }}", USED),
        ("{% set x = run_query('grant') %}", USED),
        ("{% do run_query('grant') %}", USED),
        ("{{ dbt_estate.print_findings(limit=5) }};", MISSING),
        ("{% if flags.WHICH in ['run'] %}{{ dbt_estate.f(a=1) }}{% endif %}", MISSING),
        ("{%- set x = 1 -%}{{- dbt_estate.f(x) -}}", MISSING),
        ("{{ dbt_estate.f({'a': {'b': 1}}) }}", MISSING),
        ("{{ dbt_estate.f('a--b', \"it's\") }}", MISSING),
        ("{# x #}", MISSING),
        ("-- nothing\n", MISSING),
    ],
)
def test_a_hook_is_what_is_left_without_this_package(
    code: str, wanted: str, tmp_path: Path
) -> None:
    hook = node("operation", "shop-on-run-end-0", raw_code=code)
    hooked = model("a", config={"post-hook": [{"sql": code}]})
    for document in (shop(STAGING, hook), shop(hooked)):
        assert status(judged(tmp_path, document), "hooks")[0] == wanted
    assert Macros("duckdb")._is_hook(code) == (wanted == USED)


def test_a_test_in_the_place_of_one_of_dbt_is_your_own(tmp_path: Path) -> None:
    own = data_test("t", ORDERS, "not_null", package="shop")
    assert status(judged(tmp_path, shop(STAGING, own)), "custom_tests") == (USED, 1)
    own["depends_on"]["macros"].append("macro.dbt.test_not_null")  # it calls that of dbt
    assert status(judged(tmp_path, shop(STAGING, own)), "custom_tests") == (USED, 1)
    found: dict[str, Any] = {"rows": {"data_tests": []}, "configs": {}}
    Macros("duckdb")._add_tests(found, [own])
    assert found["rows"]["data_tests"][0]["test_definition_package"] == "shop"


def test_a_singular_test_can_be_excluded(tmp_path: Path) -> None:
    singular = node(
        "test", "t", depends_on={"nodes": [ORDERS]}, original_file_path="tests/old/t.sql"
    )
    document = shop(STAGING, singular)
    assert status(judged(tmp_path, document), "tests") == (USED, 1)
    assert status(judged(tmp_path, document, exclude_paths=["/old/"]), "tests") == (MISSING, 0)


def test_a_key_of_meta_is_no_fact(tmp_path: Path) -> None:
    meta = {"hard_coded_reference": "no", "macro_call": "shop", "select_star": "x"}
    plain = judged(tmp_path, shop(RAW, STAGING, MART))
    score = judged(tmp_path, shop(RAW, STAGING, {**MART, "meta": meta}))
    assert [(i.feature, i.status, i.depth) for i in plain.features] == [
        (i.feature, i.status, i.depth) for i in score.features
    ]
    steps = steps_of(tmp_path, shop(RAW, STAGING, {**MART, "meta": meta}))
    assert not {"refs", "sources"} & {item.feature for item in steps}


@pytest.mark.parametrize(
    ("name", "fact"), [("README.markdown", "readme"), ("style-guide.md", "style_guide")]
)
def test_other_names_of_files(name: str, fact: str, tmp_path: Path) -> None:
    assert status(judged(tmp_path, shop(STAGING), {name: "x"}), fact)[0] == USED


def test_settings_that_read_alike_are_not_one_rule_set(tmp_path: Path) -> None:
    one = judged(tmp_path, shop(STAGING), exclude_paths=["x,models/a"])
    two = judged(tmp_path, shop(STAGING), exclude_paths=["x", "models/a"])
    assert one.rule_set != two.rule_set


@pytest.mark.parametrize(("version", "wanted"), [("1.11.9", 2), ("1.12.0", 1), ("2.0.0", 1)])
def test_a_vars_yml_counts_where_dbt_reads_it(version: str, wanted: int, tmp_path: Path) -> None:
    document = shop(RAW, described(STAGING), described(MART), dbt_version=version)
    write(tmp_path, document, {
        "dbt_project.yml": "name: shop\n",
        "vars.yml": "vars: {dbt_estate: {maturity: {level_completeness: 80}}}\n",
    })  # fmt: skip
    assert printed_of(tmp_path)["level"]["number"] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "packages: [{git: \"{{ var('host') }}/utils\"}]",
        "packages: [{git: \"{{ env_var('HOME') | as_text }}/utils\"}]",
        'packages: [{git: "{{ 1/0 }}/utils"}]',
        "packages: [{git: \"{{ env_var('x' }}/utils\"}]",
    ],
)
def test_jinja_of_a_list_of_packages_stops_nothing(text: str, tmp_path: Path) -> None:
    assert status(judged(tmp_path, shop(STAGING), {PACKAGES: text}), "packages") == (USED, 0.5)


def test_a_local_package_of_an_impossible_name_is_none(tmp_path: Path) -> None:
    files = {PACKAGES: f"packages: [{{local: {'a' * 400}}}]"}
    assert status(judged(tmp_path, shop(STAGING), files), "packages") == (MISSING, 0)


@pytest.mark.parametrize(
    ("text", "target"),
    [("{{ var('x', 'target') }}", "target"), ("{{ env_var('NO_SUCH', 'out') }}", "out")],
)
def test_a_target_folder_can_be_asked_for(text: str, target: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING), {"dbt_project.yml": f'name: shop\ntarget-path: "{text}"\n'})
    if target != "target":
        (tmp_path / "target").rename(tmp_path / target)
    assert printed_of(tmp_path)["level"]["number"] >= 0


def test_a_target_folder_that_cannot_be_known_is_refused(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING), {"dbt_project.yml": 'target-path: "{{ var(1/0) }}"\n'})
    answer = maturity(tmp_path)
    assert answer.exit_code == 2
    assert "target-path: cannot be rendered" in answer.output
    assert "set DBT_TARGET_PATH" in answer.output


def test_steps_name_the_folders_and_the_file_of_packages_that_dbt_reads(tmp_path: Path) -> None:
    project = "name: shop\nmodel-paths: [transform]\nmacro-paths: [mac]\ntest-paths: [checks]\n"
    files = {"dbt_project.yml": project, "dependencies.yml": "packages: []"}
    write(tmp_path, shop(STAGING), files)
    printed = printed_of(tmp_path)
    for name, wanted in {
        "macros": "mac/", "custom_naming": "mac/generate_schema_name.sql",
        "custom_tests": "checks/generic/", "exposures": "transform/exposures.yml",
        "semantic_models": "transform/semantic_models.yml", "packages": "dependencies.yml",
        "artifacts": "dependencies.yml",
    }.items():  # fmt: skip
        assert files_of(printed, name) == [wanted], name


def test_a_vars_yml_is_read_or_not_as_the_manifest_says_that_is_used(tmp_path: Path) -> None:
    from dbt_estate.info_schema.commands import read_project, variables_of

    write(tmp_path, shop(STAGING, dbt_version="1.11.9"), {"vars.yml": "vars: {a: 1}\n"})
    settings, _ = read_project(tmp_path)
    assert variables_of(settings, tmp_path, tmp_path / "target" / "manifest.json") == {}
    assert variables_of(settings, tmp_path, None) == {"a": 1}


def test_the_step_of_versions_names_what_it_is_about(tmp_path: Path) -> None:
    versions = [
        {
            **model("a", original_file_path=f"models/old/a{n}.sql"), "version": n,
            "unique_id": f"model.shop.a.v{n}", "latest_version": 2,
        }
        for n in (1, 2)
    ]  # fmt: skip
    public = {**model("b", original_file_path="models/pubs/b.sql"), "access": "public"}
    used = step(steps_of(tmp_path / "used", shop(*versions, public)), "versions")
    assert list(used.files) == ["models/old/_models.yml"]
    missing = step(steps_of(tmp_path / "missing", shop(public)), "versions")
    assert list(missing.files) == ["models/pubs/_models.yml"]


def test_a_style_guide_is_named_once(tmp_path: Path) -> None:
    files = {".sqlfluff": "x", "pyproject.toml": "[tool.sqlfluff.core]\n"}
    assert feature(judged(tmp_path, shop(STAGING), files), "style_guide").evidence == ".sqlfluff"


def test_a_project_behind_a_link_is_where_its_repository_is(tmp_path: Path) -> None:
    project = nested(tmp_path / "real", {})
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(project, target_is_directory=True)
    (wanted,) = files_of(printed_of(link), "deployment")
    assert wanted == "../../.github/workflows/dbt.yml"


def test_without_a_model_the_first_level_lacks_one(tmp_path: Path) -> None:
    for maturity_vars in ({}, {"features": {"models": {"weight": 0}}}, {"level_completeness": 40}):
        given = json.dumps({"dbt_estate": {"maturity": maturity_vars}})
        write(tmp_path, shop(), {"dbt_project.yml": f"name: shop\nvars: {given}\n"})
        assert "Level 1, Infancy, lacks a first model." in maturity(tmp_path).stdout


def test_a_place_that_needs_what_is_not_known_is_none(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING), {"dbt_project.yml": 'target-path: "{{ x }}/target"\n'})
    answer = maturity(tmp_path)
    assert (answer.exit_code, "target-path: cannot be rendered" in answer.output) == (2, True)
