"""Where something stands in a properties file, as dbt reads it.

The events of libyaml give the place of each name, of an alias too. They take a fifteenth of what a
round-trip reader takes, and only the lines are kept.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt_estate.errors import InputError
from dbt_estate.files import BOM, read_text

# Each kind of resource, as `unique_id` calls it, and the lists of a properties file that have it.
_LISTS = {
    "model": ("models",), "seed": ("seeds",), "snapshot": ("snapshots",), "source": ("sources",),
    "exposure": ("exposures",), "metric": ("metrics",), "macro": ("macros",),
    "analysis": ("analyses",), "group": ("groups",), "saved_query": ("saved_queries",),
    "semantic_model": ("semantic_models",), "unit_test": ("unit_tests",),
    "function": ("functions",), "test": ("data_tests", "tests"),
}  # fmt: skip
_PARTS = {"columns": "column", "arguments": "argument", "tables": "table"}
_KINDS = {name: kind for kind, names in _LISTS.items() for name in names}
_LINE_END = re.compile(r"\r\n|\r|\n")
# YAML 1.1 ends a line there, and no editor does.
_OTHER_LINE_END = re.compile("[\x85\u2028\u2029]")


@dataclass(slots=True)
class _Node:
    """A node of YAML: a text, a list, or pairs; an alias has its own line."""

    line: int
    value: str | list[_Node] | list[tuple[_Node, _Node]]
    is_plain: bool = False
    is_alias: bool = False


@dataclass(slots=True)
class _Place:
    """Where a resource or a part of one stands; its parts by kind and name."""

    line: int
    parts: dict[tuple[str, str], _Place] = field(default_factory=dict)


class Properties:
    """The places of what a properties file describes; none for a text that is no YAML."""

    def __init__(self, text: str) -> None:
        places = _places(text)
        self.is_valid = places is not None
        self._top = places or {}

    def line_of(
        self,
        kind: str,
        name: str,
        *,
        source_name: str | None = None,
        column: str | None = None,
        version: str | int | float | None = None,
        macro_argument: str | None = None,
        test: str | None = None,
    ) -> int | None:
        """Return the line, from 1, of the name of a resource or of a part of it; None without one.

        `kind` is `model` or `models`, and so on. With `source_name`, `name` is a table of that
        source, else the source. `version` is that of a model, whose columns and tests are looked
        for in the version first. `test` is the name of a generic test with or without its package,
        or its own name: of the column if there is one, and the first of several. What stands
        behind an alias has the line of the alias; what a shared list has, that of the list.
        """
        places = self._owners(_KINDS.get(kind, kind), name, source_name, version)
        parts = [("column", column), ("argument", macro_argument), ("test", test)]
        for part, wanted in parts:
            if wanted is not None:
                found = [place.parts.get((part, wanted)) for place in places]
                places = [place for place in found if place is not None]
        return places[0].line if places else None

    def _owners(
        self, kind: str, name: str, source_name: str | None, version: str | int | float | None
    ) -> list[_Place]:
        if source_name is None:
            place = self._top.get((kind, name))
        else:
            source = self._top.get(("source", source_name))
            place = source.parts.get(("table", name)) if source else None
        if place is None or version is None:
            return [place] if place else []
        own = place.parts.get(("version", str(version)))
        return [own, place] if own else []


def properties_of(path: Path) -> Properties | None:
    """Return the places of a file, read once for what it holds; None if it cannot be read."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _read(path, state.st_mtime_ns, state.st_size)


@functools.cache
def _read(path: Path, _changed: int, _size: int) -> Properties | None:
    try:
        found = Properties(read_text(path))
    except InputError:
        return None
    return found if found.is_valid else None


def _places(text: str) -> dict[tuple[str, str], _Place] | None:
    import yaml

    try:
        root = _root(text.removeprefix(BOM))
        return _top(root) if root else {}
    except (yaml.YAMLError, RecursionError):
        return None


