"""Stubs in use: those that a vocabulary lacks, those nearly alike, and a first proposal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import msgspec

from dbt_estate.names.project import Name, Resource
from dbt_estate.names.types import type_family
from dbt_estate.names.vocabulary import Vocabulary

_SHORTEST_ALIKE = 3


class Candidate(msgspec.Struct, frozen=True):
    """The first or the last part of names, how many names have it, and one of them."""

    stub: str
    position: str
    names: int
    example: str


class Alike(msgspec.Struct, frozen=True):
    """Two stubs that differ by one letter, and how many names have each."""

    stub: str
    other: str
    names: int
    other_names: int


def lacking(resources: Iterable[Resource], vocabulary: Vocabulary) -> list[Candidate]:
    """Return the first and last parts of names that no stub explains, the most frequent first."""
    unknown = [
        name.text
        for resource in resources
        for name in resource.names.values()
        if not vocabulary.is_ignored(name.text) and not vocabulary.resolve(name.text).stubs
    ]
    return [
        Candidate(stub, position, len(names), names[0])
        for (position, stub), names in sorted(
            _by_part(unknown, vocabulary.sep).items(), key=lambda item: (-len(item[1]), item[0])
        )
    ]


def alike(resources: Iterable[Resource], vocabulary: Vocabulary) -> list[Alike]:
    """Return pairs of stubs, known or in use, of which one may be a slip for the other."""
    uses: Counter[str] = Counter()
    for resource in resources:
        for name in resource.names.values():
            resolved = vocabulary.resolve(name.text)
            uses.update(stub.text.lower() for stub in resolved.stubs)
            if not resolved.stubs and not vocabulary.is_ignored(name.text):
                parts = name.text.lower().split(vocabulary.sep)
                uses.update({parts[0], parts[-1]} if len(parts) > 1 else ())
    for level in vocabulary.levels:
        for stub in level.stubs:
            uses.setdefault(stub, 0)
    long_enough = sorted(stub for stub in uses if len(stub) >= _SHORTEST_ALIKE)
    pairs = [
        (first, second) if uses[first] >= uses[second] else (second, first)
        for first, second in combinations(long_enough, 2)
        if _is_one_letter_off(first, second)
    ]
    return [Alike(first, second, uses[first], uses[second]) for first, second in sorted(pairs)]


def _is_one_letter_off(first: str, second: str) -> bool:
    """Whether one letter is added, left out, another, or two neighbours have changed places."""
    if abs(len(first) - len(second)) > 1 or any(c.isdigit() for c in first + second):
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    one, other = first[start:], second[start:]
    swapped = len(one) > 1 and one[:2] == other[1::-1] and one[2:] == other[2:]
    return one[1:] == other or one == other[1:] or one[1:] == other[1:] or swapped


def proposal(resources: Sequence[Resource], sep: str, least: int) -> dict[str, object]:
    """Return a vocabulary: the stubs that explain most names, each at least `least` of them."""
    by_text: dict[str, list[Name]] = defaultdict(list)
    for resource in resources:
        for name in resource.names.values():
            by_text[name.text.lower()].append(name)
    left = dict(by_text)
    stubs: dict[str, object] = {}
    while True:
        parts = _by_part(left, sep)
        best = max(
            parts.items(), key=lambda item: (len(item[1]), item[0][0] == "suffix", item[0]),
            default=None,
        )  # fmt: skip
        if best is None or len(best[1]) < least:
            break
        (position, stub), names = best
        covered = [name for text in names for name in by_text[text]]
        stubs.setdefault(stub, _meaning(position, covered))
        for text in names:
            left.pop(text, None)
    return {"sep": sep, "unknown": "warn", "stubs": stubs}


def _by_part(names: Iterable[str], sep: str) -> dict[tuple[str, str], list[str]]:
    """Group names of several parts by their first and by their last one."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        parts = name.lower().split(sep)
        if len(parts) > 1 and all(parts):
            found["prefix", parts[0]].append(name)
            found["suffix", parts[-1]].append(name)
    return found


def _meaning(position: str, names: Sequence[Name]) -> Mapping[str, object]:
    known = [name.data_types[0] for name in names if name.data_types]
    families = {type_family(data_type) for data_type in known} - {"other"}
    meaning: dict[str, object] = {"description": "", "position": position}
    # With more the name does not say a type, and one of many says little of the others.
    if 0 < len(families) <= 2 and 2 * len(known) >= len(names):
        meaning["types"] = sorted(families)
    return meaning
