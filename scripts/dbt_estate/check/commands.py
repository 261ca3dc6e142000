"""`dbt-estate check`: options, what is printed, exit codes."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbt_estate.errors import InputError
from dbt_estate.info_schema.commands import artifact_options, read_project, variables_of

if TYPE_CHECKING:
    from dbt_estate.check.result import Finding, Result, RuleResult
    from dbt_estate.info_schema.artifacts import Manifest
    from dbt_estate.info_schema.load import Project

_path = click.Path(path_type=Path)
_FORMATS = ("text", "json", "markdown", "github", "sarif", "junit")


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    project_dir: Path
    manifest: Path | None
    run_results: Path | None
    catalog: Path | None
    checks: tuple[Path, ...]
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    state: Path | None
    baseline: Path | None
    parse: str
    files: tuple[Path, ...]


@click.command()
@artifact_options
@click.argument("files", nargs=-1, type=_path)
@click.option(
    "--checks",
    type=_path,
    multiple=True,
    metavar="DIR",
    help="A folder of checks of your own, as dbt v2 has them.  [default: checks, if it is there]",
)
@click.option(
    "-s", "--select", multiple=True, metavar="SELECTOR", help="Only these resources, as in dbt."
)
@click.option("--exclude", multiple=True, metavar="SELECTOR", help="Not these resources.")
@click.option(
    "--state", type=_path, metavar="DIR", help="The folder of the manifest for state: selectors."
)
@click.option("--baseline", type=_path, metavar="FILE", help="Report what it does not know.")
@click.option("--write-baseline", is_flag=True, help="Write the findings into --baseline.")
@click.option(
    "--fail-on",
    type=click.Choice(["warn", "error"]),
    default="error",
    show_default=True,
    help="The least severity with which findings make the exit code 1.",
)
@click.option(
    "--parse",
    type=click.Choice(["auto", "never", "require"]),
    default="auto",
    show_default=True,
    help="What to do about a manifest that is older than the project: let dbt parse, take it as "
    "it is, or stop.",
)
@click.option("--fix", is_flag=True, help="Mend what can be mended in files, and check again.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="What to print.",
)
def check(write_baseline: bool, fail_on: str, fix: bool, format_: str, **given: Any) -> None:
    """Check the project by its rules; with FILES, only what concerns these.

    Exit code 1 for findings, 2 for wrong input or a rule that cannot run.
    """
    from dbt_estate.check.formats import print_result

    options = Options(**given)
    if write_baseline and options.baseline is None:
        raise InputError("--write-baseline", "needs --baseline FILE, which it writes")
    if write_baseline and (options.files or options.select or options.exclude):
        raise InputError(
            "--write-baseline", "knows all findings: leave out FILES, --select and --exclude"
        )
    if fix:
        _mend(options)
    result = run(replace(options, baseline=None) if write_baseline else options)
    for note in result.notes if format_ != "text" or write_baseline else ():
        click.echo(note, err=True)
    broken = [rule for rule in result.rules if rule.status == "error"]
    if write_baseline and options.baseline is not None:
        _write_baseline(options.baseline, result, broken)
        return
    print_result(result, format_)
    for rule in broken:
        click.echo(f"{rule.rule}: {rule.message}", err=True)
    severities = ("error",) if fail_on == "error" else ("warn", "error")
    fails = any(finding.severity in severities for finding in result.findings)
    click.get_current_context().exit(2 if broken else 1 if fails else 0)


def _write_baseline(path: Path, result: Result, broken: Sequence[RuleResult]) -> None:
    from dbt_estate.check.baseline import write_baseline

    if broken:
        listed = ", ".join(f"{rule.rule}: {rule.message}" for rule in broken)
        raise InputError("--write-baseline", f"some rules cannot run: {listed}")
    write_baseline(path, result.findings)
    click.echo(f"{path.as_posix()} knows {len(result.findings)} findings")


def run(options: Options) -> Result:
    """Check a project. Raises InputError for wrong options, settings or artifacts."""
    from dbt_estate.info_schema.load import without_collection

    with without_collection():
        with tempfile.TemporaryDirectory(prefix="dbt_estate_") as folder:
            project, variables, settings, notes = _loaded(options, Path(folder))
        with project.connection:
            return _checked(options, project, variables, settings, notes)


def _loaded(
    options: Options, folder: Path
) -> tuple[Project, Mapping[str, Any], Mapping[str, Any], list[str]]:
    """Load the project out of a manifest that is as new as its files."""
    from dbt_estate.check.fresh import fresh_manifest
    from dbt_estate.info_schema.load import Artifacts, artifacts_in, load_project

    settings, target = read_project(options.project_dir, options.manifest)
    wanted = options.manifest or options.project_dir / target / "manifest.json"
    mode: Any = options.parse
    manifest, notes = fresh_manifest(wanted, options.project_dir, mode, folder)
    beside = artifacts_in(wanted.parent)
    artifacts = Artifacts(
        manifest, options.run_results or beside.run_results, options.catalog or beside.catalog
    )
    variables = variables_of(settings, options.project_dir, manifest)
    project = load_project(artifacts, variables, options.project_dir)
    return project, variables, settings, notes


def _checked(
    options: Options,
    project: Project,
    variables: Mapping[str, Any],
    settings: Mapping[str, Any],
    notes: list[str],
) -> Result:
    from dbt_estate.check.baseline import read_baseline, without_known
    from dbt_estate.check.engine import run_rules
    from dbt_estate.check.places import concerned, placed
    from dbt_estate.check.result import Result

    known = read_baseline(options.baseline) if options.baseline else frozenset()
    chosen = _selected(options, project.manifest, notes)
    rules = run_rules(project)
    is_narrow = bool(options.select)
    found = [item for item in rules.found if _is_chosen(item.unique_id, chosen, project, is_narrow)]
    findings = placed(project, found, options.project_dir)
    results = list(rules.results)
    for result, more in _user_checks(options, project, variables, settings, chosen, notes):
        results.append(result)
        findings.extend(more)
    if options.files:
        missing = [path.as_posix() for path in options.files if not path.exists()]
        if len(missing) == len(options.files):
            raise InputError(
                "FILES",
                f"there is none of {', '.join(missing)}. Several selectors are given as "
                "--select 'a b', or with a --select each.",
            )
        notes.extend(f"there is no file {path}" for path in missing)
        findings = concerned(project, findings, options.files, options.project_dir)
    findings, baselined = without_known(findings, known)
    findings.sort(key=lambda item: (item.file or "", item.line or 0, item.rule, item.unique_id))
    name = project.manifest.metadata.project_name or ""
    counted = _counted(results, findings, _of_the_whole(project) if is_narrow else ())
    return Result(name, findings, counted, baselined, tuple(notes))


def _of_the_whole(project: Project) -> frozenset[str]:
    """Name the rules that speak of the project as a whole."""
    rules = project.macros["_rule_list"]()
    return frozenset(rule["rule"] for rule in rules if rule["place"] == "project")


def _counted(
    results: Sequence[RuleResult], findings: Sequence[Finding], skipped: Collection[str]
) -> list[RuleResult]:
    """Count what is left of each rule's findings; a rule of which nothing is left is skipped."""
    counts: dict[tuple[str, str], int] = {}
    for finding in findings:
        key = (finding.area, finding.rule)
        counts[key] = counts.get(key, 0) + 1
    counted = []
    for result in results:
        count = counts.get((result.area, result.rule), 0)
        status, message = result.status, result.message
        if status in ("warned", "failed") and not count:
            status, message = "skipped", f"its {result.findings} findings are not asked for"
        if result.rule in skipped and status in ("warned", "failed", "passed", "skipped"):
            status, message = "skipped", "speaks of the project, not of what is selected"
        counted.append(replace(result, findings=count, status=status, message=message))
    return counted


