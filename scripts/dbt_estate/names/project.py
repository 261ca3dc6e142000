"""The names of all columns of a project, from its YAML, SQL, seeds and catalog."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.names.properties import Described, read_properties
from dbt_estate.names.sql import Column, Item, Star, Unknown, read_columns, read_relation
from dbt_estate.names.vocabulary import Vocabulary, read_vocabulary
from dbt_estate.variables import project_variables, target_folder

_SNAPSHOT = re.compile(r"\{%-?\s*snapshot\s+(\w+)")


@dataclass(frozen=True)
class Place:
    """A file, relative to the project, and a line of it."""

    file: str
    line: int


@dataclass
class Name:
    """A column's name, where it was found first, and which kinds of files have it."""

    text: str
    place: Place
    origins: list[str]
    types: dict[str, str] = field(default_factory=dict)  # what said it, by type

    @property
    def data_types(self) -> list[str]:
        """The type of the catalog, which has what the engine says; else all that were meant."""
        of_engine = [kind for kind, origin in self.types.items() if origin == "catalog"]
        return of_engine or list(self.types)


@dataclass
class Resource:
    """A model, seed, snapshot or table of a source, with its columns by lower-case name."""

    kind: str
    name: str
    place: Place
    names: dict[str, Name] = field(default_factory=dict)
    unresolved: list[tuple[Place, str]] = field(default_factory=list)
    latest_version: str = ""

    @property
    def label(self) -> str:
        """What a finding calls it: `model orders`."""
        return f"{self.kind} {self.name}"

    def add(self, text: str, place: Place, origin: str, data_type: str = "") -> None:
        """Enter a name, or that it stands in one more kind of file."""
        name = self.names.setdefault(text.lower(), Name(text, place, []))
        if origin not in name.origins:
            name.origins.append(origin)
        if data_type:
            name.types[data_type] = origin


@dataclass(frozen=True)
class Settings:
    """What is read of dbt_project.yml."""

    project_dir: Path
    name: str
    model_paths: Sequence[str]
    seed_paths: Sequence[str]
    snapshot_paths: Sequence[str]
    target_path: str
    dialect: str | None
    vocabulary: Mapping[str, Any] | None

    def read_vocabulary(self) -> Vocabulary:
        """Return the vocabulary of vars. Raises InputError where there is none, or it is wrong."""
        where = (
            f"vars: dbt_estate: vocabulary in {(self.project_dir / 'dbt_project.yml').as_posix()}"
        )
        if not self.vocabulary:
            raise InputError(
                where,
                "there is no vocabulary; `dbt-estate names init` proposes one from those in use",
            )
        return read_vocabulary(self.vocabulary, where)


def load_settings(
    project_dir: Path, dialect: str | None = None, vars_: str | None = None
) -> Settings:
    """Read dbt_project.yml. Raises InputError where it is none, and for an unknown dialect."""
    from dbt_estate.yaml_read import load_yaml

    if dialect is not None:
        _check_dialect(dialect)
    path = project_dir / "dbt_project.yml"
    text = read_text(path, "Name the folder of a dbt project with --project-dir.")
    project = load_yaml(text, path.as_posix())
    if not isinstance(project, Mapping):
        raise InputError(path.as_posix(), "must be a mapping of dbt project settings")
    variables = project_variables(project_dir, project, vars_)
    estate = variables.get("dbt_estate") if isinstance(variables, Mapping) else None
    vocabulary = estate.get("vocabulary") if isinstance(estate, Mapping) else None
    if vocabulary is not None and not isinstance(vocabulary, Mapping):
        raise InputError(
            path.as_posix(), f"vars: dbt_estate: vocabulary must be a mapping, got: {vocabulary}"
        )

    def paths(key: str, default: str) -> list[str]:
        value = project.get(key, [default])
        return [str(item) for item in value] if isinstance(value, list) else [default]

    return Settings(
        project_dir,
        str(project.get("name", "")),
        paths("model-paths", "models"),
        paths("seed-paths", "seeds"),
        paths("snapshot-paths", "snapshots"),
        target_folder(project, path.as_posix()),
        dialect or _profile_dialect(project_dir, str(project.get("profile", ""))),
        vocabulary,
    )


def _check_dialect(dialect: str) -> None:
    from sqlglot.dialects import DIALECTS

    known = sorted(name.lower() for name in DIALECTS)
    if dialect not in known:
        raise InputError("--dialect", f"must be one of {', '.join(known)}, got: {dialect}")


# The adapters whose language has another name in sqlglot.
_DIALECTS = {"sqlserver": "tsql", "fabric": "tsql", "athena": "athena", "synapse": "tsql"}


