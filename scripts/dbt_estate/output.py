"""What every command prints: tables for people, JSON for programs, progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_FILE = 160


def json_text(value: object) -> str:
    """Return a value as JSON in one line, decimals as numbers."""
    import msgspec

    return msgspec.json.Encoder(decimal_format="number").encode(value).decode()


def print_json(document: object) -> None:
    """Print one JSON document, indented."""
    import msgspec

    click.echo(msgspec.json.format(json_text(document), indent=2))


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: dict[str, str] | None = None,
) -> None:
    """Print a table; a cell whose text is a key of `styles` gets that style."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=(styles or {}).get(cell, "")) for cell in row))
    console = _console(sys.stdout)
    console.print(Text(title, style="bold"))
    console.print(table)


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show a spinner on stderr, on terminals only, while the body runs."""
    if not sys.stderr.isatty():
        yield
        return
    with _console(sys.stderr).status(message):
        yield


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else _WIDTH_OF_A_FILE)
