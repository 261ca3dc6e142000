"""The registry of shards as a CSV file: read, checked and appended to."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt_estate.errors import InputError
from dbt_estate.files import BOM, read_text
from dbt_estate.shards.settings import Columns, Settings

# The rules are those of the macro `get_shards`: what is good here is good there.
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Shard:
    """One row of the registry. None stands for a column that the registry does not have."""

    shard: str
    database_name: str | None
    schema_name: str | None
    is_enabled: bool = True


@dataclass(frozen=True)
class Registry:
    """A registry file whose rows are all valid."""

    path: Path
    text: str
    columns: Columns
    header: Sequence[str]
    shards: Sequence[Shard]
    true_text: str

    @property
    def enabled(self) -> list[Shard]:
        """The shards that are in use, in the file's order."""
        return [shard for shard in self.shards if shard.is_enabled]


def find_registry(settings: Settings) -> Path | None:
    """Return the seed file of the registry, None when there is none.

    Raises InputError when two folders have a seed of that name.
    """
    found = [
        path
        for folder in settings.seed_paths
        for path in sorted((settings.project_dir / folder).rglob("*.csv"))
        if path.stem == settings.registry
    ]
    if len(found) > 1:
        files = ", ".join(path.as_posix() for path in found)
        raise InputError(
            "registry", f"several seeds are called {settings.registry!r}: {files}; name one with "
            "--registry",
        )  # fmt: skip
    return found[0] if found else None


def read_registry(settings: Settings, given: Path | None = None) -> Registry:
    """Read and check the given file, or the project's seed.

    Raises InputError with all problems of the file.
    """
    path = given or find_registry(settings)
    if path is None:
        folders = ", ".join(settings.seed_paths)
        raise InputError(
            "registry",
            f"no file {settings.registry}.csv in the seed folders ({folders}) of "
            f"{settings.project_dir.as_posix()}; write it, or name a file with --registry "
            "(a registry that is a model or a query is exported to CSV first)",
        )
    return parse_registry(read_text(path), settings.columns, path)


def parse_registry(text: str, columns: Columns, path: Path) -> Registry:
    """Read a registry text. Raises InputError with every problem, each with its line."""
    where = path.as_posix()
    header, records = _records(text, where)
    problems = _header_problems(header, columns)
    if problems:
        raise InputError(where, problems)
    rows = _Rows(header, columns, problems)
    for line, record in records:
        rows.add(line, record)
    if not records:
        problems.append("has no rows; add one row per shard")
    if problems:
        raise InputError(where, problems)
    return Registry(path, text, columns, header, rows.shards, rows.true_text)


def appended(registry: Registry, new: Iterable[Shard]) -> Registry:
    """Return the registry with rows added at the end, every existing character kept.

    Raises InputError when the new rows do not go with the others.
    """
    eol = "\r\n" if "\r\n" in registry.text else "\n"
    added = io.StringIO(newline="")
    writer = csv.DictWriter(added, registry.header, lineterminator=eol)
    for shard in new:
        writer.writerow(_row(registry, shard))
    rows = added.getvalue()
    between = "" if registry.text.endswith("\n") or not rows else eol
    text = registry.text + between + rows
    return parse_registry(text, registry.columns, registry.path)


def _row(registry: Registry, shard: Shard) -> dict[str, str]:
    columns = registry.columns
    values = {
        columns.shard: shard.shard,
        columns.database_name: shard.database_name or "",
        columns.schema_name: shard.schema_name or "",
        columns.is_enabled: registry.true_text,
    }
    named = {column.lower(): value for column, value in values.items() if column is not None}
    return {column: named.get(column.lower(), "") for column in registry.header}


