"""Levels: what is evidence of a feature, how levels and scores come of it, and what is written."""

from __future__ import annotations

import html
import itertools
import json
import re
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlglot
from click.testing import CliRunner, Result
from jinja2 import Environment, StrictUndefined

from dbt_estate.cli import cli
from dbt_estate.errors import InputError
from dbt_estate.info_schema.load import Artifacts, load_project
from dbt_estate.info_schema.macros import PackageMacros
from dbt_estate.maturity.badge import badge
from dbt_estate.maturity.history import append_history, compare, read_history, run_of
from dbt_estate.maturity.report import markdown
from dbt_estate.maturity.score import Feature, Score, score_project
from tests.support import rule_list
from tests.support.estate import REPOSITORY
from tests.support.rendering import CompilationError, Macros
from tests.support.scoring_page import PAGE, Example, examples, feature_table, scored
from tests.unit.test_info_schema import node, schema

FEATURES = {item["feature"]: item for item in rule_list.features()}
SCORE_FILES = sorted((REPOSITORY / "models" / "maturity" / "score").glob("*.sql"))
Document = dict[str, Any]

# -- projects, made by hand -------------------------------------------------------------------


def model(name: str, *parents: str, **more: Any) -> Document:
    config = {"enabled": True, "materialized": "view", **more.pop("config", {})}
    given = {
        "language": "sql", "raw_code": "select 1 as x", "tags": [], "access": "protected",
        "schema": "main", "database": "db", "original_file_path": f"models/{name}.sql", **more,
        "depends_on": {"nodes": list(parents), "macros": more.pop("macros", [])},
    }  # fmt: skip
    given.pop("macros", None)
    return node("model", name, config=config, **given)


def source(name: str, **more: Any) -> Document:
    return node("source", name, unique_id=f"source.shop.app.{name}", source_name="app", **more)


def data_test(name: str, on: str, test: str = "not_null", **more: Any) -> Document:
    metadata = {"name": test, "namespace": more.pop("namespace", None), "kwargs": {}}
    macros = [f"macro.{more.pop('package', 'dbt')}.test_{test}"]
    return node(
        "test", name, test_metadata=metadata, attached_node=on, tags=[],
        depends_on={"nodes": [on], "macros": macros}, config={"severity": "ERROR"}, **more,
    )  # fmt: skip


def shop(*nodes: Document, **more: Any) -> Document:
    return {
        "metadata": {
            **schema("manifest", 12), "project_name": "shop", "adapter_type": "duckdb",
            "dbt_version": more.pop("dbt_version", "1.12.0"),
        },
        "nodes": {
            item["unique_id"]: item for item in nodes if item["resource_type"] != "source"
        },
        "sources": {
            item["unique_id"]: item for item in nodes if item["resource_type"] == "source"
        },
        "macros": {}, "exposures": {}, **more,
    }  # fmt: skip


def write(folder: Path, document: Document, files: dict[str, str] | None = None) -> Path:
    for name, text in {"dbt_project.yml": "name: shop\n", **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / ".git").mkdir(exist_ok=True)
    path = folder / "target" / "manifest.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return folder


def judged(
    folder: Path, document: Document, files: dict[str, str] | None = None,
    with_files: bool = True, **maturity: Any,
) -> Score:  # fmt: skip
    write(folder, document, files)
    found = folder / "target" / "run_results.json"
    artifacts = Artifacts(folder / "target" / "manifest.json", found if found.is_file() else None)
    project = load_project(artifacts, {"dbt_estate": {"maturity": maturity}}, folder)
    with project.connection:
        return score_project(project, with_files)


def feature(score: Score, name: str) -> Feature:
    return next(item for item in score.features if item.feature == name)


def status(score: Score, name: str) -> tuple[str, float | None]:
    found = feature(score, name)
    return found.status, found.depth


RAW = source("raw")
ORDERS = "model.shop.stg_orders"
STAGING = model("stg_orders", "source.shop.app.raw")
MART = model("orders", ORDERS, original_file_path="models/marts/orders.sql")
CI = ".github/workflows/ci.yml"
EXPOSURE = {
    "exposure.shop.board": {
        "unique_id": "exposure.shop.board", "name": "board", "type": "dashboard",
        "package_name": "shop", "original_file_path": "models/e.yml", "description": "A board.",
        "owner": {"name": "Anna", "email": "a@x.org"}, "depends_on": {"nodes": [ORDERS]},
    }
}  # fmt: skip


def described(item: Document, text: str = "It is.") -> Document:
    return {**item, "description": text}


def column(name: str, text: str) -> Document:
    return {name: {"name": name, "description": text}}


