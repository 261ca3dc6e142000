"""Resources and columns in properties YAML, with the line of each name.

The C parser of libyaml gives nodes with positions; a round-trip reader would take fifteen times as
long, and is for files that are written.
"""

from __future__ import annotations

import msgspec
import yaml

from dbt_estate.errors import InputError

_KINDS = ("models", "seeds", "snapshots")
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlColumn(msgspec.Struct, frozen=True):
    """A column of a properties file: line of its name, type and description as they stand."""

    name: str
    line: int
    data_type: str = ""
    description: str = ""


class Described(msgspec.Struct, frozen=True):
    """A model, seed, snapshot or table of a source that a properties file describes."""

    kind: str
    name: str
    line: int
    columns: tuple[YamlColumn, ...] = ()
    relation: str = ""
    latest_version: str = ""
    delimiter: str = ""


def read_properties(text: str, where: str) -> list[Described]:
    """Return what a properties file describes. Raises InputError with the line of bad YAML."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(where, f"{line}not valid YAML: {problem}") from None
    try:
        return _all_described(root)
    except RecursionError:
        raise InputError(where, "an anchor holds itself, which dbt does not read either") from None


def _all_described(root: yaml.Node | None) -> list[Described]:
    found: list[Described] = []
    top = _entries(root)
    for kind in _KINDS:
        for item in _items(top.get(kind)):
            described = _described(kind.removesuffix("s"), item)
            if described:
                found.append(described)
    for source in _items(top.get("sources")):
        name = _text(_entries(source).get("name"))
        for table in _items(_entries(source).get("tables")):
            described = _described("source", table, f"{name}.")
            if name and described:
                found.append(described)
    return found


def _described(kind: str, node: yaml.Node, prefix: str = "") -> Described | None:
    entries = _entries(node)
    name = entries.get("name")
    if name is None or not _text(name):
        return None
    columns = []
    listed = _items(entries.get("columns"))
    for version in _items(entries.get("versions")):
        listed += _items(_entries(version).get("columns"))
    for item in listed:
        column = _entries(item)
        label = column.get("name")
        if label is not None and _text(label):
            columns.append(
                YamlColumn(
                    _text(label),
                    label.start_mark.line + 1,
                    _text(column.get("data_type")),
                    _text(column.get("description")),
                )
            )
    relation = _text(entries.get("relation"))
    line = name.start_mark.line + 1
    config = _entries(entries.get("config"))
    return Described(
        kind,
        prefix + _text(name),
        line,
        tuple(columns),
        relation,
        _text(entries.get("latest_version")),
        _text(config.get("delimiter")),
    )


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return a mapping's values by key, with what it takes over through `<<`."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    merged: dict[str, yaml.Node] = {}
    own: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.tag.endswith(":merge"):
            parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for part in reversed(parts):
                merged.update(_entries(part))
        elif isinstance(key, yaml.ScalarNode):
            own[key.value] = value
    return {**merged, **own}


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _text(node: yaml.Node | None) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
        return ""
    return str(node.value)
