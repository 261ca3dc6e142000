"""The normalised layer that the rules read, from the very SQL of the package's models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dbt_estate.info_schema import tables
from dbt_estate.info_schema.macros import PackageMacros, environment, package_folder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# In the order in which they build on each other.
LAYER = ("nodes", "edges", "tests", "columns", "exposures", "exceptions", "facts")


def models_folder() -> Path:
    """Return the folder of the models: in the wheel, or in a checkout."""
    return package_folder("models") / "maturity"


@cache
def _template(text: str) -> Any:
    from jinja2 import StrictUndefined

    return environment().overlay(undefined=StrictUndefined).from_string(text)


def relation(package: str, name: str) -> str:
    """Return the embedded table that a `ref` of the package's models is."""
    if package != "dbt_estate":
        return '"' + name.replace('"', '""') + '"'
    table = name.removeprefix("estate_")
    return f"dbt.{table}" if table in tables.PROJECT else f"estate.{table}"


def render(
    text: str,
    macros: PackageMacros | None = None,
    exceptions: str | None = None,
    ref: Callable[..., str] = relation,
    others: Mapping[str, Callable[..., Any]] | None = None,
) -> str:
    """Return the SQL of a model of the package, for the tables of the embedded DuckDB.

    `exceptions` is the table that stands for the user's seed. It knows what the models use of dbt:
    `ref`, and the package's own macros, of which `others` replace some.
    """
    namespace = (macros or PackageMacros()).namespace(
        maturity_exceptions=lambda: exceptions, maturity_table=lambda: "", **(others or {})
    )
    rendered: str = _template(text).render(
        dbt_estate=namespace, ref=ref, project_name="the project"
    )
    return rendered.strip()


def create_layer(
    connection: DuckDBPyConnection,
    macros: PackageMacros,
    kind: Literal["view", "table"],
    exceptions: str | None = None,
) -> None:
    """Add `estate.rule_nodes` and the others, as tables for many queries or as views for one.

    `exceptions` is a table of the connection with the columns of the user's seed.
    """
    for name in LAYER:
        path = models_folder() / "facts" / f"estate_rule_{name}.sql"
        query = render(path.read_text(encoding="utf-8"), macros, exceptions)
        connection.execute(f"create {kind} estate.rule_{name} as\n{query}")