def _root(text: str) -> _Node | None:
    """Return the only document of a text; raises YAMLError where there is none, as dbt does."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = yaml.parse(text, Loader=loader)
    root = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise yaml.YAMLError("a second document")
            root = _Builder(events, _line_counter(text)).node()
    return root


class _Builder:
    """Makes nodes of events, with as little as can be done for each: a file has thousands."""

    def __init__(self, events: Iterator[Any], line: Callable[[Any], int]) -> None:
        from yaml import events as kinds

        self.events = events
        self.line = line
        self.anchors: dict[str, _Node] = {}
        self.scalar, self.alias = kinds.ScalarEvent, kinds.AliasEvent
        self.mapping = kinds.MappingStartEvent
        self.ends = (kinds.MappingEndEvent, kinds.SequenceEndEvent)

    def node(self) -> _Node:
        """Return the next node."""
        return self._node(next(self.events))

    def _node(self, event: Any) -> _Node:
        kind = type(event)
        if kind is self.alias:
            return self._alias(event)
        node = _Node(self.line(event.start_mark), "")
        if event.anchor:
            self.anchors[event.anchor] = node
        if kind is self.scalar:
            node.value = event.value
            node.is_plain = event.implicit[0]
        elif kind is self.mapping:
            # In place, as an alias in it may be of the mapping itself.
            pairs: list[tuple[_Node, _Node]] = []
            node.value = pairs
            children = self._children([])
            pairs.extend(zip(children[::2], children[1::2], strict=True))
        else:
            items: list[_Node] = []
            node.value = items
            self._children(items)
        return node

    def _children(self, found: list[_Node]) -> list[_Node]:
        ends = self.ends
        for event in self.events:
            if type(event) in ends:
                break
            found.append(self._node(event))
        return found

    def _alias(self, event: Any) -> _Node:
        import yaml

        if event.anchor not in self.anchors:
            raise yaml.YAMLError(f"undefined alias {event.anchor}")
        value = self.anchors[event.anchor].value
        return _Node(self.line(event.start_mark), value, is_alias=True)


def _line_counter(text: str) -> Callable[[Any], int]:
    if not _OTHER_LINE_END.search(text):
        return lambda mark: int(mark.line) + 1
    ends = [found.end() for found in _LINE_END.finditer(text)]
    return lambda mark: bisect.bisect_right(ends, mark.index) + 1


def _top(root: _Node) -> dict[tuple[str, str], _Place]:
    places: dict[tuple[str, str], _Place] = {}
    top = _entries(root)
    for key, kind in _KINDS.items():
        for item in _items(top.get(key)):
            _add(places, kind, item)
    return places


def _add(places: dict[tuple[str, str], _Place], kind: str, item: _Node) -> None:
    entries = _entries(item)
    name = _text(entries.get("name"))
    if not name:
        return
    place = _Place(_own_line(item, "name"))
    if places.setdefault((kind, name), place) is place:
        _add_parts(place, entries)


def _add_parts(place: _Place, entries: dict[str, _Node]) -> None:
    for key, kind in _PARTS.items():
        for item in _items(entries.get(key)):
            _add(place.parts, kind, item)
    for version in _items(entries.get("versions")):
        own = _entries(version)
        number = _text(own.get("v"))
        if number:
            found = _Place(_own_line(version, "v"))
            if place.parts.setdefault(("version", number), found) is found:
                _add_parts(found, own)
    for key in ("tests", "data_tests"):
        for test in _items(entries.get(key)):
            for name in _test_names(test):
                place.parts.setdefault(("test", name), _Place(test.line))


def _test_names(test: _Node) -> Iterator[str]:
    """Give the names of a generic test: its own, and that of what it is a test of."""
    entries = _entries(test)
    of = _text(entries.get("test_name")) or _text(test) or next(iter(entries), "")
    arguments = _entries(entries.get(of))
    for name in (entries.get("name"), arguments.get("name")):
        if _text(name):
            yield _text(name)
    yield of
    yield of.rpartition(".")[2]


def _own_line(item: _Node, key: str) -> int:
    """Return the line of a key; that of the item if the key comes from elsewhere."""
    if not item.is_alias:
        for name, _ in _pairs(item):
            if name.value == key:
                return name.line
    return item.line


def _entries(node: _Node | None) -> dict[str, _Node]:
    """Return a mapping's values by key, with what it takes over through `<<`."""
    merged: dict[str, _Node] = {}
    own: dict[str, _Node] = {}
    for key, value in _pairs(node):
        if key.value == "<<" and key.is_plain:
            for part in reversed(_items(value) or [value]):
                merged.update(_entries(part))
        elif isinstance(key.value, str):
            own[key.value] = value
    return {**merged, **own} if merged else own


def _pairs(node: _Node | None) -> list[tuple[_Node, _Node]]:
    value = node.value if node is not None else ""
    return value if isinstance(value, list) and value and isinstance(value[0], tuple) else []  # type: ignore[return-value]


def _items(node: _Node | None) -> list[_Node]:
    value = node.value if node is not None else ""
    return value if isinstance(value, list) and value and isinstance(value[0], _Node) else []  # type: ignore[return-value]


def _text(node: _Node | None) -> str:
    value = node.value if node is not None else ""
    is_null = node is not None and node.is_plain and value in ("~", "null", "Null", "NULL")
    return value if isinstance(value, str) and not is_null else ""