MANY = [model(f"m{n}") for n in range(20)]
USED, MISSING, UNKNOWN, NOT = "used", "missing", "unknown", "not_applicable"
Case = tuple[str, Document, dict[str, str], tuple[str, float | None]]
CASES: list[Case] = [
    ("models", shop(), {}, (MISSING, 0)),
    ("models", shop(STAGING), {}, (USED, 1)),
    ("commands", shop(STAGING), {}, (UNKNOWN, None)),
    ("refs", shop(STAGING), {}, (NOT, None)),
    ("refs", shop(STAGING, MART), {}, (USED, 1)),
    ("refs", shop(model("a"), model("b")), {}, (MISSING, 0)),
    ("refs", shop(STAGING, {**MART, "raw_code": "select 1 from raw.x"}), {}, (USED, 0.5)),
    ("sources", shop(model("a", "seed.shop.s"), node("seed", "s")), {}, (NOT, None)),
    ("sources", shop(RAW, STAGING), {}, (USED, 1)),
    ("sources", shop(RAW, model("a")), {}, (MISSING, 0)),
    ("sources", shop({**MART, "raw_code": "select 1 from raw.x"}), {}, (MISSING, 0)),
    ("sources", shop(RAW, STAGING, model("a", raw_code="select 1 from r.x")), {}, (USED, 0.5)),
    ("builtin_macros", shop(STAGING), {}, (MISSING, 0)),
    ("builtin_macros", shop(model("a", macros=["macro.dbt.dateadd"])), {}, (USED, 1)),
    ("builtin_macros", shop(*MANY, model("a", raw_code="{{ config() }}")), {}, (USED, 0.2381)),
    ("key_docs", shop(described(STAGING), MART), {}, (MISSING, 0)),
    ("key_docs", shop(STAGING, described(MART)), {}, (USED, 1)),
    ("key_docs", shop(described(STAGING), MART, exposures=EXPOSURE), {}, (USED, 0.5)),
    ("last_mile_tests", shop(STAGING, MART, data_test("t", ORDERS)), {}, (MISSING, 0)),
    ("last_mile_tests", shop(STAGING, MART, data_test("t", "model.shop.orders")), {}, (USED, 1)),
    ("readme", shop(), {}, (MISSING, 0)),
    ("readme", shop(), {"README.md": "x"}, (USED, 1)),
    ("style_guide", shop(), {".sqlfluff": "x"}, (USED, 1)),
    ("contribution_guide", shop(), {"docs/contributing.md": "x"}, (USED, 1)),
    ("pull_request_template", shop(), {".github/pull_request_template.md": "x"}, (USED, 1)),
    ("tests", shop(STAGING, MART, model("a"), data_test("t", ORDERS)), {}, (MISSING, 0)),
    ("tests", shop(STAGING, MART, data_test("t", ORDERS)), {}, (USED, 0.5)),
    ("tests", shop(STAGING, node("test", "t", depends_on={"nodes": [ORDERS]})), {}, (USED, 1)),
    ("descriptions", shop(described(STAGING), MART, model("a")), {}, (MISSING, 0)),
    ("descriptions", shop(described(STAGING), described(MART), model("a")), {}, (USED, 0.6667)),
    ("descriptions", shop(), {}, (NOT, None)),
    ("docs_deployed", shop(), {}, (UNKNOWN, None)),
    ("docs_deployed", shop(), {CI: "run: dbt docs generate"}, (USED, 1)),
    ("tables", shop(STAGING), {}, (MISSING, 0)),
    ("tables", shop(model("a"), model("b", config={"materialized": "table"})), {}, (USED, 0.5)),
    ("deployment", shop(), {}, (MISSING, 0)),
    ("deployment", shop(), {CI: "run: make"}, (USED, 0.5)),
    ("deployment", shop(), {CI: "run: dbt build"}, (USED, 1)),
    ("naming", shop(STAGING, MART), {}, (NOT, None)),
    ("naming", shop(STAGING, MART, model("a")), {}, (USED, 0.6667)),
    ("naming", shop(STAGING, model("b"), model("a")), {}, (MISSING, 0)),
    ("layers", shop(STAGING, MART, model("a")), {}, (USED, 0.6667)),
    ("layers", shop(STAGING, model("b"), model("a")), {}, (MISSING, 0)),
    ("freshness", shop(STAGING), {}, (NOT, None)),
    ("freshness", shop(RAW), {}, (MISSING, 0)),
    ("freshness", shop(RAW, source("b", freshness={"warn_after": {"count": 1}})), {}, (USED, 0.5)),
    ("packages", shop(STAGING), {}, (MISSING, 0)),
    ("packages", shop(), {"packages.yml": "packages: [{package: a/b}]"}, (USED, 0.5)),
    ("packages", shop(model("a", macros=["macro.dbt_utils.star"])), {}, (USED, 1)),
    ("packages", shop(model("a", macros=["macro.dbt_duckdb.x", "macro.dbt.y"])), {}, (MISSING, 0)),
    ("incremental", shop(STAGING), {}, (NOT, None)),
    ("incremental", shop(*MANY), {}, (MISSING, 0)),
    ("incremental", shop(model("a", config={"materialized": "ephemeral"})), {}, (USED, 1)),
    ("incremental", shop(model("a", config={"materialized": "incremental"})), {}, (USED, 0)),
    (
        "incremental",
        shop(model("a", config={"materialized": "incremental", "unique_key": "id"})), {}, (USED, 1),
    ),
    ("column_docs", shop(STAGING), {}, (MISSING, 0)),
    ("column_docs", shop({**STAGING, "columns": column("a", "An a.")}, MART), {}, (USED, 0.5)),
    (
        "column_docs",
        shop({**STAGING, "columns": {**column("a", "An a."), **column("b", "")}}), {}, (USED, 0),
    ),
    ("macros", shop(STAGING), {}, (MISSING, 0)),
    ("macros", shop(model("a", macros=["macro.shop.cents"])), {}, (USED, 1)),
    ("jobs", shop(), {CI: "run: dbt build"}, (UNKNOWN, None)),
    ("jobs", shop(), {CI: "run: dbt build --select tag:hourly"}, (USED, 1)),
    ("operations", shop(), {CI: "run: dbt run-operation grant"}, (USED, 1)),
    ("operations", shop(), {CI: "run: dbt build"}, (UNKNOWN, None)),
    ("selectors", shop(STAGING), {}, (MISSING, 0)),
    ("selectors", shop(STAGING), {"selectors.yml": "x"}, (USED, 0.5)),
    ("selectors", shop(model("a", tags=["x"])), {"selectors.yml": "x"}, (USED, 1)),
    ("custom_naming", shop(STAGING), {}, (MISSING, 0)),
    ("custom_naming", shop(STAGING, {**MART, "schema": "marts"}), {}, (USED, 0.5)),
    (
        "custom_naming",
        shop(STAGING, macros={
            "macro.shop.generate_schema_name": {
                "unique_id": "macro.shop.generate_schema_name", "name": "generate_schema_name",
                "package_name": "shop",
            }
        }), {}, (USED, 1),
    ),
    ("custom_tests", shop(STAGING, data_test("t", ORDERS)), {}, (MISSING, 0)),
    ("custom_tests", shop(STAGING, data_test("t", ORDERS, "ours", package="shop")), {}, (USED, 1)),
    ("hooks", shop(STAGING), {}, (MISSING, 0)),
    ("hooks", shop(STAGING, node("operation", "o", raw_code="grant")), {}, (USED, 1)),
    ("hooks", shop(STAGING, node("operation", "o", raw_code="{{ dbt_estate.x() }}")), {},
     (MISSING, 0)),
    ("hooks", shop(model("a", config={"post-hook": [{"sql": "grant"}]})), {}, (USED, 1)),
    ("exposures", shop(STAGING), {}, (MISSING, 0)),
    ("exposures", shop(STAGING, exposures=EXPOSURE), {}, (USED, 1)),
    ("artifacts", shop(), {"packages.yml": "packages: [{package: a/dbt_artifacts}]"}, (USED, 1)),
    ("artifacts", shop(), {"packages.yml": "packages: [{package: a/dbt_utils}]"}, (MISSING, 0)),
    ("artifacts", shop(), {"packages.yml": "packages: [{local: ../store_data}]"}, (MISSING, 0)),
    (
        "artifacts",
        shop(),
        {"packages.yml": "packages: [{git: 'https://x/re-data/dbt-re-data.git'}]"},
        (USED, 1),
    ),
    ("contracts", shop(STAGING), {}, (MISSING, 0)),
    ("contracts", shop(model("a"), {**STAGING, "contract": {"enforced": True}}), {}, (USED, 0.5)),
    ("unit_tests", shop(STAGING), {}, (MISSING, 0)),
    (
        "unit_tests",
        shop(STAGING, unit_tests={
            "unit_test.shop.u": {
                "unique_id": "unit_test.shop.u", "name": "u", "model": "stg_orders",
                "package_name": "shop", "given": [], "expect": {"rows": []},
                "depends_on": {"nodes": [ORDERS]},
            }
        }), {}, (USED, 1),
    ),
    ("access", shop(STAGING), {}, (MISSING, 0)),
    ("access", shop(STAGING, {**MART, "access": "public"}), {}, (USED, 0.5)),
    ("access", shop({**MART, "group": "finance"}), {}, (USED, 1)),
    ("semantic_models", shop(STAGING), {}, (MISSING, 0)),
    (
        "semantic_models",
        shop(STAGING, semantic_models={
            "semantic_model.shop.s": {"unique_id": "semantic_model.shop.s", "name": "s",
                                      "model": "ref('stg_orders')"}
        }), {}, (USED, 0.5),
    ),
    ("versions", shop(STAGING), {}, (NOT, None)),
    ("versions", shop({**STAGING, "access": "public"}), {}, (MISSING, 0)),
    ("versions", shop({**STAGING, "version": 1, "latest_version": 2}), {}, (USED, 0)),
    ("versions", shop({**STAGING, "version": 2, "latest_version": 2}), {}, (USED, 1)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "document", "files", "wanted"),
    CASES,
    ids=[f"{case[0]} {case[3][0]} {number}" for number, case in enumerate(CASES)],
)
def test_the_evidence_of_a_feature(
    name: str, document: Document, files: dict[str, str], wanted: tuple[str, float | None],
    tmp_path: Path,
) -> None:  # fmt: skip
    assert status(judged(tmp_path, document, files), name) == wanted


