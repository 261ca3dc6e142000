"""The user's own checks, as dbt v2 has them, on the tables out of the artifacts of dbt v1.

https://docs.getdbt.com/docs/build/checks
"""

from __future__ import annotations

import copy
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dbt_estate.check.result import SEVERITIES, Finding, RuleResult
from dbt_estate.errors import InputError
from dbt_estate.files import BOM, read_text
from dbt_estate.info_schema import tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from jinja2.sandbox import SandboxedEnvironment

AREA = "checks"
CONFIGS = ("severity", "enabled", "selection_filter_on", "tags", "meta")
PROPERTIES = ("name", "description", "config")
LONGEST_DETAIL = 300
# Tables of v2 that are known only after parsing, so that no check of v2 reads them either.
_AFTER_PARSING = (
    "nodes", "column_lineage", "classifiers", "semantic_relationships", "invocations",
    "run_results", "run_results_latest", "source_freshness", "diagnostics", "adapter_queries",
    "catalog_columns",
)  # fmt: skip
_HAS_CHECKS = re.compile(r"^checks\s*:", re.MULTILINE)
_UNDEFINED = re.compile(r"'\w+' is undefined")
_SECRET = "DBT_ENV_SECRET"
_MISSING = object()


@dataclass(frozen=True)
class Check:
    """A check with its Jinja rendered and its settings put together.

    `selection_filter_on` is None where it is not set, and empty for `none`. `problem` says why
    there is nothing to run; then `query` is empty.
    """

    name: str
    path: Path
    project: str
    query: str = ""
    description: str = ""
    severity: str = "error"
    enabled: bool = True
    selection_filter_on: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class _Entry:
    """What a properties file says of one check."""

    path: Path
    description: str
    config: Mapping[str, Any]
    is_beside: bool


def read_checks(
    folders: Sequence[Path],
    project: Mapping[str, Any],
    variables: Mapping[str, Any],
    *,
    project_dir: Path = Path(),
    notes: list[str] | None = None,
) -> list[Check]:
    """Return the checks below the folders, by name.

    `project` is dbt_project.yml, `variables` its vars. Properties are in the YAML files of the
    folders and of the project's model-paths; `notes` gets those that no check has. A check with
    broken Jinja or a wrong `config()` is returned with its `problem`, so that the others run.
    Raises InputError for a folder that is none, two checks of one name, and wrong properties.
    """
    files = _sql_files(folders)
    if not files:
        return []
    jinja = _Jinja(str(project.get("name", "")), variables)
    entries = _entries(folders, project, project_dir)
    tree = project.get("checks") or {}
    if problems := list(_tree_problems(tree, "checks")):
        raise InputError((project_dir / "dbt_project.yml").as_posix(), problems)
    for name, entry in entries.items():
        if notes is not None and entry.is_beside and name not in files:
            notes.append(f"{entry.path.as_posix()}: there is no check {name}.sql; it has no effect")
    return [
        _check(name, path, below, entries.get(name), tree, jinja)
        for name, (path, below) in sorted(files.items())
    ]


