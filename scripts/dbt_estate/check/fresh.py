"""Whether a manifest is older than the project that it describes, and a new one if it is.

dbt keeps a checksum of each file of SQL, Python and CSV, and the text of each macro and docs block;
of YAML it keeps nothing, so that its time is compared.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.info_schema.artifacts import NULL, Manifest, Metadata, read_manifest

Mode = Literal["auto", "never", "require"]
MODES = ("auto", "never", "require")
SHOWN = 10

# A larger seed has its path for a checksum: dbt.constants.MAXIMUM_SEED_SIZE.
_LARGEST_SEED = 1024 * 1024
_DEFAULTS = {
    "model": "models", "seed": "seeds", "snapshot": "snapshots", "macro": "macros",
    "analysis": "analyses", "test": "tests", "function": "functions",
}  # fmt: skip
_SUFFIXES = {
    "model": (".sql", ".py"), "seed": (".csv",), "snapshot": (".sql",), "macro": (".sql",),
    "analysis": (".sql",), "test": (".sql",), "function": (".sql", ".py"),
}  # fmt: skip
# What dbt reads beside dbt_project.yml, and .dbtignore, which says what it does not read.
_ROOT_FILES = (
    "dbt_project.yml", "packages.yml", "dependencies.yml", "package-lock.yml", "selectors.yml",
    "vars.yml", ".dbtignore",
)  # fmt: skip
_BLOCK = re.compile(r"\{%-?\s*(?:macro|materialization|test|data_test)\s")
_SNAPSHOT = re.compile(r"\{%-?\s*snapshot\s")
_DOCS = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


class _Checksum(Struct):
    name: str = ""
    checksum: str = ""


class _Entry(Struct):
    """What is asked of a node, source, macro or docs block: decoding no more is much quicker."""

    name: str = ""
    package_name: str = ""
    original_file_path: str = ""
    patch_path: str | None = None
    checksum: Raw = NULL
    macro_sql: str = ""
    block_contents: str = ""


class _Light(Struct):
    """A manifest as far as it is needed here."""

    metadata: Metadata
    nodes: dict[str, _Entry]
    sources: dict[str, _Entry] = {}
    macros: dict[str, _Entry] = {}
    docs: dict[str, _Entry] = {}
    functions: dict[str, _Entry] = {}
    disabled: dict[str, list[Raw]] | None = None
    exposures: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    saved_queries: dict[str, Any] = {}
    semantic_models: dict[str, Any] = {}
    unit_tests: dict[str, Any] = {}


_entry = msgspec.json.Decoder(_Entry)
_checksum = msgspec.json.Decoder(_Checksum)


def fresh_manifest(
    path: Path,
    project_dir: Path,
    mode: Mode,
    target_folder: Path,
    options: Sequence[str] = (),
) -> tuple[Path, list[str]]:
    """Return the manifest to use, and notes for whoever reads the result.

    `never` takes the manifest as it is. `require` raises InputError for one that is older than the
    project. `auto` lets dbt write a new one into `target_folder`, which is the caller's to remove,
    with `options` passed on to dbt; where dbt cannot, the old one is used and a note says so.
    Raises InputError for an unknown mode, and where there is no manifest at all.
    """
    if mode not in MODES:
        raise InputError("--parse", f"must be {', '.join(MODES[:-1])} or {MODES[-1]}, got: {mode}")
    if not path.is_file():
        return _missing(path, project_dir, mode, target_folder, options)
    if mode == "never":
        return path, []
    if not (project_dir / "dbt_project.yml").is_file():
        problem = f"there is no dbt_project.yml in {project_dir.as_posix()} to compare it with"
        if mode == "require":
            raise InputError(path.as_posix(), f"{problem}; name its folder with --project-dir")
        return path, [f"{path.as_posix()} may be old: {problem}"]
    reasons = _stale(_read_light(path), project_dir)
    if not reasons:
        return path, []
    if mode == "require":
        problem = f"older than the project; run `dbt parse`: {_shown(reasons)}"
        raise InputError(path.as_posix(), problem)
    return _parsed(path, project_dir, target_folder, options, reasons)


def _missing(
    path: Path, project_dir: Path, mode: Mode, target_folder: Path, options: Sequence[str]
) -> tuple[Path, list[str]]:
    from dbt_estate.dbt import parse

    if mode != "auto":
        raise InputError(path.as_posix(), "no such file; run `dbt parse`")
    try:
        found = parse(project_dir, target_folder, options)
    except InputError as error:
        problem = f"no such file, and it cannot be made; run `dbt parse`: {error}"
        raise InputError(path.as_posix(), problem) from None
    return found, [f"there is no {path.as_posix()}: the project was parsed"]


def _parsed(
    path: Path,
    project_dir: Path,
    target_folder: Path,
    options: Sequence[str],
    reasons: Sequence[str],
) -> tuple[Path, list[str]]:
    from dbt_estate.dbt import parse

    old = f"{path.as_posix()} is older than the project ({_shown(reasons, 3)})"
    try:
        return parse(project_dir, target_folder, options), [f"{old}: it was parsed again"]
    except InputError as error:
        return path, [f"{old}, and is used, since parsing failed: {error}"]


def _shown(reasons: Sequence[str], limit: int = SHOWN) -> str:
    rest = len(reasons) - limit
    return "; ".join(reasons[:limit]) + (f"; and {rest} more" if rest > 0 else "")


def _read_light(path: Path) -> _Light | Manifest:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Light)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError):
        return read_manifest(path)  # it says what is wrong with the file


def stale(manifest: Manifest, project_dir: Path) -> list[str]:
    """Return why the manifest is older than the project, as `file: reason`; none if it is not.

    Only files of the project itself are compared, none of installed packages. Raises InputError for
    a dbt_project.yml that cannot be read.
    """
    return _stale(manifest, project_dir)


def _stale(manifest: Manifest | _Light, project_dir: Path) -> list[str]:
    from dbt_estate.yaml_read import load_yaml

    where = project_dir / "dbt_project.yml"
    project = load_yaml(read_text(where), where.as_posix())
    if not isinstance(project, Mapping):
        raise InputError(where.as_posix(), "must be a mapping of dbt project settings")
    name = manifest.metadata.project_name or ""
    if str(project.get("name", "")) != name:
        return [f"dbt_project.yml: of the project {project.get('name')}, not of {name}"]
    known = _known(manifest, name)
    reasons = list(_changed(_files(project_dir, project), known, _written_at(manifest)))
    reasons += _root_changes(project_dir, _written_at(manifest))
    gone = (path for path in known.paths() if not (project_dir / path).exists())
    reasons += [f"{path}: no longer there" for path in gone]
    return sorted(set(reasons))


@dataclass
class _Known:
    """What the manifest has of each file, by its path."""

    checksums: dict[str, list[_Checksum]] = field(default_factory=lambda: defaultdict(list))
    macros: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    docs: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    others: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def paths(self) -> list[str]:
        """Return the files that were not met among those of the project."""
        return sorted({*self.checksums, *self.macros, *self.docs, *self.others} - self.seen)


def _path(text: str) -> str:
    """Return a path of the manifest with slashes, as `_files` gives it."""
    return text.replace("\\", "/").removeprefix("./")


def _known(manifest: Manifest | _Light, project: str) -> _Known:
    known = _Known()
    nodes: list[Any] = [*manifest.nodes.values(), *manifest.functions.values()]
    for versions in (manifest.disabled or {}).values():
        nodes += [_entry.decode(raw) for raw in versions]
    for node in nodes:
        if node.package_name == project and node.original_file_path:
            path = _path(node.original_file_path)
            if path.endswith((".yml", ".yaml")):
                known.others.add(path)
            else:
                known.checksums[path].append(_checksum_of(node.checksum))
            known.others.update(_patches(node.patch_path, project))
    for macro in manifest.macros.values():
        if macro.package_name == project:
            known.macros[_path(macro.original_file_path)].append(macro.macro_sql)
            known.others.update(_patches(macro.patch_path, project))
    for doc in manifest.docs.values():
        if doc.package_name == project:
            known.docs[_path(doc.original_file_path)][doc.name] = doc.block_contents
    known.others.update(_yaml_paths(manifest, project))
    return known


def _checksum_of(raw: Raw) -> _Checksum:
    if bytes(raw)[:1] != b"{":
        return _Checksum()
    return _checksum.decode(raw)


def _patches(patch_path: str | None, project: str) -> Iterator[str]:
    prefix = f"{project}://"
    if patch_path and patch_path.startswith(prefix):
        yield _path(patch_path.removeprefix(prefix))


def _yaml_paths(manifest: Manifest | _Light, project: str) -> Iterator[str]:
    for source in manifest.sources.values():
        if source.package_name == project:
            yield _path(source.original_file_path)
    for found in (
        manifest.exposures, manifest.metrics, manifest.groups, manifest.saved_queries,
        manifest.semantic_models, manifest.unit_tests,
    ):  # fmt: skip
        for item in found.values():
            if item.get("package_name") == project and item.get("original_file_path"):
                yield _path(item["original_file_path"])


def _written_at(manifest: Manifest | _Light) -> float:
    """Return when dbt began to parse, in seconds; 0 where the manifest does not say."""
    text = manifest.metadata.generated_at
    try:
        found = msgspec.convert(text, datetime.datetime)
    except msgspec.ValidationError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)).timestamp()


@dataclass(frozen=True)
class _File:
    """A file that dbt reads: `kind` is that of `_SUFFIXES`, or docs, or dated, which is YAML."""

    path: str
    kind: str
    entry: os.DirEntry[str]


def _files(project_dir: Path, project: Mapping[str, Any]) -> Iterator[_File]:
    is_ignored = _ignore(project_dir)
    for folder, kinds, has_docs in _folders(project):
        found = _walk(str(project_dir / folder), "")
        for below, entry in found:
            kind = _kind(below, kinds, has_docs)
            path = f"{folder}/{below}" if folder != "." else below
            if kind and not (is_ignored and is_ignored(path)):
                yield _File(path, kind, entry)


def _folders(project: Mapping[str, Any]) -> Iterator[tuple[str, set[str], bool]]:
    """Give each folder that dbt reads, the kinds of files in it, and whether it has docs."""

    def listed(key: str, default: Iterable[str]) -> list[str]:
        value = project.get(key, default)
        found = [value] if isinstance(value, str) else value if isinstance(value, list) else default
        return [posixpath.normpath(str(item).replace("\\", "/")) for item in found]

    kinds: dict[str, set[str]] = defaultdict(set)
    for kind, default in _DEFAULTS.items():
        for folder in listed(f"{kind}-paths", [default]):
            kinds[folder].add(kind)
    docs = set(listed("docs-paths", list(kinds)))
    for folder in sorted({*kinds, *docs}):
        yield folder, kinds.get(folder, set()), folder in docs


def _kind(below: str, kinds: set[str], has_docs: bool) -> str | None:
    suffix = posixpath.splitext(below)[1].lower()
    if suffix in (".yml", ".yaml"):
        return "dated" if kinds else None
    if suffix == ".md":
        return "docs" if has_docs else None
    if "test" in kinds:
        first = below.partition("/")[0]
        if first == "fixtures" and suffix in (".sql", ".csv"):
            return "dated"
        if first == "generic" and suffix == ".sql":
            return "macro"
    found = [kind for kind in kinds if suffix in _SUFFIXES[kind]]
    # In one folder for both, a file of macros alone has no node.
    return min(found, key=lambda kind: kind == "macro") if found else None


def _walk(folder: str, below: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{below}{entry.name}/")
        elif entry.name[0] not in ".#~" and entry.is_file():
            yield below + entry.name, entry


def _changed(files: Iterable[_File], known: _Known, written_at: float) -> Iterator[str]:
    for file in files:
        known.seen.add(file.path)
        if file.kind == "dated":
            reason = _is_later(file.entry.stat().st_mtime, written_at)
        elif file.kind == "docs":
            reason = _docs_change(file, known.docs.get(file.path, {}))
        elif file.kind == "macro" or (
            file.path in known.macros and file.path not in known.checksums
        ):
            reason = _macro_change(file, known.macros.get(file.path, []))
        else:
            reason = _node_change(file, known.checksums.get(file.path))
        if reason:
            yield f"{file.path}: {reason}"


def _is_later(time: float, written_at: float) -> str | None:
    return "changed since the manifest was written" if time > written_at else None


def _root_changes(project_dir: Path, written_at: float) -> Iterator[str]:
    for name in _ROOT_FILES:
        try:
            time = (project_dir / name).stat().st_mtime
        except OSError:
            continue
        if reason := _is_later(time, written_at):
            yield f"{name}: {reason}"


def _content(file: _File) -> bytes:
    try:
        return Path(file.entry.path).read_bytes()
    except OSError as error:
        raise InputError(file.path, f"cannot be read: {error.strerror}") from None


def _text(file: _File) -> str:
    return _content(file).decode("utf-8", "replace").replace("\r\n", "\n")


def _node_change(file: _File, checksums: Sequence[_Checksum] | None) -> str | None:
    if file.kind == "seed" and file.entry.stat().st_size > _LARGEST_SEED:
        if checksums is None:
            return "not in the manifest"
        return None if any(item.name == "path" for item in checksums) else "changed"
    text = _content(file).decode("utf-8", "replace").strip()
    if checksums is None:
        is_none = not text or (file.kind == "snapshot" and not _SNAPSHOT.search(_bare(text)))
        return None if is_none else "not in the manifest"
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    for item in checksums:
        if item.name == "path" or (item.name == "sha256" and item.checksum != digest):
            return "changed"
    return None


def _bare(text: str) -> str:
    return _COMMENT.sub("", text)


def _macro_change(file: _File, macros: Sequence[str]) -> str | None:
    rest = _text(file)
    # The longest first: the text of one may be a part of another's.
    for macro in sorted(macros, key=len, reverse=True):
        text = macro.replace("\r\n", "\n").strip()
        if text not in rest:
            return "changed"
        rest = rest.replace(text, "", 1)
    if "{%" in rest and _BLOCK.search(_bare(rest)):
        return "changed" if macros else "not in the manifest"
    return None


def _docs_change(file: _File, blocks: Mapping[str, str]) -> str | None:
    text = _text(file)
    if not blocks and "enddocs" not in text:
        return None
    found = {block[1]: block[2].strip() for block in _DOCS.finditer(text)}
    if found == {name: block.replace("\r\n", "\n").strip() for name, block in blocks.items()}:
        return None
    return "changed" if blocks else "not in the manifest"


def _ignore(project_dir: Path) -> Callable[[str], bool] | None:
    """Return what .dbtignore leaves out, as git reads such patterns; None where there is none."""
    path = project_dir / ".dbtignore"
    if not path.is_file():
        return None
    patterns = []
    for line in read_text(path).splitlines():
        text = line.rstrip()
        if text and not text.startswith("#"):
            is_kept = text.startswith("!")
            pattern = text[1:] if is_kept else text
            patterns.append((re.compile(_pattern(pattern)), not is_kept))

    def is_ignored(file: str) -> bool:
        matches = (ignored for pattern, ignored in reversed(patterns) if pattern.fullmatch(file))
        return next(matches, False)

    return is_ignored


_PARTS = re.compile(r"\*\*/|/\*\*$|\*|\?|\[!?\]?[^\]]*\]|\\.|.", re.DOTALL)
_MEANING = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}


def _pattern(line: str) -> str:
    """Return a pattern of .gitignore as a regular expression for the path of a file."""
    is_folder = line.endswith("/")
    body = line.rstrip("/")
    start = "" if "/" in body else "(?:.*/)?"
    found = []
    for part in _PARTS.findall(body.removeprefix("/")):
        if part in _MEANING:
            found.append(_MEANING[part])
        elif part.startswith("[") and len(part) > 1:
            found.append("[^" + part[2:] if part.startswith("[!") else part)
        else:
            found.append(re.escape(part[-1]))
    return start + "".join(found) + ("/.*" if is_folder else "(?:/.*)?")
