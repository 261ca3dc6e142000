"""Shards on a live target: the documents that dbt prints, and the comparison with the registry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from dbt_estate.dbt import Dbt, run_operation
from dbt_estate.errors import InputError
from dbt_estate.shards.registry import Registry, Shard

Place = Literal["database", "schema"]
Status = Literal["ok", "drift", "no_table", "no_schema", "no_database", "other_database", "offline"]


class Candidate(msgspec.Struct, frozen=True):
    """A database or schema of the target, as the registry row it could be."""

    shard: str
    database_name: str | None = None
    schema_name: str | None = None


class ShardsOnTarget(msgspec.Struct, frozen=True):
    """What `shards_on_target` prints: candidates, and what a shard is among them."""

    by: Place
    shards: list[Candidate]


class TypeDrift(msgspec.Struct, frozen=True):
    """A column whose type differs from the other shards'."""

    column: str
    type: str
    expected: str


class Cell(msgspec.Struct, frozen=True):
    """One table on one shard."""

    table: str
    status: Status
    missing: list[str] = []
    extra: list[str] = []
    types: list[TypeDrift] = []
    detail: str | None = None


class ShardRow(msgspec.Struct, frozen=True):
    """One shard of the report."""

    shard: str
    database_name: str | None
    schema_name: str | None
    cells: list[Cell]


class Report(msgspec.Struct, frozen=True):
    """What `shards_report` prints."""

    tables: list[str]
    shards: list[ShardRow]

    @property
    def counts(self) -> dict[str, int]:
        """How many cells have each status, the frequent ones first."""
        counted = Counter(cell.status for row in self.shards for cell in row.cells)
        return {str(status): count for status, count in counted.most_common()}

    @property
    def findings(self) -> int:
        """How many cells are not ok."""
        return sum(count for status, count in self.counts.items() if status != "ok")


class Comparison(msgspec.Struct, frozen=True):
    """Registry against target: rows to add, and enabled rows whose place is no longer there."""

    new: list[Shard]
    gone: list[Shard]


def candidates(dbt: Dbt, pattern: str, by: str | None) -> ShardsOnTarget:
    """Return the target's databases or schemas whose names are LIKE a pattern.

    Which of the two is the package's affair, by the adapter, when `by` is None.
    """
    args = {"pattern": pattern} if by is None else {"pattern": pattern, "by": by}
    return run_operation(dbt, "shards_on_target", args, ShardsOnTarget)


def report(dbt: Dbt, tables: Sequence[str]) -> Report:
    """Return the state of the given tables (`source.table`) on every enabled shard."""
    args = {"tables": list(tables), "output": "json"}
    return run_operation(dbt, "shards_report", args, Report)


def compare(registry: Registry, found: ShardsOnTarget, pattern: str) -> Comparison:
    """Compare the registry with the target; names are compared without regard to case.

    Only rows whose names are LIKE the pattern can be gone: the target was not asked for others.
    Raises InputError when the registry has no column for what it is compared by.
    """
    columns, by = registry.columns, found.by
    if (columns.database_name if by == "database" else columns.schema_name) is None:
        raise InputError(
            "--by", f"the registry has no column for a {by} (columns.{by}_name is null); "
            "compare by the other one",
        )  # fmt: skip
    has_database = columns.database_name is not None

    def place(row: Candidate | Shard) -> tuple[str, ...]:
        if by == "database":
            return (_folded(row.database_name),)
        database = (_folded(row.database_name),) if has_database else ()
        return (*database, _folded(row.schema_name))

    # A target listed by database does not know in which schema the shards have their tables.
    schemas = {shard.schema_name for shard in registry.shards}
    schema = next(iter(schemas)) if by == "database" and len(schemas) == 1 else None
    known = {place(shard) for shard in registry.shards}
    present = {place(candidate) for candidate in found.shards}
    like = like_pattern(pattern)
    return Comparison(
        new=[
            Shard(candidate.shard, candidate.database_name, schema or candidate.schema_name)
            for candidate in found.shards
            if place(candidate) not in known
        ],
        gone=[
            shard
            for shard in registry.enabled
            if place(shard) not in present and like.fullmatch(place(shard)[-1])
        ],
    )


def like_pattern(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a LIKE pattern (`%` and `_`), in any case."""
    wildcards = {"%": ".*", "_": "."}
    parts = (wildcards.get(character, re.escape(character)) for character in pattern)
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _folded(name: str | None) -> str:
    return (name or "").casefold()