def _profile_dialect(project_dir: Path, profile: str) -> str | None:
    """Return the dialect of the profile's default target, if it can be read without dbt."""
    from dbt_estate.yaml_read import load_yaml

    folders = [os.environ.get("DBT_PROFILES_DIR"), str(project_dir), str(Path.home() / ".dbt")]
    for folder in folders:
        path = Path(folder) / "profiles.yml" if folder else None
        if path is None or not path.is_file():
            continue
        try:
            found = load_yaml(read_text(path), path.as_posix())
        except InputError:
            return None
        entry = found.get(profile) if isinstance(found, Mapping) else None
        if not isinstance(entry, Mapping):
            continue
        outputs = entry.get("outputs")
        if not isinstance(outputs, Mapping) or not outputs:
            continue
        target = outputs.get(entry.get("target")) or next(iter(outputs.values()))
        kind = target.get("type") if isinstance(target, Mapping) else None
        return _DIALECTS.get(str(kind), str(kind)) if kind else None
    return None


class _Cached(msgspec.Struct):
    digest: str
    items: list[Column | Star | Unknown] | None = None
    described: list[Described] | None = None


class _Cache(msgspec.Struct):
    readers: str
    dialect: str
    files: dict[str, _Cached]


class Reader:
    """Reads the files of a project, each once for its content."""

    def __init__(self, settings: Settings, cache_file: Path | None) -> None:
        self.settings = settings
        self.cache_file = cache_file
        self.readers = f"dbt-estate {version('dbt-estate')}, sqlglot {version('sqlglot')}"
        self.fresh: dict[str, _Cached] = {}
        self.known = self._load()

    def _load(self) -> dict[str, _Cached]:
        if self.cache_file is None:
            return {}
        try:
            cache = msgspec.msgpack.decode(self.cache_file.read_bytes(), type=_Cache)
        except (OSError, msgspec.MsgspecError):
            return {}  # none yet, or not one: everything is read again
        is_ours = (cache.readers, cache.dialect) == (self.readers, self.settings.dialect or "")
        return cache.files if is_ours else {}

    def save(self) -> None:
        """Keep what was read for the next run; a folder that cannot be written is no error."""
        if self.cache_file is None or self.fresh == self.known:
            return
        cache = _Cache(self.readers, self.settings.dialect or "", self.fresh)
        try:
            self.cache_file.parent.mkdir(parents=True, exist_ok=True)
            draft = self.cache_file.with_suffix(f".{os.getpid()}.tmp")
            draft.write_bytes(msgspec.msgpack.encode(cache))
            draft.replace(self.cache_file)
        except OSError:
            return

    def items(self, path: Path) -> list[Item]:
        """Return the columns of a SQL file."""
        cached, text = self._lookup(path)
        if cached.items is None:
            cached.items = read_columns(text, self.settings.dialect)
        return list(cached.items)

    def described(self, path: Path) -> list[Described]:
        """Return what a properties file describes."""
        cached, text = self._lookup(path)
        if cached.described is None:
            cached.described = read_properties(text, path.as_posix())
        return cached.described

    def _lookup(self, path: Path) -> tuple[_Cached, str]:
        text = read_text(path).removeprefix("\ufeff")
        key = path.relative_to(self.settings.project_dir).as_posix()
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        cached = self.known.get(key)
        if cached is None or cached.digest != digest:
            cached = _Cached(digest)
        self.fresh[key] = cached
        return cached, text


def read_project(
    settings: Settings, catalog: Path | None = None, cache_file: Path | None = None
) -> list[Resource]:
    """Return every resource of the project with the names of its columns.

    Raises InputError for a properties file or a catalog that cannot be read.
    """
    reader = Reader(settings, cache_file)
    resources: dict[str, Resource] = {}
    texts: dict[str, tuple[Path, list[Item]]] = {}

    def resource(kind: str, name: str, place: Place) -> Resource:
        return resources.setdefault(f"{kind}.{name.lower()}", Resource(kind, name, place))

    for path in _files(settings, settings.model_paths, (".sql", ".py")):
        found = resource("model", path.stem, Place(_relative(settings, path), 1))
        if path.suffix == ".py":
            found.unresolved.append((found.place, "a Python model"))
        else:
            texts[f"model.{path.stem.lower()}"] = (path, reader.items(path))
    for path in _files(settings, settings.snapshot_paths, (".sql",)):
        declared = _SNAPSHOT.search(read_text(path))
        name = declared[1] if declared else path.stem
        resource("snapshot", name, Place(_relative(settings, path), 1))
        texts[f"snapshot.{name.lower()}"] = (path, reader.items(path))
    for path in _files(settings, settings.seed_paths, (".csv",)):
        found = resource("seed", path.stem, Place(_relative(settings, path), 1))
        _add_header(found, path)
    for path in properties_files(settings):
        for described in reader.described(path):
            place = Place(_relative(settings, path), described.line)
            found = resource(described.kind, described.name, place)
            found.latest_version = described.latest_version
            for column in described.columns:
                at = Place(place.file, column.line)
                found.add(column.name, at, "yaml", column.data_type)
            if described.relation:
                item = _relation(described.relation, described.line)
                texts.setdefault(f"{described.kind}.{described.name.lower()}", (path, [item]))
    _add_catalog(resources, _read_catalog(settings, catalog), settings)
    _Resolver(resources, texts, settings, _meta_columns(settings)).resolve_all()
    reader.save()
    return [resources[key] for key in sorted(resources)]


