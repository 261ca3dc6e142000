"""The Information Schema as tables of an embedded DuckDB."""

from __future__ import annotations

import contextlib
import datetime
import gc
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from dbt_estate.errors import InputError
from dbt_estate.info_schema import tables
from dbt_estate.info_schema.artifacts import (
    Manifest,
    read_catalog,
    read_manifest,
    read_run_results,
)
from dbt_estate.info_schema.exceptions import load_exceptions
from dbt_estate.info_schema.facts import estate_rows
from dbt_estate.info_schema.git import git_columns
from dbt_estate.info_schema.layer import create_layer
from dbt_estate.info_schema.macros import PackageMacros
from dbt_estate.info_schema.rows import Row, project_rows, runtime_rows, variable_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NAMESPACES = {"dbt": tables.PROJECT, "dbt_rt": tables.RUNTIME}
_CHUNK = 5000  # rows that are text at a time
_encoder = msgspec.json.Encoder()
_ALL = {**NAMESPACES, "estate": tables.ESTATE}


@dataclass(frozen=True)
class Artifacts:
    """Where the artifacts are. Only the manifest has to be there."""

    manifest: Path
    run_results: Path | None = None
    catalog: Path | None = None


def artifacts_in(folder: Path) -> Artifacts:
    """Return the artifacts of a target folder."""

    def there(name: str) -> Path | None:
        return folder / name if (folder / name).is_file() else None

    return Artifacts(folder / "manifest.json", there("run_results.json"), there("catalog.json"))


@dataclass(frozen=True)
class Project:
    """A project in an embedded DuckDB.

    `exceptions` is the table of the user's seed of exceptions, None without one.
    """

    connection: DuckDBPyConnection
    manifest: Manifest
    macros: PackageMacros
    exceptions: str | None


def load(
    artifacts: Artifacts,
    variables: Mapping[str, Any] | None = None,
    project_dir: Path | None = None,
) -> DuckDBPyConnection:
    """Return a connection to the tables of `load_project`; what the rules read are views of it."""
    return _guarded(artifacts, variables, project_dir, "view").connection


def load_project(
    artifacts: Artifacts,
    variables: Mapping[str, Any] | None = None,
    project_dir: Path | None = None,
) -> Project:
    """Load the tables `dbt.<table>` and `dbt_rt.<table>`, all of them there.

    `estate.<table>` is what the rules read. With the project's folder, its files are facts too, and
    the seed of exceptions is read. Raises InputError for an artifact that cannot be read.
    """
    return _guarded(artifacts, variables, project_dir, "table")


def _guarded(
    artifacts: Artifacts,
    variables: Mapping[str, Any] | None,
    project_dir: Path | None,
    kind: Literal["view", "table"],
) -> Project:
    with without_collection():
        try:
            return _load(artifacts, variables, project_dir, kind)
        except (AttributeError, KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
            problem = f"{type(error).__name__}: {error}"
            places = [artifacts.manifest, artifacts.run_results, artifacts.catalog]
            where = ", ".join(path.as_posix() for path in places if path)
            raise InputError(where, f"not as dbt writes it ({problem})") from error


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Keep Python from looking for cycles in what are a million new objects without any."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load(
    artifacts: Artifacts,
    variables: Mapping[str, Any] | None,
    project_dir: Path | None,
    kind: Literal["view", "table"],
) -> Project:
    import duckdb

    manifest = read_manifest(artifacts.manifest)
    results = read_run_results(artifacts.run_results) if artifacts.run_results else None
    catalog = read_catalog(artifacts.catalog) if artifacts.catalog else None
    macros = PackageMacros(variables)
    excluded = macros["maturity_setting"]("exclude_paths")
    rows = {
        "dbt": {**project_rows(manifest), "project_vars": variable_rows(variables or {})},
        "dbt_rt": runtime_rows(results, catalog),
        "estate": estate_rows(manifest, project_dir, excluded),
    }
    if project_dir is not None:
        rows["dbt"]["project"][0] |= git_columns(project_dir)
    connection = duckdb.connect()
    _create_tables(connection, rows)
    seed = load_exceptions(connection, manifest, variables or {}, project_dir)
    create_layer(connection, macros, kind, seed)
    return Project(connection, manifest, macros, seed)


