"""Generated blocks in a user's YAML file: found, put in once, replaced by line range.

A block is a run of list items inside one top-level key, between two marker comments:

    sources:
      # dbt-estate: generated sources, do not edit
      - name: shard_0001
      # dbt-estate: end of generated sources
      - name: written_by_hand

Everything outside the markers is the user's and stays as it is, byte for byte. A YAML reader is
used only to find the place of a block that is not there yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbt_estate.errors import InputError
from dbt_estate.files import BOM

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node

# In the order of the file: an alias comes after its anchor.
KEYS = ("anchors", "sources")

_MARKER = re.compile(
    r"^([ \t]*)# dbt-estate: (generated|end of generated) (anchors|sources)\b[^\n]*(?:\n|\Z)", re.M
)
_TOP_LEVEL_KEY = re.compile(r"^[\"']?([A-Za-z_][\w-]*)[\"']?[ \t]*:", re.M)


@dataclass(frozen=True)
class _Span:
    """The text between the two markers, and how far they are indented."""

    start: int
    end: int
    indent: str


def splice(text: str, blocks: Mapping[str, Sequence[str]], where: str) -> str:
    """Return the text with the lines of each block (by key) between its markers.

    Blocks that are not there yet are put in: at the head of the key's own list, or under a new key.
    Raises InputError, naming `where`, for damaged markers and for a file that has no place for
    them.
    """
    if text.startswith(BOM):
        return BOM + splice(text[1:], blocks, where)
    eol = "\r\n" if "\r\n" in text else "\n"
    spans = _find(text, where)
    missing = [key for key in KEYS if key not in spans and blocks[key]]
    if missing:
        text = _with_empty_blocks(text, missing, eol, where)
        spans = _find(text, where)
    if blocks["anchors"] and spans["anchors"].start > spans["sources"].start:
        raise InputError(where, "`anchors:` must come before `sources:`, move it up")
    for key, span in sorted(spans.items(), key=lambda item: -item[1].start):
        lines = "".join(f"{span.indent}{line}{eol}" for line in blocks[key])
        text = text[: span.start] + lines + text[span.end :]
    return text


def _find(text: str, where: str) -> dict[str, _Span]:
    """Return the spans of the blocks that are there. Raises InputError for damaged markers."""
    spans: dict[str, _Span] = {}
    opened: re.Match[str] | None = None
    for marker in _MARKER.finditer(text):
        kind, key = marker[2], marker[3]
        begins = kind == "generated"
        if key in spans or begins == (opened is not None) or (opened and opened[3] != key):
            line = text.count("\n", 0, marker.start()) + 1
            raise InputError(
                where,
                f"line {line}: unexpected marker {marker[0].strip()!r}; each block has one marker "
                "at its begin and one at its end. Delete the block with its markers and generate "
                "again",
            )
        if not begins and opened is not None:
            _check_place(text, opened, where)
            spans[key] = _Span(opened.end(), marker.start(), opened[1])
        opened = marker if begins else None
    if opened is not None:
        raise InputError(
            where,
            f"the marker {_end(opened[3])!r} is missing; put it after the generated entries",
        )
    return spans


def _check_place(text: str, marker: re.Match[str], where: str) -> None:
    keys = _TOP_LEVEL_KEY.findall(text, 0, marker.start())
    if not keys or keys[-1] != marker[3]:
        line = text.count("\n", 0, marker.start()) + 1
        raise InputError(
            where,
            f"line {line}: the generated block must be under the key `{marker[3]}:`, it is under "
            f"{keys[-1] + ':' if keys else 'none'!r}",
        )


def _with_empty_blocks(text: str, keys: Sequence[str], eol: str, where: str) -> str:
    """Return the text with the markers of the given blocks put in."""
    root = _root(text, where)
    entries = {name.value: (name, value) for name, value in root.value} if root else {}
    inserted: dict[int, str] = {}
    for key in keys:
        at, lines = _insertion(text, key, entries, where)
        if at == len(text) and key not in entries and (text or inserted):
            lines.insert(0, "")
        if at not in inserted:
            is_unended = at == len(text) and text and not text.endswith("\n")
            inserted[at] = eol if is_unended else ""
        inserted[at] += "".join(f"{line}{eol}" for line in lines)
    for at in sorted(inserted, reverse=True):
        text = text[:at] + inserted[at] + text[at:]
    _root(text, where)
    return text


def _insertion(
    text: str, key: str, entries: Mapping[str, tuple[Node, Node]], where: str
) -> tuple[int, list[str]]:
    """Return where the markers of a block go, and the lines to insert there."""
    if key in entries:
        name, value = entries[key]
        indent = _list_indent(key, name, value, where)
        return _end_of_line(text, name.start_mark.index), _markers(key, indent)
    lines = [f"{key}:", *_markers(key, 2)]
    if key == "anchors" and "sources" in entries:
        return _above_comments(text, entries["sources"][0].start_mark.index), [*lines, ""]
    return len(text), lines


def _list_indent(key: str, name: Node, value: Node, where: str) -> int:
    """Return the column of the list's dashes. Raises InputError when entries cannot be added."""
    from ruamel.yaml.nodes import ScalarNode, SequenceNode

    line = name.start_mark.line + 1
    is_below = value.start_mark.line >= line
    if isinstance(value, SequenceNode) and not value.flow_style and is_below:
        return int(value.start_mark.column)
    if isinstance(value, ScalarNode) and value.value == "" and not value.style:
        return 2
    raise InputError(
        where,
        f"line {line}: `{key}:` must be a list with one `- ` entry per line, so that the generated "
        "entries can be added to it",
    )


def _root(text: str, where: str) -> MappingNode | None:
    """Return the file's top-level mapping, None for a file without any."""
    from ruamel.yaml.nodes import MappingNode

    from dbt_estate.yaml_read import compose_yaml

    root = compose_yaml(text, where)
    if root is None:
        return None
    if not isinstance(root, MappingNode) or root.flow_style or root.start_mark.column:
        raise InputError(
            where, "must be a mapping with one `key:` per line, from the first column on"
        )
    return root


def _markers(key: str, indent: int) -> list[str]:
    pad = " " * indent
    return [f"{pad}# dbt-estate: generated {key}, do not edit", f"{pad}{_end(key)}"]


def _end(key: str) -> str:
    return f"# dbt-estate: end of generated {key}"


def _above_comments(text: str, at: int) -> int:
    """Return the start of the comments that end at a line, unless they head the whole file."""
    start = at
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text.startswith("#", above):
            return start
        start = above
    return at


def _end_of_line(text: str, at: int) -> int:
    return (text.find("\n", at) + 1) or len(text)
