"""`dbt-estate maturity`: options, what is printed and written, exit codes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbt_estate.errors import InputError
from dbt_estate.info_schema.commands import artifact_options, read_project, variables_of

if TYPE_CHECKING:
    from dbt_estate.check.result import Finding
    from dbt_estate.info_schema.load import Project
    from dbt_estate.maturity.history import Delta, Run
    from dbt_estate.maturity.score import Score
    from dbt_estate.maturity.steps import Step

_path = click.Path(path_type=Path)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_SCHEMES = ("http:", "https:", "file:")
# Browsers ignore these characters in an address.
_UNSEEN = re.compile(r"[\x00-\x20]")
# So much of a file shows whether it is a page or a badge.
_HEAD = 500


@dataclass(frozen=True)
class Outcome:
    """Everything that is printed or written of one run, and the files that it is of.

    `folders` has how many models each has, `kinds` which parameterised rule a declared one is.
    """

    score: Score
    steps: list[Step]
    findings: list[Finding]
    folders: dict[str, int]
    kinds: dict[str, str]
    notes: list[str]
    inputs: Sequence[Path] = ()


@click.command()
@artifact_options
@click.option(
    "--no-files", is_flag=True, help="Only what dbt's graph has, as the models in a warehouse do."
)
@click.option(
    "--parse",
    type=click.Choice(["auto", "never", "require"]),
    default="auto",
    show_default=True,
    help="What to do about a manifest that is older than the project: let dbt parse, take it as "
    "it is, or stop.",
)
@click.option(
    "--against",
    type=_path,
    metavar="FILE",
    help="Say what changed since a run: a history, or what --format json printed.",
)
@click.option(
    "--history",
    type=_path,
    metavar="FILE",
    help="Add this run to a file of JSON lines, and say what changed since the last one.",
)
@click.option("--html", type=_path, metavar="FILE", help="Write a page that needs no network.")
@click.option(
    "--rules-url",
    metavar="URL",
    default=None,
    help="Where the page's links to the rules lead.  [default: to their texts in the page]",
)
@click.option("--badge", type=_path, metavar="FILE", help="Write the level as an SVG.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="What to print.",
)
def maturity(
    against: Path | None,
    history: Path | None,
    html: Path | None,
    rules_url: str | None,
    badge: Path | None,
    format_: str,
    **given: Any,
) -> None:
    """Say which level a project has reached, why, and what to do next.

    Exit code 2 for wrong input; a low level is none.
    """
    from dbt_estate.files import write_text
    from dbt_estate.maturity.badge import badge as badge_of
    from dbt_estate.maturity.badge import is_badge
    from dbt_estate.maturity.history import (
        append_history,
        read_against,
        read_history,
        refuse_other_projects,
    )
    from dbt_estate.maturity.report import print_score

    if rules_url is not None:
        _refuse_rules_url(rules_url, html)
    for option, path in (("--html", html), ("--badge", badge), ("--history", history)):
        if path and (reason := _unwritable(path)):
            where = f"{option} {path.as_posix()}"
            raise InputError(where, f"cannot be written: {reason}; give another path")
    written = [path.resolve() for path in (html, badge, history) if path]
    if len(set(written)) < len(written):
        raise InputError("--html, --badge and --history", "must be different files")
    runs = read_history(history) if history else []
    since = read_against(against) if against else runs[-1] if runs else None
    outcome = judge(**given)
    _refuse_inputs({"--html": html, "--badge": badge}, [*outcome.inputs, against, history])
    if since and against:
        refuse_other_projects(outcome.score.project, [since], f"--against {against.as_posix()}")
    run, delta = _run_and_delta(outcome.score, since)
    for note in outcome.notes:
        click.echo(note, err=True)
    texts = []
    if html:
        from dbt_estate.maturity.page import is_page, page

        _refuse_other_files("--html", html, is_page)
        texts.append((html, page(outcome, [*runs, run], delta, rules_url)))
    if badge:
        _refuse_other_files("--badge", badge, is_badge)
        texts.append((badge, badge_of(outcome.score)))
    # Rendered, recorded, written: a page never shows a run that the history lacks, and what the
    # history says stays true if a page cannot be written.
    if history:
        append_history(history, run)
    for path, text in texts:
        write_text(path, text)
    print_score(outcome.score, outcome.steps, delta, format_)


def _refuse_rules_url(url: str, html: Path | None) -> None:
    if html is None:
        raise InputError("--rules-url", "is for the page; give --html FILE as well")
    scheme = _SCHEME.match(_UNSEEN.sub("", url).lower())
    if scheme and scheme[0] not in _SCHEMES:
        raise InputError(
            "--rules-url",
            f"must begin with http:, https:, file: or a relative address, got {scheme[0]!r}; "
            "give the folder with the pages of the rules",
        )


def _unwritable(path: Path) -> str | None:
    """Return why no file can be at a path, as far as that is known before it is written."""
    try:
        if path.exists():
            if path.is_dir():
                return "it is a folder"
            return None if path.is_file() else "it is no regular file"
        target = path.resolve()
        folder = next(parent for parent in target.parents if parent.exists())
        if not folder.is_dir():
            return f"{folder.as_posix()} is no folder"
        for name in target.relative_to(folder).parts:
            # Where nothing is yet, the system still knows names that cannot be.
            with suppress(FileNotFoundError):
                (folder / name).stat()
    except OSError as error:
        return error.strerror
    # Of resolve() before Python 3.13.
    except RuntimeError:
        return "it is a loop of symbolic links"
    return None


def _refuse_other_files(option: str, path: Path, is_ours: Callable[[str], bool]) -> None:
    """Raise InputError for a file that somebody else wrote; an empty one is nobody's."""
    where = f"{option} {path.as_posix()}"
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(where, f"cannot be read: {error.strerror}") from None
    if head and not is_ours(head.decode("utf-8", "replace")):
        raise InputError(
            where,
            "is there and was not written by dbt-estate maturity; "
            "give another file, or delete this one",
        )