def _meta_columns(settings: Settings) -> list[Column | Unknown]:
    """Return the columns that dbt adds to a snapshot, as far as no setting changes them.

    https://docs.getdbt.com/reference/resource-configs/snapshot_meta_column_names
    """
    paths = [settings.project_dir / "dbt_project.yml", *properties_files(settings)]
    paths += _files(settings, settings.snapshot_paths, (".sql",))
    texts = [read_text(path) for path in paths]
    if any("snapshot_meta_column_names" in text for text in texts):
        return [Unknown("the columns that dbt adds to a snapshot have other names", 1)]
    names = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"]
    if any("new_record" in text for text in texts):
        names.append("dbt_is_deleted")
    return [Column(name, 1) for name in names]


def properties_files(settings: Settings) -> Iterator[Path]:
    """Give the YAML files of models, seeds and snapshots."""
    folders = [*settings.model_paths, *settings.seed_paths, *settings.snapshot_paths]
    return _files(settings, dict.fromkeys(folders), (".yml", ".yaml"))


def _files(settings: Settings, folders: Iterable[str], suffixes: Sequence[str]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        if Path(folder).is_absolute():
            raise InputError(
                "dbt_project.yml", f"a path of resources must be relative to it, got: {folder}"
            )
        for path in sorted((settings.project_dir / folder).rglob("*")):
            if path.suffix in suffixes and path not in seen and path.is_file():
                seen.add(path)
                yield path


def _relative(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.project_dir).as_posix()


def _add_header(seed: Resource, path: Path) -> None:
    first = read_text(path).removeprefix("\ufeff").splitlines()[:1]
    names = [name.strip() for name in next(csv.reader(first), [])]
    if len(names) == 1 and re.search(r"[;|\t]", names[0]):
        seed.unresolved.append((seed.place, "a seed with another delimiter"))
        return
    if "" in names:
        seed.unresolved.append((seed.place, "a column of the seed has no name"))
    for name in filter(None, names):
        seed.add(name, seed.place, "csv")


def _relation(text: str, line: int) -> Item:
    inner = text.strip().removeprefix("{{").removesuffix("}}")
    return read_relation(inner, line) or Unknown(f"the columns of {text}", line)


class _CatalogColumn(msgspec.Struct):
    name: str
    type: str | None = None


class _CatalogNode(msgspec.Struct):
    columns: dict[str, _CatalogColumn] = {}


class _Catalog(msgspec.Struct):
    nodes: dict[str, _CatalogNode]
    sources: dict[str, _CatalogNode] = {}


def _read_catalog(settings: Settings, catalog: Path | None) -> Mapping[str, _CatalogNode]:
    path = catalog or settings.project_dir / settings.target_path / "catalog.json"
    if catalog is None and not path.is_file():
        return {}
    try:
        document = msgspec.json.decode(read_text(path).encode(), type=_Catalog)
    except msgspec.DecodeError as error:
        raise InputError(path.as_posix(), f"not a catalog of dbt: {error}") from None
    return {**document.nodes, **document.sources}


def _add_catalog(
    resources: Mapping[str, Resource], nodes: Mapping[str, _CatalogNode], settings: Settings
) -> None:
    for unique_id, node in nodes.items():
        kind, _, rest = unique_id.partition(".")
        package, _, name = rest.partition(".")
        found = resources.get(f"{kind}.{name.lower()}")
        if found is None or package != settings.name:
            continue
        for column in node.columns.values():
            found.add(column.name, found.place, "catalog", column.type or "")


class _Resolver:
    """Puts the columns of a relation in the place of its star, model after model."""

    def __init__(
        self,
        resources: Mapping[str, Resource],
        texts: Mapping[str, tuple[Path, list[Item]]],
        settings: Settings,
        meta_columns: Sequence[Column | Unknown],
    ) -> None:
        self.meta_columns = meta_columns
        self.resources = resources
        self.texts = texts
        self.settings = settings
        self.done: dict[str, list[Column | Unknown]] = {}
        self.open: set[str] = set()

    def resolve_all(self) -> None:
        """Enter the names that each text gives into its resource."""
        for key, (path, _) in self.texts.items():
            resource = self.resources[key]
            file = _relative(self.settings, path)
            has_catalog = any("catalog" in name.origins for name in resource.names.values())
            for item in self.columns(key):
                place = Place(file, item.line)
                if isinstance(item, Column):
                    resource.add(item.name, place, "sql", item.data_type)
                elif not has_catalog and (place, item.reason) not in resource.unresolved:
                    resource.unresolved.append((place, item.reason))

    def columns(self, key: str) -> list[Column | Unknown]:
        """Return what a text gives, without stars."""
        if key in self.done:
            return self.done[key]
        if key in self.open:
            return [Unknown("it selects from itself", 1)]
        self.open.add(key)
        found: list[Column | Unknown] = []
        for item in self.texts[key][1]:
            found.extend(self._starred(item) if isinstance(item, Star) else [item])
        self.open.discard(key)
        if self.settings.dialect == "duckdb":
            found.extend(_twice(found))
        if key.startswith("snapshot."):
            found.extend(self.meta_columns)
        self.done[key] = _distinct(found)
        return self.done[key]

    def _starred(self, star: Star) -> Iterator[Column | Unknown]:
        renamed = dict(star.renamed)
        for item in self._relation(star):
            if isinstance(item, Unknown):
                yield Unknown(item.reason, star.line)
            elif item.name.lower() not in star.without:
                name = renamed.get(item.name.lower(), item.name)
                yield Column(name, star.line, item.data_type)

    def _relation(self, star: Star) -> list[Column | Unknown]:
        label = f"{star.kind} {star.name}"
        key = self._key(star)
        resource = self.resources.get(key) if key else None
        if key is None or resource is None:
            return [Unknown(f"the columns of {label}, which is not in the project", star.line)]
        in_catalog: list[Column | Unknown] = [
            Column(name.text, star.line, name.data_types[0] if name.data_types else "")
            for name in resource.names.values()
            if "catalog" in name.origins
        ]
        if key in self.texts:
            # The catalog may be older than the text, and is for what the text does not say.
            found = self.columns(key)
            known = [item for item in found if isinstance(item, Column)]
            return _distinct([*known, *in_catalog]) if in_catalog else found
        if in_catalog:
            return in_catalog
        if resource.kind == "seed":
            unknown = [Unknown(reason, star.line) for _, reason in resource.unresolved]
            return [*(Column(name.text, star.line) for name in resource.names.values()), *unknown]
        return [Unknown(f"the columns of {label}, which only the catalog knows", star.line)]

    def _key(self, star: Star) -> str | None:
        name = star.name.lower()
        if star.kind == "source":
            return f"source.{name}"
        name, _, version = name.partition(" v")
        package, _, name = name.rpartition(".")
        if package and package != self.settings.name.lower():
            return None
        if version:
            return self._version(name, re.escape(version))
        for kind in ("model", "seed", "snapshot"):
            if f"{kind}.{name}" in self.resources and (
                f"{kind}.{name}" in self.texts or kind == "seed" or self._is_described(kind, name)
            ):
                return f"{kind}.{name}"
        model = self.resources.get(f"model.{name}")
        latest = re.escape(model.latest_version) if model and model.latest_version else r"\d+"
        return self._version(name, latest)

    def _version(self, name: str, pattern: str) -> str | None:
        """Return the newest model whose file is called `name_v` and a version."""
        keys = (re.fullmatch(rf"model\.{re.escape(name)}_v({pattern})", key) for key in self.texts)
        found = [(len(key[1]), key[1], key[0]) for key in keys if key]
        return max(found)[2] if found else None

    def _is_described(self, kind: str, name: str) -> bool:
        return bool(self.resources[f"{kind}.{name}"].names)


def _twice(items: Sequence[Column | Unknown]) -> Iterator[Unknown]:
    """Report columns that are there twice: DuckDB keeps both, the second by a name of its own."""
    seen: dict[str, Column] = {}
    for item in items:
        if isinstance(item, Column) and seen.setdefault(item.name.lower(), item) is not item:
            if seen[item.name.lower()].data_type and item.data_type:
                continue  # one column, of which two branches say two types
            yield Unknown(f"{item.name} is there twice, and DuckDB renames one", item.line)


def _distinct(items: Iterable[Column | Unknown]) -> list[Column | Unknown]:
    found: dict[object, Column | Unknown] = {}
    for item in items:
        if isinstance(item, Column):
            found.setdefault((item.name.lower(), item.data_type.lower()), item)
        else:
            found.setdefault(item, item)
    return list(found.values())