def _create_tables(
    connection: DuckDBPyConnection, rows: Mapping[str, Mapping[str, Sequence[Row]]]
) -> None:
    """Create every table and fill it, by one thread: for so little, more of them take longer."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    statements = ["set threads to 1"]
    for namespace, definitions in _ALL.items():
        statements.append(f"create schema {namespace}")
        for name, columns in definitions.items():
            statements.append(_creation(f"{namespace}.{name}", columns, now))
    connection.execute(";\n".join(statements))
    with tempfile.TemporaryDirectory(prefix="dbt_estate_") as folder:
        for namespace, definitions in _ALL.items():
            for name, columns in definitions.items():
                found = rows[namespace].get(name)
                if found:
                    path = Path(folder) / f"{namespace}.{name}.ndjson"
                    _insert(connection, f"{namespace}.{name}", columns, found, path)
    connection.execute("reset threads")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _creation(table: str, columns: Mapping[str, str], now: datetime.datetime) -> str:
    defined = [
        f"{_quoted(name)} {kind}"
        + (f" default timestamp '{now.isoformat(' ')}'" if name == "ingested_at" else "")
        for name, kind in columns.items()
    ]
    return f"create table {table} ({', '.join(defined)})"


def _insert(
    connection: DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Row],
    path: Path,
) -> None:
    """Hand the rows over as lines of JSON: quicker than parameters, and without pyarrow."""
    given = {name: kind for name, kind in columns.items() if name != "ingested_at"}
    with path.open("wb") as file:
        for start in range(0, len(rows), _CHUNK):
            file.write(_encoder.encode_lines(rows[start : start + _CHUNK]))
    names = ", ".join(_quoted(name) for name in given)
    kinds = ", ".join(f"{_quoted(name)}: '{kind}'" for name, kind in given.items())
    connection.execute(
        f"insert into {table} ({names}) select {names} from read_json("
        f"?, format = 'newline_delimited', columns = {{{kinds}}}, maximum_object_size = 268435456)",
        [str(path)],
    )
    path.unlink()


def write_parquet(connection: DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write `v1/<namespace>.<table>.parquet` and `views.sql`, as dbt v2 does.

    Raises InputError where the folder cannot be written.
    """
    target = folder / f"v{tables.VERSION}"
    try:
        return _write_parquet(connection, folder, target)
    except OSError as error:
        where = error.filename or target.as_posix()
        raise InputError(str(where), f"cannot be written: {error.strerror}") from None


def _write_parquet(connection: DuckDBPyConnection, folder: Path, target: Path) -> list[Path]:
    target.mkdir(parents=True, exist_ok=True)
    written = []
    views = []
    for namespace, definitions in NAMESPACES.items():
        views.append(f"create schema if not exists {namespace};")
        for name in definitions:
            path = target / f"{namespace}.{name}.parquet"
            query = f"select * from {namespace}.{name}"
            if (namespace, name) == ("dbt", "project"):
                query = f"select *, '{tables.VERSION}' as schema_version from dbt.project"
            draft = path.with_suffix(".tmp")
            connection.execute(
                f"copy ({query}) to {_literal(str(draft))} (format parquet, "
                f"kv_metadata {{'dbt:info-schema-version': '{tables.VERSION}'}})"
            )
            draft.replace(path)
            written.append(path)
            views.append(
                f"create or replace view {namespace}.{name} as "
                f"select * from read_parquet({_literal(path.resolve().as_posix())});"
            )
    (folder / "views.sql").write_text("\n".join(views) + "\n", encoding="utf-8")
    return written


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