def _refuse_inputs(outputs: dict[str, Path | None], inputs: Sequence[Path | None]) -> None:
    """Raise InputError for a file that would be replaced and is read."""
    for option, path in outputs.items():
        for read in inputs:
            if path and read and path.exists() and read.exists() and path.samefile(read):
                where = path.as_posix()
                raise InputError(option, f"{where} is read by this run; give another file")


def _run_and_delta(score: Score, since: Run | None) -> tuple[Run, Delta | None]:
    import datetime

    from dbt_estate.maturity.history import compare, run_of

    run = run_of(score, datetime.datetime.now(datetime.timezone.utc))
    return run, compare(score, since) if since else None


def judge(
    project_dir: Path,
    manifest: Path | None = None,
    run_results: Path | None = None,
    catalog: Path | None = None,
    no_files: bool = False,
    parse: str = "never",
) -> Outcome:
    """Judge a project. Raises InputError for wrong settings or artifacts."""
    from dbt_estate.check.fresh import fresh_manifest
    from dbt_estate.info_schema.load import Artifacts, artifacts_in, load_project

    settings, target = read_project(project_dir, manifest)
    wanted = manifest or project_dir / target / "manifest.json"
    mode: Any = parse
    with tempfile.TemporaryDirectory(prefix="dbt_estate_") as folder:
        found, notes = fresh_manifest(wanted, project_dir, mode, Path(folder))
        beside = artifacts_in(wanted.parent)
        artifacts = Artifacts(found, run_results or beside.run_results, catalog or beside.catalog)
        variables = variables_of(settings, project_dir, found)
        project = load_project(artifacts, variables, project_dir)
    inputs = [project_dir / "dbt_project.yml", wanted, artifacts.run_results, artifacts.catalog]
    with project.connection:
        outcome = _judged(project, project_dir, no_files, notes)
    return replace(outcome, inputs=[path for path in inputs if path])


def _judged(project: Project, project_dir: Path, no_files: bool, notes: list[str]) -> Outcome:
    from dbt_estate.check.engine import DECLARED
    from dbt_estate.check.places import placed
    from dbt_estate.maturity.score import score_project
    from dbt_estate.maturity.steps import next_steps

    score = score_project(project, with_files=not no_files)
    kinds = [kind.replace("_", "-") for kind in DECLARED]
    rows = project.connection.execute(
        "select folder_path, count(*) from estate.rule_nodes "
        "where resource_type = 'model' and is_excluded = 0 and is_installed = 0 group by 1"
    ).fetchall()
    return Outcome(
        score=score,
        steps=next_steps(project, score),
        findings=placed(project, score.found, project_dir),
        folders={str(folder): count for folder, count in rows},
        kinds={
            rule["name"]: kind for kind in kinds for rule in project.macros["declared_rules"](kind)
        },
        notes=notes,
    )
