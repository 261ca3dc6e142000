"""The normalised layer that the rules read, from the very SQL of the package's models."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dbt_estate.info_schema import tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# In the order in which they build on each other.
LAYER = ("nodes", "edges", "tests", "columns", "exposures", "exceptions", "facts")
_TYPES = {"key": "varchar", "name": "varchar", "text": "varchar", "integer": "bigint"}


@cache
def models_folder() -> Path:
    """Return the folder of the models: in the wheel, or in a checkout."""
    here = Path(__file__).resolve().parent.parent
    installed = here / "models" / "maturity"
    return installed if installed.is_dir() else here.parents[1] / "models" / "maturity"


def render(text: str, exceptions: str | None = None) -> str:
    """Return the SQL of a model of the package, for the tables of the embedded DuckDB.

    It knows what those models use of dbt: `ref` of the package, and the macros for a name, a type,
    a table and the seed of exceptions.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    macros = {
        "identifier": lambda name: '"' + name.replace('"', '""') + '"',
        "data_type": _TYPES.__getitem__,
        "maturity_exceptions": lambda: exceptions,
        "maturity_table": lambda: "",
    }
    template = environment.from_string(text)
    return template.render(dbt_estate=macros, ref=_relation).strip()


def _relation(package: str, name: str | None = None) -> str:
    if name is None:
        return '"' + package.replace('"', '""') + '"'
    table = name.removeprefix("estate_")
    if table in tables.PROJECT:
        return f"dbt.{table}"
    return f"estate.{table}"


def create_layer(connection: DuckDBPyConnection, exceptions: str | None = None) -> None:
    """Add `estate.rule_nodes` and the others, as views.

    `exceptions` is a table of the connection with the columns of the user's seed.
    """
    for name in LAYER:
        path = models_folder() / "facts" / f"estate_rule_{name}.sql"
        query = render(path.read_text(encoding="utf-8"), exceptions)
        connection.execute(f"create view estate.rule_{name} as\n{query}")
