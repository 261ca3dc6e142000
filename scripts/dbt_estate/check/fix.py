"""What `dbt-estate check --fix` mends: trailing semicolons, and entries that properties lack.

Text is only taken out or put in at places, and all else stays byte for byte. What comes out of a
properties file is read again, and has to be what was there with the new entries.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_estate.check.result import Finding
from dbt_estate.errors import InputError
from dbt_estate.files import BOM, read_text, write_text
from dbt_estate.yaml_text import scalar

if TYPE_CHECKING:
    from dbt_estate.info_schema.artifacts import Node
    from dbt_estate.info_schema.load import Project
    from dbt_estate.names.project import Resource, Settings

SEMICOLONS = "trailing_semicolons"
# A model without an entry gets one, an entry with columns gets those that it lacks.
STUBS = ("models_without_properties", "undocumented_columns")
NEW_FILE = "_models.yml"
_YAML = (".yml", ".yaml")
# A node of PyYAML, whose kinds have no common type for what is asked here.
_Yaml = Any
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")


@dataclass(frozen=True)
class Fix:
    """A change of one file for one rule; `before` is empty for a file that is new.

    Of several for one file, each begins with what the one before it ends with.
    """

    path: Path
    before: str
    after: str
    rule: str
    unique_ids: tuple[str, ...]


def fixes(
    project: Project, project_dir: Path, findings: Iterable[Finding], catalog: Path | None = None
) -> list[Fix]:
    """Return what mends the findings, as far as it can be, and write nothing.

    Columns come from the SQL; of a model whose SQL does not say them all, from the catalog as well.
    Raises InputError for a file of the project, or a catalog, that cannot be read.
    """
    files = _Files()
    wanted: dict[str, dict[str, None]] = {}
    for finding in findings:
        wanted.setdefault(finding.rule, {})[finding.unique_id] = None
    nodes = {
        rule: _own_nodes(project, wanted[rule]) for rule in (SEMICOLONS, *STUBS) if rule in wanted
    }
    found = _without_semicolons(nodes.get(SEMICOLONS, []), project, project_dir, files)
    stubs = {rule: nodes[rule] for rule in STUBS if nodes.get(rule)}
    if stubs:
        writer = _StubWriter(project, project_dir, stubs, catalog, files)
        for rule, lacking in stubs.items():
            found.extend(writer.fixes(rule, lacking))
    return found


def apply(fixes: Iterable[Fix]) -> None:
    """Write each file once, whole.

    Raises InputError, before anything is written, for a file that is no longer as it was read.
    """
    first: dict[Path, str] = {}
    last: dict[Path, str] = {}
    for fix in fixes:
        if last.get(fix.path, fix.before) != fix.before:
            raise InputError(fix.path.as_posix(), "another change of it is left out; apply all")
        first.setdefault(fix.path, fix.before)
        last[fix.path] = fix.after
    for path, before in first.items():
        if (read_text(path) if path.exists() else "") != before:
            raise InputError(
                path.as_posix(), "has changed while it was mended; it is left, run it again"
            )
    for path, after in last.items():
        write_text(path, after)


@dataclass
class _Files:
    """The texts of files, with what was changed in them."""

    texts: dict[Path, str] = field(default_factory=dict)

    def text(self, path: Path) -> str:
        """Return the text of a file; of one that is not there the empty one."""
        if path not in self.texts:
            self.texts[path] = read_text(path) if path.exists() else ""
        return self.texts[path]

    def fix(self, path: Path, after: str, rule: str, unique_ids: Sequence[str]) -> Fix:
        """Change a text, and return the change."""
        before = self.text(path)
        self.texts[path] = after
        return Fix(path, before, after, rule, tuple(unique_ids))


def _own_nodes(project: Project, unique_ids: Iterable[str]) -> list[Node]:
    """Return the nodes of the project itself whose files are in its folder."""
    own = project.manifest.metadata.project_name
    nodes = [project.manifest.nodes.get(unique_id) for unique_id in unique_ids]
    return [
        node
        for node in nodes
        if node is not None and node.package_name == own and _is_inside(node.original_file_path)
    ]


def _is_inside(path: str) -> bool:
    return bool(path) and not Path(path).is_absolute() and ".." not in Path(path).parts


def _dialect(project: Project) -> str | None:
    """Return what sqlglot calls the language of the adapter; None for one that it has not."""
    from sqlglot.dialects import DIALECTS

    from dbt_estate.names.project import _DIALECTS

    adapter = project.manifest.metadata.adapter_type or ""
    name = _DIALECTS.get(adapter, adapter)
    return name if name in {known.lower() for known in DIALECTS} and name else None


# Semicolons


def _without_semicolons(
    nodes: Sequence[Node], project: Project, project_dir: Path, files: _Files
) -> list[Fix]:
    paths: dict[Path, list[Node]] = {}
    for node in nodes:
        path = project_dir / node.original_file_path
        if node.resource_type in ("model", "snapshot") and path.suffix == ".sql":
            paths.setdefault(path, []).append(node)
    found = []
    dialect = _dialect(project) if paths else None
    for path, own in paths.items():
        text = files.text(path)
        changed = []
        for node in own:
            snapshot = node.name if node.resource_type == "snapshot" else None
            after = without_trailing_semicolons(text, dialect, snapshot)
            if after != text:
                changed.append(node.unique_id)
            text = after
        if changed:
            found.append(files.fix(path, text, SEMICOLONS, changed))
    return found


def without_trailing_semicolons(
    text: str, dialect: str | None = None, snapshot: str | None = None
) -> str:
    """Return SQL with Jinja without the semicolons that only comments and blanks follow.

    `snapshot` is the name of the block that is meant, in a file of such blocks. A text that sqlglot
    cannot take apart in the dialect comes back as it is.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    start, stop = (0, len(text)) if snapshot is None else _snapshot(text, snapshot)
    try:
        tokens = sqlglot.tokenize(_masked(text[start:stop]), dialect=dialect)
    except SqlglotError:
        return text
    places = []
    while tokens and tokens[-1].token_type is sqlglot.TokenType.SEMICOLON:
        places.append(start + tokens.pop().start)
    if not tokens or any(text[place] != ";" for place in places):
        return text
    for place in places:  # from the last one on
        text = text[:place] + text[place + 1 :]
    return text


