"""`dbt-estate shards ...`: options, what is printed, exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbt_estate.dbt import Dbt
from dbt_estate.diff import unified_diff
from dbt_estate.errors import InputError
from dbt_estate.files import write_text
from dbt_estate.output import print_json, print_table, working
from dbt_estate.shards.plan import PlannedFile, plan_files
from dbt_estate.shards.registry import Shard, appended, read_registry
from dbt_estate.shards.settings import MODES, PLACES, Overrides, Settings, load_settings

if TYPE_CHECKING:
    from dbt_estate.shards.live import Cell, Report, ShardRow

F = TypeVar("F", bound=Callable[..., Any])

_STYLES = {
    "ok": "green",
    "drift": "yellow",
    "no_table": "red",
    "no_schema": "red",
    "no_database": "red",
    "other_database": "red",
    "offline": "magenta",
    "no": "dim",
}
_SHARD_COLUMNS = ("shard", "database", "schema")


def _options(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_path = click.Path(path_type=Path)
_project_options = _options(
    click.option(
        "--project-dir",
        type=_path,
        default=Path(),
        help="The folder of dbt_project.yml.  [default: the current one]",
    ),
    click.option(
        "--vars", "vars_", metavar="YAML", help="As in dbt: overrides the project's vars."
    ),
    click.option(
        "--format",
        "format_",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="What to print.",
    ),
)
_registry_option = click.option(
    "--registry",
    type=_path,
    metavar="FILE.csv",
    help="The registry.  [default: the seed that vars name]",
)
_tables_option = click.option(
    "--tables", multiple=True, metavar="A,B", help="Only these tables; may be repeated."
)
_source_options = _options(
    _tables_option,
    click.option("--output", type=_path, metavar="FILE.yml", help="The file to write."),
    click.option("--mode", type=click.Choice(MODES), help="One source per shard, or one for all."),
    click.option("--models", type=_path, metavar="DIR", help="Also one model per table, in DIR."),
)
_dbt_options = _options(
    click.option("--profiles-dir", metavar="DIR", help="Passed through to dbt."),
    click.option("--target", metavar="NAME", help="Passed through to dbt."),
)
_by_option = click.option(
    "--by",
    type=click.Choice(PLACES),
    help="What a shard is on the target.  [default: discover.by of the settings, else schema on "
    "PostgreSQL, database elsewhere]",
)


@click.group()
def shards() -> None:
    """Keep registry, source YAML and target of the shards in step.

    Settings are read from `vars: dbt_estate: {shards: {...}}` in dbt_project.yml.
    """


@shards.command(
    epilog="""\b
    Examples:
      dbt-estate shards generate
      dbt-estate shards generate --tables orders,items --mode logical
      dbt-estate shards generate --registry shards.csv --output models/shards.yml
      dbt-estate shards generate --models models/staging"""
)
@_project_options
@_registry_option
@_source_options
def generate(format_: str, registry: Path | None, **options: Any) -> None:
    """Write the source YAML of the enabled shards.

    Only the lines between the marker comments are written; the rest of the file is yours.
    """
    settings = _settings(**options)
    files = plan_files(settings, registry)
    for file in files:
        if not file.is_current:
            write_text(file.path, file.new)
    written = [{"path": file.path.as_posix(), "status": _outcome(file)} for file in files]
    if format_ == "json":
        print_json({"files": written})
    else:
        for file in files:
            click.echo(f"{_outcome(file)} {file.path.as_posix()}")


@shards.command(
    epilog="""\b
    Examples:
      dbt-estate shards check
      dbt-estate shards check --format json"""
)
@_project_options
@_registry_option
@_source_options
def check(format_: str, registry: Path | None, **options: Any) -> None:
    """Compare the source YAML with the registry; never writes.

    Exits with 1 and prints a unified diff when `generate` would change a file.
    """
    files = plan_files(_settings(**options), registry)
    stale = [file for file in files if not file.is_current]
    if format_ == "json":
        print_json(
            {
                "files": [
                    {
                        "path": file.path.as_posix(),
                        "status": _state(file),
                        "diff": "" if file.is_current else file.diff(),
                    }
                    for file in files
                ],
                "findings": len(stale),
            }
        )
    else:
        for file in stale:
            click.echo(file.diff(), nl=False)
        if stale:
            click.echo("Run `dbt-estate shards generate` to bring this up to date.", err=True)
    _exit(bool(stale))


@shards.command(
    epilog="""\b
    Examples:
      dbt-estate shards sync --from-target 'store_%'
      dbt-estate shards sync --from-target 'store_%' --by schema --write"""
)
@_project_options
@_registry_option
@_dbt_options
@click.option("--from-target", required=True, metavar="PATTERN", help="A LIKE pattern of names.")
@_by_option
@click.option("--write", is_flag=True, help="Append the new rows to the registry.")
def sync(
    format_: str,
    registry: Path | None,
    from_target: str,
    by: str | None,
    write: bool,
    **options: Any,
) -> None:
    """Propose registry rows for what is on the target and not in the registry.

    Exits with 1 when the two differ. With --write the new rows are appended to the file, and only
    enabled rows whose database or schema is gone are still a difference: disable or delete them.
    """
    from dbt_estate.shards.live import candidates, compare

    dbt, settings = _dbt(**options)
    before = read_registry(settings, registry)
    with working("Asking the target"):
        found = candidates(dbt, from_target, by or settings.discover_by)
    difference = compare(before, found, from_target)
    if not found.shards and not difference.gone:
        raise InputError("--from-target", f"nothing on the target is like {from_target!r}")
    after = appended(before, difference.new)
    if write and difference.new:
        write_text(after.path, after.text)
    if format_ == "json":
        print_json(
            {
                "registry": after.path.as_posix(),
                "new": [_row(shard) for shard in difference.new],
                "gone": [_row(shard) for shard in difference.gone],
                "written": write and bool(difference.new),
            }
        )
    else:
        click.echo(unified_diff(after.path.as_posix(), before.text, after.text), nl=False)
        if write and difference.new:
            click.echo(f"appended to {after.path.as_posix()}: {len(difference.new)}")
        if difference.gone:
            print_table(
                f"Enabled in the registry, gone from the target ({len(difference.gone)})",
                _SHARD_COLUMNS,
                [_cells(shard) for shard in difference.gone],
            )
    _exit(bool(difference.gone or (difference.new and not write)))


@shards.command(
    "list",
    epilog="""\b
    Examples:
      dbt-estate shards list --only-enabled
      dbt-estate shards list --from-target 'store_%' --by schema""",
)
@_project_options
@_registry_option
@_dbt_options
@click.option("--from-target", metavar="PATTERN", help="List the target instead: a LIKE pattern.")
@_by_option
@click.option("--only-enabled", is_flag=True, help="Leave out the disabled shards.")
def list_(
    format_: str,
    registry: Path | None,
    from_target: str | None,
    by: str | None,
    only_enabled: bool,
    **options: Any,
) -> None:
    """List the shards of the registry, or the candidates on the target."""
    dbt, settings = _dbt(**options)
    if from_target is None:
        rows = read_registry(settings, registry).shards
    elif only_enabled or registry:
        raise click.UsageError(
            "--from-target lists the target: --only-enabled and --registry do not go with it"
        )
    else:
        from dbt_estate.shards.live import candidates

        with working("Asking the target"):
            found = candidates(dbt, from_target, by or settings.discover_by)
        rows = [Shard(item.shard, item.database_name, item.schema_name) for item in found.shards]
    if only_enabled:
        rows = [shard for shard in rows if shard.is_enabled]
    if format_ == "json":
        print_json({"shards": [_row(shard) for shard in rows]})
        return
    print_table(
        f"{len(rows)} shards",
        (*_SHARD_COLUMNS, "enabled"),
        [(*_cells(shard), "yes" if shard.is_enabled else "no") for shard in rows],
        _STYLES,
    )


@shards.command(
    epilog="""\b
    Examples:
      dbt-estate shards report
      dbt-estate shards report --tables store.orders,store.items --all"""
)
@_project_options
@_dbt_options
@_tables_option
@click.option("--all", "all_", is_flag=True, help="Also the shards without a finding.")
def report(format_: str, tables: tuple[str, ...], all_: bool, **options: Any) -> None:
    """Print the matrix of missing, offline and drifted shards.

    A table is named as `source.table`, or without its source when that is the logical one. Exits
    with 1 when anything is not ok.
    """
    from dbt_estate.shards import live

    dbt, settings = _dbt(**options)
    source = settings.sources.logical_name
    names = _names(tables) or settings.sources.table_names
    if not names:
        raise InputError("--tables", "is not given, and shards.sources.tables in vars is empty")
    names = [name if tables and "." in name else f"{source}.{name}" for name in names]
    with working(f"Reading the catalogs of the shards for {len(names)} tables"):
        result = live.report(dbt, names)
    if format_ == "json":
        import msgspec

        document = msgspec.to_builtins(result)
        print_json({**document, "counts": result.counts, "findings": result.findings})
    else:
        _print_report(result, all_)
    _exit(result.findings > 0)


def _print_report(result: Report, all_: bool) -> None:
    counts = ", ".join(f"{count} {status}" for status, count in result.counts.items())
    found = [(r, cell) for r in result.shards for cell in r.cells if cell.status != "ok"]
    rows = result.shards if all_ else list({r.shard: r for r, _ in found}.values())
    if rows:
        print_table(
            "Shards and tables" if all_ else "Shards with findings",
            ("shard", *result.tables),
            [(row.shard, *_statuses(row, result.tables)) for row in rows],
            _STYLES,
        )
    if found:
        print_table(
            "Findings",
            ("shard", "table", "what"),
            [(row.shard, cell.table, _finding(cell)) for row, cell in found],
        )
    click.echo(f"{len(result.shards)} shards x {len(result.tables)} tables: {counts or 'nothing'}")


def _statuses(row: ShardRow, tables: Sequence[str]) -> list[str]:
    found = {cell.table: cell.status for cell in row.cells}
    return [found.get(table, "") for table in tables]


def _finding(cell: Cell) -> str:
    parts = [
        f"missing {', '.join(cell.missing)}" if cell.missing else "",
        f"extra {', '.join(cell.extra)}" if cell.extra else "",
        *(f"{drift.column} is {drift.type}, not {drift.expected}" for drift in cell.types),
        cell.detail or "",
    ]
    return "; ".join(part for part in parts if part) or cell.status


def _exit(has_findings: bool) -> None:
    click.get_current_context().exit(1 if has_findings else 0)


def _settings(
    project_dir: Path,
    vars_: str | None,
    tables: Sequence[str] = (),
    output: Path | None = None,
    mode: str | None = None,
    models: Path | None = None,
) -> Settings:
    return load_settings(project_dir, Overrides(mode, output, models, _names(tables), vars_))


def _names(groups: Sequence[str]) -> list[str]:
    return [name.strip() for group in groups for name in group.split(",")]


def _dbt(
    project_dir: Path,
    vars_: str | None,
    profiles_dir: str | None,
    target: str | None,
) -> tuple[Dbt, Settings]:
    return Dbt(project_dir, profiles_dir, target, vars_), _settings(project_dir, vars_)


def _outcome(file: PlannedFile) -> str:
    if file.is_current:
        return "unchanged"
    return "created" if file.old is None else "updated"


def _state(file: PlannedFile) -> str:
    if file.is_current:
        return "current"
    return "missing" if file.old is None else "stale"


def _row(shard: Shard) -> dict[str, object]:
    return {
        "shard": shard.shard,
        "database_name": shard.database_name,
        "schema_name": shard.schema_name,
        "is_enabled": shard.is_enabled,
    }


def _cells(shard: Shard) -> tuple[str, str, str]:
    return shard.shard, shard.database_name or "", shard.schema_name or ""
