"""The generated entries as lines of YAML, and the text of the models. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from dbt_estate.errors import InputError
from dbt_estate.shards.registry import Shard
from dbt_estate.shards.settings import Sources
from dbt_estate.yaml_text import block, entry, scalar

MODEL_MARKER = "{# dbt-estate: generated model; delete this line to keep edits #}"

_ANCHOR = "estate_shard_"
_NOT_A_WORD = re.compile(r"\W+")
_JINJA_BEGIN = re.compile(r"\{(?=[{%#])")


def source_blocks(sources: Sources, shards: Sequence[Shard]) -> dict[str, list[str]]:
    """Return the lines of the generated `anchors` and `sources`, without indentation.

    Raises InputError when two sources would have the same name.
    """
    shared = {**sources.properties, "tables": sources.tables}
    if sources.mode == "logical":
        return {"anchors": [], "sources": block([_logical(sources, shared)])}
    names = source_names(sources, shards)
    aliases = [f"  {key}: *{_ANCHOR}{key}" for key in shared]
    entries = chain(
        [_logical(sources)] if sources.writes_logical else [],
        (
            _place(
                name,
                _literal(shard.database_name) or sources.database,
                _literal(shard.schema_name) or sources.schema,
            )
            for name, shard in zip(names, shards, strict=True)
        ),
    )
    return {
        "anchors": [line for key, value in shared.items() for line in entry(_anchor(key), value)],
        "sources": [line for item in entries for line in (*_mapping_item(item), *aliases)],
    }


def source_names(sources: Sources, shards: Iterable[Shard]) -> list[str]:
    """Return the name of each shard's source, in letters, digits and underscores.

    Raises InputError listing the shards whose names are the same one.
    """
    taken: dict[str, str] = {}
    problems: list[str] = []
    if sources.writes_logical:
        taken[sources.logical_name] = "the source that stands for all shards"
    names = []
    for shard in shards:
        name = sources.name.replace("{shard}", _NOT_A_WORD.sub("_", shard.shard))
        names.append(name)
        other = taken.setdefault(name, f"the shard {shard.shard!r}")
        if other != f"the shard {shard.shard!r}":
            problems.append(
                f"the shard {shard.shard!r} and {other} both get the source name {name!r}; "
                "rename one of them"
            )
    if problems:
        raise InputError("source names", problems)
    return names


def model_files(sources: Sources) -> dict[str, str]:
    """Return file name -> text of the model over each table.

    Raises InputError when two tables would have the same file.
    """
    files: dict[str, str] = {}
    for table in sources.table_names:
        name = f"{sources.logical_name}__{_NOT_A_WORD.sub('_', table)}.sql"
        if name in files:
            raise InputError("--models", f"two tables get the file {name!r}, one is {table!r}")
        arguments = f"{_jinja_string(sources.logical_name)}, {_jinja_string(table)}"
        files[name] = f"{MODEL_MARKER}\n{{{{ dbt_estate.union_shards(source({arguments})) }}}}\n"
    return files


def _logical(sources: Sources, shared: Mapping[str, object] | None = None) -> dict[str, object]:
    place = _place(sources.logical_name, sources.database, sources.schema)
    return {**place, **(shared or {})}


def _place(name: str, database: str | None, schema: str | None) -> dict[str, object]:
    place = {"name": name, "database": database, "schema": schema}
    return {key: value for key, value in place.items() if value is not None}


def _mapping_item(item: Mapping[str, object]) -> Iterator[str]:
    """Yield the lines of a flat mapping as a list item; `block` would do the same, slower."""
    dash = "- "
    for key, value in item.items():
        yield f"{dash}{key}: {scalar(value)}"
        dash = "  "


def _anchor(key: str) -> str:
    return f"- &{_ANCHOR}{key}"


def _literal(name: str | None) -> str | None:
    """Write a name so that it passes unchanged through the Jinja that dbt renders YAML with."""
    return name and _JINJA_BEGIN.sub("{{ '{' }}", name)


def _jinja_string(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
