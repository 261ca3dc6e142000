"""Where a finding stands: the file, and the line of what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dbt_estate.check.engine import Found
from dbt_estate.check.lines import properties_of
from dbt_estate.check.result import Finding
from dbt_estate.info_schema.load import Project

_YAML = (".yml", ".yaml")
_PROJECT_FILE = "dbt_project.yml"


def placed(project: Project, found: Iterable[Found], project_dir: Path) -> list[Finding]:
    """Return a finding for each, with its file below `project_dir` as given, and its line.

    A line is that of the fact which the rule tells of, else that of the resource's name in its
    properties; in an SQL file without either it is the first.
    """
    places = _Places(project, project_dir)
    return [places.finding(item) for item in found]


def in_project(project: Project, findings: Iterable[Finding], project_dir: Path) -> list[Finding]:
    """Return the findings of a user's check with the file and line as `placed` gives them."""
    places = _Places(project, project_dir)
    return [places.moved(finding) for finding in findings]


class _Places:
    def __init__(self, project: Project, project_dir: Path) -> None:
        self.connection = project.connection
        self.project_dir = project_dir
        rules = project.macros["_rule_list"]()
        self.facts = self._facts({rule["rule"]: rule["place"] for rule in rules})
        rows = self.connection.execute("select package_name from dbt.packages").fetchall()
        self.packages = {row[0] for row in rows} - {project.manifest.metadata.project_name}
        self.seed = self._seed(project)
        self._tests: dict[str, tuple[Any, ...]] | None = None

    @staticmethod
    def _seed(project: Project) -> str | None:
        name = project.macros["maturity_setting"]("exceptions")
        seeds = project.manifest.nodes.values()
        found = [n.original_file_path for n in seeds if (n.resource_type, n.name) == ("seed", name)]
        return found[0] if found else None

    def _facts(self, places: Mapping[str, str]) -> dict[tuple[str, str], int]:
        """Return the first line of each fact by rule and resource."""
        rows = self.connection.execute(
            "select name, unique_id, min(line_number) from estate.rule_facts "
            "where kind = 'fact' and line_number is not null group by all"
        ).fetchall()
        lines = {(name, unique_id): line for name, unique_id, line in rows}
        return {
            (rule, unique_id): line
            for rule, place in places.items()
            for (name, unique_id), line in lines.items()
            if name == place
        }

    def moved(self, finding: Finding) -> Finding:
        """Give a finding of a user's check its place."""
        if finding.file is None:
            return finding
        item = Found(
            finding.rule, finding.area, finding.severity, finding.unique_id,
            finding.resource_name, finding.file, finding.detail,
        )  # fmt: skip
        return self.finding(item)

    def finding(self, item: Found) -> Finding:
        path = self._path(item)
        if seeded := self._seeded(item):
            path, line = seeded
            return self._found(item, path, line)
        line = self.facts.get((item.rule, item.unique_id)) if path else None
        if path and line is None:
            line = self._line(item, path)
        return self._found(item, path, line)

    def _found(self, item: Found, path: str | None, line: int | None) -> Finding:
        shown = (self.project_dir / path).as_posix() if path else None
        name = item.resource_name or item.unique_id
        return Finding(
            item.rule, item.area, item.severity, item.unique_id, name, shown, line,
            item.detail or "",
        )  # fmt: skip

    def _seeded(self, item: Found) -> tuple[str, int | None] | None:
        """Return the place in the seed of exceptions of what is said of one there."""
        if not item.rule.endswith("_exceptions") or self.seed is None:
            return None
        known = self.connection.execute(
            "select count(*) from estate.rule_exceptions where origin = 'seed' and id_pattern = ?",
            [item.unique_id],
        ).fetchone()
        if not known or not known[0]:
            return None
        lines = _text(self.project_dir / self.seed).splitlines()
        numbers = [n for n, line in enumerate(lines, 1) if item.unique_id in line]
        return self.seed, numbers[0] if numbers else None

    def _path(self, item: Found) -> str | None:
        """Return the path below the project's folder, also of what is installed there."""
        package = item.unique_id.partition(".")[2].partition(".")[0]
        if item.file_path and package in self.packages and item.unique_id[:8] != "project.":
            return f"dbt_packages/{package}/{item.file_path}"
        return item.file_path

    def _line(self, item: Found, path: str) -> int | None:
        kind = item.unique_id.partition(".")[0]
        if path == _PROJECT_FILE:
            return 1
        if path.endswith(_YAML):
            return self._line_of_properties(item, kind, self.project_dir / path)
        return self._line_of_macro(item, path) if kind == "macro" else 1

    def _line_of_properties(self, item: Found, kind: str, path: Path) -> int | None:
        line = _only_line(path, _name_in_yaml(item.unique_id, item.resource_name))
        if line is not None:
            return line
        properties = properties_of(path)
        if properties is None:
            return None
        name = item.resource_name or ""
        if kind == "source" and item.unique_id.count(".") > 2:
            source, table = item.unique_id.split(".", 3)[2:]
            return properties.line_of("source", table, source_name=source)
        if kind == "test":
            return self._line_of_test(item.unique_id, name, path)
        if kind in ("model", "seed", "snapshot"):
            name, version = _versioned(item.unique_id)
            return properties.line_of(kind, name, version=version) or properties.line_of(kind, name)
        return properties.line_of(kind, name)

    def _line_of_test(self, unique_id: str, own_name: str, path: Path) -> int | None:
        if self._tests is None:
            rows = self.connection.execute(
                "select unique_id, node_id, test_package, test_name, column_name "
                "from estate.rule_tests where kind = 'data' and node_id is not null"
            ).fetchall()
            self._tests = {row[0]: row[1:] for row in rows}
        properties = properties_of(path)
        if unique_id not in self._tests or properties is None:
            return None
        node_id, package, test, column = self._tests[unique_id]
        kind = node_id.partition(".")[0]
        name, version = _versioned(node_id)
        for spelling in (own_name, test, f"{package}.{test}"):
            line = properties.line_of(kind, name, version=version, column=column, test=spelling)
            if line is not None:
                return line
        return properties.line_of(kind, name)

    def _line_of_macro(self, item: Found, path: str) -> int | None:
        try:
            text = (self.project_dir / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        name = re.escape(item.resource_name or "")
        text = re.sub(r"\{#[\s\S]*?#\}", lambda place: "\n" * place[0].count("\n"), text)
        place = re.search(rf"\{{%-?\s*macro\s+{name}\s*\(", text)
        return text.count("\n", 0, place.start()) + 1 if place else None


def _name_in_yaml(unique_id: str, resource_name: str | None) -> str | None:
    """Return what a properties file calls a resource; None for what needs more than a name."""
    parts = unique_id.split(".")
    if parts[0] == "source":
        return parts[3] if len(parts) == 4 else None
    if parts[0] in ("model", "seed", "snapshot", "exposure") and len(parts) == 3:
        return parts[2]
    return None


def _only_line(path: Path, name: str | None) -> int | None:
    """Return the line of the only place where a file has the name: then no YAML is read for it."""
    if not name:
        return None
    text = _text(path)
    places = re.finditer(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text)
    first, second = next(places, None), next(places, None)
    if first is None or second is not None or "\r" in text:
        return None
    return text.count("\n", 0, first.start()) + 1


@cache
def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _versioned(unique_id: str) -> tuple[str, str | None]:
    """Return the name in a unique id, and the version if there is one: `model.shop.orders.v2`."""
    name = unique_id.split(".", 2)[2]
    found = re.fullmatch(r"(.+)\.v([^.]+)", name)
    return (found[1], found[2]) if found else (name, None)


def concerned(
    project: Project, findings: Iterable[Finding], files: Iterable[Path], project_dir: Path
) -> list[Finding]:
    """Return the findings that stand in one of the files or folders, or whose resource does."""
    wanted = {path.resolve() for path in files}
    folders = [path for path in wanted if path.is_dir()]
    rows = project.connection.execute(
        "select unique_id, file_path, properties_path from estate.rule_nodes"
    ).fetchall()
    places = {row[0]: [project_dir / path for path in row[1:] if path] for row in rows}
    for macro in project.manifest.macros.values():
        patch = (macro.patch_path or "").partition("://")[2]
        places[macro.unique_id] = [
            project_dir / path for path in (macro.original_file_path, patch) if path
        ]
    resolved: dict[Path, bool] = {}

    def is_wanted(path: Path) -> bool:
        if path not in resolved:
            place = path.resolve()
            is_below = any(place.is_relative_to(folder) for folder in folders)
            resolved[path] = place in wanted or is_below
        return resolved[path]

    return [
        finding
        for finding in findings
        if (finding.file and is_wanted(Path(finding.file)))
        or any(is_wanted(path) for path in places.get(finding.unique_id, ()))
    ]
