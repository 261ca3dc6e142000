"""Which resources `--select`, `--exclude` and `--state` choose, as dbt's node selection does.

It follows dbt-core's graph/selector_methods.py. The tests of a chosen resource are not chosen
with it, as under dbt's `--indirect-selection empty`: only what a criterion matches, and the
relatives that its `+` or `@` asks for.
"""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from itertools import chain
from typing import Any

import msgspec
from msgspec import Raw

from dbt_estate.errors import InputError
from dbt_estate.info_schema.artifacts import NULL, DependsOn, Macro, Manifest, Node

RESOURCE_TYPES = (
    "analysis",
    "exposure",
    "function",
    "metric",
    "model",
    "operation",
    "saved_query",
    "seed",
    "semantic_model",
    "snapshot",
    "source",
    "test",
    "unit_test",
)
# The sections of a manifest whose resources stay dictionaries, and the type of their resources.
_RARE = {
    "exposures": "exposure",
    "metrics": "metric",
    "saved_queries": "saved_query",
    "semantic_models": "semantic_model",
    "unit_tests": "unit_test",
}
_CRITERION = re.compile(
    r"(?P<at>@)?(?:(?P<up>\d*)\+)?(?:(?P<method>[\w.]+):)?(?P<value>.*?)(?:\+(?P<down>\d*))?"
)
_FILES = (".sql", ".py", ".csv", ".yml", ".yaml")
_GLOB = re.compile(r"[*?\[\]]")
# What dbt does not compare of a config, or (schema, database) only as it is before rendering:
# of the rendered values, each target has its own.
_CONFIG_SKIPPED = frozenset({"tags", "group", "schema", "database"})
_TEST_CONFIG = frozenset(
    {
        "severity",
        "where",
        "limit",
        "fail_calc",
        "warn_if",
        "error_if",
        "store_failures",
        "store_failures_as",
    }
)
# Of a rarer resource: times, places, what each target has its own of, and what stands in
# `depends_on` too.
_RARE_SKIPPED = frozenset(
    {
        "created_at",
        "path",
        "original_file_path",
        "patch_path",
        "schema",
        "node_relation",
        "depends_on",
        "refs",
        "sources",
        "metrics",
    }
)
_PLACE = frozenset({"metadata"})  # which lines of a file a metric or measure stands in
_OF_NODE = operator.attrgetter(
    "raw_code",
    "fqn",
    "description",
    "columns",
    "contract",
    "access",
    "group",
    "latest_version",
    "deprecation_date",
)
# A test's group is the one of its model.
_OF_TEST = operator.attrgetter("raw_code", "fqn", "description")
_OF_SOURCE = operator.attrgetter(
    "fqn",
    "description",
    "source_description",
    "database",
    "schema",
    "identifier",
    "relation_name",
    "loader",
    "loaded_at_field",
    "columns",
    "tags",
)
_Match = Callable[[str], object]


@dataclass(frozen=True)
class Selection:
    """What was chosen, and which parts chose nothing.

    `unique_ids` is None where neither option is given, which means all. Each of `unmatched` is
    an option and one of its parts as it was written, e.g. `--select tag:nightli`.
    """

    unique_ids: frozenset[str] | None
    unmatched: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Criterion:
    option: str
    raw: str
    method: str
    keys: tuple[str, ...]
    value: str
    at: bool
    up: float
    down: float

    def wrong(self, problem: str) -> InputError:
        return InputError(self.option, f"{self.raw}: {problem}")

    def one_of(self, allowed: Iterable[str]) -> InputError:
        names = ", ".join(allowed)
        return self.wrong(f"{self.method}: must be one of {names}; got: {self.value}")


@dataclass(frozen=True)
class _Part:
    """What stands between two blanks: criteria of which a resource must match every one."""

    option: str
    raw: str
    criteria: tuple[_Criterion, ...]


