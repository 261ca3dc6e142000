"""`dbt-estate names ...`: options, what is printed, exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbt_estate.errors import InputError
from dbt_estate.files import read_text, write_text
from dbt_estate.output import print_json, print_table

if TYPE_CHECKING:
    from dbt_estate.names.check import Finding
    from dbt_estate.names.project import Resource, Settings

F = TypeVar("F", bound=Callable[..., Any])
_path = click.Path(path_type=Path)
_CACHE = "dbt_estate_names.msgpack"


def _project_options(function: F) -> F:
    for option in (
        click.option("--no-cache", is_flag=True, help="Read every file again, and keep nothing."),
        click.option(
            "--catalog",
            type=_path,
            metavar="FILE",
            help="dbt's catalog.json.  [default: that of the target folder, if it is there]",
        ),
        click.option(
            "--dialect", help="The language of the SQL.  [default: that of the profile's adapter]"
        ),
        click.option(
            "--vars", "vars_", metavar="YAML", help="As in dbt: overrides the project's vars."
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


def _format_option(*formats: str) -> Callable[[F], F]:
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help="What to print.",
    )


def _load(
    project_dir: Path,
    vars_: str | None,
    dialect: str | None,
    catalog: Path | None,
    no_cache: bool,
) -> tuple[Settings, list[Resource]]:
    from dbt_estate.names.project import load_settings, read_project

    settings = load_settings(project_dir, dialect, vars_)
    cache = None if no_cache else project_dir / settings.target_path / _CACHE
    return settings, read_project(settings, catalog, cache)


@click.group()
def names() -> None:
    """Hold the names of columns to a vocabulary, without a warehouse."""


@names.command()
@click.argument("files", nargs=-1, type=_path)
@_project_options
@click.option("--select", multiple=True, help="A name, a folder or a glob; may be repeated.")
@click.option("--exclude", multiple=True, help="The same, to leave out.")
@click.option("--baseline", type=_path, metavar="FILE", help="Report what it does not know.")
@click.option("--write-baseline", is_flag=True, help="Write the findings into --baseline.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warn"]),
    default="error",
    show_default=True,
    help="The least severity that ends with exit code 1.",
)
@_format_option("text", "json", "github", "sarif")
@click.pass_context
def check(
    ctx: click.Context,
    files: Sequence[Path],
    project_dir: Path,
    vars_: str | None,
    dialect: str | None,
    catalog: Path | None,
    no_cache: bool,
    select: Sequence[str],
    exclude: Sequence[str],
    baseline: Path | None,
    write_baseline: bool,
    fail_on: str,
    format_: str,
) -> None:
    """Hold the names of columns to the vocabulary; with FILES, report what is in them.

    Names come from SQL, properties, seeds and the catalog. What cannot be read without the
    warehouse is reported as unresolved, with severity warn.
    """
    from dbt_estate.names.check import baseline_text, find, not_in_baseline, read_baseline, selected

    if write_baseline and baseline is None:
        raise InputError("--write-baseline", "needs --baseline FILE, which it writes")
    settings, resources = _load(project_dir, vars_, dialect, catalog, no_cache)
    vocabulary = settings.read_vocabulary()
    chosen = selected(resources, select, exclude)
    adapter = "sqlserver" if settings.dialect == "tsql" else ""
    findings = find(chosen, vocabulary, adapter)
    if files:
        findings = _in_files(findings, chosen, files, project_dir)
    if write_baseline and baseline is not None:
        write_text(baseline, baseline_text(findings))
        click.echo(f"{baseline.as_posix()} knows {len(findings)} findings")
        return
    new = not_in_baseline(findings, read_baseline(baseline)) if baseline else findings
    _print_findings(new, format_, len(findings) - len(new), chosen)
    if any(finding.severity == "error" or fail_on == "warn" for finding in new):
        ctx.exit(1)


def _in_files(
    findings: Sequence[Finding],
    resources: Sequence[Resource],
    files: Sequence[Path],
    project_dir: Path,
) -> list[Finding]:
    """Keep the findings that stand in these files, or are of the models that they are."""
    root = project_dir.resolve()
    given = set()
    for file in files:
        path = next((p for p in (file, project_dir / file) if p.exists()), None)
        if path is None:
            raise InputError(
                "FILES", f"no such file, from here or from --project-dir: {file.as_posix()}"
            )
        if path.is_dir():
            raise InputError(
                "FILES", f"{file.as_posix()} is a folder; --select {file.as_posix()} takes one"
            )
        if path.resolve().is_relative_to(root):
            given.add(path.resolve().relative_to(root).as_posix())
        else:
            click.echo(f"{file.as_posix()} is not in the project, and not looked at", err=True)
    labels = {resource.label for resource in resources if resource.place.file in given}
    return [f for f in findings if f.file in given or f.resource in labels]


def _print_findings(
    findings: Sequence[Finding], format_: str, known: int, resources: Sequence[Resource]
) -> None:
    from importlib.metadata import version

    import msgspec

    from dbt_estate.names.check import github_line, sarif

    names_read = sum(len(resource.names) for resource in resources)
    unresolved = sum(1 for resource in resources if resource.unresolved)
    summary = {
        "resources": len(resources),
        "names": names_read,
        "unresolved_resources": unresolved,
        "errors": sum(finding.severity == "error" for finding in findings),
        "warnings": sum(finding.severity == "warn" for finding in findings),
        "in_baseline": known,
    }
    if format_ == "json":
        print_json({"findings": [msgspec.to_builtins(f) for f in findings], "summary": summary})
        return
    if format_ == "sarif":
        print_json(sarif(findings, version("dbt-estate")))
        return
    for finding in findings:
        if format_ == "github":
            click.echo(github_line(finding))
        else:
            place = f"{finding.file}:{finding.line}"
            click.echo(f"{place}: {finding.severity} {finding.rule}: {finding.message}")
    if format_ == "text":
        click.echo(
            f"{summary['errors']} errors, {summary['warnings']} warnings"
            f"{f', {known} known to the baseline' if known else ''}: {names_read} names of "
            f"{len(resources)} resources, of which {unresolved} are not wholly resolved"
        )


@names.command()
@_project_options
@click.option("--least", default=2, show_default=True, help="How many names a stub must have.")
@_format_option("text", "json")
def compare(
    project_dir: Path,
    vars_: str | None,
    dialect: str | None,
    catalog: Path | None,
    no_cache: bool,
    least: int,
    format_: str,
) -> None:
    """Show stubs in use that the vocabulary lacks, and stubs that differ by one letter."""
    import msgspec

    from dbt_estate.names.propose import alike, lacking

    settings, resources = _load(project_dir, vars_, dialect, catalog, no_cache)
    vocabulary = settings.read_vocabulary()
    stubs = [stub for stub in lacking(resources, vocabulary) if stub.names >= least]
    pairs = alike(resources, vocabulary)
    if format_ == "json":
        print_json(
            {
                "lacking": [msgspec.to_builtins(stub) for stub in stubs],
                "alike": [msgspec.to_builtins(pair) for pair in pairs],
            }
        )
        return
    if stubs:
        print_table(
            "Stubs in use that the vocabulary lacks",
            ("stub", "position", "names", "example"),
            [(s.stub, s.position, str(s.names), s.example) for s in stubs],
        )
    if pairs:
        print_table(
            "Stubs that differ by one letter",
            ("stub", "names", "other", "names"),
            [(p.stub, str(p.names), p.other, str(p.other_names)) for p in pairs],
        )
    if not stubs and not pairs:
        click.echo("The vocabulary has every stub in use, and no two are nearly alike.")


@names.command()
@_project_options
@click.option("--least", default=3, show_default=True, help="How many names a stub must explain.")
@click.option("--sep", default="_", show_default=True, help="What separates the parts of a name.")
@click.option("--output", type=_path, metavar="FILE", help="Write it there instead of printing it.")
def init(
    project_dir: Path,
    vars_: str | None,
    dialect: str | None,
    catalog: Path | None,
    no_cache: bool,
    least: int,
    sep: str,
    output: Path | None,
) -> None:
    """Propose a vocabulary from the names in use, with types where the project says them."""
    from dbt_estate.names.propose import proposal
    from dbt_estate.yaml_text import block

    if least < 1 or not sep:
        raise InputError("--least/--sep", f"must be 1 or more, and not empty; got: {least}, {sep}")
    _, resources = _load(project_dir, vars_, dialect, catalog, no_cache)
    found = proposal(resources, sep, least)
    lines = block({"vars": {"dbt_estate": {"vocabulary": found}}})
    text = "\n".join(lines) + "\n"
    if output is None:
        click.echo(text, nl=False)
    elif output.exists():
        raise InputError(
            "--output", f"{output.as_posix()} is there already; remove it, or name another"
        )
    else:
        write_text(output, text)
        click.echo(
            f"{output.as_posix()} is written; describe its stubs, and move it into dbt_project.yml"
        )


@names.command()
@_project_options
@click.option(
    "--write", is_flag=True, help="Write the files, instead of showing what would change."
)
@click.option("--page", "page_", type=_path, metavar="FILE", help="Write the vocabulary as a page.")
@click.pass_context
def describe(
    ctx: click.Context,
    project_dir: Path,
    vars_: str | None,
    dialect: str | None,
    catalog: Path | None,
    no_cache: bool,
    write: bool,
    page_: Path | None,
) -> None:
    """Fill the empty descriptions of columns from the vocabulary, and never another one."""
    from dbt_estate.diff import unified_diff
    from dbt_estate.names.describe import described_text, page
    from dbt_estate.names.project import load_settings, properties_files

    settings = load_settings(project_dir, dialect, vars_)
    vocabulary = settings.read_vocabulary()
    changed = 0
    for path in properties_files(settings):
        text = read_text(path)
        wanted = described_text(text, path.as_posix(), vocabulary)
        if wanted == text:
            continue
        changed += 1
        if write:
            write_text(path, wanted)
            click.echo(f"{path.as_posix()} is written")
        else:
            click.echo(unified_diff(path.as_posix(), text, wanted), nl=False)
    if page_ is not None:
        write_text(page_, page(settings.vocabulary or {}))
        click.echo(f"{page_.as_posix()} is written")
    if changed and not write:
        ctx.exit(1)