def test_every_feature_has_cases_and_a_status(tmp_path: Path) -> None:
    tested = {(case[0], case[3][0]) for case in CASES}
    never_used = {"commands"}  # test_what_ran_is_a_command
    assert {name for name, found in tested if found == USED} | never_used == set(FEATURES)
    score = judged(tmp_path, shop())
    assert [item.feature for item in score.features] == list(FEATURES)
    assert {item.status for item in score.features} == {MISSING, UNKNOWN, NOT}
    assert (score.number, score.name, score.score) == (0, "None", 0)


def test_what_does_not_count(tmp_path: Path) -> None:
    """Snapshots, seeds and analyses, and whatever is of this package or installed."""
    plain = shop(RAW, STAGING, MART)
    own = [
        {**item, "package_name": package, "unique_id": item["unique_id"].replace("shop", package)}
        for package in ("dbt_estate", "other")
        for item in (
            {**described(MART), "access": "public", "schema": "x", "tags": ["t"]},
            {**STAGING, "contract": {"enforced": True}},
            data_test("t", "model.dbt_estate.orders"),
            node("operation", "hook", raw_code="grant"),
        )
    ]
    more = [node("snapshot", "s"), node("seed", "s"), node("analysis", "a")]
    scores = [
        judged(tmp_path, document)
        for document in (plain, shop(RAW, STAGING, MART, *own[:4]), shop(RAW, STAGING, MART, *more))
    ]
    judgements = [[(i.feature, i.status, i.depth) for i in score.features] for score in scores]
    assert judgements[0] == judgements[1] == judgements[2]
    assert len({(score.number, score.score) for score in scores}) == 1
    others = judged(tmp_path, shop(RAW, STAGING, MART, *own))
    judgement = [(i.feature, i.status, i.depth) for i in others.features]
    assert {name for name, *_ in set(judgement) ^ set(judgements[0])} == {"packages"}


