"""What the rules read and the Information Schema has no column for: settings, exceptions, facts.

The macros of `macros/maturity/` say the same of `graph`; a test compares the two.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.info_schema.artifacts import Manifest, Node
from dbt_estate.info_schema.macro_facts import macro_facts
from dbt_estate.info_schema.workflows import WORKFLOW_FILES, workflows
from dbt_estate.variables import with_environment

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
_hooks_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    msgspec.defstruct(
        "Hooks",
        [("pre_hook", list[Any], []), ("post_hook", list[Any], [])],
        rename={"pre_hook": "pre-hook", "post_hook": "post-hook"},
    )
)
# Nearly every config has none, which is not worth decoding it.
_SOME_HOOK = re.compile(rb'"(?:pre|post)-hook":\s*\[\s*[^\]\s]')
OWN_PACKAGE = "dbt_estate"
_HAVE_FACTS = ("model", "snapshot", "seed", "operation")

_PART = r'(?:[\w$][\w$-]*|"[^"\n]+"|`[^`\n]+`|\[[^\]\n]+\])'
# What is a comment or a text is taken first, so that nothing is found in it.
_SKIPPED = r"""--[^\n]*|/\*[\s\S]*?\*/|\{\x23[\s\S]*?\x23\}|'(?:''|[^'])*'|"[^"\n]*\""""
# FROM is no table after DISTINCT, and inside some functions.
_NO_TABLE = (
    r"\b(?:extract|trim|substring|overlay|position)\s*\((?:[^()']|'[^']*'|\([^()]*\))*\)"
    r"|\bdistinct\s+from\b"
)
_REFERENCE = (
    rf"\b(?:from|join)\s+(?:only\s+)?\(?\s*({_PART}(?:\s*\.{{1,2}}\s*{_PART}){{1,3}}(?![\w.$]|\s*\()"
    rf"|`[^`\n]*\.[^`\n]*`|\{{\{{-?\s*var\s*\([^{{}}]*\}}\}}(?:\s*\.\s*{_PART})*"
    rf"|\{{\{{[^{{}}]*\}}\}}(?:\s*\.\s*{_PART})+)"
)
# All columns of a CTE are those that it lists; of a join there are more.
_STAR = (
    r"((?:\bselect\s+(?:distinct\s+on\s*\([^()]*\)\s*|distinct\s+|all\s+|top\s+\d+\s+)?|,\s*)"
    r"(?:[\w\"`\[\]]+\.)*\*(?![\w\[(*]))"
    r"(?:(?=(?:(?!\bfrom\b)[^();]){0,999}\bfrom\s+[\"`]?(\w+)[\"`]?"
    r"(?![\w.]|\s*\(|(?:(?!\bselect\b)[^();]){0,999}?\bjoin\b)))?"
)
# What the macro `_add_code_facts` looks for, in one pass.
PATTERN = f"(?i){_SKIPPED}|{_NO_TABLE}|{_REFERENCE}|{_STAR}"
# The CTE of a name, which stands between its two parts.
CTE_BEFORE = r"(?i)(?<!\w)[\"`]?"
CTE_AFTER = r"[\"`]?(?:\s*\([^()]*\))?\s+as\s*(?:not\s+)?(?:materialized\s*)?\("
# The alias of a table: what is of it is no other table.
ALIAS_BEFORE, ALIAS_AFTER = r"(?i)(?:\bas\s+|\}\}\s*|\b(?:from|join)\s+(?!only\b)\w+\s+)", r"\b"
COMMENTS = r"--[^\n]*|/\*[\s\S]*?\*/|\{\x23[\s\S]*?\x23\}"
# The first of which nothing but comments follow; whether there is one is known then.
LAST_SEMICOLON = r";(?=(?:\s|--[^\n]*|/\*[\s\S]*?\*/|\{\x23[\s\S]*?\x23\})*$)"
_LAST_SEMICOLON = re.compile(LAST_SEMICOLON)
_WHOLE, _COMMENTS = re.compile(PATTERN), re.compile(COMMENTS)
_CONFIG = re.compile(r"\bconfig\s*\(")
_PYTHON_CONFIG = re.compile(r"(?m)^[^#\n]*\bdbt\.config\s*\(")
# What a hook can have and do nothing of its own: calls of this package, comments, control.
_OWN_CALL = re.compile(
    r"\{\{-?\s*dbt_estate\.\w+\s*\((?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|(?!\{\{)[^'\"])*?"
    r"\)\s*-?\}\}"
)
_CONTROL = re.compile(
    r"\{%[-+]?\s*(?:(?:if|elif|else|endif|for|endfor|endset)\b(?:[^%]|%(?!\}))*"
    r"|set\b[^(%]*)%\}"
)
_REFERENCE_AT = re.compile(_REFERENCE)


