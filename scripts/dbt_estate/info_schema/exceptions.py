"""The user's seed of exceptions, which `vars: dbt_estate: maturity: exceptions` names."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.info_schema.artifacts import Manifest, Node

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLUMNS = ("unique_id", "rule_name", "reason", "valid_until", "owner")
_TABLE = "estate_exceptions_seed"


def load_exceptions(
    connection: DuckDBPyConnection,
    manifest: Manifest,
    variables: Mapping[str, Any],
    project_dir: Path | None,
) -> str | None:
    """Add the seed's rows as a table, and return the table's name; None where no seed is named.

    Raises InputError for a seed that is not in the project, or lacks a column.
    """
    name = _seed_name(variables)
    if name is None or project_dir is None:
        return None
    found = [
        node
        for node in manifest.nodes.values()
        if node.resource_type == "seed" and node.name == name
    ]
    if not found:
        raise InputError(
            "vars: dbt_estate: maturity: exceptions",
            f"must be the name of a seed of the project, got: {name}",
        )
    path = project_dir / found[0].original_file_path
    text = io.StringIO(read_text(path).removeprefix("\ufeff"), newline="")
    listed = list(csv.reader(text, delimiter=_delimiter(found[0])))
    header = [name.strip().lower() for name in listed[0]] if listed else []
    rows = [dict(zip(header, row, strict=False)) for row in listed[1:] if any(row)]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise InputError(
            path.as_posix(),
            f"must have the columns {', '.join(COLUMNS)}; it lacks {', '.join(missing)}",
        )
    connection.execute(f"create table {_TABLE} ({', '.join(f'{c} varchar' for c in COLUMNS)})")
    if rows:
        marks = ", ".join("?" * len(COLUMNS))
        values = [[_value(column, row.get(column)) for column in COLUMNS] for row in rows]
        connection.executemany(f"insert into {_TABLE} values ({marks})", values)
    return _TABLE


def _delimiter(seed: Node) -> str:
    config = msgspec.json.decode(seed.config) if bytes(seed.config) != b"null" else {}
    return str((config or {}).get("delimiter") or ",")


def _value(column: str, text: str | None) -> str | None:
    """Return a cell as dbt loads it: a column of days has the type of a day in the warehouse."""
    if not text:
        return None
    if column == "valid_until":
        with contextlib.suppress(ValueError):
            return datetime.datetime.strptime(text.strip(), "%Y-%m-%d").date().isoformat()
    return text


def _seed_name(variables: Mapping[str, Any]) -> str | None:
    estate = variables.get("dbt_estate")
    maturity = estate.get("maturity") if isinstance(estate, Mapping) else None
    name = maturity.get("exceptions") if isinstance(maturity, Mapping) else None
    if name is not None and not isinstance(name, str):
        raise InputError(
            "vars: dbt_estate: maturity: exceptions", f"must be the name of a seed, got: {name}"
        )
    return name