def test_what_ran_is_a_command(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    for unique_id, wanted in (
        ("model.dbt_estate.estate_level", UNKNOWN),
        ("operation.shop.shop-on-run-end-0", UNKNOWN),
        (ORDERS, USED),
    ):
        results = {
            "metadata": {**schema("run-results", 6), "dbt_version": "1.12.0"},
            "args": {"which": "build"}, "elapsed_time": 1.0,
            "results": [{"unique_id": unique_id, "status": "success", "timing": []}],
        }  # fmt: skip
        (tmp_path / "target" / "run_results.json").write_text(json.dumps(results))
        score = judged(tmp_path, shop(STAGING))
        assert feature(score, "commands").status == wanted
    assert feature(score, "commands").evidence == "dbt build"
    assert status(judged(tmp_path, shop(STAGING), with_files=False), "commands")[0] == UNKNOWN


def test_without_files_what_needs_them_is_unknown_and_counted(tmp_path: Path) -> None:
    files = {"README.md": "x", CI: "run: dbt build --select a"}
    seen = judged(tmp_path, shop(STAGING), files)
    blind = judged(tmp_path, shop(STAGING), files, with_files=False)
    needy = {name for name, item in FEATURES.items()
             if {"files", "run_results", "macros"} & set(item["needs"])}  # fmt: skip
    assert {i.feature for i in blind.features if i.status == UNKNOWN} == needy
    assert blind.unknown == len(needy) > seen.unknown
    childhood = blind.levels[2]
    assert (childhood.unknown, childhood.known) == (6, 3)
    assert feature(blind, "readme").evidence == "cannot be seen here: needs files"
    old = judged(tmp_path, shop(STAGING, dbt_version="1.11.2"), with_files=False)
    assert status(old, "unit_tests") == (UNKNOWN, None)
    assert status(blind, "unit_tests") == (MISSING, 0)


def test_what_is_not_applicable_is_no_pass(tmp_path: Path) -> None:
    """A level of which nothing is known is not reached; one that is switched off is."""
    weights = {name: {"weight": 0} for name, item in FEATURES.items() if item["level"] == 2}
    score = judged(tmp_path, shop(STAGING), features=weights)
    assert score.levels[1].completeness is None
    assert [level.is_reached for level in score.levels] == [True, True] + 4 * [False]
    weights = {name: {"weight": 0} for name in ("builtin_macros", "key_docs", "last_mile_tests")}
    score = judged(tmp_path, shop(STAGING), features=weights)
    assert (score.levels[1].completeness, score.levels[1].not_applicable) == (None, 2)
    assert [level.is_reached for level in score.levels] == [True] + 5 * [False]


def test_weights_and_the_limit_are_settings(tmp_path: Path) -> None:
    document = shop(RAW, described(STAGING), described(MART))
    plain = judged(tmp_path, document)
    assert plain.number == 2
    assert plain.levels[1].completeness == 0.7143  # 5 of 7
    strict = judged(tmp_path, document, level_completeness=80)
    assert (strict.number, strict.score) == (1, plain.score)
    heavy = judged(tmp_path, document, features={"last_mile_tests": {"weight": 9}})
    assert heavy.levels[1].completeness == 0.3333  # 5 of 15
    assert len({plain.rule_set, strict.rule_set, heavy.rule_set}) == 3
    rules = {"root_models": {"severity": "off"}}
    assert judged(tmp_path, document, rules=rules).rule_set != plain.rule_set
    assert judged(tmp_path, document).rule_set == plain.rule_set


@pytest.mark.parametrize(
    ("maturity", "problem"),
    [
        ({"features": {"redme": {"weight": 1}}}, "redme: no such feature; the features are models"),
        ({"features": {"refs": {"weight": 101}}}, "from 0 to 100, got: 101"),
        ({"features": {"refs": {"weight": True}}}, "from 0 to 100, got: True"),
        ({"features": {"refs": {"wait": 1}}}, r"must be \{weight: <number>\}, got: \{'wait': 1\}"),
        ({"features": ["refs"]}, "must be a mapping, got: "),
        ({"level_completeness": 0}, "must be a whole number from 1 to 100, got: 0"),
        ({"level_completeness": "60"}, "must be a whole number from 1 to 100, got: 60"),
    ],
)
def test_wrong_settings_are_refused(maturity: dict[str, Any], problem: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=problem):
        judged(tmp_path, shop(STAGING), **maturity)
    with pytest.raises(CompilationError, match=problem):
        Macros("duckdb", settings={"maturity": maturity}).maturity_rule_set()


# -- the tables, the macros and the page agree ------------------------------------------------


def test_the_macro_is_made_of_the_table() -> None:
    made = rule_list.files()
    text = made[rule_list.FEATURES_MACRO_FILE]
    assert rule_list.FEATURES_MACRO_FILE.read_text(encoding="utf-8") == text
    assert Macros("duckdb")._feature_list() == rule_list.features()
    assert PackageMacros()["maturity_features"]() == rule_list.features()
    assert Macros("duckdb").maturity_rule_set() == PackageMacros()["maturity_rule_set"]()


def test_the_features_of_the_rules_are_features() -> None:
    levels = {name: item["level"] for name, item in FEATURES.items()}
    of_rules = {rule["feature"]: rule["level"] for rule in rule_list.rules()}
    # Rules about exceptions to rules are about this package, and no feature of dbt.
    assert set(of_rules) - set(levels) == {"exceptions"}
    assert {name: levels[name] for name in of_rules if name in levels} == {
        name: level for name, level in of_rules.items() if name in levels
    }
    names = Macros("duckdb").maturity_levels()
    assert sorted(set(levels.values())) == list(range(1, len(names) + 1))
    assert not {"snapshots", "seeds", "vars", "analyses"} & set(levels)


def test_the_page_has_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "\n".join(feature_table()) in text


@pytest.mark.parametrize("example", examples(PAGE.read_text("utf-8")), ids=lambda item: item.title)
def test_a_worked_example(example: Example) -> None:
    assert set(example.given) <= set(FEATURES)
    (number, name, unknown, score), levels = scored(example.given)
    seen = f", {unknown} features unknown" if unknown else ""
    assert example.result == f"level {number}, {name}{seen}; score {score:g} of 100"
    shown = [
        (
            f"{row[0]} {row[1]}", percent(row[2]), percent(row[3]), f"{row[4]} of {row[5]}",
            "yes" if row[7] else "no",
        )
        for row in levels
    ]  # fmt: skip
    assert example.levels == shown


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def test_there_are_three_worked_examples() -> None:
    assert len(examples(PAGE.read_text(encoding="utf-8"))) == 3


def test_the_arithmetic_of_the_first_example_by_hand() -> None:
    """The score as the page defines it, without the SQL."""
    example = examples(PAGE.read_text(encoding="utf-8"))[0]
    points = used = known = 0.0
    for name, item in FEATURES.items():
        found, depth = example.given.get(name, (MISSING, 0))
        if found in (USED, MISSING):
            known += item["weight"]
        if found == USED:
            used += item["weight"]
            points += item["weight"] * (depth or 0) / 100
    assert f"100 * ({used:g} + {points:g}) / (2 * {known:g})" in PAGE.read_text(encoding="utf-8")
    assert example.result.endswith(f"score {100 * (used + points) / (2 * known):.1f} of 100")


def rendered(path: Path, adapter: str) -> str:
    started = datetime(2026, 3, 1, tzinfo=timezone.utc)
    macros = vars(Macros(adapter, run_started_at=started))["_macros"]
    tables: dict[str, Any] = {"maturity_table": lambda: "", "maturity_history_table": lambda: ""}
    tables["maturity_history_rows"] = lambda *columns: ""
    environment = Environment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    template = environment.from_string(path.read_text(encoding="utf-8"))
    return template.render(dbt_estate={**macros, **tables}, ref=lambda *names: f"s.{names[-1]}")


@pytest.mark.parametrize("path", SCORE_FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("adapter", "dialect"),
    [("sqlserver", "tsql"), ("spark", "spark"), ("postgres", "postgres"), ("duckdb", "duckdb")],
)
def test_the_score_is_sql_on_every_engine(path: Path, adapter: str, dialect: str) -> None:
    text = rendered(path, adapter)
    (tree,) = sqlglot.parse(text, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert isinstance(tree, sqlglot.exp.Query)
    assert not (adapter == "spark" and '"' in text)
    assert not list(tree.find_all(sqlglot.exp.Boolean, sqlglot.exp.Order))


def test_a_share_is_rounded_half_up() -> None:
    import duckdb

    share_of = PackageMacros()["share_of"]
    connection = duckdb.connect()
    for amount, whole, wanted in ((1, 3, 0.3333), (2, 3, 0.6667), (1, 20000, 0.0001), (7, 7, 1)):
        assert connection.execute(f"select {share_of(amount, whole)}").fetchone() == (wanted,)
    query = f"select {share_of(1, 8, of=100, digits=1)}"
    assert connection.execute(query).fetchone() == (12.5,)


# -- what is printed and written --------------------------------------------------------------


def maturity(folder: Path, *arguments: str) -> Result:
    given = ["maturity", "--project-dir", str(folder), "--parse", "never", *arguments]
    return CliRunner().invoke(cli, given, catch_exceptions=False)


def test_the_json_has_the_fields_of_the_page(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART), {"README.md": "x"})
    found = json.loads(maturity(tmp_path, "--format", "json").stdout)
    assert list(found) == ["level", "score", "matrix", "features", "next_steps", "unknown"]
    assert found["level"] == {"number": 1, "name": "Infancy"}
    page = PAGE.read_text(encoding="utf-8")
    fields = page[page.index("### JSON") : page.index("### The page")]
    for key, value in found.items():
        for part in value if isinstance(value, list) else [value]:
            for name in part if isinstance(part, dict) else [key]:
                assert f".{name}`" in fields or (name == key and f"`{key}" in fields), (key, name)
    for name in found["matrix"]["levels"][0]:
        assert f".{name}`" in fields, name
    assert [item["feature"] for item in found["features"]] == list(FEATURES)
    names = [item["feature"] for item in found["features"] if item["status"] == UNKNOWN]
    assert [item["feature"] for item in found["unknown"]] == names
    assert len(found["matrix"]["levels"]) == 6


def test_next_steps_are_ranked_and_name_files(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    steps = json.loads(maturity(tmp_path, "--format", "json").stdout)["next_steps"]
    ranks = [round(step["gain"] * (1 + step["raises_level"]) / step["effort"], 1) for step in steps]
    assert ranks == sorted(ranks, reverse=True)
    files = {step["feature"]: step["files"] for step in steps}
    assert files["readme"] == ["README.md"]
    assert files["key_docs"] == files["last_mile_tests"] == ["models/marts/_models.yml"]
    assert files["descriptions"] == ["models/_models.yml", "models/marts/_models.yml"]
    assert files["tables"] == ["models/marts/orders.sql"]
    assert {step["feature"] for step in steps if step["raises_level"]} == {
        "builtin_macros", "key_docs", "last_mile_tests",
    }  # fmt: skip
    assert not {"models", "refs", "sources", "jobs", "versions"} & set(files)


def test_a_gain_is_what_the_score_gains(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    before = json.loads(maturity(tmp_path, "--format", "json").stdout)
    gains = {step["feature"]: step["gain"] for step in before["next_steps"]}
    write(tmp_path, shop(RAW, STAGING, MART), {"README.md": "x"})
    after = json.loads(maturity(tmp_path, "--format", "json").stdout)
    assert after["score"] - before["score"] == pytest.approx(gains["readme"], abs=0.1)
    write(tmp_path, shop(RAW, STAGING, described(MART)), {"README.md": "x"})
    deeper = json.loads(maturity(tmp_path, "--format", "json").stdout)
    (half,) = (i["gain"] for i in deeper["next_steps"] if i["feature"] == "descriptions")
    write(tmp_path, shop(RAW, described(STAGING), described(MART)))
    whole = json.loads(maturity(tmp_path, "--format", "json").stdout)
    assert whole["score"] - deeper["score"] == pytest.approx(half, abs=0.1)


def test_the_text_says_level_unknown_and_steps(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    printed = maturity(tmp_path).stdout
    assert "shop: level 1, Infancy, 4 features unknown; score" in printed
    assert "^ Describe the models that people read" in printed
    assert "Unknown: Commands (level 1): cannot be seen here: needs run results" in printed
    empty = maturity(write(tmp_path / "empty", shop())).stdout
    assert "shop: no level yet" in empty


def at(day: int) -> datetime:
    return datetime(2026, 3, day, 6, tzinfo=timezone.utc)


def test_the_history_is_only_added_to(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "history.jsonl"
    small = judged(tmp_path, shop(RAW, STAGING, MART))
    grown = judged(tmp_path, shop(RAW, STAGING, described(MART)), {"README.md": "x"})
    other = judged(tmp_path, shop(RAW, STAGING, MART), features={"refs": {"weight": 3}})
    texts = []
    for day, score in enumerate((small, grown, other, other), start=1):
        append_history(file, run_of(score, at(day)))
        texts.append(file.read_text(encoding="utf-8"))
    assert all(after.startswith(before) for before, after in itertools.pairwise(texts))
    lines = [json.loads(line) for line in texts[-1].splitlines()]
    assert [line.get("marker") for line in lines] == [None, None, "rule_set", None, None]
    assert lines[2] == {
        "ran_at": "2026-03-03T06:00:00Z", "marker": "rule_set",
        "from": small.rule_set, "to": other.rule_set,
    }  # fmt: skip
    runs = read_history(file)
    assert [run.score for run in runs] == [small.score, grown.score, other.score, other.score]
    assert runs[0] == run_of(small, at(1))


def test_a_history_without_a_last_newline_is_kept_whole(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    score = judged(tmp_path, shop(STAGING))
    append_history(file, run_of(score, at(1)))
    file.write_text(file.read_text().rstrip("\n"))
    append_history(file, run_of(score, at(2)))
    assert [run.ran_at[:10] for run in read_history(file)] == ["2026-03-01", "2026-03-02"]


@pytest.mark.parametrize("line", ["{", "[]", '{"ran_at": 1}', '{"level": 2}', "7", "null"])
def test_a_broken_history_is_refused_and_left_alone(line: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    file = tmp_path / "history.jsonl"
    assert maturity(tmp_path, "--history", str(file)).exit_code == 0
    text = file.read_text() + line + "\n"
    file.write_text(text)
    answer = maturity(tmp_path, "--history", str(file), "--badge", str(tmp_path / "b.svg"))
    assert answer.exit_code == 2
    assert "history.jsonl: line 2: must be a run or a marker" in answer.output
    assert file.read_text() == text
    assert not (tmp_path / "b.svg").exists()


@pytest.mark.parametrize("twice", [("--html", "--history"), ("--badge", "--html")])
def test_two_things_are_not_written_into_one_file(twice: tuple[str, str], tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    file = tmp_path / "one"
    file.write_text("kept")
    first, second = twice
    answer = maturity(tmp_path, first, str(file), second, str(tmp_path / "." / "one"))
    assert answer.exit_code == 2
    assert "--html, --badge and --history: must be different files" in answer.output
    assert file.read_text() == "kept"


def test_what_changed_is_said(tmp_path: Path) -> None:
    before = judged(tmp_path, shop(RAW, STAGING, MART))
    grown = judged(tmp_path, shop(RAW, STAGING, described(MART)), {"README.md": "x"})
    delta = compare(grown, run_of(before, at(1)))
    assert delta.is_comparable
    assert (delta.levels, delta.points) == (1, round(grown.score - before.score, 1))
    assert delta.gained == ["key_docs", "readme", "descriptions"]
    text = markdown(grown, [], delta)
    assert f"level +1, score +{delta.points:.1f} (it was level 1" in text.replace("\\", "")
    back = compare(before, run_of(grown, at(2)))
    assert (back.levels, back.lost) == (-1, delta.gained)


def test_across_a_change_of_the_rule_set_nothing_is_compared(tmp_path: Path) -> None:
    before = run_of(judged(tmp_path, shop(RAW, STAGING, MART)), at(1))
    other = judged(tmp_path, shop(RAW, STAGING, described(MART)), features={"refs": {"weight": 3}})
    delta = compare(other, before)
    assert (delta.is_comparable, delta.levels, delta.points, delta.gained) == (False, 0, 0.0, ())
    text = markdown(other, [], delta).replace("\\", "")
    assert "Not compared since 2026-03-01T06:00:00Z: it was level 1" in text
    assert f"the rule set changed from {before.rule_set} to {other.rule_set}" in text


def test_what_one_run_did_not_see_is_said(tmp_path: Path) -> None:
    seen = run_of(judged(tmp_path, shop(STAGING), {"README.md": "x"}), at(1))
    blind = judged(tmp_path, shop(STAGING), {"README.md": "x"}, with_files=False)
    delta = compare(blind, seen)
    assert "seen then and not now: artifacts" in delta.notes[0]
    assert "readme" not in delta.lost


def test_against_takes_a_result_or_a_history(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    result, file = tmp_path / "old.json", tmp_path / "history.jsonl"
    result.write_text(maturity(tmp_path, "--format", "json").stdout, encoding="utf-8")
    maturity(tmp_path, "--history", str(file))
    kept = file.read_text()
    write(tmp_path, shop(RAW, STAGING, described(MART)))
    for path in (result, file):
        printed = maturity(tmp_path, "--against", str(path)).stdout
        assert "level +1, score +" in printed
        assert "Now used: key_docs, descriptions." in printed
    assert file.read_text() == kept
    result.write_text('{"matrix": {}}')
    for path, problem in (
        (result, "is not what --format json prints"),
        (tmp_path / "none", "no such file"),
        (tmp_path / "README.md", "there is no run in it yet"),
    ):
        (tmp_path / "README.md").write_text("")
        answer = maturity(tmp_path, "--against", str(path))
        assert (answer.exit_code, problem in answer.output) == (2, True), answer.output


def test_markdown_is_no_markup_of_a_project(tmp_path: Path) -> None:
    name = "a|b<img src=x>`*_"
    nasty = {**MART, "original_file_path": f"models/{name}/orders.sql"}
    write(tmp_path, shop(RAW, STAGING, nasty))
    printed = maturity(tmp_path, "--format", "markdown").stdout
    assert r"a\|b\<img src=x\>\`\*\_" in printed
    assert "<img" not in printed.replace("\\<", "")
    assert "### dbt maturity: level 1, Infancy" in printed


def test_the_badge_is_an_svg(tmp_path: Path) -> None:
    score = judged(tmp_path, shop(RAW, STAGING, MART))
    root = ElementTree.fromstring(badge(score))
    texts = [item.text for item in root.iter() if item.tag.endswith("text")]
    assert texts == ["dbt maturity", "1 Infancy"]
    assert "http" not in badge(score).replace('xmlns="http://www.w3.org/2000/svg"', "")
    write(tmp_path, shop())
    maturity(tmp_path, "--badge", str(tmp_path / "out" / "badge.svg"))
    assert "no level yet" in (tmp_path / "out" / "badge.svg").read_text()


NASTY = "</script><img src=x onerror=\"document.title='broken'\"> {{ 7 * 7 }} & 'quoted'"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of a project whose every name tries to break out."""
    folder = tmp_path_factory.mktemp("page")
    nasty = {**MART, "name": NASTY, "columns": column(NASTY, ""), "description": NASTY}
    exposures = {"exposure.shop.board": {**EXPOSURE["exposure.shop.board"], "name": NASTY,
                                         "owner": {"name": NASTY}}}  # fmt: skip
    write(folder, shop(RAW, STAGING, nasty, *MANY, exposures=exposures))
    file = folder / "history.jsonl"
    for weight in (1, 2, 2):
        (folder / "dbt_project.yml").write_text(
            "name: shop\nvars: {dbt_estate: {maturity: {features: {refs: {weight: "
            f"{weight}}}}}}}}}}}\n"
        )
        out = folder / "page.html"
        answer = maturity(folder, "--history", str(file), "--html", str(out))
        assert answer.exit_code == 0
    return out.read_text(encoding="utf-8")


def test_the_page_is_escaped_and_asks_no_network(page: str) -> None:
    assert html.escape(NASTY).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script>") == 1
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)
    assert "default-src 'none'" in page
    assert 'href="#rule-root_models"' in page
    assert "the rule set changed" in page


def test_the_links_lead_where_they_are_told(tmp_path: Path) -> None:
    write(tmp_path, shop(model("a")))
    out = tmp_path / "page.html"
    maturity(tmp_path, "--html", str(out), "--rules-url", "https://x.org/rules/")
    assert 'href="https://x.org/rules/modeling.md#root_models"' in out.read_text()
    answer = maturity(tmp_path, "--rules-url", "https://x.org")
    assert (answer.exit_code, "give --html FILE as well" in answer.output) == (2, True)


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


def in_browser(folder: Path, text: str, script: str, width: int = 1200) -> Any:
    """Run a script in the page as it stands in a frame of a width, and return its JSON.

    The frame has the page's own text, so that the script may look into it.
    """
    probe = (
        "<!doctype html><title>wait</title><iframe id=f style='border:0;height:2000px;"
        f'width:{width}px\' srcdoc="{html.escape(text)}"></iframe><script>'
        "const f = document.getElementById('f'); f.onload = () => { const w = f.contentWindow, "
        "d = f.contentDocument; document.title = JSON.stringify((() => {" + script + "})()) }"
        "</script>"
    )
    path = folder / "probe.html"
    path.write_text(probe, encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom",
        path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=True)
    errors = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert errors == []
    (title,) = re.findall(r"<title>(.*?)</title>", done.stdout)[:1]
    return json.loads(html.unescape(title))


@browser
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_window(page: str, width: int, tmp_path: Path) -> None:
    script = "return [d.documentElement.scrollWidth, w.innerWidth, d.images.length, d.title]"
    scroll, inner, images, title = in_browser(tmp_path, page, script, width)
    assert (inner, images) == (width, 0)
    assert 0 < scroll <= inner
    assert title.startswith("shop: level 2, Toddlerhood, 4 features unknown")


@browser
def test_findings_are_searched(page: str, tmp_path: Path) -> None:
    script = """
        const rows = () => [...d.querySelectorAll('#findings tr')].filter(row => !row.hidden);
        const all = rows().length, field = d.getElementById('search');
        const search = text => {
            field.value = text; field.dispatchEvent(new w.Event('input')); return rows().length;
        };
        const one = search('ROOT_MODELS m7'), none = search('no such thing');
        const said = d.getElementById('count').textContent, back = search('');
        const severity = d.getElementById('severity');
        severity.value = 'error'; severity.dispatchEvent(new w.Event('change'));
        return {all, one, none, said, back, errors: rows().length, text: d.body.innerText};
    """
    found = in_browser(tmp_path, page, script)
    assert found["all"] == found["back"] > 40
    assert (found["one"], found["none"], found["errors"]) == (1, 0, 0)
    assert found["said"] == f"0 of {found['all']}"


@browser
def test_the_page_is_light_and_dark(page: str, tmp_path: Path) -> None:
    script = """
        const colour = () => w.getComputedStyle(d.body).backgroundColor;
        const first = colour(); d.getElementById('theme').click();
        const second = colour(); d.getElementById('theme').click();
        return [first, second, colour()];
    """
    first, second, third = in_browser(tmp_path, page, script)
    assert {first, second} == {"rgb(251, 250, 247)", "rgb(21, 24, 29)"}
    assert third == first