class _Project:
    """The resources of a manifest, all of one shape, and their graph."""

    def __init__(self, manifest: Manifest, state: Manifest | None = None) -> None:
        self.manifest = manifest
        self.state = state
        self.rare: dict[str, dict[str, Any]] = {}
        self.nodes: dict[str, Node] = {**manifest.nodes, **manifest.sources, **manifest.functions}
        for section, kind in _RARE.items():
            resources: dict[str, dict[str, Any]] = getattr(manifest, section)
            self.rare.update(resources)
            for unique_id, resource in resources.items():
                self.nodes[unique_id] = _as_node(unique_id, kind, resource)

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        known = self.nodes
        return {
            unique_id: [parent for parent in node.depends_on.nodes if parent in known]
            for unique_id, node in known.items()
            if node.depends_on is not None
        }

    @cached_property
    def children(self) -> dict[str, list[str]]:
        return _turned(self.parents)

    @cached_property
    def old(self) -> _Project | None:
        return None if self.state is None else _Project(self.state)

    @cached_property
    def modified(self) -> frozenset[str]:
        return frozenset() if self.old is None else _modified(self, self.old)

    @cached_property
    def paths(self) -> set[str]:
        """The files and folders of the project itself: with a package, dbt goes by these too."""
        root = self.manifest.metadata.project_name
        paths: set[str] = set()
        for node in self.nodes.values():
            if root in (None, node.package_name):
                paths.update(_with_folders(_slashes(node.original_file_path)))
                paths.add(_patch(node) or "")
        return paths

    def tests(self) -> Iterable[tuple[str, Node]]:
        for unique_id, node in self.nodes.items():
            if node.resource_type in ("test", "unit_test"):
                yield unique_id, node


def selected(
    manifest: Manifest,
    include: Sequence[str],
    exclude: Sequence[str],
    state: Manifest | None = None,
) -> frozenset[str] | None:
    """Return the unique_ids that the options choose; None where neither is given, which is all.

    Raises as `select` does.
    """
    return select(manifest, include, exclude, state).unique_ids


def select(
    manifest: Manifest,
    include: Sequence[str],
    exclude: Sequence[str],
    state: Manifest | None = None,
) -> Selection:
    """Choose resources as dbt's --select and --exclude do, and say which parts chose nothing.

    Each argument has parts separated by blanks, of which any may match, and each part has
    criteria separated by commas, of which all must match. `state` is the manifest that
    `state:` compares with. Of macros, docs and groups none is ever chosen, as in dbt.

    Raises InputError for a method that there is not, a value that its method cannot take, or
    `state:` without a state.
    """
    if not include and not exclude:
        return Selection(None)
    wanted, unwanted = _parts("--select", include), _parts("--exclude", exclude)
    project = _Project(manifest, state)
    unmatched: list[str] = []
    chosen = _union(project, wanted, unmatched) if include else set(project.nodes)
    if include and not wanted:
        unmatched.append("--select ''")
    chosen -= _union(project, unwanted, unmatched)
    return Selection(frozenset(chosen), tuple(unmatched))


def _union(project: _Project, parts: Iterable[_Part], unmatched: list[str]) -> set[str]:
    chosen: set[str] = set()
    for part in parts:
        found = set.intersection(*(_found(project, criterion) for criterion in part.criteria))
        if not found:
            unmatched.append(f"{part.option} {part.raw}")
        chosen |= found
    return chosen


def _found(project: _Project, criterion: _Criterion) -> set[str]:
    found = set(METHODS[criterion.method](project, criterion))
    if criterion.at:
        family = found | _reached(project.children, found)
        return family | _reached(project.parents, family)
    # The graph is built only for criteria that ask for it.
    above = _reached(project.parents, found, criterion.up) if criterion.up else set()
    below = _reached(project.children, found, criterion.down) if criterion.down else set()
    return found | above | below


def _reached(
    edges: Mapping[str, Sequence[str]], start: Iterable[str], depth: float = math.inf
) -> set[str]:
    """Return what at most `depth` steps lead to; of the start only what others of it lead to."""
    reached: set[str] = set()
    layer = set(start)
    while layer and depth > 0:
        layer = {target for source in layer for target in edges.get(source, ())} - reached
        reached |= layer
        depth -= 1
    return reached


