"""What to do next: each step with what it gains, what it takes, and the files to touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbt_estate.info_schema.load import Project
from dbt_estate.maturity.score import Feature, Score

# The end points as estate_feature_counts.sql has them.
_END = """(
    nodes.model_kind = 'marts' or not exists (
        select 1 from estate.rule_edges as edges where edges.parent_id = nodes.unique_id
        and edges.child_type in ('model', 'snapshot') and edges.child_is_excluded = 0
    ) or exists (
        select 1 from estate.rule_edges as edges where edges.parent_id = nodes.unique_id
        and edges.child_type = 'exposure' and edges.child_is_excluded = 0
    )
)"""
_HARD_CODED = (
    "nodes.unique_id in (select unique_id from estate.rule_facts where kind = 'fact' "
    "and name = 'hard_coded_reference')"
)
_UNTESTED = """nodes.tests = 0 and not exists (
    select 1 from dbt.edges as edges inner join estate.rule_tests as tests
    on edges.child_unique_id = tests.unique_id where edges.parent_unique_id = nodes.unique_id
    and tests.kind = 'data' and tests.node_id is null and tests.is_excluded = 0
)"""
_NO_UNIT_TEST = (
    "nodes.unique_id not in (select node_id from estate.rule_tests where kind = 'unit' "
    "and node_id is not null and is_excluded = 0)"
)
# The models whose SQL, and those whose properties, are to be touched.
_CODE = {
    "refs": _HARD_CODED,
    "sources": _HARD_CODED,
    "tables": f"{_END} and nodes.materialized in ('view', 'ephemeral')",
    "naming": "nodes.prefix_kind is null and coalesce(nodes.folder_kind, '') <> 'marts'",
    "layers": "nodes.model_kind = 'other'",
    "incremental": "nodes.materialized = 'incremental' and nodes.unique_key is null "
    "and nodes.incremental_strategy is null",
}
_PROPERTIES = {
    "key_docs": f"{_END} and nodes.is_described = 0",
    "last_mile_tests": f"{_END} and {_UNTESTED}",
    "tests": _UNTESTED,
    "descriptions": "nodes.is_described = 0",
    "column_docs": "nodes.listed_columns = 0 or nodes.described_columns < nodes.listed_columns",
    "contracts": f"{_END} and nodes.is_contracted = 0",
    "unit_tests": _NO_UNIT_TEST,
    "access": "nodes.group_name is null "
    "and coalesce(nodes.access_level, '') not in ('public', 'private')",
    "versions": "nodes.access_level = 'public' and nodes.model_version is null",
}
_OLD_VERSION = (
    "nodes.deprecation_date is null and right(concat('0000000000', nodes.model_version), 10) "
    "< right(concat('0000000000', nodes.latest_version), 10)"
)
_BARE_EXPOSURE = (
    "nodes.unique_id in (select unique_id from estate.rule_exposures "
    "where is_described = 0 or coalesce(owner_email, '') = '')"
)
# What is written anew: {model}, {macro} and {test} are the first of the project's folders for them,
# and {repository} leads to the root of the repository, where a forge looks.
_NEW = {
    "models": "{model}/",
    "readme": "README.md",
    "style_guide": "STYLE_GUIDE.md",
    "contribution_guide": "CONTRIBUTING.md",
    "pull_request_template": "{repository}.github/pull_request_template.md",
    "deployment": "{repository}.github/workflows/dbt.yml",
    "packages": "{packages}",
    "artifacts": "{packages}",
    "selectors": "selectors.yml",
    "macros": "{macro}/",
    "custom_naming": "{macro}/generate_schema_name.sql",
    "custom_tests": "{test}/generic/",
    "hooks": "dbt_project.yml",
    "semantic_models": "{model}/semantic_models.yml",
    "exposures": "{model}/exposures.yml",
}
# Where the properties of a model are, or would be as those of its neighbours are, or can be.
_PROPERTIES_FILE = """coalesce(nodes.properties_path, (
    select concat(nodes.folder_path, nodes.resource_name, '.yml')
    from estate.rule_nodes as others
    where others.folder_path = nodes.folder_path and others.is_installed = 0
    and others.properties_path = concat(others.folder_path, others.resource_name, '.yml') limit 1
), (
    select min(others.properties_path) from estate.rule_nodes as others
    where others.folder_path = nodes.folder_path and others.is_installed = 0
    and others.properties_path like concat(others.folder_path, '%')
), concat(nodes.folder_path, '_models.yml'))"""


@dataclass(frozen=True)
class Step:
    """One step.

    `gain` is in points of the score, `effort` 1 (an hour) to 5 (weeks), and `raises_level` says
    that the next level lacks the feature. `files` are relative to the project's folder; of models
    those with the most to do come first.
    """

    feature: str
    title: str
    level: int
    do: str
    gain: float
    effort: int
    raises_level: bool
    files: Sequence[str]


def next_steps(project: Project, score: Score) -> list[Step]:
    """Return the steps by gain over effort; what the next level lacks counts twice."""
    whole = sum(item.weight for item in score.features if item.status in ("used", "missing"))
    next_level = min((level.number for level in score.levels if not level.is_reached), default=0)

    def raises(item: Feature) -> bool:
        return item.status == "missing" and item.level == next_level

    found = [item for item in score.features if item.weight and _lacking(item)]
    # Where that is the same, what gains more comes first.
    found.sort(
        key=lambda item: (
            -item.weight * _lacking(item) * (1 + raises(item)) / item.effort,
            -item.weight * _lacking(item),
        )
    )
    return [
        Step(
            feature=item.feature,
            title=item.title,
            level=item.level,
            do=item.do if item.status == "missing" else item.deepen or item.do,
            gain=round(50 * item.weight * _lacking(item) / whole, 2),
            effort=item.effort,
            raises_level=raises(item),
            files=_files(project, item),
        )
        for item in found
    ]


def _lacking(item: Feature) -> float:
    """Return what of a feature is not there, of 2: one for its use, and one for its depth."""
    if item.depth is None:
        return 0
    return 2 if item.status == "missing" else 1 - item.depth


def _files(project: Project, item: Feature) -> list[str]:
    name = item.feature
    if name in _CODE:
        return _paths(project, "model", "nodes.file_path", _CODE[name])
    if name == "versions" and item.status == "used":
        return _paths(project, "model", _PROPERTIES_FILE, _OLD_VERSION)
    if name in _PROPERTIES:
        return _paths(project, "model", _PROPERTIES_FILE, _PROPERTIES[name])
    if name == "freshness":
        return _paths(project, "source", "nodes.file_path", "nodes.has_freshness = 0")
    if item.status == "missing" or name == "selectors":
        return [_NEW[name].format(**_places(project))] if name in _NEW else []
    if name == "exposures":
        return _paths(project, "exposure", "nodes.file_path", _BARE_EXPOSURE)
    places = _places(project)
    return [places["repository"] + places["ci_workflow"]] if name == "deployment" else []


def _places(project: Project) -> dict[str, str]:
    """Return the facts about places, for _NEW; without files those that are usual."""
    rows = project.connection.execute(
        "select name, min(fact_value) from estate.rule_facts where kind = 'fact' "
        "and starts_with(unique_id, 'project.') group by 1"
    ).fetchall()
    facts: dict[str, str] = dict(rows)
    root = facts.get("repository", ".")
    return {
        "model": facts.get("model_folder", "models"),
        "macro": facts.get("macro_folder", "macros"),
        "test": facts.get("test_folder", "tests"),
        "packages": facts.get("packages_file", "packages.yml"),
        "ci_workflow": facts.get("ci_workflow", ""),
        "repository": "" if root == "." else f"{root}/",
    }


def _paths(project: Project, kind: str, path: str, condition: str) -> list[str]:
    """Return the project's files with what the condition finds, those with the most of it first."""
    rows = project.connection.execute(
        f"select {path} as path from estate.rule_nodes as nodes "
        f"where nodes.resource_type = '{kind}' and nodes.is_excluded = 0 "
        f"and nodes.is_installed = 0 and ({condition}) group by 1 order by count(*) desc, 1"
    ).fetchall()
    return [row[0] for row in rows if row[0]]
