"""The level of a project over the embedded tables, from the very SQL of the package's models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dbt_estate.check.engine import Found, run_rules
from dbt_estate.info_schema.layer import models_folder, render
from dbt_estate.info_schema.load import Project

TABLES = ("feature_counts", "features", "levels", "level")
# What dbt's graph has as well: all that is left of the facts where files are not looked at.
_GRAPH_FACTS = (
    "config_call", "excluded", "hard_coded_reference", "hook", "is_incremental", "macro_call",
    "node_hook", "select_star", "sql_hash", "sql_lines", "trailing_semicolon", "unit_tests_read",
)  # fmt: skip
_UNIT_TESTS_FROM = (1, 12)


@dataclass(frozen=True)
class Feature:
    """One feature of dbt: a row of `estate_features`, and what features.csv says of it.

    `depth` is 0 to 1, none where the feature is neither used nor missing. `do` is what to do where
    it is missing, `deepen` where it is used a little; it is empty where that is the same.
    `is_partly_seen` is true where it is used, and something that its depth is of cannot be seen
    from here.
    """

    feature: str
    level: int
    title: str
    weight: int
    status: str
    depth: float | None
    evidence: str
    findings: int
    effort: int
    do: str
    deepen: str = ""
    is_partly_seen: bool = False


@dataclass(frozen=True)
class Level:
    """One level: a row of `estate_levels`. Shares are 0 to 1, none where there is nothing."""

    number: int
    name: str
    used: int
    known: int
    unknown: int
    not_applicable: int
    completeness: float | None
    depth: float | None
    is_reached: bool


@dataclass(frozen=True)
class Score:
    """What a project has reached: the row of `estate_level`, with the tables that it is of.

    `number` is 0 and `name` "None" below the first level; `score` is 0 to 100.
    """

    project: str
    number: int
    name: str
    score: float
    unknown: int
    rule_set: str
    level_completeness: int
    levels: Sequence[Level]
    features: Sequence[Feature]
    found: Sequence[Found]


def score_project(project: Project, with_files: bool = True) -> Score:
    """Run the rules and judge the project.

    Adds the tables TABLES of the schema `estate`, after those of `run_rules`. Without files only
    that is known which dbt's graph has, as in a warehouse. Raises InputError for wrong settings.
    """
    if with_files:
        _add_commands(project)
    else:
        _forget_files(project)
    rules = run_rules(project)
    for name in TABLES:
        path = models_folder() / "score" / f"estate_{name}.sql"
        query = render(path.read_text(encoding="utf-8"), project.macros, project.exceptions)
        project.connection.execute(f"create table estate.{name} as\n{query}")
    return _read(project, rules.found, with_files)


def _add_commands(project: Project) -> None:
    """Add what ran last as a fact: a command that did something for the project itself.

    A hook does not say so, as it may be one that calls this package.
    """
    project.connection.execute(
        "insert into estate.rule_facts (unique_id, kind, name, fact_value, is_own, is_installed, "
        "is_excluded) select concat('project.', project_name), 'fact', 'command', command, 0, 0, 0 "
        "from dbt_rt.invocations, dbt.project where exists (select 1 from dbt_rt.run_results "
        "where split_part(unique_id, '.', 2) = project_name and unique_id not like 'operation.%')"
    )


def _forget_files(project: Project) -> None:
    kept = list(_GRAPH_FACTS)
    if _version(project.manifest.metadata.dbt_version) < _UNIT_TESTS_FROM:
        kept.remove("unit_tests_read")
    connection = project.connection
    connection.execute("delete from estate.node_facts where fact not in (select unnest(?))", [kept])
    connection.execute(
        "delete from estate.rule_facts where kind = 'fact' and name not in (select unnest(?))",
        [kept],
    )


def _version(text: str | None) -> tuple[int, int]:
    first, second, *_ = [*(text or "").split("."), "", ""]
    return (int(first) if first.isdigit() else 0, int(second) if second.isdigit() else 0)


def _rows(project: Project, query: str) -> list[tuple[Any, ...]]:
    return project.connection.execute(query).fetchall()


def _read(project: Project, found: Sequence[Found], with_files: bool) -> Score:
    ((number, name, score, unknown, rule_set),) = _rows(
        project,
        "select level_number, level_name, score, features_unknown, rule_set from estate.level",
    )
    levels = _rows(
        project,
        "select level_number, level_name, features_used::int, features_known::int, "
        "features_unknown::int, features_not_applicable::int, completeness, depth, "
        "is_reached = 1 from estate.levels order by 1",
    )
    return Score(
        project=project.manifest.metadata.project_name or "",
        number=number,
        name=name,
        score=score,
        unknown=int(unknown),
        rule_set=rule_set,
        level_completeness=project.macros["maturity_setting"]("level_completeness"),
        levels=[Level(*row) for row in levels],
        features=_features(project, with_files),
        found=found,
    )


def _features(project: Project, with_files: bool) -> list[Feature]:
    """Return the features in the order of features.csv."""
    rows = _rows(
        project,
        "select feature, maturity_level, title, weight, status, depth, evidence, findings::int "
        "from estate.features",
    )
    found = {row[0]: row for row in rows}
    listed: list[dict[str, Any]] = project.macros["maturity_features"]()
    features = []
    for item in listed:
        row = found[item["feature"]]
        needs_more = not with_files and bool({"files", "macros"} & set(item["needs"]))
        more = (item["effort"], item["do"], item["deepen"], needs_more and row[4] == "used")
        features.append(Feature(*(*row, *more)))
    return features