def _masked(text: str) -> str:
    """Put a word of the same length in the place of each piece of Jinja, blanks in a comment's."""
    out: list[str] = []
    position = 0
    for start, end, kind, _ in _jinja(text):
        out += [text[position:start], (" " if kind == "comment" else "j") * (end - start)]
        position = end
    return "".join([*out, text[position:]])


def _jinja(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Give start, end, kind and body of each piece of Jinja; a raw block is one."""
    from dbt_estate.names.sql import _tags

    offset = 0
    while True:
        for start, end, kind, body in _tags(text[offset:]):
            if kind == "raw":
                closing = _END_RAW.search(text, offset + end)
                stop = closing.end() if closing else len(text)
                yield offset + start, stop, kind, body
                offset = stop
                break
            yield offset + start, offset + end, kind, body
        else:
            return


def _snapshot(text: str, name: str) -> tuple[int, int]:
    """Return where the text of a snapshot's block begins and ends; nothing without the block."""
    begin = None
    for start, end, kind, body in _jinja(text):
        if kind == "snapshot" and body.strip(" \t\r\n-+") == name:
            begin = end
        elif kind == "endsnapshot" and begin is not None:
            return begin, start
    return 0, 0


# Stubs


class _StubWriter:
    """Adds the entries that properties files lack, with the columns that are known."""

    def __init__(
        self,
        project: Project,
        project_dir: Path,
        stubs: Mapping[str, Sequence[Node]],
        catalog: Path | None,
        files: _Files,
    ) -> None:
        from dbt_estate.names.project import load_settings

        settings = load_settings(project_dir)
        self.project_dir = project_dir
        self.files = files
        stems = {_stem(node) for nodes in stubs.values() for node in nodes}
        self.folders: dict[Path, Path] = {}
        with tempfile.TemporaryDirectory(prefix="dbt_estate_") as folder:
            read = _Columns(
                replace(settings, dialect=_dialect(project) or settings.dialect), Path(folder)
            )
            self.columns = read.known(stems, catalog)
            self.places = read.places()

    def fixes(self, rule: str, nodes: Sequence[Node]) -> list[Fix]:
        """Return a change for each properties file."""
        wanted: dict[Path, list[Node]] = {}
        for node in nodes:
            # The entry of a model with versions says of each version what differs.
            if node.resource_type == "model" and node.version is None:
                path = self._place(node, is_new=rule == STUBS[0])
                if path is not None:
                    wanted.setdefault(path, []).append(node)
        found = []
        for path, own in wanted.items():
            after, changed = self._stubbed(path, own)
            if changed:
                found.append(self.files.fix(path, after, rule, changed))
        return found

    def _stubbed(self, path: Path, nodes: Sequence[Node]) -> tuple[str, list[str]]:
        """Return the new text, and of which models; all at once, or those of them that go in."""
        text = self.files.text(path)
        columns = {node.name: self._columns_of(node) for node in nodes}
        after = with_stubs(text, columns)
        if after is not None:
            return after, _changed(text, columns, nodes)
        changed = []
        for node in nodes:
            one = {node.name: columns[node.name]}
            after = with_stubs(text, one)
            if after is not None and after != text:
                changed.append(node.unique_id)
                text = after
        return text, changed

    def _columns_of(self, node: Node) -> Sequence[str]:
        # A column of a contract needs a type, and one that is not in it ends the build.
        is_contracted = node.contract is not None and node.contract.enforced
        return () if is_contracted else self.columns.get(_stem(node), ())

    def _place(self, node: Node, is_new: bool) -> Path | None:
        """Return the file that has the model's entry, or where it is to be; None for nowhere."""
        if node.name in self.places:
            return self.places[node.name]
        # Entries may stand in the folders of macros and tests as well.
        _, _, listed = (node.patch_path or "").partition("://")
        if _is_inside(listed):
            path = self.project_dir / listed
            if _has_entry(self.files.text(path), node.name):
                return path
        path = self.project_dir / node.original_file_path
        if not is_new or not path.is_file():
            return None
        if path.parent not in self.folders:
            self.folders[path.parent] = self._file_of(path.parent)
        return self.folders[path.parent]

    def _file_of(self, folder: Path) -> Path:
        """Return the only file of a folder that lists models, else the one for new entries."""
        there = [path for path in folder.iterdir() if path.suffix in _YAML and path.is_file()]
        listing = [
            path
            for path in sorted(there)
            if not path.name.startswith(".")
            and path.name != "dbt_project.yml"
            and _lists_models(self.files.text(path))
        ]
        return listing[0] if len(listing) == 1 else folder / NEW_FILE


def _stem(node: Node) -> str:
    return Path(node.original_file_path).stem.lower()


@dataclass(frozen=True)
class _Columns:
    """Reads the columns of a project, each file once."""

    settings: Settings
    folder: Path

    @property
    def _cache(self) -> Path:
        return self.folder / "names"

    def known(self, stems: set[str], catalog: Path | None) -> dict[str, list[str]]:
        """Return the columns of models by their files' names in lower case.

        Where the SQL says them all, the catalog is not asked: it may be older.
        """
        from dbt_estate.names.project import read_project

        nothing = self.folder / "catalog.json"
        write_text(nothing, '{"nodes": {}}')
        by_text = _models(read_project(self.settings, nothing, self._cache), stems)
        found = {stem: _names(model, {"sql"}) for stem, model in by_text.items()}
        vague = {stem for stem, model in by_text.items() if model.unresolved or not found[stem]}
        if vague:
            with_catalog = read_project(self.settings, catalog, self._cache)
            for stem, model in _models(with_catalog, vague).items():
                spelled = {name.lower(): name for name in found[stem]}
                names = _names(model, {"sql", "catalog"})
                found[stem] = [spelled.get(name.lower(), name) for name in names]
        return found

    def places(self) -> dict[str, Path]:
        """Return the properties file that has each model's entry."""
        from dbt_estate.names.project import Reader, properties_files

        reader = Reader(self.settings, self._cache)
        places: dict[str, Path] = {}
        for path in properties_files(self.settings):
            for described in reader.described(path):
                if described.kind == "model":
                    places.setdefault(described.name, path)
        return places


def _models(resources: Iterable[Resource], stems: set[str]) -> dict[str, Resource]:
    models = {item.name.lower(): item for item in resources if item.kind == "model"}
    return {stem: models[stem] for stem in stems if stem in models}


def _names(model: Resource, origins: set[str]) -> list[str]:
    return [name.text for name in model.names.values() if origins.intersection(name.origins)]


# The text of a properties file


def with_stubs(text: str, columns: Mapping[str, Sequence[str]]) -> str | None:
    """Return a properties file with an entry for each model, and each of its columns in it.

    An entry that is there gets the columns that it lacks, whatever their case, and one with
    `versions` nothing. Returns None where the layout is not understood, or the text is no YAML.
    """
    body = text.removeprefix(BOM)
    expected = _loaded(body)
    if expected is _BAD or not isinstance(expected, dict | None):
        return None
    document = _Document(body)
    missing = {name: list(found) for name, found in columns.items()}
    for entry in _listed(expected):
        name = entry.get("name")
        if name in missing:
            lacking = _lacking(entry, missing.pop(name))
            if lacking:
                document.add_columns(name, lacking)
                entry["columns"] = [*(entry.get("columns") or []), *_stubs(lacking)]
    if missing:
        document.add_models(missing)
        expected = expected if expected is not None else {"version": 2}
        new = [_stub(name, found) for name, found in missing.items()]
        expected["models"] = [*(expected.get("models") or []), *new]
    after = document.text()
    if after == body:
        return text
    return text[: len(text) - len(body)] + after if _loaded(after) == expected else None


_BAD = object()


def _loaded(text: str) -> Any:
    """Return the value of a text, nothing in it shared; `_BAD` for what dbt cannot read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _unshared(yaml.load(text, Loader=loader))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return _BAD


def _unshared(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def _listed(document: Any) -> list[dict[str, Any]]:
    models = document.get("models") if isinstance(document, dict) else None
    found = models if isinstance(models, list) else []
    return [entry for entry in found if isinstance(entry, dict)]


def _has_entry(text: str, name: str) -> bool:
    return any(entry.get("name") == name for entry in _listed(_loaded(text.removeprefix(BOM))))


def _lists_models(text: str) -> bool:
    if "models" not in text:
        return False
    document = _loaded(text.removeprefix(BOM))
    is_there = isinstance(document, dict) and "models" in document
    return is_there and isinstance(document["models"], list | None)


def _lacking(entry: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    listed = entry.get("columns") or []
    if "versions" in entry or not isinstance(listed, list):
        return []
    names = {str(item.get("name")).lower() for item in listed if isinstance(item, dict)}
    return [name for name in columns if name.lower() not in names]


def _changed(text: str, columns: Mapping[str, Sequence[str]], nodes: Sequence[Node]) -> list[str]:
    entries = {entry.get("name"): entry for entry in _listed(_loaded(text.removeprefix(BOM)))}
    return [
        node.unique_id
        for node in nodes
        if node.name not in entries or _lacking(entries[node.name], columns[node.name])
    ]


def _stub(name: str, columns: Sequence[str]) -> dict[str, Any]:
    stub: dict[str, Any] = {"name": name, "description": ""}
    return {**stub, "columns": _stubs(columns)} if columns else stub


def _stubs(columns: Iterable[str]) -> list[dict[str, Any]]:
    return [{"name": name, "description": ""} for name in columns]


@dataclass(frozen=True)
class _Layout:
    """How lists are indented: the dash behind its key, and what follows behind the dash."""

    dash: int = 2
    item: int = 2


class _Document:
    """A properties file, and what is put into it at places."""

    def __init__(self, body: str) -> None:
        import yaml

        self.body = body
        self.newline = "\r\n" if "\r\n" in body else "\n"
        self.insertions: list[tuple[int, str]] = []
        root = yaml.compose(body, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.is_empty = root is None
        self.top = _own(root)
        _, self.models = self.top.get("models", (None, None))
        self.layout = self._layout()

    def text(self) -> str:
        """Return the body with everything that was put in."""
        out: list[str] = []
        position = 0
        for place, new in sorted(self.insertions, key=lambda insertion: insertion[0]):
            out += [self.body[position:place], new]
            position = place
        return "".join([*out, self.body[position:]])

    def add_columns(self, model: str, columns: Sequence[str]) -> None:
        """Add columns behind those of an entry."""
        entry = next((item for item in _items(self.models) if _name(item) == model), None)
        if entry is None:
            return  # under a name that is no text
        own = _own(entry)
        if "columns" in own:
            self._append(own["columns"], _stubs(columns), self.layout)
        elif entry.flow_style:
            self._put_in_flow(entry, f"columns: {_flow(_stubs(columns))}")
        else:
            indent = entry.value[0][0].start_mark.column
            lines = [" " * indent + "columns:"]
            lines += _block(_stubs(columns), indent + self.layout.dash, self.layout)
            self._put(self._end(entry, indent), lines)

    def add_models(self, models: Mapping[str, Sequence[str]]) -> None:
        """Add entries behind those that are there."""
        stubs = [_stub(name, columns) for name, columns in models.items()]
        if "models" in self.top:
            self._append(self.top["models"], stubs, self.layout, self._is_spaced())
            return
        lines = ["models:", *_block(stubs, self.layout.dash, self.layout, is_spaced=True)[1:]]
        if self.is_empty:
            lines = ["version: 2", "", *lines]
        end = len(self.body.rstrip())
        if end:
            self._put(end, ["", *lines])
        else:
            self.insertions.append((len(self.body), self.newline.join([*lines, ""])))

    def _layout(self) -> _Layout:
        key, models = self.top.get("models", (None, None))
        items = _items(models)
        if key is None or models is None or not items or models.flow_style:
            return _Layout()
        dash = self._dash(models)
        first = items[0].start_mark
        behind = first.column - dash if first.index > models.start_mark.index else 2
        is_same_line = "\n" not in self.body[models.start_mark.index : first.index]
        return _Layout(dash - key.start_mark.column, behind if is_same_line else 2)

    def _dash(self, sequence: _Yaml) -> int:
        """Return the column of a list's dashes."""
        start = sequence.start_mark
        if self.body[start.index] == "-":
            return int(start.column)
        # An anchor stands before it.
        place = self.body.find("-", self._line_end(start.index))
        return place - self.body.rfind("\n", 0, place) - 1

    def _is_spaced(self) -> bool:
        """Whether a blank line stands before the last entry, or there is one entry only."""
        items = _items(self.models)
        if len(items) < 2:
            return True
        end = self._end(items[-2], 10**6)
        between = self.body[end : items[-1].start_mark.index]
        return re.search(r"\n[ \t\r]*\n", between) is not None

    def _append(
        self,
        pair: tuple[_Yaml, _Yaml],
        stubs: Sequence[Mapping[str, Any]],
        layout: _Layout,
        is_spaced: bool = False,
    ) -> None:
        """Add items behind those of a list, or to a key without a value."""
        key, value = pair
        if _items(value) and not value.flow_style:
            dash = self._dash(value)
            lines = _block(stubs, dash, layout, is_spaced)
            self._put(self._end(value, dash + 1), lines)
        elif isinstance(value.value, list):
            self._put_in_flow(value, _flow(stubs)[1:-1])
        else:
            indent = key.start_mark.column
            lines = _block(stubs, indent + layout.dash, layout, is_spaced)
            lines = lines[1:] if is_spaced else lines
            place = self._line_end(key.end_mark.index)
            self._put(self._past_comments(place, indent + 1), lines)

    def _put(self, place: int, lines: Iterable[str]) -> None:
        """Add lines behind the line that ends there."""
        self.insertions.append((place, "".join(f"{self.newline}{line}" for line in lines)))

    def _put_in_flow(self, node: _Yaml, new: str) -> None:
        """Add an item before the closing bracket, right behind the last one."""
        last = node.value[-1] if node.value else None
        last = last[1] if isinstance(last, tuple) else last
        if last is None:
            self.insertions.append((node.end_mark.index - 1, new))
        else:
            place = last.end_mark.index if _is_within(last, node) else node.end_mark.index - 1
            self.insertions.append((place, f", {new}"))

    def _end(self, node: _Yaml, least: int) -> int:
        """Return where the last line of a block ends, with the comments indented so much."""
        stop = node.end_mark.index
        if node.flow_style or isinstance(node.value, str):
            return self._line_end(stop)
        place = self._leaf_end(_last_leaf(node))
        for start, end in self._lines(place, stop):
            line = self.body[start:end].strip()
            if line and not line.startswith("#"):
                place = end
        return self._past_comments(place, least)

    def _leaf_end(self, leaf: _Yaml) -> int:
        """Return where the last line of a leaf ends."""
        start, end = leaf.start_mark.index, leaf.end_mark.index
        if isinstance(leaf.value, list) and not leaf.flow_style:
            return self._line_end(start)  # there are aliases in it, and nothing else
        if getattr(leaf, "style", None) not in ("|", ">"):
            return self._line_end(end)
        # The mark stands behind the blank lines, which are part of it only with `+`.
        if "+" in self.body[start : self._line_end(start)].partition("#")[0]:
            return self._before_newline(end)
        return self._line_end(int(start) + len(self.body[start:end].rstrip()))

    def _past_comments(self, place: int, least: int) -> int:
        """Return where the comments behind a place end that are indented so much."""
        for start, end in self._lines(place, len(self.body)):
            line = self.body[start:end]
            comment = line.lstrip()
            if comment.startswith("#") and len(line) - len(comment) >= least:
                place = end
            elif comment:
                break
        return place

    def _lines(self, place: int, stop: int) -> Iterator[tuple[int, int]]:
        """Give start and end of each line behind that which ends at a place."""
        while (start := self.body.find("\n", place) + 1) and start < stop:
            place = min(self._line_end(start), stop)
            yield start, place

    def _line_end(self, index: int) -> int:
        found = self.body.find("\n", index)
        return self._before_newline(found + 1) if found >= 0 else len(self.body)

    def _before_newline(self, index: int) -> int:
        if self.body[:index].endswith("\r\n"):
            return index - 2
        return index - 1 if self.body[index - 1 : index] == "\n" else index


def _own(node: _Yaml | None) -> dict[str, tuple[Any, Any]]:
    """Return the keys and values that stand in a mapping itself."""
    pairs = node.value if node is not None and node.id == "mapping" else []
    return {key.value: (key, value) for key, value in pairs if isinstance(key.value, str)}


def _items(node: _Yaml | None) -> list[Any]:
    return list(node.value) if node is not None and node.id == "sequence" else []


def _name(entry: _Yaml) -> object:
    from dbt_estate.names.properties import _entries

    name = _entries(entry).get("name")
    return name.value if name is not None else None


def _is_within(inner: _Yaml, outer: _Yaml) -> bool:
    """Whether a node stands in another, and not elsewhere, behind an alias."""
    begin, end = outer.start_mark.index, outer.end_mark.index
    return bool(begin <= inner.start_mark.index <= inner.end_mark.index <= end)


def _last_leaf(node: _Yaml) -> _Yaml:
    """Return the last node that stands in a block, and has none in a block below it."""
    found = node
    while isinstance(found.value, list) and not found.flow_style:
        parts = [part for item in found.value for part in _parts(item) if _is_within(part, node)]
        if not parts:
            break
        found = parts[-1]
    return found


def _parts(item: Any) -> Sequence[Any]:
    return item if isinstance(item, tuple) else (item,)


def _block(
    stubs: Iterable[Mapping[str, Any]], dash: int, layout: _Layout, is_spaced: bool = False
) -> list[str]:
    """Return the lines of items, with a blank one before each where they are spaced."""
    lines: list[str] = []
    indent = dash + layout.item
    for stub in stubs:
        lines += [""] if is_spaced else []
        lines.append(f"{' ' * dash}-{' ' * (layout.item - 1)}name: {scalar(stub['name'])}")
        lines.append(f'{" " * indent}description: ""')
        if stub.get("columns"):
            lines.append(f"{' ' * indent}columns:")
            lines += _block(stub["columns"], indent + layout.dash, layout)
    return lines


def _flow(stubs: Iterable[Mapping[str, Any]]) -> str:
    items = []
    for stub in stubs:
        more = f", columns: {_flow(stub['columns'])}" if stub.get("columns") else ""
        items.append(f'{{name: {scalar(stub["name"])}, description: ""{more}}}')
    return f"[{', '.join(items)}]"
