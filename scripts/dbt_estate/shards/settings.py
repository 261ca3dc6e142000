"""`vars: dbt_estate: {shards: {...}}` of the user's dbt_project.yml, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.variables import project_variables

MODES = ("enumerated", "logical")
PLACES = ("database", "schema")
DEFAULT_LOGICAL = "shards"

# dbt 1.10 moved these from the table and the source into `config`, and warns about the old place.
_MOVED_TO_CONFIG = (
    "enabled", "event_time", "freshness", "loaded_at_field", "loaded_at_query", "meta", "tags"
)  # fmt: skip
_WRITTEN_BY_US = ("name", "database", "schema", "tables")


@dataclass(frozen=True)
class Columns:
    """The registry's column for each role; None where the registry has no such column."""

    shard: str = "shard"
    database_name: str | None = "database_name"
    schema_name: str | None = "schema_name"
    is_enabled: str | None = "is_enabled"


@dataclass(frozen=True)
class Sources:
    """What the generator writes: file, form, names and tables."""

    path: Path = Path("models/staging/shards.yml")
    mode: str = "enumerated"
    name: str = "shard_{shard}"
    logical: str | None = None
    database: str | None = None
    schema: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    tables: Sequence[Mapping[str, object]] = ()
    models: Path | None = None

    @property
    def logical_name(self) -> str:
        """The name of the source that stands for the table on every shard."""
        return self.logical or DEFAULT_LOGICAL

    @property
    def writes_logical(self) -> bool:
        """Whether the logical source is written: it is asked for, or a model needs it."""
        return self.mode == "logical" or self.logical is not None or self.models is not None

    @property
    def table_names(self) -> list[str]:
        """The tables' names, in order."""
        return [str(table["name"]) for table in self.tables]


@dataclass(frozen=True)
class Settings:
    """The shards settings of one dbt project."""

    project_dir: Path
    seed_paths: Sequence[str] = ("seeds",)
    registry: str = "shards"
    columns: Columns = Columns()
    sources: Sources = Sources()
    discover_by: str | None = None


@dataclass(frozen=True)
class Overrides:
    """Settings given on the command line; None or empty leaves the project's own."""

    mode: str | None = None
    output: Path | None = None
    models: Path | None = None
    tables: Sequence[str] = ()
    vars: str | None = None


def load_settings(project_dir: Path, overrides: Overrides = Overrides()) -> Settings:
    """Read the settings of the project in `project_dir`.

    Raises InputError with all problems: no project there, bad YAML, unknown or mistyped settings.
    """
    from dbt_estate.yaml_read import load_yaml

    path = project_dir / "dbt_project.yml"
    text = read_text(path, "Name the folder of a dbt project with --project-dir.")
    project = load_yaml(text, path.as_posix())
    if not isinstance(project, Mapping):
        raise InputError(path.as_posix(), "must be a mapping of dbt project settings")
    problems: list[str] = []
    variables = project_variables(project_dir, project, overrides.vars)
    estate = _Reader(variables, "vars", problems).child("dbt_estate")
    estate.only(("shards", "procedures", "vocabulary"))
    found = _Reader(estate.values.get("shards") or {}, "shards", problems)
    found.only(("registry", "columns", "warn_above", "sources", "discover"))
    found.child("discover").only(("pattern", "by"))
    settings = Settings(
        project_dir=project_dir,
        seed_paths=_Reader(project, "dbt_project.yml", problems).names("seed-paths", ["seeds"]),
        registry=found.text("registry", "shards"),
        columns=_columns(found.child("columns")),
        sources=_sources(found.child("sources"), overrides),
        discover_by=found.child("discover").choice_or_none("by", PLACES),
    )
    if problems:
        raise InputError(f"vars: dbt_estate in {path.as_posix()}", problems)
    return settings


