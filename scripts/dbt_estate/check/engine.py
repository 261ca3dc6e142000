"""The rules over the embedded tables: every rule runs, whatever happens to another."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_estate.check.result import RuleResult
from dbt_estate.info_schema.layer import models_folder, render
from dbt_estate.info_schema.load import Project

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DECLARED = ("has_meta_keys", "name_matches", "has_test", "max_parents", "max_children")
_LAST = "unused_exceptions"
_COLUMNS = ("rule_name", "unique_id", "resource_name", "file_path", "detail")
_WHY = {
    "files": "needs the files of the project; give --project-dir",
    "macros": "needs the macros, which are in no manifest here",
    "unit_tests": "needs the unit tests of the project",
}


@dataclass(frozen=True)
class Found:
    """A row of a rule: what `estate_findings` has in a warehouse."""

    rule: str
    area: str
    severity: str
    unique_id: str
    resource_name: str | None
    file_path: str | None
    detail: str | None


@dataclass(frozen=True)
class Rules:
    """What the rules found, those with an exception left out, and how each of them went."""

    found: Sequence[Found]
    results: Sequence[RuleResult]


@cache
def rule_files() -> dict[str, Path]:
    """Return the file of every rule by its name."""
    paths = sorted((models_folder() / "rules").glob("*/estate_*.sql"))
    return {path.stem.removeprefix("estate_"): path for path in paths}


def run_rules(project: Project) -> Rules:
    """Run every rule that is on and can be evaluated.

    Adds `estate.rules`, `estate.rule_findings` and `estate.findings`. SQL that fails is a result
    of its rule with the status `error`. Raises InputError for wrong settings.
    """
    run = _Run(project)
    run.create("rules", "score/estate_rules.sql")
    run.create_empty()
    rules: list[dict[str, Any]] = project.macros["maturity_rules"]()
    evaluated = run.evaluated()
    outcomes: dict[str, _Outcome] = {}
    for rule in sorted(rules, key=lambda rule: rule["rule"] == _LAST):
        if evaluated.get(rule["rule"]):
            if rule["rule"] == _LAST:
                run.forget(name for name, outcome in outcomes.items() if outcome.error)
            outcomes[rule["rule"]] = run.rule(rule)
    declared = {name: outcome for kind in DECLARED for name, outcome in run.declared(kind).items()}
    run.create("findings", "score/estate_findings.sql")
    found = run.findings()
    counts: dict[str, int] = {}
    for item in found:
        counts[item.rule] = counts.get(item.rule, 0) + 1
    results = [
        _result(rule, rule["area"], outcomes.get(rule["rule"]), counts) for rule in rules
    ] + [
        _result({"rule": name, **rule}, "declared", outcome, counts)
        for name, (rule, outcome) in declared.items()
    ]
    return Rules(found, results)


@dataclass(frozen=True)
class _Outcome:
    seconds: float
    error: str = ""


def _result(
    rule: dict[str, Any], area: str, outcome: _Outcome | None, counts: dict[str, int]
) -> RuleResult:
    name, severity = rule["rule"], rule["severity"] or "off"
    findings, seconds, message = counts.get(name, 0), 0.0, ""
    if severity == "off":
        status = "disabled"
    elif outcome is None:
        status = "not_evaluated"
        message = "; ".join(_WHY[need] for need in rule["needs"] if need in _WHY)
    elif outcome.error:
        status, seconds, message = "error", outcome.seconds, outcome.error
    else:
        seconds = outcome.seconds
        status = "passed" if not findings else "failed" if severity == "error" else "warned"
    return RuleResult(name, area, severity, status, findings, round(seconds, 4), message)


class _Run:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.connection: DuckDBPyConnection = project.connection

    def render(self, path: Path) -> str:
        text = path.read_text(encoding="utf-8")
        return render(text, self.project.macros, self.project.exceptions)

    def create(self, table: str, path: str) -> None:
        query = self.render(models_folder() / path)
        self.connection.execute(f"create table estate.{table} as\n{query}")

    def create_empty(self) -> None:
        """Add the tables of what is found; the last rule reads the others', and has its own."""
        listed = ", ".join(f"{column} varchar" for column in _COLUMNS)
        for table in ("rule_findings", _LAST):
            self.connection.execute(f"create table estate.{table} ({listed})")

    def evaluated(self) -> dict[str, bool]:
        query = "select rule_name, is_evaluated = 1 from estate.rules"
        return dict(self.connection.execute(query).fetchall())

    def forget(self, broken: Iterable[str]) -> None:
        """Mark rules as not evaluated: whether an exception to them is used, nobody knows."""
        for name in broken:
            self.connection.execute(
                "update estate.rules set is_evaluated = 0 where rule_name = ?", [name]
            )

    def rule(self, rule: dict[str, Any]) -> _Outcome:
        """Run a rule within its globs, which are of the resource: its id and both of its files."""
        where = ""
        if rule["include"] or rule["exclude"]:
            columns = ["given.unique_id", "given.file_path", "nodes.file_path"]
            columns.append("nodes.properties_path")
            globs = self.project.macros["matches_globs"]
            where = (
                "left join estate.rule_nodes as nodes on given.unique_id = nodes.unique_id\n"
                f"where {globs(columns, rule['include'], rule['exclude'])}"
            )
        name = rule["rule"]
        table = _LAST if name == _LAST else "rule_findings"
        return self._insert(name, f"'{name}'", where, table)

    def declared(self, kind: str) -> dict[str, tuple[dict[str, Any], _Outcome]]:
        rules = self.project.macros["declared_rules"](kind.replace("_", "-"))
        if not rules:
            return {}
        outcome = self._insert(kind, "given.rule_name", "where given.rule_name is not null")
        return {
            rule["name"]: ({"severity": rule["severity"], "needs": []}, outcome) for rule in rules
        }

    def _insert(self, file: str, name: str, where: str, table: str = "rule_findings") -> _Outcome:
        import duckdb

        started = time.perf_counter()
        error = ""
        try:
            query = self.render(rule_files()[file])
            columns = ", ".join(f"given.{column}" for column in _COLUMNS[1:])
            self.connection.execute(
                f"insert into estate.{table}\nselect {name}, {columns}\n"
                f"from (\n{query}\n) as given\n{where}"
            )
        except duckdb.Error as problem:
            error = str(problem)
        return _Outcome(time.perf_counter() - started, error)

    def findings(self) -> list[Found]:
        rows = self.connection.execute(
            "select rule_name, area, severity, unique_id, resource_name, file_path, detail "
            "from estate.findings order by all"
        ).fetchall()
        return [Found(*row) for row in rows]