def _turned(edges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = defaultdict(list)
    for source, targets in edges.items():
        for target in targets:
            turned[target].append(source)
    return turned


def _as_node(unique_id: str, kind: str, resource: Mapping[str, Any]) -> Node:
    depends_on, tags = resource.get("depends_on") or {}, resource.get("tags") or []
    return Node(
        unique_id=unique_id,
        resource_type=kind,
        name=resource.get("name") or "",
        package_name=resource.get("package_name") or "",
        original_file_path=resource.get("original_file_path") or "",
        fqn=resource.get("fqn") or [],
        tags=[tags] if isinstance(tags, str) else [str(tag) for tag in tags],
        group=resource.get("group") or (resource.get("config") or {}).get("group"),
        depends_on=DependsOn(depends_on.get("nodes") or [], depends_on.get("macros") or []),
    )


# What is written


def _parts(option: str, arguments: Sequence[str]) -> list[_Part]:
    return [
        _Part(option, raw, tuple(_criterion(option, one) for one in raw.split(",")))
        for raw in chain.from_iterable(argument.split() for argument in arguments)
    ]


def _criterion(option: str, raw: str) -> _Criterion:
    match = _CRITERION.fullmatch(raw)
    if match is None or not match["value"]:
        shown = raw or "nothing, before or after a comma"
        raise InputError(option, f"a criterion must have a name or a value; got: {shown}")
    method, *keys = (match["method"] or _implied(match["value"])).split(".")
    if method not in METHODS or (keys and method != "config") or not all(keys):
        allowed = ", ".join(METHODS)
        raise InputError(
            option,
            f"{raw}: the method must be one of {allowed} (config with a key, as in "
            f"config.materialized:view); got: {match['method']}",
        )
    if match["at"] and match["down"] is not None:
        raise InputError(option, f"{raw}: @ has the children already: leave out the + at its end")
    return _Criterion(
        option,
        raw,
        method,
        tuple(keys),
        match["value"],
        at=bool(match["at"]),
        up=_depth(match["up"]),
        down=_depth(match["down"]),
    )


def _depth(digits: str | None) -> float:
    if digits is None:
        return 0
    return int(digits) if digits else math.inf


def _implied(value: str) -> str:
    if "/" in value or "\\" in value:
        return "path"
    return "file" if value.lower().endswith(_FILES) else "fqn"


def _pattern(glob: str) -> _Match:
    """Return what tells whether a text matches a glob; letter case counts on every system."""
    if _GLOB.search(glob):
        return re.compile(translate(glob)).match
    return lambda text: text == glob


# The methods


class _Name:
    """A name as `fqn:` takes it: of the resource, or with the folders and package before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts = text.split(".")
        globs = [place for place, part in enumerate(self.parts) if _GLOB.search(part)]
        self.fixed = globs[0] if globs else len(self.parts)
        self.rest = _pattern(".".join(self.parts[self.fixed :])) if globs else None

    def matches(self, fqn: list[str], versioned: bool) -> bool:
        if not fqn:
            return False
        leaf = fqn[-2] if versioned and len(fqn) > 1 else fqn[-1]
        if leaf == self.text:
            return True
        if versioned and "_".join(fqn[-2:]) == "_".join(self.parts[-2:]):
            return True
        flat = ".".join(fqn).split(".")  # a dot in a name separates, as between folders
        if len(flat) < len(self.parts) or flat[: self.fixed] != self.parts[: self.fixed]:
            return False
        if self.rest is None:
            return True
        whole = bool(self.rest(".".join(flat[self.fixed :])))
        return whole or (len(self.parts) == 1 and bool(self.rest(leaf)))


def _by_fqn(project: _Project, criterion: _Criterion) -> Iterable[str]:
    name = _Name(criterion.value)
    sources = project.manifest.sources
    for unique_id, node in project.nodes.items():
        if unique_id not in sources:
            versioned = node.resource_type == "model" and node.version is not None
            if name.matches(node.fqn, versioned) or name.matches(node.fqn[1:], versioned):
                yield unique_id


def _by_path(project: _Project, criterion: _Criterion) -> Iterable[str]:
    value = _slashes(criterion.value)
    parts = value.split("/")
    if value.startswith("/") or ".." in parts:
        raise criterion.wrong("must be a path relative to the project's folder, without ..")
    steps = [None if part == "**" else _pattern(part) for part in parts if part not in ("", ".")]
    paths = {path for path in project.paths if _leads(path.split("/") if path else [], steps)}
    for unique_id, node in project.nodes.items():
        file = _slashes(node.original_file_path)
        if _patch(node) in paths or not paths.isdisjoint(_with_folders(file)):
            yield unique_id


def _leads(path: list[str], steps: Sequence[_Match | None]) -> bool:
    """Return whether the steps lead to the path; one that is None, of `**`, is any folders."""
    if not steps:
        return not path
    step, rest = steps[0], steps[1:]
    if step is None:
        return any(_leads(path[count:], rest) for count in range(len(path) + 1))
    return bool(path) and bool(step(path[0])) and _leads(path[1:], rest)


def _slashes(path: str) -> str:
    return path.replace("\\", "/")


def _patch(node: Node) -> str | None:
    return _slashes(node.patch_path.partition("://")[2]) if node.patch_path else None


def _with_folders(path: str) -> Iterable[str]:
    """Return the path and the folders above it; the project's own is empty."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield path


def _by_file(project: _Project, criterion: _Criterion) -> Iterable[str]:
    matches = _pattern(criterion.value)
    for unique_id, node in project.nodes.items():
        name = _slashes(node.original_file_path).rpartition("/")[2]
        if matches(name) or matches(name.rpartition(".")[0]):
            yield unique_id


def _by_tag(project: _Project, criterion: _Criterion) -> Iterable[str]:
    matches = _pattern(criterion.value)
    for unique_id, node in project.nodes.items():
        if node.tags and any(matches(tag) for tag in node.tags):
            yield unique_id


def _by_package(project: _Project, criterion: _Criterion) -> Iterable[str]:
    name = criterion.value
    if name == "this":
        name = project.manifest.metadata.project_name or name
    matches = _pattern(name)
    return (unique_id for unique_id, node in project.nodes.items() if matches(node.package_name))


def _by_resource_type(project: _Project, criterion: _Criterion) -> Iterable[str]:
    if criterion.value not in RESOURCE_TYPES:
        raise criterion.one_of(RESOURCE_TYPES)
    for unique_id, node in project.nodes.items():
        if node.resource_type == criterion.value:
            yield unique_id


def _by_source(project: _Project, criterion: _Criterion) -> Iterable[str]:
    parts = criterion.value.split(".")
    if len(parts) > 3:
        raise criterion.wrong("must be a source, source.table or package.source.table")
    names = [*parts, "*"] if len(parts) == 1 else parts
    package, source, table = map(_pattern, names if len(names) == 3 else ["*", *names])
    for unique_id, node in project.manifest.sources.items():
        if package(node.package_name) and source(node.source_name or "") and table(node.name):
            yield unique_id


def _by_exposure(project: _Project, criterion: _Criterion) -> Iterable[str]:
    parts = criterion.value.split(".")
    if len(parts) > 2:
        raise criterion.wrong("must be an exposure or package.exposure")
    package, name = map(_pattern, parts if len(parts) == 2 else ["*", *parts])
    for unique_id in project.manifest.exposures:
        node = project.nodes[unique_id]
        if package(node.package_name) and name(node.name):
            yield unique_id


def _one_key(key: str) -> Any:
    """Return what decodes one key of an object, as `value`: all else is not decoded."""
    fields = [("value", Raw, NULL)]
    return msgspec.defstruct("OneKey", fields, rename={"value": key}) | None


def _by_config(project: _Project, criterion: _Criterion) -> Iterable[str]:
    if not criterion.keys:
        raise criterion.wrong("must name the config, as in config.materialized:view")
    manifest, decode = project.manifest, msgspec.json.decode
    first, *keys = criterion.keys
    of_config = msgspec.json.Decoder(_one_key(first)).decode
    wanted, truth = criterion.value, {"true": True, "false": False}.get(criterion.value.lower())
    any_case = criterion.keys == ("severity",)
    for unique_id, node in chain(manifest.nodes.items(), manifest.sources.items()):
        config = of_config(node.config)
        value = decode(config.value) if config else None
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            if value == wanted or (any_case and value.upper() == wanted.upper()):
                yield unique_id
        elif isinstance(value, list):
            if wanted in value or (truth is not None and truth in value):
                yield unique_id
        elif truth is not None and value is truth:
            yield unique_id


def _by_group(project: _Project, criterion: _Criterion) -> Iterable[str]:
    matches = _pattern(criterion.value)
    of_config = msgspec.json.Decoder(_one_key("group")).decode
    for unique_id, node in project.manifest.nodes.items():
        # The config's: beside it, a test has the group of its model, and is not selected by that.
        config = of_config(node.config)
        group = msgspec.json.decode(config.value) if config else None
        if group and matches(group):
            yield unique_id
    for unique_id in project.manifest.metrics:
        group = project.nodes[unique_id].group
        if group and matches(group):
            yield unique_id


def _by_access(project: _Project, criterion: _Criterion) -> Iterable[str]:
    allowed = ("private", "protected", "public")
    if criterion.value not in allowed:
        raise criterion.one_of(allowed)
    for unique_id, node in project.manifest.nodes.items():
        if node.resource_type == "model" and node.access == criterion.value:
            yield unique_id


def _by_test_type(project: _Project, criterion: _Criterion) -> Iterable[str]:
    # `schema` and `data` are the names of old; `data` stands for both, as it does in dbt.
    kinds = {
        "generic": ("generic",),
        "singular": ("singular",),
        "unit": ("unit",),
        "data": ("generic", "singular"),
        "schema": ("generic",),
    }
    if criterion.value not in kinds:
        raise criterion.one_of(kinds)
    for unique_id, node in project.tests():
        data_test = "generic" if node.test_metadata else "singular"
        kind = "unit" if node.resource_type == "unit_test" else data_test
        if kind in kinds[criterion.value]:
            yield unique_id


def _by_test_name(project: _Project, criterion: _Criterion) -> Iterable[str]:
    matches = _pattern(criterion.value)
    for unique_id, node in project.tests():
        if node.resource_type == "unit_test":
            name: str | None = node.name
        else:
            name = node.test_metadata.name if node.test_metadata else None
        if name is not None and matches(name):
            yield unique_id


def _by_version(project: _Project, criterion: _Criterion) -> Iterable[str]:
    allowed = ("latest", "prerelease", "old", "none")
    if criterion.value not in allowed:
        raise criterion.one_of(allowed)
    for unique_id, node in project.manifest.nodes.items():
        if node.resource_type == "model" and _age(node) == criterion.value:
            yield unique_id


def _age(node: Node) -> str:
    version, latest = node.version, node.latest_version
    if version is None:
        return "none"
    if version == latest:
        return "latest"
    if not version or not latest:
        return ""
    try:
        newer, older = float(version) > float(latest), float(version) < float(latest)
    except ValueError:
        newer, older = str(version) > str(latest), str(version) < str(latest)
    return "prerelease" if newer else "old" if older else ""


def _by_state(project: _Project, criterion: _Criterion) -> Iterable[str]:
    allowed = ("new", "old", "modified", "unmodified")
    if criterion.value not in allowed:
        raise criterion.one_of(allowed)
    if project.old is None:
        raise criterion.wrong(
            "needs a manifest.json to compare with: give the folder it is in as --state DIR"
        )
    if criterion.value == "modified":
        return project.modified
    if criterion.value == "unmodified":
        return project.nodes.keys() - project.modified
    ids, known = project.nodes.keys(), project.old.nodes.keys()
    return ids - known if criterion.value == "new" else ids & known


METHODS: dict[str, Callable[[_Project, _Criterion], Iterable[str]]] = {
    "fqn": _by_fqn,
    "path": _by_path,
    "file": _by_file,
    "tag": _by_tag,
    "package": _by_package,
    "resource_type": _by_resource_type,
    "source": _by_source,
    "exposure": _by_exposure,
    "config": _by_config,
    "group": _by_group,
    "access": _by_access,
    "test_type": _by_test_type,
    "test_name": _by_test_name,
    "version": _by_version,
    "state": _by_state,
}


# What differs from the state


def _modified(project: _Project, old: _Project) -> frozenset[str]:
    macros = _changed_macros(project.manifest.macros, old.manifest.macros)
    # Another version of dbt writes other keys: such a key is no change of the project.
    shared = _release(project.manifest) != _release(old.manifest)
    return frozenset(
        unique_id
        for unique_id, node in project.nodes.items()
        if unique_id not in old.nodes
        or (node.depends_on is not None and not macros.isdisjoint(node.depends_on.macros))
        or not _same(project, old, unique_id, shared)
    )


def _release(manifest: Manifest) -> list[str]:
    return (manifest.metadata.dbt_version or "").split(".")[:2]


def _changed_macros(new: Mapping[str, Macro], old: Mapping[str, Macro]) -> set[str]:
    """Return the macros that differ, and those that call one of them."""
    differ = new.keys() ^ old.keys()
    differ |= {
        name for name in new.keys() & old.keys() if new[name].macro_sql != old[name].macro_sql
    }
    calls = {name: macro.depends_on.macros for name, macro in new.items() if macro.depends_on}
    return differ | _reached(_turned(calls), differ)


def _same(project: _Project, old: _Project, unique_id: str, shared: bool) -> bool:
    if unique_id in project.rare and unique_id in old.rare:
        return _same_rare(project, old, unique_id, shared)
    node, before = project.nodes[unique_id], old.nodes[unique_id]
    if unique_id in project.manifest.sources:
        return (
            _OF_SOURCE(node) == _OF_SOURCE(before)
            and _plain(node.freshness) == _plain(before.freshness)
            and _same_json(node.meta, before.meta, shared)
            and _same_json(node.config, before.config, shared)
        )
    if node.resource_type == "test":
        return _OF_TEST(node) == _OF_TEST(before) and _same_json(
            node.config, before.config, shared, only=_TEST_CONFIG
        )
    return (
        _OF_NODE(node) == _OF_NODE(before)
        # Of a file with two snapshots, the code tells which one changed; a seed has no code.
        and bool(node.raw_code or _same_json(node.checksum, before.checksum, shared))
        and _same_json(node.config, before.config, shared, _CONFIG_SKIPPED)
    )


def _same_rare(project: _Project, old: _Project, unique_id: str, shared: bool) -> bool:
    depends_on, before = project.nodes[unique_id].depends_on, old.nodes[unique_id].depends_on
    if set(depends_on.nodes if depends_on else ()) != set(before.nodes if before else ()):
        return False
    new, known = (_plain(of.rare[unique_id], _PLACE) or {} for of in (project, old))
    return _same_mapping(new, known, shared, _RARE_SKIPPED)


def _same_json(
    new: Raw,
    old: Raw,
    shared: bool,
    skipped: frozenset[str] = frozenset(),
    only: frozenset[str] | None = None,
) -> bool:
    if bytes(new) == bytes(old):
        return True
    decode = msgspec.json.decode
    return _same_mapping(decode(new) or {}, decode(old) or {}, shared, skipped, only)


def _same_mapping(
    new: Mapping[str, Any],
    old: Mapping[str, Any],
    shared: bool,
    skipped: frozenset[str] = frozenset(),
    only: frozenset[str] | None = None,
) -> bool:
    keys = (new.keys() & old.keys() if shared else new.keys() | old.keys()) - skipped
    if only is not None:
        keys &= only
    same = _alike if shared else operator.eq
    return all(
        new.get(key) == old.get(key) or same(_plain(new.get(key)), _plain(old.get(key)))
        for key in keys
    )


def _alike(new: Any, old: Any) -> bool:
    """Return whether JSON is the same in the keys that both have, at every depth."""
    if isinstance(new, dict) and isinstance(old, dict):
        return all(_alike(new[key], old[key]) for key in new.keys() & old.keys())
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(_alike, new, old))
    return bool(new == old)


def _plain(value: Any, without: frozenset[str] = frozenset()) -> Any:
    """Return JSON without what is empty, and without the keys named; of users' meta all stays."""
    if isinstance(value, dict):
        if "unrendered_config" in value:
            without |= {"config"}  # the rendered one differs from target to target
        value = {
            key: plain
            for key, item in value.items()
            if key not in without
            and (plain := _plain(item, frozenset() if key == "meta" else without)) is not None
        }
    elif isinstance(value, list):
        value = [_plain(item, without) for item in value]
    return None if value in (None, "", [], {}) else value
