"""What the rules read and the Information Schema has no column for: settings, exceptions, facts.

The macros of `macros/maturity/` say the same of `graph`; a test compares the two.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dbt_estate.files import read_text
from dbt_estate.info_schema.artifacts import NULL, Manifest, Node

Row = dict[str, Any]

# The configs that a rule asks for. All others are in the JSON of the Information Schema.
SETTINGS = (
    "unique_key", "incremental_strategy", "on_schema_change", "strategy", "updated_at",
    "check_cols", "hard_deletes", "event_time", "full_refresh", "loaded_at_field",
    "loaded_at_query",
)  # fmt: skip
# Only these are decoded: a config has three times as many.
_settings_decoder = msgspec.json.Decoder(
    msgspec.defstruct("Settings", [(name, Any, None) for name in SETTINGS])
)
OWN_PACKAGE = "dbt_estate"

_PART = r'(?:\w+|"[^"\n]+"|`[^`\n]+`|\[[^\]\n]+\])'
# What is a comment or a text is taken first, so that nothing is found in it.
_SKIPPED = r"--[^\n]*|/\*[\s\S]*?\*/|\{\x23[\s\S]*?\x23\}|'(?:''|\\'|[^'])*'"
# FROM is no table after DISTINCT, and inside some functions.
_NO_TABLE = r"\b(?:extract|trim|substring|overlay|position)\s*\([^()]*\)|\bdistinct\s+from\b"
_REFERENCE = (
    rf"\b(?:from|join)\s+({_PART}(?:\s*\.\s*{_PART}){{1,3}}(?![\w.]|\s*\()|`[^`\n]*\.[^`\n]*`"
    r"|\{\{-?\s*var\s*\([^{}]*\}\})"
)
_STAR = (
    r"((?:\bselect\s+(?:distinct\s+)?|,\s*)(?:[\w\"`\[\]]+\.)*\*)"
    r"(?:(?=\s*from\s+(\w+)(?![\w.]|\s*\()))?"
)
# What the macro `_code_facts` looks for, in one pass.
PATTERN = f"(?i){_SKIPPED}|{_NO_TABLE}|{_REFERENCE}|{_STAR}"
LINE_PATTERN = r"(?m)^[^\S\n]*(?!--)\S"
_LINE = re.compile(LINE_PATTERN)


def estate_rows(manifest: Manifest, project_dir: Path | None = None) -> dict[str, list[Row]]:
    """Return the rows of `node_settings`, `node_exceptions` and `node_facts`.

    With a project's folder, lines are those of its files, and the files themselves are facts.
    """
    settings: list[Row] = []
    exceptions: list[Row] = []
    facts: list[Row] = []
    project = manifest.metadata.project_name
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        meta = _mapping(node.meta)
        settings.extend(_settings(node.unique_id, _node_settings(node), meta, node.tags))
        exceptions.extend(_exceptions(node.unique_id, meta))
        if node.package_name == project:
            facts.extend(_node_facts(node, project_dir))
    for item in (*manifest.exposures.values(), *manifest.metrics.values()):
        meta = item.get("meta") or {}
        settings.extend(_settings(item["unique_id"], {}, meta, item.get("tags") or []))
        exceptions.extend(_exceptions(item["unique_id"], meta))
    facts.extend(_project_facts(manifest, project_dir))
    return {"node_settings": settings, "node_exceptions": exceptions, "node_facts": facts}


def _mapping(raw: msgspec.Raw) -> Mapping[str, Any]:
    if bytes(raw) in (b"{}", bytes(NULL)):
        return {}
    value = msgspec.json.decode(raw)
    return value if isinstance(value, dict) else {}


def _node_settings(node: Node) -> Mapping[str, Any]:
    if node.resource_type not in ("model", "snapshot", "source", "seed"):
        return {}
    config = _settings_decoder.decode(b"{}" if bytes(node.config) == bytes(NULL) else node.config)
    found: dict[str, Any] = {name: getattr(config, name) for name in SETTINGS}
    if node.resource_type == "source":
        found["loaded_at_field"] = node.loaded_at_field or found["loaded_at_field"]
        found["has_freshness"] = _is_fresh(node.freshness) or None
    return found


def _is_fresh(freshness: Any) -> bool:
    """Whether a threshold is set: dbt keeps empty ones for a source without."""
    if not isinstance(freshness, Mapping):
        return False
    return any((freshness.get(name) or {}).get("count") for name in ("warn_after", "error_after"))


def _settings(
    unique_id: str, config: Mapping[str, Any], meta: Mapping[str, Any], tags: Iterable[str]
) -> Iterator[Row]:
    for kind, found in (("config", config), ("meta", meta)):
        for name, value in found.items():
            if value is not None and name != "dbt_estate_ignore":
                yield {
                    "node_unique_id": unique_id,
                    "kind": kind,
                    "name": name,
                    "value": _text(value),
                }
    for tag in dict.fromkeys(tags):
        yield {"node_unique_id": unique_id, "kind": "tag", "name": tag, "value": None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _exceptions(unique_id: str, meta: Mapping[str, Any]) -> Iterator[Row]:
    given = meta.get("dbt_estate_ignore")
    for item in given if isinstance(given, list) else [] if given is None else [given]:
        entry = item if isinstance(item, Mapping) else {"rule": item}
        row: Row = {"unique_id": unique_id}
        for column, name in (
            ("rule_name", "rule"), ("reason", "reason"), ("valid_until", "until"),
            ("owner", "owner"),
        ):  # fmt: skip
            value = entry.get(name)
            row[column] = None if value is None else _text(value)
        yield row


def _fact(unique_id: str, fact: str, value: str | None = None, line: int | None = None) -> Row:
    return {"unique_id": unique_id, "fact": fact, "value": value, "line_number": line}


def _node_facts(node: Node, project_dir: Path | None) -> Iterator[Row]:
    code = node.raw_code or ""
    if node.resource_type == "operation":
        if f"{OWN_PACKAGE}." not in code:
            yield _fact(node.unique_id, "hook", code)
        return
    if node.resource_type not in ("model", "snapshot") or node.language != "sql":
        return
    yield _fact(node.unique_id, "sql_lines", str(len(_LINE.findall(code))))
    normal = " ".join(code.lower().split())
    yield _fact(node.unique_id, "sql_hash", hashlib.md5(normal.encode()).hexdigest())
    if "is_incremental" in code:
        yield _fact(node.unique_id, "is_incremental")
    found = found_in(code)
    first = _lines_before(node, project_dir) if found and project_dir else 0
    for fact, value, line in found:
        yield _fact(node.unique_id, fact, value, first + line)


def found_in(code: str) -> list[tuple[str, str | None, int]]:
    """Return what stands in the text: the fact, its value and the line.

    PATTERN finds it in one pass, and takes six times as long as to look for the few places that may
    begin something as plain text, and to read only them.
    """
    # In lower case some letters are longer, and others are one.
    places = _places(code) if code.isascii() else list(_whole.finditer(code))
    found: list[tuple[str, str | None, int]] = []
    ctes: set[str] | None = None
    for place in places:
        reference, star, table = _parts(place)
        if reference:
            start, end = reference
            line = code.count("\n", 0, place.start()) + 1
            found.append(("hard_coded_reference", " ".join(code[start:end].split()), line))
        elif star:
            if table and ctes is None:
                ctes = _ctes(code.lower())
            # All columns of a CTE are those that it lists.
            if not (table and ctes and table.lower() in ctes):
                found.append(("select_star", None, code.count("\n", 0, star) + 1))
    if code.rstrip().endswith(";"):
        found.append(("trailing_semicolon", None, code.rstrip().count("\n") + 1))
    return found


def _parts(place: re.Match[str]) -> tuple[tuple[int, int] | None, int, str | None]:
    """Return where the reference is, where the star ends, and the table behind the star."""
    if place.re is _reference:
        return place.span(1), 0, None
    if place.re is _star:
        return None, place.end(1), place[2]
    return (place.span(1) if place[1] else None), (place.end(2) if place[2] else 0), place[3]


def _places(code: str) -> list[re.Match[str]]:
    lower = code.lower()
    places = [*_starts(_reference, lower, "from"), *_starts(_reference, lower, "join")]
    places += _stars(lower)
    places.sort(key=lambda place: place.start())
    ends = iter(_skipped_spans(lower, places))
    start, end = next(ends, (len(code), len(code)))
    kept = []
    for place in places:
        while end <= place.start() and start < len(code):
            start, end = next(ends, (len(code), len(code)))
        if not start < place.start() < end:
            kept.append(place)
    return kept


_reference, _star = re.compile(_REFERENCE), re.compile(_STAR)
_before_star = re.compile(r"(?:\bselect\s+(?:distinct\s+)?|,\s*)(?:[\w\"`\[\]]+\.)*\Z")
_cte = re.compile(r"\sas\s*(?:not\s+)?(?:materialized\s*)?\(")
_skip = re.compile(f"{_SKIPPED}|{_NO_TABLE}")
_skip_texts = re.compile(_SKIPPED)
_whole = re.compile(PATTERN)


def _starts(pattern: re.Pattern[str], text: str, word: str) -> Iterator[re.Match[str]]:
    position = text.find(word)
    while position >= 0:
        found = pattern.match(text, position)
        if found:
            yield found
        position = text.find(word, position + 1)


def _stars(text: str) -> Iterator[re.Match[str]]:
    position = text.find("*")
    while position >= 0:
        low = max(0, position - 150)
        near = text[low:position]
        # SELECT, DISTINCT, a comma or a qualifier: most stars are those of count(*).
        before = _before_star.search(near) if near.rstrip()[-1:] in ("t", ",", ".") else None
        found = _star.match(text, low + before.start()) if before else None
        if found:
            yield found
        position = text.find("*", position + 1)


def _skipped_spans(text: str, places: Sequence[re.Match[str]]) -> list[tuple[int, int]]:
    """Return where nothing counts, up to the last place."""
    if not places:
        return []
    end = max(place.start() for place in places) + 1
    has_reference = any(place.re is _reference for place in places)
    if not has_reference and not any(mark in text[:end] for mark in ("--", "/*", "{#", "'")):
        return []
    pattern = _skip if has_reference else _skip_texts
    return [found.span() for found in pattern.finditer(text) if found.start() < end]


def _ctes(text: str) -> set[str]:
    """Return the names that a parenthesis follows behind an `as`."""
    names = set()
    for found in _cte.finditer(text):
        before = text[max(0, found.start() - 100) : found.start()].split()
        if before:
            names.add(re.split(r"\W", before[-1])[-1])
    return names


def _lines_before(node: Node, project_dir: Path) -> int:
    """Return how many lines stand in the file before the text that dbt keeps of it."""
    try:
        text = (project_dir / node.original_file_path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return 0
    start = text.find(node.raw_code or "")
    return text.count("\n", 0, start) if start > 0 else 0


# Each file that says something of a project: the fact, and where it may stand. Paths are read
# without their case; `docs/` and `.github/` are where the forges look as well.
_FILES = {
    "readme": ("readme.md", "readme.rst", "readme.txt", "readme"),
    "contribution_guide": (
        "contributing.md", ".github/contributing.md", "docs/contributing.md", "contributing.rst",
    ),
    "pull_request_template": (
        ".github/pull_request_template.md", "pull_request_template.md",
        "docs/pull_request_template.md", ".github/pull_request_template/*.md",
        ".gitlab/merge_request_templates/*.md", ".azuredevops/pull_request_template.md",
    ),
    "style_guide": (
        "style_guide.md", "docs/style_guide.md", "styleguide.md", ".sqlfluff", ".sqlfmt",
    ),
    "ci_workflow": (
        ".github/workflows/*.yml", ".github/workflows/*.yaml", ".gitlab-ci.yml",
        "azure-pipelines.yml", ".circleci/config.yml", "bitbucket-pipelines.yml", "jenkinsfile",
    ),
    "pre_commit": (".pre-commit-config.yaml", ".pre-commit-config.yml"),
    "changelog": ("changelog.md", "docs/changelog.md"),
}  # fmt: skip
# Those that belong to dbt stand beside dbt_project.yml; the others may stand above, in a project
# that is a folder of a repository.
_DBT_FILES = {
    "selectors": ("selectors.yml",),
    "package_lock": ("package-lock.yml",),
}


def _project_facts(manifest: Manifest, project_dir: Path | None) -> Iterator[Row]:
    name = manifest.metadata.project_name or ""
    project = f"project.{name}"
    for macro in manifest.macros.values():
        custom = re.fullmatch(r"(?:\w+__)?(generate_(?:schema|database|alias)_name)", macro.name)
        if custom and macro.package_name == name:
            yield _fact(project, "custom_naming_macro", custom[1])
    yield _fact(project, "unit_tests_read")
    if project_dir is None or not (project_dir / "dbt_project.yml").is_file():
        return
    # A rule about files is evaluated only where this one is there.
    yield _fact(project, "files_read")
    roots = [project_dir, *_repository(project_dir)]
    for fact, patterns in _FILES.items():
        yield from _first_file(project, fact, patterns, roots)
    for fact, patterns in _DBT_FILES.items():
        yield from _first_file(project, fact, patterns, [project_dir])
    yield from _installed(project, project_dir)


def _repository(project_dir: Path) -> list[Path]:
    """Return the folder of the repository, if the project is a folder of one."""
    for folder in project_dir.resolve().parents:
        if (folder / ".git").exists():
            return [folder]
    return []


def _first_file(
    project: str, fact: str, patterns: Iterable[str], roots: Iterable[Path]
) -> Iterator[Row]:
    for root in roots:
        for pattern in patterns:
            folder, _, last = pattern.rpartition("/")
            for path in _entries(root, folder.split("/") if folder else []):
                if path.is_file() and fnmatch.fnmatchcase(path.name.lower(), last):
                    yield _fact(project, fact, path.relative_to(root).as_posix())
                    return


def _entries(root: Path, folders: list[str]) -> list[Path]:
    """Return the entries of a folder below the root, whatever the case of its name."""
    try:
        found = sorted(root.iterdir())
    except OSError:
        return []
    if not folders:
        return found
    below = [path for path in found if path.name.lower() == folders[0] and path.is_dir()]
    return [entry for path in below for entry in _entries(path, folders[1:])]


def _installed(project: str, project_dir: Path) -> Iterator[Row]:
    """Give the packages that are asked for, without this one."""
    from dbt_estate.yaml_read import load_yaml

    for name in ("packages.yml", "dependencies.yml"):
        path = project_dir / name
        if not path.is_file():
            continue
        found = load_yaml(read_text(path), path.as_posix())
        listed = found.get("packages") if isinstance(found, Mapping) else None
        for entry in listed if isinstance(listed, list) else []:
            places = (
                [entry.get(key) for key in ("package", "git", "local", "tarball")]
                if isinstance(entry, Mapping)
                else []
            )
            place = next((str(value) for value in places if value), "")
            own = re.sub(r"(?:\.git)?/*$", "", place).rpartition("/")[2].replace("-", "_")
            if place and own != OWN_PACKAGE:
                yield _fact(project, "package", place)
