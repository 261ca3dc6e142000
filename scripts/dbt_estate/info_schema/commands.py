"""`dbt-estate info-schema` and `dbt-estate sql`: options, what is printed, exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.output import json_text, print_json, print_table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

F = TypeVar("F", bound=Callable[..., Any])
_path = click.Path(path_type=Path)


def artifact_options(function: F) -> F:
    """Add the options that say where a project and its artifacts are."""
    for option in (
        click.option("--catalog", type=_path, metavar="FILE", help="Another catalog.json."),
        click.option("--run-results", type=_path, metavar="FILE", help="Another run_results.json."),
        click.option(
            "--manifest",
            type=_path,
            metavar="FILE",
            help="dbt's manifest.json; the other artifacts are looked for beside it.  "
            "[default: that of the target folder]",
        ),
        click.option(
            "--project-dir",
            type=_path,
            default=Path(),
            help="The folder of dbt_project.yml.  [default: the current one]",
        ),
    ):
        function = option(function)
    return function


def _load(
    project_dir: Path, manifest: Path | None, run_results: Path | None, catalog: Path | None
) -> DuckDBPyConnection:
    from dbt_estate.info_schema.load import Artifacts, artifacts_in, load

    project, target = read_project(project_dir, manifest)
    found = artifacts_in(manifest.parent if manifest else project_dir / target)
    variables = variables_of(project, project_dir, manifest or found.manifest)
    artifacts = Artifacts(
        manifest or found.manifest, run_results or found.run_results, catalog or found.catalog
    )
    return load(artifacts, variables, project_dir)


def read_project(project_dir: Path, manifest: Path | None = None) -> tuple[dict[str, Any], str]:
    """Return dbt_project.yml and the target folder.

    A manifest may be looked at without its project: then the first is empty. Raises InputError for
    a dbt_project.yml that is no mapping, and for a target folder that cannot be known and is
    needed, as no manifest is given.
    """
    from dbt_estate.variables import target_folder
    from dbt_estate.yaml_read import load_yaml

    if not project_dir.is_dir():
        raise InputError("--project-dir", f"no such folder: {project_dir.as_posix()}")
    path = project_dir / "dbt_project.yml"
    if not path.is_file():
        return {}, target_folder({}, path.as_posix())
    project = load_yaml(read_text(path), path.as_posix())
    if not isinstance(project, dict):
        raise InputError(path.as_posix(), "must be a mapping of dbt project settings")
    try:
        target = target_folder(project, path.as_posix())
    except InputError:
        if manifest is None:
            raise
        target = "target"
    return project, target


def variables_of(
    project: dict[str, Any], project_dir: Path, manifest: Path | None
) -> dict[str, Any]:
    """Return the vars as the version of dbt finds them that wrote the manifest."""
    from dbt_estate.variables import project_variables

    if not project:
        return {}
    version = _dbt_version(manifest) if manifest else None
    variables = project_variables(project_dir, project, None, version)
    return dict(variables) if isinstance(variables, dict) else {}


def _dbt_version(manifest: Path) -> tuple[int, int] | None:
    """Return the version of dbt that a manifest begins with, none where it says none."""
    try:
        with manifest.open("rb") as file:
            found = re.search(rb'"dbt_version":\s*"(\d+)\.(\d+)', file.read(4096))
    except OSError:
        return None
    return (int(found[1]), int(found[2])) if found else None


@click.command("info-schema")
@artifact_options
@click.option(
    "--out", required=True, type=_path, metavar="DIR", help="Where v1/*.parquet and views.sql go."
)
def info_schema(
    project_dir: Path,
    manifest: Path | None,
    run_results: Path | None,
    catalog: Path | None,
    out: Path,
) -> None:
    """Write the project as the tables of the dbt Information Schema, in parquet."""
    from dbt_estate.info_schema.load import write_parquet

    with _load(project_dir, manifest, run_results, catalog) as connection:
        written = write_parquet(connection, out)
    click.echo(f"{len(written)} tables are written in {(out / 'v1').as_posix()}")


@click.command()
@click.argument("query")
@artifact_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="What to print.",
)
def sql(
    query: str,
    project_dir: Path,
    manifest: Path | None,
    run_results: Path | None,
    catalog: Path | None,
    format_: str,
) -> None:
    """Ask the project: QUERY is DuckDB SQL over dbt.models, dbt.edges and the others."""
    import duckdb

    with _load(project_dir, manifest, run_results, catalog) as connection:
        connection.execute("set search_path = 'dbt,dbt_rt,estate'")
        try:
            answer = connection.execute(query)
            if answer is None or not answer.description:
                raise InputError("QUERY", f"must be a query, got: {query!r}")
            columns = [part[0] for part in answer.description]
            rows = answer.fetchall()
        except duckdb.Error as error:
            raise InputError("QUERY", str(error)) from None
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if format_ == "json" and twice:
        raise InputError(
            "--format json", f"two columns are called {', '.join(twice)}; give one an alias"
        )
    if format_ == "json":
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif format_ == "csv":
        _print_csv(columns, rows)
    else:
        print_table(f"{len(rows)} rows", columns, [[_text(value) for value in row] for row in rows])


def _text(value: object) -> str:
    """Return a value as SQL writes it, lists and structs as JSON, null as nothing."""
    if value is None:
        return ""
    return json_text(value) if isinstance(value, bool | list | tuple | dict) else str(value)


def _print_csv(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(value) for value in row] for row in rows)
    click.echo(text.getvalue(), nl=False)