def estate_rows(
    manifest: Manifest, project_dir: Path | None = None, excluded: Sequence[str] = ()
) -> dict[str, list[Row]]:
    """Return the rows of `node_settings`, `node_exceptions` and `node_facts`.

    With a project's folder, lines are those of its files, and the files themselves are facts.
    `excluded` are regular expressions of paths that no rule counts. Raises InputError for one that
    is none.
    """
    patterns = _patterns(excluded)

    def is_excluded(path: str) -> bool:
        return any(pattern.search(path.replace("\\", "/")) for pattern in patterns)

    settings: list[Row] = []
    exceptions: list[Row] = []
    facts: list[Row] = []
    project = manifest.metadata.project_name
    nodes = (*manifest.nodes.values(), *manifest.sources.values(), *manifest.functions.values())
    for node in nodes:
        meta = _mapping(node.meta)
        config = _node_settings(node)
        # Most nodes are tests, which have none of these.
        if config or meta or node.tags:
            settings.extend(_settings(node.unique_id, config, meta, node.tags))
            exceptions.extend(_exceptions(node.unique_id, meta))
        if node.columns:
            settings.extend(_not_null(node))
        if node.package_name == project:
            if node.resource_type in _HAVE_FACTS:
                facts.extend(_node_facts(node, project_dir))
            # A generic test counts as what it tests.
            if patterns and node.test_metadata is None and is_excluded(_place(node)):
                facts.append(_fact(node.unique_id, "excluded"))
    for item in (*manifest.exposures.values(), *manifest.metrics.values()):
        meta = item.get("meta") or {}
        settings.extend(_settings(item["unique_id"], {}, meta, item.get("tags") or []))
        exceptions.extend(_exceptions(item["unique_id"], meta))
    for resources in (manifest.exposures, manifest.metrics, manifest.semantic_models):
        for item in resources.values():
            path = item.get("original_file_path") or ""
            if item.get("package_name") == project and is_excluded(path):
                facts.append(_fact(item["unique_id"], "excluded"))
    facts.extend(macro_facts(manifest, is_excluded))
    for macro in manifest.macros.values():
        if macro.package_name == project:
            exceptions.extend(_exceptions(macro.unique_id, _mapping(macro.meta)))
    facts.extend(_project_facts(manifest, project_dir, is_excluded))
    return {"node_settings": settings, "node_exceptions": exceptions, "node_facts": facts}


def _patterns(excluded: Sequence[str]) -> list[re.Pattern[str]]:
    try:
        return [re.compile(pattern, re.IGNORECASE) for pattern in excluded]
    except re.error as error:
        raise InputError(
            "vars: dbt_estate: maturity: exclude_paths",
            f"must be regular expressions, got: {error.pattern!r} ({error})",
        ) from None


def _place(node: Node) -> str:
    """Return the path of a node; of a table of a source with its name, as many share a file."""
    path = node.original_file_path
    return path if node.resource_type != "source" else f"{path}:{node.source_name}.{node.name}"


def _mapping(raw: msgspec.Raw) -> Mapping[str, Any]:
    if bytes(raw) in (b"{}", b"null"):
        return {}
    value = msgspec.json.decode(raw)
    return value if isinstance(value, dict) else {}


def _node_settings(node: Node) -> Mapping[str, Any]:
    if node.resource_type not in ("model", "snapshot", "source", "seed"):
        return {}
    config = _settings_decoder.decode(b"{}" if bytes(node.config) == b"null" else node.config)
    found = msgspec.structs.asdict(config)
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


