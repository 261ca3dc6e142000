"""The controlled vocabulary of column names under `vars: dbt_estate: vocabulary`.

The same rules, and the same words for what is wrong, as the Jinja of macros/columns:
tests/conformance holds both to one contract.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dbt_estate.errors import InputError

_SETTINGS = ("sep", "severity", "unknown", "ignore", "stubs", "levels")
_LEVEL_SETTINGS = ("name", "unknown", "stubs")
_STUB_SETTINGS = ("position", "description", "severity", "types", "checks", "rename")
_CHECKS = (
    "not_null", "accepted_values", "min", "max", "unique", "not_blank", "matches", "expression",
)  # fmt: skip
_FLAGS = ("not_null", "unique", "not_blank")
_SEVERITIES = ("error", "warn")
_UNKNOWN = ("fail", "warn", "ignore")

# What dbt adds to a snapshot: https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields
SNAPSHOT_COLUMNS = (
    "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted",
)  # fmt: skip


@dataclass(frozen=True)
class Stub:
    """One stub and what it means. The checks of its data are the warehouse's affair."""

    text: str
    position: str = "prefix"
    description: str = ""
    severity: str = "error"
    types: Sequence[str] = ()


@dataclass(frozen=True)
class Level:
    """The stubs that may stand at one place of a name, by their lower-case text."""

    name: str
    unknown: str
    stubs: Mapping[str, Stub]


@dataclass(frozen=True)
class Resolved:
    """What a name says: its stubs, what they leave over, the levels that found none."""

    stubs: Sequence[Stub]
    rest: str
    unknown: Sequence[Level]


@dataclass(frozen=True)
class Vocabulary:
    """All levels, the first being `stubs` itself."""

    sep: str = "_"
    ignore: Sequence[str] = ()
    levels: Sequence[Level] = field(default_factory=tuple)

    def resolve(self, name: str) -> Resolved:
        """Read a name: at each level the longest stub that ends at a separator."""
        parts = name.split(self.sep)
        stubs: list[Stub] = []
        unknown: list[Level] = []
        for number, level in enumerate(self.levels):
            if not parts or (number and not stubs):
                continue
            stub, rest = _longest(parts, level.stubs, self.sep)
            if stub is None:
                unknown.append(level)
            else:
                stubs.append(stub)
                parts = rest
        return Resolved(stubs, self.sep.join(parts), unknown)

    def is_ignored(self, name: str) -> bool:
        """Whether the name is not looked at: it is in `ignore`, or dbt adds it to snapshots."""
        return any(pattern.match(name) for pattern in self._ignored)

    @cached_property
    def _ignored(self) -> list[re.Pattern[str]]:
        return [glob_pattern(glob) for glob in (*self.ignore, *SNAPSHOT_COLUMNS)]


def glob_pattern(glob: str) -> re.Pattern[str]:
    """Compile a name or a glob with `*` and `?`; upper and lower case are one."""
    text = re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(rf"(?s){text}\Z", re.IGNORECASE)


def _longest(
    parts: Sequence[str], stubs: Mapping[str, Stub], sep: str
) -> tuple[Stub | None, list[str]]:
    best: Stub | None = None
    rest = list(parts)
    length = -1
    for count in range(len(parts), 0, -1):
        cut = len(parts) - count
        for position, end, left in (
            ("prefix", parts[:count], parts[count:]),
            ("suffix", parts[cut:], parts[:cut]),
        ):
            text = sep.join(end).lower()
            stub = stubs.get(text)
            if stub is not None and stub.position == position and len(text) > length:
                best, rest, length = stub, list(left), len(text)
    return best, rest


def read_vocabulary(given: object, where: str) -> Vocabulary:
    """Check the mapping under `vocabulary`, and return it.

    Raises InputError with everything that is wrong.
    """
    problems: list[str] = []
    mapping = given if isinstance(given, Mapping) else {}
    if given is not None and not isinstance(given, Mapping):
        problems.append(f"must be a mapping, got: {given}")
    for key in mapping:
        if key not in _SETTINGS:
            problems.append(f"{key}: is not a setting; the settings are {', '.join(_SETTINGS)}")
    sep = mapping.get("sep", "_")
    if not isinstance(sep, str) or not sep:
        problems.append(f"sep: must be a text that is not empty, got: {sep}")
        sep = "_"
    severity = _choice("severity", mapping.get("severity", "error"), _SEVERITIES, problems)
    unknown = _choice("unknown", mapping.get("unknown", "fail"), _UNKNOWN, problems)
    ignore = mapping.get("ignore", [])
    if not _is_texts(ignore):
        problems.append(f"ignore: must be a list of names or globs, got: {ignore}")
        ignore = []
    stubs = _stubs(mapping.get("stubs"), "stubs", severity, problems)
    levels = [Level("stubs", unknown, stubs)]
    _add_levels(levels, mapping.get("levels", []), severity, problems)
    if problems:
        raise InputError(where, list(dict.fromkeys(problems)))
    return Vocabulary(sep, tuple(ignore), tuple(levels))


