"""Descriptions from the vocabulary: into the empty ones of the YAML, and onto a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dbt_estate.errors import InputError
from dbt_estate.names.properties import _entries, _items, _Loader, _text
from dbt_estate.names.vocabulary import Vocabulary
from dbt_estate.yaml_text import scalar


def description_of(name: str, vocabulary: Vocabulary) -> str:
    """Return what the stubs of a name say, and what is left of it; empty if they say nothing."""
    resolved = vocabulary.resolve(name)
    said = [stub.description.strip().rstrip(".") for stub in resolved.stubs if stub.description]
    if not said:
        return ""
    first, *others = said
    text = ", ".join([first, *(other[:1].lower() + other[1:] for other in others)])
    rest = resolved.rest.replace(vocabulary.sep, " ").strip()
    return f"{text}: {rest}." if rest else f"{text}."


def described_text(text: str, where: str, vocabulary: Vocabulary) -> str:
    """Return a properties file with its empty column descriptions filled.

    Nothing else is touched: comments, order and layout stay. Raises InputError for what is no YAML.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise InputError(where, f"not valid YAML: {error}") from None
    lines = text.splitlines(keepends=True)
    edits: dict[tuple[int, int], tuple[int, str]] = {}
    descriptions: list[str] = []
    for column in _columns(root):
        entries = _entries(column)
        name = entries.get("name")
        wanted = description_of(_text(name), vocabulary) if name is not None else ""
        descriptions.append(_text(entries.get("description")))
        if wanted and _is_empty(entries.get("description")) and _is_plain(column):
            start, stop, new = _edit(column, wanted, lines)
            edits[start] = (stop, new)
            descriptions[-1] = wanted
    for (line, column_number), (stop, new) in sorted(edits.items(), reverse=True):
        old = lines[line]
        lines[line] = old[:column_number] + new + old[stop:]
    described = "".join(lines)
    is_right = (
        _without_descriptions(described) == _without_descriptions(text)
        and _descriptions(described) == descriptions
    )
    if described != text and not is_right:
        raise InputError(
            where,
            "its layout is not understood, and it is left as it is; write its columns plainly",
        )
    return described


def _is_empty(description: yaml.Node | None) -> bool:
    """Whether nothing stands there; a text in several lines is left alone, even a blank one."""
    is_block = getattr(description, "style", None) in ("|", ">")
    return not _text(description).strip() and not is_block


def _is_plain(column: yaml.MappingNode) -> bool:
    """Whether the name stands in its own line, and an empty description in that of its key."""
    own = {key.value: (key, value) for key, value in column.value}
    if "name" not in own or getattr(own["name"][1], "style", None) in ("|", ">"):
        return False
    if "description" not in own:
        return True
    key, value = own["description"]
    return bool(value.start_mark.line == key.end_mark.line or not value.value)


def _descriptions(text: str) -> list[str] | None:
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return None
    return [_text(_entries(column).get("description")) for column in _columns(root)]


def _without_descriptions(text: str) -> object:
    """Return the values of a file, its columns without descriptions; None for what is no YAML."""
    try:
        document = yaml.load(text, Loader=_Loader)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return None
    described = sum(_text(_entries(column).get("name")) != "" for column in _columns(root))
    return described, _pruned(document)


def _pruned(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: [_named_only(item) for item in found]
            if key == "columns" and isinstance(found, list)
            else _pruned(found)
            for key, found in value.items()
        }
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def _named_only(column: object) -> object:
    if not isinstance(column, dict):
        return column
    return {key: value for key, value in column.items() if key != "description"}


def _columns(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    top = _entries(root)
    owners = [item for kind in ("models", "seeds", "snapshots") for item in _items(top.get(kind))]
    for source in _items(top.get("sources")):
        owners.extend(_items(_entries(source).get("tables")))
    for owner in owners:
        for column in _items(_entries(owner).get("columns")):
            if isinstance(column, yaml.MappingNode):
                yield column


def _edit(
    column: yaml.MappingNode, wanted: str, lines: list[str]
) -> tuple[tuple[int, int], int, str]:
    """Return where to write, up to which place the old text goes, and the new text."""
    name_key, name = next((k, v) for k, v in column.value if k.value == "name")
    for key, value in column.value:
        if key.value == "description":  # there, and empty
            line, at = key.end_mark.line, key.end_mark.column + 1
            stop = value.end_mark.column if value.end_mark.line == line else at
            return (line, at), max(stop, at), f" {scalar(wanted)}"
    line, at = name.end_mark.line, name.end_mark.column
    if column.flow_style:
        return (line, at), at, f", description: {_in_flow(wanted)}"
    end = len(lines[line].rstrip("\r\n"))
    newline = lines[line][end:] or "\n"
    indent = " " * name_key.start_mark.column
    return (line, end), end, f"{newline}{indent}description: {scalar(wanted)}"


def _in_flow(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def page(vocabulary: Mapping[str, Any]) -> str:
    """Return a page in Markdown: a table of the stubs of each level."""
    levels = [("The first part", vocabulary), *(
        (str(level.get("name")), level) for level in vocabulary.get("levels", [])
    )]  # fmt: skip
    out = ["# The names of our columns", ""]
    sep = vocabulary.get("sep", "_")
    out += [f"The parts of a name are separated by `{sep}`. The longest stub that fits counts.", ""]
    for title, level in levels:
        out += [
            f"## {title}",
            "",
            "| Stub | Meaning | Types | Checks |",
            "| --- | --- | --- | --- |",
        ]
        for stub, given in level["stubs"].items():
            meaning = given if isinstance(given, Mapping) else {"description": given or ""}
            types = meaning.get("types", [])
            is_suffix = meaning.get("position") == "suffix"
            shown = f"...{sep}{stub}" if is_suffix else f"{stub}{sep}..."
            cells = (
                f"`{shown}`",
                str(meaning.get("description", "")),
                types if isinstance(types, str) else ", ".join(types),
                ", ".join(f"{rule}: {_value(v)}" for rule, v in meaning.get("checks", {}).items()),
            )
            out.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        out.append("")
    return "\n".join(out)


def _value(check: object) -> str:
    value = check.get("value") if isinstance(check, Mapping) else check
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