def _not_null(node: Node) -> Iterator[Row]:
    for column in node.columns.values():
        constraints = column.constraints
        if constraints and any(given.get("type") == "not_null" for given in constraints):
            yield {
                "node_unique_id": node.unique_id,
                "kind": "not_null",
                "name": column.name,
                "value": None,
            }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)  # as dbt's tojson writes it


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
        if _is_hook(code):
            yield _fact(node.unique_id, "hook", code)
        return
    if node.resource_type == "seed":
        path = project_dir / node.original_file_path if project_dir else None
        if path is not None and path.is_file():
            yield _fact(node.unique_id, "seed_bytes", str(path.stat().st_size))
        return
    if node.resource_type == "snapshot" and node.original_file_path.endswith("ml"):
        return  # the SQL of a snapshot in YAML is dbt's own
    yield from _node_hook(node)
    if node.language != "sql":
        if _PYTHON_CONFIG.search(code):
            yield _fact(node.unique_id, "config_call")
        return
    bare = _COMMENTS.sub("", code)
    lines = sum(1 for line in bare.split("\n") if line.strip())
    yield _fact(node.unique_id, "sql_lines", str(lines))
    normal = " ".join(code.lower().split())
    yield _fact(node.unique_id, "sql_hash", hashlib.md5(normal.encode()).hexdigest())
    if "is_incremental" in bare:
        yield _fact(node.unique_id, "is_incremental")
    if "config" in bare and _CONFIG.search(bare):
        yield _fact(node.unique_id, "config_call")
    yield from _calls(node)
    found = found_in(code)
    first = _lines_before(node, project_dir) if found and project_dir else 0
    for fact, value, line in found:
        yield _fact(node.unique_id, fact, value, first + line)


def _calls(node: Node) -> Iterator[Row]:
    """Give each package whose macros the SQL calls; never this one.

    A macro in the place of ref or source is called by every model, and says nothing of it.
    """
    macros = node.depends_on.macros if node.depends_on else []
    called = [macro.split(".")[1] for macro in macros if not macro.endswith((".ref", ".source"))]
    for package in dict.fromkeys(called):
        if package != OWN_PACKAGE:
            yield _fact(node.unique_id, "macro_call", package)


def _node_hook(node: Node) -> Iterator[Row]:
    if not _SOME_HOOK.search(node.config):
        return
    hooks = _hooks_decoder.decode(node.config)
    if any(_is_hook(_sql_of(hook)) for hook in (*hooks.pre_hook, *hooks.post_hook)):
        yield _fact(node.unique_id, "node_hook")


def _is_hook(code: str) -> bool:
    """Whether a hook does something besides what this package does."""
    others = _CONTROL.sub("", _COMMENTS.sub("", _OWN_CALL.sub("", code)))
    return bool(others.strip("; \t\r\n"))


def _sql_of(hook: Any) -> str:
    return str(hook.get("sql") or "") if isinstance(hook, Mapping) else str(hook or "")


def found_in(code: str) -> list[tuple[str, str | None, int]]:
    """Return what stands in the text: the fact, its value and the line.

    PATTERN finds it, and takes long: so it reads no further than to the last place, found as plain
    text, that may be something.
    """
    found: list[tuple[str, str | None, int]] = []
    last = _last_place(code)
    for place in _WHOLE.finditer(code) if last >= 0 else ():
        if place.start() > last:
            break
        reference, star, table = place.groups()
        if reference and not _is_of_alias(reference, code):
            line = code.count("\n", 0, place.start(1)) + 1
            found.append(("hard_coded_reference", " ".join(reference.split()), line))
        elif star and not (table and re.search(CTE_BEFORE + table + CTE_AFTER, code)):
            found.append(("select_star", None, code.count("\n", 0, place.end(2)) + 1))
    bare = _COMMENTS.sub("", code).rstrip() if ";" in code else ""
    if bare.endswith(";"):
        end = _LAST_SEMICOLON.search(code)
        line = code.count("\n", 0, end.start() if end else len(code)) + 1
        found.append(("trailing_semicolon", None, line))
    return found


def _is_of_alias(reference: str, code: str) -> bool:
    """Whether it is a list of a row of another table, as in `cross join o.items`."""
    first, _, rest = reference.partition(".")
    is_name = re.fullmatch(r"\w+\s*", first) is not None and "." not in rest
    return is_name and re.search(ALIAS_BEFORE + first.strip() + ALIAS_AFTER, code) is not None