def _records(text: str, where: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header and the rows that are not empty, each with the line it ends on."""
    reader = csv.reader(io.StringIO(text.removeprefix(BOM), newline=""), strict=True)
    try:
        records = [(reader.line_num, record) for record in reader if record]
    except csv.Error as error:
        raise InputError(where, f"line {reader.line_num}: not valid CSV: {error}") from None
    if not records:
        raise InputError(where, "is empty; its first line names the columns")
    return records[0][1], records[1:]


def _mapped(columns: Columns) -> Mapping[str, str]:
    """Return role -> column, for the columns that the registry has."""
    roles = {
        "shard": columns.shard,
        "database_name": columns.database_name,
        "schema_name": columns.schema_name,
        "is_enabled": columns.is_enabled,
    }
    return {role: column for role, column in roles.items() if column is not None}


def _header_problems(header: Sequence[str], columns: Columns) -> list[str]:
    names = [name.lower() for name in header]
    problems = [
        f"line 1: the column {name!r} is there twice"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    for role, column in _mapped(columns).items():
        if column.lower() not in names:
            optional = "" if role == "shard" else f", or set {role} to null"
            problems.append(
                f"line 1: no column {column!r}; the columns are {', '.join(map(repr, header))}. "
                f"Name it in vars: dbt_estate: {{shards: {{columns: {{{role}: ...}}}}}}{optional}"
            )
    return problems


class _Rows:
    """The rows read so far, and what is wrong with them."""

    def __init__(self, header: Sequence[str], columns: Columns, problems: list[str]) -> None:
        self.header = header
        names = [name.lower() for name in header]
        self.positions = {
            role: names.index(column.lower()) for role, column in _mapped(columns).items()
        }
        self.problems = problems
        self.shards: list[Shard] = []
        self.true_text = "true"
        self._line_of_name: dict[str, int] = {}
        self._line_of_place: dict[tuple[str, ...], int] = {}

    def add(self, line: int, record: Sequence[str]) -> None:
        """Check one record and keep its shard."""

        def reject(problem: str) -> None:
            self.problems.append(f"line {line}: {problem}")

        if len(record) != len(self.header):
            reject(f"{len(record)} values for {len(self.header)} columns: {','.join(record)!r}")
            return
        values = {role: record[position] for role, position in self.positions.items()}
        names = {
            role: None if _is_null(values[role]) else values[role]
            for role in ("shard", "database_name", "schema_name")
            if role in values
        }
        for role, value in names.items():
            if value is None:
                reject(f"{role} is blank or null")
            elif value.strip() != value:
                reject(f"{role} begins or ends with white space: {value!r}")
            elif _CONTROL.search(value):
                reject(f"{role} has a control character: {value!r}")
        shard = Shard(
            names["shard"] or "",
            names.get("database_name"),
            names.get("schema_name"),
            self._is_enabled(values.get("is_enabled"), reject),
        )
        self._check_unique(shard, line, reject)
        self.shards.append(shard)

    def _is_enabled(self, value: str | None, reject: Callable[[str], None]) -> bool:
        if value is None:
            return True
        folded = value.strip().lower()
        if folded in _TRUE:
            if not any(shard.is_enabled for shard in self.shards):
                self.true_text = value
            return True
        if folded not in _FALSE:
            allowed = ", ".join((*_TRUE, *_FALSE))
            reject(f"is_enabled must be one of {allowed} (in any case), got: {value!r}")
        return False

    def _check_unique(self, shard: Shard, line: int, reject: Callable[[str], None]) -> None:
        """Compare names without case: some engines do."""
        if shard.shard:
            first = self._line_of_name.setdefault(shard.shard.lower(), line)
            if first != line:
                reject(f"the shard {shard.shard!r} is on line {first} already")
        place = [part for part in (shard.database_name, shard.schema_name) if part]
        if place:
            first = self._line_of_place.setdefault(tuple(part.lower() for part in place), line)
            if first != line:
                named = ".".join(map(repr, place))
                reject(f"the place {named} is the one of line {first} already")


def _is_null(value: str) -> bool:
    # dbt loads these as NULL from a seed, also into a text column.
    return value.strip().lower() in ("", "null")