def _choice(where: str, value: object, allowed: Sequence[str], problems: list[str]) -> str:
    if value in allowed:
        return str(value)
    problems.append(f"{where}: must be one of {', '.join(allowed)}, got: {value}")
    return allowed[0]


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _add_levels(levels: list[Level], given: object, severity: str, problems: list[str]) -> None:
    if not isinstance(given, list | tuple):
        problems.append(
            f"levels: must be a list of mappings with name, unknown and stubs, got: {given}"
        )
        return
    for number, item in enumerate(given):
        where = f"levels[{number}]"
        level: Mapping[Any, Any] = item if isinstance(item, Mapping) else {}
        name: object = level.get("name")
        if not isinstance(item, Mapping):
            problems.append(f"{where}: must be a mapping with name, unknown and stubs, got: {item}")
            level, name = {"stubs": {}}, where
        for key in level:
            if key not in _LEVEL_SETTINGS:
                problems.append(
                    f"{where}.{key}: is not a setting; the settings are "
                    f"{', '.join(_LEVEL_SETTINGS)}"
                )
        taken = [known.name for known in levels]
        if not isinstance(name, str) or not name.strip() or name in taken:
            problems.append(f"{where}.name: must be a name that no other level has, got: {name}")
        unknown = _choice(f"{where}.unknown", level.get("unknown", "ignore"), _UNKNOWN, problems)
        stubs = _stubs(level.get("stubs"), f"{where}.stubs", severity, problems)
        levels.append(Level(str(name), unknown, stubs))


def _stubs(given: object, where: str, severity: str, problems: list[str]) -> dict[str, Stub]:
    stubs: dict[str, Stub] = {}
    if not isinstance(given, Mapping) or not given:
        problems.append(f"{where}: must be a mapping of stubs to what they mean, got: {given}")
        return stubs
    for text, meaning in given.items():
        if not isinstance(text, str) or not text:
            problems.append(
                f"{where}: a stub must be a text, got: {text}. Quote it, since YAML reads NO, ON "
                "and numbers otherwise"
            )
        elif text.lower() in stubs:
            problems.append(f"{where}.{text}: is there twice, as names are read without their case")
        else:
            stubs[text.lower()] = _stub(text, meaning, f"{where}.{text}", severity, problems)
    return stubs


def _stub(text: str, given: object, where: str, severity: str, problems: list[str]) -> Stub:
    meaning: Mapping[Any, Any]
    if isinstance(given, Mapping):
        meaning = given
    else:
        meaning = {"description": given} if isinstance(given, str) else {}
        if given is not None and not isinstance(given, str):
            problems.append(f"{where}: must be a description or a mapping, got: {given}")
    for key in meaning:
        if key not in _STUB_SETTINGS:
            problems.append(
                f"{where}.{key}: is not a setting; the settings are {', '.join(_STUB_SETTINGS)}"
            )
    types = meaning.get("types", [])
    types = [types] if isinstance(types, str) else types
    position = _choice(
        f"{where}.position", meaning.get("position", "prefix"), ("prefix", "suffix"), problems
    )
    own = meaning.get("severity", severity)
    known = _choice(f"{where}.severity", own, _SEVERITIES, problems)
    description = meaning.get("description", "")
    if not isinstance(description, str):
        problems.append(f"{where}.description: must be a text, got: {description}")
    if not _is_texts(types):
        problems.append(f"{where}.types: must be a type or a list of types, got: {types}")
        types = []
    rename = meaning.get("rename", {})
    if not isinstance(rename, Mapping) or not all(isinstance(v, str) for v in rename.values()):
        problems.append(f"{where}.rename: must be a mapping of functions to stubs, got: {rename}")
    _check_checks(meaning.get("checks", {}), f"{where}.checks", problems)
    return Stub(text, position, str(description), known, tuple(types))


def _check_checks(given: object, where: str, problems: list[str]) -> None:
    if not isinstance(given, Mapping):
        problems.append(f"{where}: must be a mapping of checks, got: {given}")
        return
    for rule, short in given.items():
        at = f"{where}.{rule}"
        value = short
        if isinstance(short, Mapping):
            for key in short:
                if key not in ("value", "severity"):
                    problems.append(
                        f"{at}.{key}: is not a setting; the settings are value, severity"
                    )
            if "severity" in short:
                _choice(f"{at}.severity", short["severity"], _SEVERITIES, problems)
            value = short.get("value")
        problem = _value_problem(rule, value)
        if problem:
            problems.append(f"{at}: {problem}")


def _value_problem(rule: object, value: object) -> str | None:
    is_scalar = isinstance(value, str | int | float | datetime.date)
    if rule in _FLAGS:
        return None if isinstance(value, bool) else f"must be true or false, got: {value}"
    if rule == "accepted_values":
        is_list = isinstance(value, list | tuple) and bool(value) and None not in value
        return None if is_list else f"must be a list of values, got: {value}"
    if rule in ("min", "max"):
        is_fit = is_scalar and not isinstance(value, bool)
        return None if is_fit else f"must be a number, a date or a text, got: {value}"
    if rule == "matches":
        is_fit = isinstance(value, str) and bool(value)
        return None if is_fit else f"must be a regular expression, got: {value}"
    if rule == "expression":
        is_fit = isinstance(value, str) and "{col}" in value
        return None if is_fit else f"must be a condition with {{col}} for the column, got: {value}"
    return f"is not a check; the checks are {', '.join(_CHECKS)}"