def _last_place(code: str) -> int:
    """Return where the last thing may begin that counts; -1 without any."""
    lower = code.lower()
    if len(lower) != len(code) or not code.isascii():
        return len(code)
    last = -1
    for word in ("from", "join"):
        position = lower.rfind(word)
        while position > last and not _REFERENCE_AT.match(lower, position):
            position = lower.rfind(word, 0, position)
        last = max(last, position)
    position = lower.rfind("*")
    while position > last and lower[:position].rstrip()[-1:] in ("(", "/", "*"):
        position = lower.rfind("*", 0, position)
    return max(last, position)


def _lines_before(node: Node, project_dir: Path) -> int:
    """Return how many lines stand in the file before the text that dbt keeps of it."""
    try:
        text = (project_dir / node.original_file_path).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return 0
    start = text.find(node.raw_code or "")
    return text.count("\n", 0, start) if start > 0 else 0


# Each file that says something of a project: the fact, and where it may stand. Paths are read
# without their case; `docs/` and `.github/` are where the forges look as well.
_FILES = {
    "readme": ("readme.md", "readme.markdown", "readme.rst", "readme.txt", "readme"),
    "contribution_guide": (
        "contributing.md", ".github/contributing.md", "docs/contributing.md", "contributing.rst",
    ),
    "pull_request_template": (
        ".github/pull_request_template.md", "pull_request_template.md",
        "docs/pull_request_template.md", ".github/pull_request_template/*.md",
        ".gitlab/merge_request_templates/*.md", ".azuredevops/pull_request_template.md",
    ),
    "style_guide": (
        "style_guide.md", "style-guide.md", "styleguide.md", "docs/style_guide.md",
        "docs/style-guide.md", "docs/styleguide.md", ".sqlfluff",
    ),
    "pre_commit": (".pre-commit-config.yaml", ".pre-commit-config.yml"),
    "changelog": ("changelog.md", "docs/changelog.md"),
}  # fmt: skip
# What a forge reads, which it does at the root of the repository alone.
_OF_FORGES = ("pull_request_template",)
# Those that belong to dbt stand beside dbt_project.yml; the others may stand above, in a project
# that is a folder of a repository.
_DBT_FILES = {
    "selectors": ("selectors.yml",),
    "packages_file": ("packages.yml", "dependencies.yml"),
    "package_lock": ("package-lock.yml",),
}


def _project_facts(
    manifest: Manifest, project_dir: Path | None, is_excluded: Callable[[str], bool]
) -> Iterator[Row]:
    name = manifest.metadata.project_name or ""
    project = f"project.{name}"
    for macro in manifest.macros.values():
        if macro.package_name != name:
            continue
        custom = re.fullmatch(r"(?:\w+__)?(generate_(?:schema|database|alias)_name)", macro.name)
        if custom and not is_excluded(macro.original_file_path):
            yield _fact(project, "custom_naming_macro", custom[1])
    yield _fact(project, "unit_tests_read")
    if project_dir is None or not (project_dir / "dbt_project.yml").is_file():
        return
    # A rule about files is evaluated only where this one is there.
    yield _fact(project, "files_read")
    roots = [project_dir, *_repository(project_dir)]
    for fact, patterns in _FILES.items():
        found = list(_first_file(project, fact, patterns, roots))
        if fact == "style_guide" and not found:
            found = list(_linter_settings(project, roots))
        yield from found
    settings = _yaml(project_dir / "dbt_project.yml")
    for kind in ("model", "macro", "test"):
        paths = settings.get(f"{kind}-paths")
        first = paths[0] if isinstance(paths, list) and paths else _FOLDERS[kind]
        yield _fact(project, f"{kind}_folder", str(first))
    root = os.path.relpath(roots[-1].resolve(), project_dir.resolve())
    yield _fact(project, "repository", root.replace("\\", "/"))
    for fact, patterns in _DBT_FILES.items():
        yield from _first_file(project, fact, patterns, [project_dir])
    yield from _workflow_facts(project, project_dir, roots[-1])
    yield from _installed(project, project_dir)


def _repository(project_dir: Path) -> list[Path]:
    """Return the folder of the repository, if the project is a folder of one."""
    if (project_dir / ".git").exists():
        return []
    for folder in project_dir.resolve().parents:
        if (folder / ".git").exists():
            return [folder]
    return []


