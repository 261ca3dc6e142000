"""Shard tables from a small specification, with their registry and their source, on any engine."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from tests.support.engines import quote
from tests.support.estate import Estate

# How the types of a specification, written as DuckDB and PostgreSQL know them, are called in T-SQL.
SQLSERVER_TYPES = {
    r"timestamp": "datetime2(6)",
    r"boolean": "bit",
    r"text": "nvarchar(max)",
    r"varchar": "nvarchar",
    r"double precision": "float",
}


@dataclass(frozen=True)
class Table:
    """Columns with their types, and rows in the order of the columns."""

    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]] = ()


@dataclass(frozen=True)
class Shard:
    """One row of the registry: where the tables of a shard are, and what is carried."""

    name: str
    database: str
    schema: str
    is_enabled: bool = True
    carried: Mapping[str, Any] = field(default_factory=dict)


class Shards:
    """The shards of one project: each a database, or each a schema of the target's database."""

    def __init__(self, estate: Estate, by: str = "schema") -> None:
        self.estate = estate
        self.by = by
        self.all: list[Shard] = []

    def add(
        self,
        name: str,
        tables: Mapping[str, Table] | None = None,
        *,
        place: str | None = None,
        is_enabled: bool = True,
        **carried: Any,
    ) -> Shard:
        """Make a shard with its tables; `place` is the name of its database or schema."""
        estate = self.estate
        place = place if place is not None else name
        if estate.adapter_type == "sqlserver":  # databases and schemas outlive the test there
            place = f"{estate.target_schema}_{place}"
        if self.by == "database":
            schema = "dbo" if estate.adapter_type == "sqlserver" else "main"
            estate.add_databases(place)
            shard = Shard(name, place, schema, is_enabled, carried)
        else:
            estate.create_schema(place)
            shard = Shard(name, estate.database, place, is_enabled, carried)
        self.all.append(shard)
        for table_name, table in (tables or {}).items():
            self.create(shard, table_name, table)
        return shard

    def relation(self, shard: Shard, table: str) -> str:
        """Return the quoted path of a table of a shard."""
        return self.estate.relation(table, shard.schema, shard.database)

    def create(self, shard: Shard, name: str, table: Table) -> None:
        """Make a table and fill it."""
        relation = self.relation(shard, name)
        columns = ", ".join(
            f"{quote(column)} {sql_type(self.estate.adapter_type, kind)}"
            for column, kind in table.columns.items()
        )
        self.estate.execute(f"create table {relation} ({columns})")
        self.insert(shard, name, table.rows)

    def insert(self, shard: Shard, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table of a shard."""
        if rows:
            adapter = self.estate.adapter_type
            values = ", ".join(
                f"({', '.join(literal(adapter, value) for value in row)})" for row in rows
            )
            self.estate.execute(f"insert into {self.relation(shard, name)} values {values}")

    def rows(self, shards: Sequence[Shard] | None = None) -> list[dict[str, Any]]:
        """Return the rows of the registry as mappings."""
        return [
            {
                "shard": shard.name,
                "database_name": shard.database,
                "schema_name": shard.schema,
                "is_enabled": shard.is_enabled,
                **shard.carried,
            }
            for shard in (self.all if shards is None else shards)
        ]

    def query(self, types: Mapping[str, str] | None = None) -> str:
        """Return the registry as a query."""
        return rows_query(self.estate.adapter_type, self.rows(), types)

    def write_seed(self, name: str = "shards") -> None:
        """Write the registry as a seed whose columns are text, is_enabled apart."""
        rows = self.rows()
        lines = [",".join(csv_cell(key) for key in rows[0])]
        lines += [",".join(csv_cell(value) for value in row.values()) for row in rows]
        text = sql_type(self.estate.adapter_type, "varchar(200)")
        types = {key: text for key, value in rows[0].items() if isinstance(value, str)}
        config = {"seeds": [{"name": name, "config": {"column_types": types}}]}
        self.estate.write(
            {f"seeds/{name}.csv": "\n".join(lines) + "\n", f"seeds/{name}.yml": to_yaml(config)}
        )

    def write_model(self, name: str = "shards", types: Mapping[str, str] | None = None) -> None:
        """Write the registry as a model."""
        query = self.query(types)
        self.estate.write({f"models/{name}.sql": model(query, materialized="table")})

    def write_source(
        self,
        *tables: str,
        name: str = "store",
        database: str | None = None,
        schema: str = "nowhere",
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one logical source whose tables stand for those of every shard."""
        source: dict[str, Any] = {"name": name, "schema": schema}
        if database is not None:
            source["database"] = database
        source["tables"] = [
            {"name": table, **({"config": dict(config)} if config else {})} for table in tables
        ]
        self.estate.write({f"models/{name}.yml": to_yaml({"sources": [source]})})


def to_yaml(value: Any) -> str:
    """Return YAML with its keys in order."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


def model(sql: str, **config: Any) -> str:
    """Return the text of a model with a config block, its SQL kept from Jinja."""
    settings = ", ".join(f"{key}={value!r}" for key, value in config.items())
    return f"{{{{ config({settings}) }}}}\n{{% raw %}}{sql}{{% endraw %}}\n"


def rows_query(
    adapter: str, rows: Sequence[Mapping[str, Any]], types: Mapping[str, str] | None = None
) -> str:
    """Return a query of these rows; a column is cast where `types` says so, or if it is text."""
    guessed = {
        key: "varchar(200)"
        for row in rows
        for key, value in row.items()
        if value is None or isinstance(value, str)
    }
    casts = {**guessed, **(types or {})}

    def cell(key: str, value: Any) -> str:
        if key in casts:
            kind = sql_type(adapter, casts[key])
            return f"cast({literal(adapter, value)} as {kind}) as {quote(key)}"
        if isinstance(value, bool) and adapter == "sqlserver":
            return f"cast({int(value)} as bit) as {quote(key)}"
        return f"{literal(adapter, value)} as {quote(key)}"

    selects = ["select " + ", ".join(cell(*item) for item in row.items()) for row in rows]
    return "\nunion all ".join(selects)


def sql_type(adapter: str, kind: str) -> str:
    """Return the engine's name of a type."""
    if adapter == "sqlserver":
        for pattern, replacement in SQLSERVER_TYPES.items():
            kind = re.sub(rf"\b{pattern}\b", replacement, kind)
    return kind


def literal(adapter: str, value: Any) -> str:
    """Write a value independently of the package's own literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(int(value)) if adapter == "sqlserver" else str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime.date):
        text = value.isoformat()
        kind = "timestamp" if isinstance(value, datetime.datetime) else "date"
        return f"cast('{text}' as {sql_type(adapter, kind)})"
    prefix = "N" if adapter == "sqlserver" else ""
    return prefix + "'" + str(value).replace("'", "''") + "'"


def csv_cell(value: Any) -> str:
    """Return one field of a CSV file, quoted."""
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"'
