"""`dbt-estate procedures ...`: options, what is printed, exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbt_estate.dbt import Dbt
from dbt_estate.output import print_json, print_table, working

if TYPE_CHECKING:
    from dbt_estate.procedures.status import Batch

_STYLES = {"failed": "red", "in doubt": "magenta", "running": "yellow"}


@click.group()
def procedures() -> None:
    """Look at what call_procedures has done."""


@procedures.command(
    epilog="""\b
    Examples:
      dbt-estate procedures status
      dbt-estate procedures status --operation nightly --batch 2026-03-21 --format json"""
)
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder of dbt_project.yml.  [default: the current one]",
)
@click.option("--vars", "vars_", metavar="YAML", help="As in dbt: overrides the project's vars.")
@click.option("--profiles-dir", metavar="DIR", help="Passed through to dbt.")
@click.option("--target", metavar="NAME", help="Passed through to dbt.")
@click.option("--operation", metavar="NAME", help="Only this dispatch or procedure.")
@click.option("--batch", metavar="NAME", help="This batch.  [default: the last of each operation]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print.",
)
def status(
    project_dir: Path,
    vars_: str | None,
    profiles_dir: str | None,
    target: str | None,
    operation: str | None,
    batch: str | None,
    format_: str,
) -> None:
    """Print the ledger of call_procedures, also after a crash.

    A call that a run began and did not end is in doubt, once that run has died. Exits with 1 when
    a call has failed or is in doubt. Writes nothing.
    """
    from dbt_estate.procedures.status import read_ledger

    with working("Reading the ledger"):
        ledger = read_ledger(Dbt(project_dir, profiles_dir, target, vars_), operation, batch)
    if format_ == "json":
        import msgspec

        print_json({**msgspec.to_builtins(ledger), "findings": ledger.findings})
    elif not ledger.batches:
        what = "has no such calls" if ledger.exists else "is not there: nothing was called yet"
        click.echo(f"{ledger.ledger} {what}")
    else:
        _print_batches(ledger.batches)
    click.get_current_context().exit(1 if ledger.findings else 0)


def _print_batches(batches: list[Batch]) -> None:
    print_table(
        "Batches",
        ("operation", "batch", "begun at (UTC)", "ok", "failed", "in doubt", "skipped", "running"),
        [
            (
                found.operation,
                found.batch,
                found.begun_at,
                *map(
                    str,
                    (found.succeeded, found.failed, found.in_doubt, found.skipped, found.running),
                ),
            )
            for found in batches
        ],
    )
    calls = [(found, call) for found in batches for call in found.calls]
    if calls:
        print_table(
            "Not done",
            ("operation", "status", "attempt", "parameters", "error"),
            [
                (
                    found.operation,
                    call.status.replace("_", " "),
                    str(call.attempt),
                    call.params,
                    call.error or "",
                )
                for found, call in calls
            ],
            _STYLES,
        )