_FOLDERS = {"model": "models", "macro": "macros", "test": "tests"}
_LINTER_SETTINGS = {
    "pyproject.toml": r"(?m)^\s*\[tool\.(?:sqlfluff|sqlfmt)\b",
    "setup.cfg": r"(?m)^\s*\[sqlfluff\b",
    "tox.ini": r"(?m)^\s*\[sqlfluff\b",
    "pep8.ini": r"(?m)^\s*\[sqlfluff\b",
}


def _linter_settings(project: str, roots: Iterable[Path]) -> Iterator[Row]:
    """Give a file that has settings of an SQL linter among others, as a style guide."""
    for root in roots:
        for name, pattern in _LINTER_SETTINGS.items():
            path = root / name
            if path.is_file() and re.search(pattern, path.read_text("utf-8", errors="replace")):
                yield _fact(project, "style_guide", name)
                return


def _first_file(
    project: str, fact: str, patterns: Iterable[str], roots: Sequence[Path]
) -> Iterator[Row]:
    if fact in _OF_FORGES:
        roots = roots[-1:]
    for root in roots:
        path = next(_matching(root, patterns), None)
        if path is not None:
            yield _fact(project, fact, path.relative_to(root).as_posix())
            return


def _workflow_facts(project: str, project_dir: Path, root: Path) -> Iterator[Row]:
    """Give the workflow that matters most, and each command of dbt once."""
    read = workflows(_matching(root, WORKFLOW_FILES), project_dir, root)
    # The first that runs dbt for this project; without one the first of all.
    for path, _ in sorted(read, key=lambda item: not item[1])[:1]:
        yield _fact(project, "ci_workflow", path.relative_to(root).as_posix())
    commands = [command for _, found in read for command in found]
    for text in dict.fromkeys(command.text for command in commands):
        yield _fact(project, "workflow_command", text)
    for text in dict.fromkeys(command.text for command in commands if command.selects):
        yield _fact(project, "workflow_selection", text)


def _matching(root: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        folder, _, last = pattern.rpartition("/")
        for path in _entries(root, folder.split("/") if folder else []):
            if path.is_file() and fnmatch.fnmatchcase(path.name.lower(), last):
                yield path


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
    for name in ("packages.yml", "dependencies.yml"):
        found = _yaml(project_dir / name)
        listed = found.get("packages")
        for entry in listed if isinstance(listed, list) else []:
            place = _other_package(entry, project_dir) if isinstance(entry, Mapping) else None
            if place:
                yield _fact(project, "package", place)


def _yaml(path: Path) -> Mapping[str, Any]:
    from dbt_estate.yaml_read import load_yaml

    found = load_yaml(read_text(path), path.as_posix()) if path.is_file() else None
    return found if isinstance(found, Mapping) else {}


def _other_package(entry: Mapping[str, Any], project_dir: Path) -> str | None:
    """Return where a package is from; none for this one, and for a folder that is not there."""
    if entry.get("local"):
        place = str(entry["local"])
        name = _package_in(project_dir / _rendered(place))
        return place if name not in (None, OWN_PACKAGE) else None
    keys = ("package", "git", "private", "tarball")
    place = next((str(entry[key]) for key in keys if entry.get(key)), "")
    # A repository has the name of its folder, an archive that of its file or the one it is given.
    rendered = _rendered(place)
    last = re.sub(r"(?:\.git)?/*$", "", rendered).replace(":", "/").rpartition("/")[2]
    names = [
        _package_in(Path(rendered.removeprefix("file://"))) if "file://" in rendered else None,
        re.sub(r"(?:-v?\d.*)?\.(?:tar\.gz|tgz)$", "", last),
        str(entry.get("subdirectory") or "").rstrip("/").rpartition("/")[2],
        str(entry.get("name") or ""),
    ]
    own = any(name and name.replace("-", "_") == OWN_PACKAGE for name in names)
    return None if own else place


def _package_in(folder: Path) -> str | None:
    """Return the name of the package in a folder, none where there is none."""
    try:
        name = _yaml(folder / "dbt_project.yml").get("name")
    except OSError:  # such as a name that is too long
        return None
    return str(name) if name else None


def _rendered(place: str) -> str:
    """Return a place as dbt would render it, or as it is where that needs what dbt was given."""
    try:
        return with_environment(place, place)
    except InputError:
        return place