def _sql_files(folders: Sequence[Path]) -> dict[str, tuple[Path, tuple[str, ...]]]:
    """Return each check's file, and the folders in which it is below the given one."""
    found: dict[str, tuple[Path, tuple[str, ...]]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError("--checks", f"must be a folder of checks, got: {folder.as_posix()}")
        for path in sorted(folder.rglob("*.sql")):
            if path.name[0] in ".#~" or not path.is_file():
                continue
            name = path.stem
            if " " in name:
                raise InputError(path.as_posix(), "the name of a check has no spaces; rename it")
            other = found.setdefault(name, (path, path.relative_to(folder).parts[:-1]))[0]
            if other.resolve() != path.resolve():
                raise InputError(
                    path.as_posix(),
                    f"a check {name} is in {other.as_posix()} as well; rename one of them",
                )
    return found


def _entries(
    folders: Sequence[Path], project: Mapping[str, Any], project_dir: Path
) -> dict[str, _Entry]:
    given = project.get("model-paths", ["models"])
    models = [project_dir / str(item) for item in (given if isinstance(given, list) else [given])]
    places = {path.resolve(): (path, True) for folder in folders for path in _yaml_files(folder)}
    for folder in models:
        for path in _yaml_files(folder):
            places.setdefault(path.resolve(), (path, False))
    found: dict[str, _Entry] = {}
    for path, is_beside in places.values():
        for name, entry in _entries_of(path, is_beside):
            other = found.setdefault(name, entry)
            if other is not entry:
                raise InputError(
                    path.as_posix(),
                    f"the check {name} is described in {other.path.as_posix()} as well; "
                    "keep one of the two",
                )
    return found


def _yaml_files(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*.y*ml") if path.suffix in (".yml", ".yaml"))
    return sorted(path for path in found if path.name[0] not in ".#~" and path.is_file())


def _entries_of(path: Path, is_beside: bool) -> Iterator[tuple[str, _Entry]]:
    from dbt_estate.yaml_read import load_yaml

    where = path.as_posix()
    text = read_text(path).removeprefix(BOM)
    if not _HAS_CHECKS.search(text):
        return
    document = load_yaml(text, where)
    listed = (document.get("checks") if isinstance(document, Mapping) else None) or []
    if not isinstance(listed, list):
        raise InputError(where, f"checks: must be a list, got: {listed}")
    problems = [problem for item in listed for problem in _entry_problems(item)]
    if problems:
        raise InputError(where, problems)
    for item in listed:
        config = item.get("config") or {}
        yield item["name"], _Entry(path, str(item.get("description") or ""), config, is_beside)


def _entry_problems(item: Any) -> Iterator[str]:
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        yield f"checks: each must be a mapping with a name, got: {item}"
        return
    label = f"check {item['name']}"
    yield from _unknown(item, PROPERTIES, label)
    config = item.get("config") or {}
    if not isinstance(config, Mapping):
        yield f"{label}: config must be a mapping, got: {config}"
        return
    yield from _config_problems(_fixed(config), f"{label}: config")


def _unknown(given: Iterable[Any], allowed: Sequence[str], label: str) -> Iterator[str]:
    for key in given:
        if key not in allowed:
            yield f"{label}: {key} is unknown; allowed are {', '.join(allowed)}"


def _config_problems(config: Mapping[str, Any], label: str) -> Iterator[str]:
    yield from _unknown(config, CONFIGS, label)
    expected: dict[str, tuple[Callable[[Any], bool], str]] = {
        "severity": (lambda value: str(value).lower() in SEVERITIES, " or ".join(SEVERITIES)),
        "enabled": (lambda value: isinstance(value, bool), "true or false"),
        "selection_filter_on": (_is_names, "a column, a list of columns, or none"),
        "tags": (_is_names, "a tag or a list of tags"),
        "meta": (lambda value: isinstance(value, Mapping), "a mapping"),
    }
    for key, (is_right, allowed) in expected.items():
        value = config.get(key)
        if value is not None and not is_right(value):
            yield f"{label}: {key} must be {allowed}, got: {value}"


def _is_names(value: Any) -> bool:
    found = value if isinstance(value, list | tuple) else [value]
    return all(isinstance(item, str) and item for item in found)


def _fixed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without the values that are Jinja: they are looked at when rendered."""
    return {key: None if _is_jinja(value) else value for key, value in config.items()}


def _is_jinja(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def _tree_problems(tree: Any, label: str) -> Iterator[str]:
    """Give what is wrong with `checks:` of dbt_project.yml, in all of its folders."""
    if not isinstance(tree, Mapping):
        yield f"{label} must be a mapping, got: {tree}"
        return
    yield from _config_problems(_fixed(_own_configs(tree)), label)
    for key, value in tree.items():
        if not _is_config(key, value):
            yield from _tree_problems(value, f"{label}: {key}")


def _is_config(key: Any, value: Any) -> bool:
    """Tell a setting from a folder: a plus says so, else the name."""
    if str(key).startswith("+"):
        return True
    return key in CONFIGS and (key == "meta" or not isinstance(value, Mapping))


def _own_configs(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(key).removeprefix("+"): value for key, value in tree.items() if _is_config(key, value)
    }


def _levels(tree: Mapping[str, Any], parts: Iterable[str]) -> Iterator[dict[str, Any]]:
    yield _own_configs(tree)
    found: Any = tree
    for part in parts:
        found = found.get(part)
        if not isinstance(found, Mapping):
            return
        yield _own_configs(found)


def _check(
    name: str,
    path: Path,
    below: tuple[str, ...],
    entry: _Entry | None,
    tree: Mapping[str, Any],
    jinja: _Jinja,
) -> Check:
    """Put a check together; what comes last of project, properties and file has the last word."""
    given = [*_levels(tree, (jinja.project, *below, name)), entry.config if entry else {}]
    config = _Config()
    query = ""
    problems: list[str] = []
    levels: list[Mapping[str, Any]] = []
    try:
        levels = [{key: jinja.value(level[key]) for key in level} for level in given]
        query = jinja.render(read_text(path).removeprefix(BOM), name, config)
    except (_JinjaError, InputError) as error:  # one file that is broken stops no other
        problems.append(str(error))
    levels.append(config._given)
    problems += [problem for level in levels for problem in _config_problems(level, "config")]
    settings = _merged(_right(level) for level in levels)
    return Check(
        name=name,
        path=path,
        project=jinja.project,
        query="" if problems else query,
        description=entry.description if entry else "",
        severity=str(settings.get("severity") or "error").lower(),
        enabled=settings.get("enabled") is not False,
        selection_filter_on=_filter_on(settings.get("selection_filter_on")),
        tags=tuple(settings["tags"]),
        meta=settings["meta"],
        problem="; ".join(problems),
    )


def _right(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that are wrong."""
    return {
        key: value for key, value in config.items() if not any(_config_problems({key: value}, ""))
    }


def _merged(levels: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings as dbt merges them: tags add up, keys of meta replace each other."""
    found: dict[str, Any] = {}
    tags: list[str] = []
    meta: dict[str, Any] = {}
    for level in levels:
        found |= {key: value for key, value in level.items() if value is not None}
        own = level.get("tags") or []
        tags += [own] if isinstance(own, str) else own
        meta |= level.get("meta") or {}
    return {**found, "tags": list(dict.fromkeys(tags)), "meta": meta}


def _filter_on(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return () if value.lower() == "none" else (value,)
    return tuple(value)


class _JinjaError(Exception):
    """Jinja that a check cannot have, or that is broken."""


class _ReturnError(Exception):
    """How `return` leaves a macro."""

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__("return() is for macros")


class _Config:
    """`config(...)` of a check: it remembers what it is given, and prints nothing."""

    def __init__(self) -> None:
        self._given: dict[str, Any] = {}

    def __call__(self, *mappings: Mapping[str, Any], **given: Any) -> str:
        for mapping in (*mappings, given):
            self._given.update(mapping)
        return ""

    def get(self, name: str, default: Any = None) -> Any:
        """Return what was set before in the file."""
        return self._given.get(name, default)


class _Var:
    """`var(name, default)`, and `var.has_var(name)`."""

    def __init__(self, variables: Mapping[str, Any], project: str, check: str) -> None:
        own = variables.get(project)
        self._values = {**variables, **(own if isinstance(own, Mapping) else {})}
        self._check = check

    def __call__(self, name: str, default: Any = _MISSING) -> Any:
        if name in self._values:
            return copy.deepcopy(self._values[name])  # a check cannot change it for the next one
        if default is not _MISSING:
            return default
        supplied = json.dumps(self._values, indent=4, sort_keys=True, default=str)
        known = f"Vars supplied to {self._check} = {supplied}"
        raise _JinjaError(f"Required var '{name}' not found in config:\n{known}")

    def has_var(self, name: str) -> bool:
        """Whether the var is set."""
        return name in self._values


class _Jinja:
    """Renders a check as dbt v2 does: while parsing, without the project's resources."""

    def __init__(self, project: str, variables: Mapping[str, Any]) -> None:
        self.project = project
        self.variables = variables

    def value(self, value: Any) -> Any:
        """Return a setting of YAML; one with Jinja is rendered, and read as YAML again."""
        from dbt_estate.yaml_read import load_yaml

        if not _is_jinja(value):
            return value
        return load_yaml(self.render(value, "", _Config()), f"the value of {value}")

    def render(self, text: str, check: str, config: _Config) -> str:
        """Return the text with its Jinja rendered. Raises _JinjaError with the line of an error."""
        context = self._context(check, config)
        try:
            return _environment().from_string(text).render(context)
        except Exception as error:  # a template may raise anything
            raise _JinjaError(_problem_of(error, context)) from error

    def _context(self, check: str, config: _Config) -> dict[str, Any]:
        return {
            "info_schema": _info_schema,
            "config": config,
            "var": _Var(self.variables, self.project, check),
            "env_var": _env_var,
            "project_name": self.project,
            "return": _return,
            "log": lambda *_, **__: "",
            "print": lambda *_, **__: "",
            "execute": False,
            "tojson": lambda value, default=None: json.dumps(value, default=str),
            "fromjson": lambda text, default=None: json.loads(text),
            "exceptions": {"raise_compiler_error": _raise, "warn": lambda *_: ""},
            "ref": _refuse_relation("ref"),
            "source": _refuse_relation("source"),
        }


def _return(value: Any = None) -> NoReturn:
    raise _ReturnError(value)


def _raise(message: str) -> NoReturn:
    raise _JinjaError(str(message))


def _refuse_relation(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise _JinjaError(
            f"{name}() is not for checks, which read the project and no data; "
            "ask {{ info_schema('models') }} or another view"
        )

    return refuse


def _info_schema(view: str) -> str:
    if view in tables.PROJECT:
        return f"dbt.{view}"
    known = ", ".join(sorted(tables.PROJECT))
    if view in _AFTER_PARSING:
        raise _JinjaError(
            f"info_schema('{view}') is not available to checks: it is not known when a project "
            f"is parsed; available are {known}"
        )
    raise _JinjaError(f"info_schema('{view}') is no view; available are {known}")


def _env_var(name: str, default: Any = _MISSING) -> Any:
    if name.startswith(_SECRET):
        raise _JinjaError(
            "Secret env vars are allowed only in profiles.yml or packages.yml. "
            f"Found '{name}' referenced elsewhere."
        )
    if name in os.environ:
        return os.environ[name]
    if default is _MISSING:
        raise _JinjaError(f"Env var required but not provided: '{name}'")
    return default


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.runtime import Context, Macro
    from jinja2.sandbox import SandboxedEnvironment

    class Sandbox(SandboxedEnvironment):
        def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
            """Call what a template calls; `return` ends a macro with a value of any type."""
            if not isinstance(called, Macro):
                return super().call(context, called, *args, **kwargs)
            try:
                return super().call(context, called, *args, **kwargs)
            except _ReturnError as returned:
                return returned.value

    return Sandbox(undefined=StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"])


def _problem_of(error: Exception, context: Mapping[str, Any]) -> str:
    import traceback

    from jinja2 import TemplateSyntaxError

    line = error.lineno if isinstance(error, TemplateSyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        line = frame.lineno if frame.filename == "<template>" else line
    message = str(error) or type(error).__name__
    if _UNDEFINED.fullmatch(message):
        known = ", ".join(name for name in context if name not in ("ref", "source"))
        message = f"{message}; a check knows {known}, and the macros of its own file"
    return f"line {line}: {message}" if line else message


class _BrokenError(Exception):
    """A check that cannot be evaluated."""


def run_check(
    connection: DuckDBPyConnection, check: Check, selected: frozenset[str] | None
) -> tuple[RuleResult, list[Finding]]:
    """Return how the check went and a finding for each row, by file and resource.

    `selected` are the unique ids that are asked for, None for all. What cannot be evaluated has the
    status `error`, whatever its severity. From the first call on, the connection can no longer
    reach files.
    """
    started = time.perf_counter()
    findings: list[Finding] = []
    try:
        status, message, findings = _verdict(connection, check, selected)
    except _BrokenError as error:
        status, message = "error", str(error)
    seconds = time.perf_counter() - started
    result = RuleResult(check.name, AREA, check.severity, status, len(findings), seconds, message)
    return result, findings


def _verdict(
    connection: DuckDBPyConnection, check: Check, selected: frozenset[str] | None
) -> tuple[str, str, list[Finding]]:
    if not check.enabled:
        return "disabled", "enabled is false", []
    if check.problem:
        raise _BrokenError(check.problem)
    columns, rows = _rows(connection, check.query)
    scoped = _scoping(check, columns)
    kept = [row for row in rows if _is_selected(row, scoped, selected)]
    if kept:
        findings = _findings(connection, check, columns, scoped, kept, selected)
        return "failed" if check.severity == "error" else "warned", "", findings
    kinds = {_kind(row[index]) for row in rows for index in scoped}
    if reason := _not_looked_at(check, kinds, selected):
        return "skipped", reason, []
    return "passed", "", []


def _rows(connection: DuckDBPyConnection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    import duckdb

    # A check must not see what is not in the tables: files, and variables of this program.
    connection.execute("set enable_external_access = false")
    connection.execute("set python_enable_replacements = false")
    try:
        statements = connection.extract_statements(query)
        if len(statements) != 1:
            raise _BrokenError(f"a check is one SELECT, and this has {len(statements)} statements")
        if statements[0].type != duckdb.StatementType.SELECT:
            kind = statements[0].type.name
            raise _BrokenError(f"a check is one SELECT or WITH, and this is {kind}")
        answer = connection.execute(statements[0])
        return [part[0] for part in answer.description or ()], answer.fetchall()
    except (duckdb.Error, OverflowError, ValueError) as error:
        raise _BrokenError(str(error)) from None


def _scoping(check: Check, columns: Sequence[str]) -> list[int]:
    """Return the places of the columns that a selection is compared with."""
    if check.selection_filter_on is None:
        return [columns.index("unique_id")] if "unique_id" in columns else []
    missing = [name for name in check.selection_filter_on if name not in columns]
    if missing:
        raise _BrokenError(
            f"selection_filter_on: {', '.join(missing)} is not among the columns of the result, "
            f"which are {', '.join(columns)}"
        )
    return [columns.index(name) for name in check.selection_filter_on]


def _is_selected(
    row: Sequence[Any], scoped: Sequence[int], selected: frozenset[str] | None
) -> bool:
    if selected is None or not scoped:
        return True
    return any(str(row[index]) in selected for index in scoped)


def _kind(value: Any) -> str:
    """Return the type of a resource by its unique id, as `model.`."""
    first, dot, _ = str(value).partition(".")
    return first + dot


def _not_looked_at(check: Check, kinds: set[str], selected: frozenset[str] | None) -> str:
    """Say why no row is no pass: then nothing that the check speaks of is selected."""
    if selected is None or check.selection_filter_on == ():
        return ""
    if not selected:
        return "nothing is selected"
    if kinds and not any(unique_id.startswith(tuple(kinds)) for unique_id in selected):
        named = ", ".join(sorted(kind.rstrip(".") for kind in kinds))
        return f"nothing is selected of what it reports: {named}"
    return ""


def _findings(
    connection: DuckDBPyConnection,
    check: Check,
    columns: Sequence[str],
    scoped: Sequence[int],
    rows: Sequence[Sequence[Any]],
    selected: frozenset[str] | None,
) -> list[Finding]:
    subjects = [_subject(columns, scoped, row, selected) for row in rows]
    ids = {str(row[at]) for row, at in zip(rows, subjects, strict=True) if at is not None}
    places = _places(connection, sorted(ids))
    found = []
    for row, at in zip(rows, subjects, strict=True):
        if at is None:
            unique_id, (name, file) = f"project.{check.project}", (check.project, None)
        else:
            unique_id = str(row[at])
            name, file = places.get(unique_id, (unique_id, None))
        detail = _detail(check, columns, row, at, name)
        found.append(Finding(check.name, AREA, check.severity, unique_id, name, file, None, detail))
    return sorted(found, key=lambda item: (item.file or "", item.unique_id, item.detail))


def _subject(
    columns: Sequence[str],
    scoped: Sequence[int],
    row: Sequence[Any],
    selected: frozenset[str] | None,
) -> int | None:
    """Return the place of the unique id that a row is about; None for the project."""
    places = [columns.index("unique_id")] if "unique_id" in columns else list(scoped)
    there = [at for at in places if row[at] is not None]
    asked_for = [at for at in there if selected is not None and str(row[at]) in selected]
    return next(iter([*asked_for, *there]), None)


def _places(
    connection: DuckDBPyConnection, unique_ids: list[str]
) -> dict[str, tuple[str, str | None]]:
    """Return the name and the file of each resource that is known."""
    parts = []
    for table, columns in tables.PROJECT.items():
        if "unique_id" in columns and "name" in columns:
            file = "original_file_path" if "original_file_path" in columns else "null"
            parts.append(f"select unique_id, name, {file} as file from dbt.{table}")
    query = (
        f"select unique_id, name, file from ({' union all '.join(parts)}) "
        "where list_contains(?, unique_id) and name is not null"
    )
    if not unique_ids:
        return {}
    rows = connection.execute(query, [unique_ids]).fetchall()
    return {
        unique_id: (name, file.replace("\\", "/") if file else None)
        for unique_id, name, file in rows
    }


def _detail(
    check: Check, columns: Sequence[str], row: Sequence[Any], subject: int | None, name: str
) -> str:
    """Return the rest of the row; for a row that is but an id, what the check is for."""
    cells = [
        f"{column}: {_shown(value)}"
        for at, (column, value) in enumerate(zip(columns, row, strict=True))
        if at != subject and not (subject is not None and column == "name" and value == name)
    ]
    text = ", ".join(cells) or " ".join(check.description.split()) or f"reported by {check.name}"
    if len(text) <= LONGEST_DETAIL:
        return text
    return f"{text[:LONGEST_DETAIL]} ... (cut after {LONGEST_DETAIL} characters)"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    text = json.dumps(value, default=str) if isinstance(value, dict) else str(value)
    return " ".join(text.split())
