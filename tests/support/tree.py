"""Readers of the package's own tree, and the rules that it keeps.

Each rule takes text and returns a list of problems, so that the mirror test can run it on the tree
and also on small wrong examples.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PACKAGE = "dbt_estate"
MAXIMUM_MACRO_LINES = 70
MAXIMUM_LINE_LENGTH = 120

_ADAPTERS = "default|duckdb|postgres|redshift|sqlserver|fabric|spark|databricks|snowflake|bigquery"
_FORK = re.compile(rf"^(?P<adapter>{_ADAPTERS})__(?P<base>\w+)$")
_OPENING = re.compile(
    r"\{%-?\s*(?P<kind>macro|test|data_test|materialization)\s+(?P<signature>.*?)-?%\}", re.DOTALL
)
# https://docs.getdbt.com/reference/resource-properties/arguments#supported-types
_PLAIN = "(?:str|string|bool|int|integer|float|any|relation|column)"
_TYPE = re.compile(
    rf"{_PLAIN}|(?:list|optional)\[(?:{_PLAIN}|list\[{_PLAIN}\])\]|dict\[{_PLAIN}, {_PLAIN}\]"
)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True)
class Macro:
    """One macro, generic test or materialization as it stands in a file."""

    kind: str
    name: str
    arguments: tuple[str, ...]
    line: int
    lines: int

    @property
    def is_fork(self) -> bool:
        """Whether it is an adapter's version of another macro."""
        return _FORK.match(self.name) is not None

    @property
    def yml_name(self) -> str:
        """The name by which dbt knows it in a properties file."""
        return {
            "test": f"test_{self.name}",
            "data_test": f"test_{self.name}",
            "materialization": f"materialization_{self.name}_default",
        }.get(self.kind, self.name)


def without_comments(text: str) -> str:
    """Blank out Jinja comments and keep the line numbers."""
    return _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def macros_of(text: str) -> list[Macro]:
    """Return the definitions of a file, in order."""
    code = without_comments(text)
    found = []
    for opening in _OPENING.finditer(code):
        kind, signature = opening["kind"], opening["signature"].strip()
        closing = re.compile(r"\{%-?\s*end" + kind + r"\s*-?%\}").search(code, opening.end())
        end = closing.end() if closing else len(code)
        line = code.count("\n", 0, opening.start()) + 1
        lines = code.count("\n", opening.start(), end) + 1
        name, arguments = _signature(signature, kind)
        found.append(Macro(kind, name, arguments, line, lines))
    return found