def _selected(options: Options, manifest: Manifest, notes: list[str]) -> frozenset[str] | None:
    if not options.select and not options.exclude:
        return None
    from dbt_estate.check.select import select
    from dbt_estate.info_schema.artifacts import read_manifest

    state = read_manifest(options.state / "manifest.json") if options.state else None
    selection = select(manifest, options.select, options.exclude, state)
    notes.extend(f"{part} selects nothing" for part in selection.unmatched)
    return selection.unique_ids


def _is_chosen(
    unique_id: str, chosen: frozenset[str] | None, project: Project, is_narrow: bool
) -> bool:
    """Whether a resource is asked for; a test also by what it tests, a source by its tables.

    What cannot be selected, such as a macro or the project, is left out by --select alone.
    """
    if chosen is None or unique_id in chosen:
        return True
    kind, _, rest = unique_id.partition(".")
    if kind == "source" and rest.count(".") == 1:
        return any(id_.startswith(f"{unique_id}.") for id_ in chosen)
    if kind == "test":
        node = project.manifest.nodes.get(unique_id)
        return node is not None and node.attached_node in chosen
    resources = (project.manifest.nodes, project.manifest.sources, project.manifest.exposures)
    return not is_narrow and not any(unique_id in found for found in resources)


def _user_checks(
    options: Options,
    project: Project,
    variables: Mapping[str, Any],
    settings: Mapping[str, Any],
    chosen: frozenset[str] | None,
    notes: list[str],
) -> list[tuple[RuleResult, list[Finding]]]:
    from dbt_estate.check.places import in_project
    from dbt_estate.check.user_checks import read_checks, run_check

    folders = list(options.checks)
    default = options.project_dir / "checks"
    if not folders and default.is_dir():
        folders = [default]
    if not folders:
        return []
    checks = read_checks(folders, settings, variables, project_dir=options.project_dir, notes=notes)
    rules = {rule["rule"] for rule in project.macros["_rule_list"]()}
    if taken := sorted(rules & {check.name for check in checks}):
        raise InputError(
            ", ".join(folder.as_posix() for folder in folders),
            f"a check cannot be called as a rule: give {', '.join(taken)} another name",
        )
    done = [run_check(project.connection, check, chosen) for check in checks]
    return [(result, in_project(project, found, options.project_dir)) for result, found in done]


def _mend(options: Options) -> None:
    from dbt_estate.check.fix import apply, fixes

    with tempfile.TemporaryDirectory(prefix="dbt_estate_") as folder:
        project, variables, settings, notes = _loaded(options, Path(folder))
    with project.connection:
        result = _checked(
            replace(options, baseline=None, checks=()), project, variables, settings, notes
        )
        found = fixes(project, options.project_dir, result.findings, options.catalog)
    apply(found)
    for item in found:
        click.echo(f"{item.path.as_posix()}: {item.rule} mended", err=True)