class _Reader:
    """Typed access to one mapping; what is wrong with it goes into `problems`."""

    def __init__(self, values: object, path: str, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        self.values: Mapping[str, object] = {}
        if isinstance(values, Mapping):
            self.values = values
        else:
            self.reject("must be a mapping", values)

    def reject(self, expected: str, received: object, key: str = "") -> None:
        where = f"{self.path}.{key}" if key else self.path
        self.problems.append(f"{where} {expected}, got: {received!r}")

    def only(self, allowed: Sequence[str]) -> None:
        for key in self.values:
            if key not in allowed:
                self.reject(f"may have the keys {', '.join(allowed)}", key)

    def child(self, key: str) -> _Reader:
        return _Reader(self.values.get(key) or {}, f"{self.path}.{key}", self.problems)

    def text(self, key: str, default: str) -> str:
        return self._name(key, self.values.get(key, default), "must be a name") or default

    def text_or_none(self, key: str, default: str | None) -> str | None:
        value = self.values.get(key, default)
        return None if value is None else self._name(key, value, "must be a name or null")

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """Return one of the allowed values, the first by default."""
        value = self.values.get(key, allowed[0])
        if isinstance(value, str) and value in allowed:
            return value
        self.reject(f"must be one of {', '.join(allowed)}", value, key)
        return allowed[0]

    def choice_or_none(self, key: str, allowed: Sequence[str]) -> str | None:
        return None if self.values.get(key) is None else self.choice(key, allowed)

    def _name(self, key: str, value: object, expected: str) -> str | None:
        if isinstance(value, str) and value.strip():
            return value
        self.reject(expected, value, key)
        return None

    def names(self, key: str, default: list[str]) -> list[str]:
        value = self.values.get(key, default)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        self.reject("must be a list of names", value, key)
        return default


def _columns(found: _Reader) -> Columns:
    defaults = Columns()
    found.only(tuple(defaults.__dataclass_fields__))
    columns = Columns(
        shard=found.text("shard", defaults.shard),
        database_name=found.text_or_none("database_name", defaults.database_name),
        schema_name=found.text_or_none("schema_name", defaults.schema_name),
        is_enabled=found.text_or_none("is_enabled", defaults.is_enabled),
    )
    if columns.database_name is None and columns.schema_name is None and not found.problems:
        found.problems.append(
            f"{found.path} has neither database_name nor schema_name: all shards are one place"
        )
    return columns


def _sources(found: _Reader, overrides: Overrides) -> Sources:
    defaults = Sources()
    found.only(tuple(defaults.__dataclass_fields__))
    mode = overrides.mode or found.choice("mode", MODES)
    name = found.text("name", defaults.name)
    if "{shard}" not in name or set("{}") & set(name.replace("{shard}", "")):
        found.reject("must contain {shard}, and no other braces", name, "name")
    models = found.text_or_none("models", None)
    return Sources(
        path=overrides.output or Path(found.text("path", defaults.path.as_posix())),
        mode=mode,
        name=name,
        logical=found.text_or_none("logical", None),
        database=found.text_or_none("database", None),
        schema=found.text_or_none("schema", None),
        properties=_properties(found),
        tables=_tables(found, overrides.tables),
        models=overrides.models or (Path(models) if models else None),
    )


def _properties(found: _Reader) -> Mapping[str, object]:
    properties = found.child("properties").values
    for key in _WRITTEN_BY_US:
        if key in properties:
            found.reject("may not set what is written per source", key, "properties")
    return _with_config(properties)


def _tables(found: _Reader, chosen: Sequence[str]) -> list[Mapping[str, object]]:
    """Return the tables as mappings: those of the settings, or the chosen names only."""
    listed = found.values.get("tables") or []
    if not isinstance(listed, list):
        found.reject("must be a list", listed, "tables")
        listed = []
    tables: dict[str, Mapping[str, object]] = {}
    for position, item in enumerate(listed, start=1):
        table = item if isinstance(item, Mapping) else {"name": item}
        name = table.get("name")
        if not isinstance(name, str) or not name.strip():
            found.reject("must have a name (quote a number)", item, f"tables[{position}]")
        elif name in tables:
            found.reject("repeats a table", name, f"tables[{position}]")
        else:
            tables[name] = _with_config(table)
    names = list(dict.fromkeys(name.strip() for name in chosen)) if chosen else list(tables)
    if not all(names):
        found.problems.append(f"--tables has an empty name, got: {','.join(chosen)!r}")
    return [tables.get(name, {"name": name}) for name in names]


def _with_config(properties: Mapping[str, object]) -> Mapping[str, object]:
    """Move what dbt reads from `config` since 1.10 into it."""
    moved = {key: properties[key] for key in _MOVED_TO_CONFIG if key in properties}
    if not moved:
        return properties
    kept = {key: value for key, value in properties.items() if key not in moved}
    config = kept.pop("config", None)
    return {**kept, "config": {**moved, **(config if isinstance(config, Mapping) else {})}}