def _signature(text: str, kind: str) -> tuple[str, tuple[str, ...]]:
    """Read `name(a, b=none)` as Python does, which is how Jinja writes it as well."""
    if kind == "materialization":  # name, adapter='duckdb'
        return text.split(",")[0].strip(), ()
    function = ast.parse(f"def {text}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.name, tuple(argument.arg for argument in function.args.args)


# -- rules of one file ------------------------------------------------------------------------


def naming_problems(stem: str, macros: list[Macro]) -> list[str]:
    """Check that a public file begins with the macro of its name, and the rest is private."""
    if not macros:
        return ["it defines no macro"]
    public = not stem.startswith("_")
    problems = []
    if public and macros[0].name != stem:
        problems.append(f"its first macro is {macros[0].name}, not {stem}")
    for macro in macros[1:] if public else macros:
        if public and macro.name == stem and macro.kind == "materialization":
            continue  # the same materialization for another adapter
        if not macro.is_fork and not macro.name.startswith("_"):
            problems.append(
                f"line {macro.line}: {macro.name} is public, but the file is not its own"
            )
    return problems


def length_problems(macros: list[Macro]) -> list[str]:
    """Check that a macro can be read without scrolling."""
    return [
        f"line {macro.line}: {macro.name} has {macro.lines} lines, more than {MAXIMUM_MACRO_LINES}"
        for macro in macros
        if macro.lines > MAXIMUM_MACRO_LINES
    ]


def _lines_with(pattern: str, text: str, problem: str) -> list[str]:
    code = without_comments(text)
    return [
        f"line {code.count(chr(10), 0, found.start()) + 1}: {problem}: {found.group().strip()}"
        for found in re.finditer(pattern, code)
    ]


def target_type_problems(text: str) -> list[str]:
    """Check that adapters are told apart by dispatch, never by target.type."""
    return _lines_with(r"\btarget\s*(\.\s*type|\[\s*['\"]type)", text, "use adapter.dispatch")


def quoting_problems(text: str) -> list[str]:
    """Check that no value is put between quotes by hand, in SQL or by joining texts in Jinja."""
    code = without_comments(text)
    # One mark for each expression, none for what only steers; a quoted text is within a line.
    marked = re.sub(
        r"\{\{.*?\}\}", lambda tag: "\0" + "\n" * tag.group().count("\n"), code, flags=re.S
    )
    marked = re.sub(r"\{%.*?%\}", lambda tag: "\n" * tag.group().count("\n"), marked, flags=re.S)
    problems = [
        f"line {number}: a quoted {{{{ }}}}: use literal or identifier: {quoted}".replace(
            "\0", "{{ }}"
        )
        for number, line in enumerate(marked.split("\n"), start=1)
        for quoted in re.findall(r"'[^']*'|\"[^\"]*\"", line)
        if "\0" in quoted
    ]
    return problems + _lines_with(
        r"""(\s=|\b(?:in|like|as|values)) ?\(?'"\s*~|(\s=|\b(?:in|like|as|values)) ?\(?"'\s*~""",
        text,
        "a text that ends in a quote and goes on with a value: use literal or identifier",
    )


def var_problems(text: str) -> list[str]:
    """Check that settings are read through _settings()."""
    return _lines_with(r"(?<![\w.])var\s*\(.*", text, "only _settings() reads var")


def ref_problems(text: str) -> list[str]:
    """Check that refs to our own models name the package: a user may have a model of that name."""
    return _lines_with(r"(?<![\w.])ref\(\s*['\"][^'\",)]*['\"]\s*\)", text, "name the package too")


def text_problems(text: str) -> list[str]:
    """Check tabs, white space at the end, long lines and the end of the file."""
    problems = []
    for number, line in enumerate(text.split("\n"), start=1):
        if "\t" in line:
            problems.append(f"line {number}: a tab")
        if line != line.rstrip():
            problems.append(f"line {number}: white space at its end")
        if len(line) > MAXIMUM_LINE_LENGTH and "https://" not in line:
            problems.append(f"line {number}: {len(line)} characters, over {MAXIMUM_LINE_LENGTH}")
    if not text.endswith("\n") or text.endswith("\n\n"):
        problems.append("the file must end with one line feed")
    return problems


# -- rules between files ----------------------------------------------------------------------


def dispatch_problems(texts: Mapping[str, str]) -> list[str]:
    """Check that every dispatched name has a default, and every fork a dispatch."""
    problems = []
    defined = {macro.name for text in texts.values() for macro in macros_of(text)}
    dispatched = set()
    for file, text in texts.items():
        calls = re.findall(r"adapter\.dispatch\(([^)]*)\)", without_comments(text))
        for call in calls:
            arguments = re.findall(r"['\"](\w+)['\"]", call)
            if len(arguments) != 2 or arguments[1] != PACKAGE:
                problems.append(f"{file}: dispatch({call}) must be ('<macro>', '{PACKAGE}')")
                continue
            dispatched.add(arguments[0])
            if f"default__{arguments[0]}" not in defined:
                problems.append(f"{file}: {arguments[0]} is dispatched and has no default")
    for name in sorted(defined):
        fork = _FORK.match(name)
        if fork and fork["base"] not in dispatched:
            problems.append(f"{name} is an adapter's fork of what nothing dispatches")
    return problems


def privacy_problems(texts: Mapping[str, str]) -> list[str]:
    """Check that a folder's private macros are called in that folder only; all may use _sql."""
    homes: dict[str, set[str]] = {}
    for file, text in texts.items():
        for macro in macros_of(text):
            homes.setdefault(macro.name, set()).add(_feature(file))
    problems = []
    for file, text in texts.items():
        feature = _feature(file)
        for name in sorted(set(re.findall(rf"{PACKAGE}\.(_\w+)", without_comments(text)))):
            where = homes.get(name)
            if where is None:
                problems.append(f"{file}: calls {name}, which is not defined")
            elif "_sql" not in where and feature not in where:
                problems.append(f"{file}: calls {name}, which is private to {', '.join(where)}")
            elif feature == "_sql" and "_sql" not in where:
                problems.append(f"{file}: _sql uses {name} of {', '.join(where)}")
    return problems


def _feature(file: str) -> str:
    parts = Path(file).parts
    return parts[parts.index("macros") + 1] if "macros" in parts else ""


def yml_problems(macro: Macro, entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Check that a macro is described, argument by argument, in the order of its signature."""
    mine = [entry for entry in entries if entry.get("name") == macro.yml_name]
    if len(mine) != 1:
        return [f"{macro.yml_name} has {len(mine)} entries in the yml files of its folder, not 1"]
    problems = []
    if not str(mine[0].get("description") or "").strip():
        problems.append(f"{macro.yml_name} has no description")
    if macro.kind == "materialization":
        return problems
    arguments = mine[0].get("arguments") or []
    names = tuple(str(argument.get("name")) for argument in arguments)
    if names != macro.arguments:
        problems.append(f"the yml lists {names}, the signature of {macro.name} {macro.arguments}")
    for argument in arguments:
        for key in ("type", "description"):
            if not str(argument.get(key) or "").strip():
                problems.append(f"argument {argument.get('name')} of {macro.name} has no {key}")
        if not _TYPE.fullmatch(str(argument.get("type"))):
            problems.append(
                f"argument {argument.get('name')} of {macro.name}: dbt has no such type"
            )
    return problems


def yml_entries(folder: Path) -> list[Mapping[str, Any]]:
    """Return the `macros:` entries of the properties files of a folder."""
    entries: list[Mapping[str, Any]] = []
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        entries.extend(content.get("macros") or [])
    return entries


def is_named_in(name: str, text: str) -> bool:
    """Say whether a text names a macro as code: `name`, 'name', name(...) or dbt_estate.name."""
    word = re.escape(name)
    return (
        re.search(rf"\b{PACKAGE}\.{word}\b|[`'\"]{word}[`'\"(]|(?<!\w){word}\(", text) is not None
    )
