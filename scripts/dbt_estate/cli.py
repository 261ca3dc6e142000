"""The console script `dbt-estate`.

Exit codes of every command: 0 ok, 1 findings, 2 wrong usage or input.
"""

from __future__ import annotations

from typing import Any

import click

from dbt_estate.check.commands import check
from dbt_estate.errors import InputError
from dbt_estate.info_schema.commands import info_schema, sql
from dbt_estate.maturity.commands import maturity
from dbt_estate.names.commands import names
from dbt_estate.procedures.commands import procedures
from dbt_estate.shards.commands import shards

_INTERRUPTED = 130


class BadInput(click.ClickException):
    """A message without a traceback, and exit code 2."""

    exit_code = 2


class Estate(click.Group):
    """A group that turns bad input into a message and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; no traceback for what the user can mend."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise BadInput(str(error)) from None
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)


@click.group(cls=Estate, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dbt-estate")
def cli() -> None:
    """Tools for a dbt project over a data estate.

    Exit codes: 0 ok, 1 findings, 2 wrong usage or input.
    """


cli.add_command(check)
cli.add_command(info_schema)
cli.add_command(maturity)
cli.add_command(names)
cli.add_command(procedures)
cli.add_command(shards)
cli.add_command(sql)


def main() -> None:
    """Run the command line."""
    cli(prog_name="dbt-estate")
