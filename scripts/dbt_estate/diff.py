"""Unified diffs of long YAML files, in linear time.

difflib alone is quadratic where every third line of a file differs: 5,000 shards that all moved
take 7 s. Here lines that occur once in both texts are matched first (patience diff).
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import pairwise

from dbt_estate.files import BOM

_CONTEXT = 3

# A line and the entry it is in: `schema: main` of one source is not that of another.
_Line = tuple[str, str]


def unified_diff(name: str, old: str, new: str) -> str:
    """Return the unified diff of two texts, empty when they are equal.

    A last line without its end is marked as such.
    """
    a, b = _lines(old), _lines(new)
    shown = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    for group in _Matcher(a, b).get_grouped_opcodes(_CONTEXT):
        (_, a_start, _, b_start, _), (_, _, a_end, _, b_end) = group[0], group[-1]
        shown.append(f"@@ -{_range(a_start, a_end)} +{_range(b_start, b_end)} @@\n")
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                shown += _marked(" ", a[a1:a2])
            else:
                shown += [*_marked("-", a[a1:a2]), *_marked("+", b[b1:b2])]
    return "".join(shown) if len(shown) > 2 else ""


class _Matcher(SequenceMatcher[_Line]):
    """difflib's hunks over matches of our own."""

    def __init__(self, a: Sequence[_Line], b: Sequence[_Line]) -> None:
        super().__init__(None, a, b, autojunk=False)
        self.texts = a, b

    def get_matching_blocks(self) -> list[Match]:
        """Return the runs of equal lines, and the empty run that difflib ends with."""
        blocks: list[Match] = []
        for i, j in _pairs(*self.texts):
            last = blocks[-1] if blocks else Match(-1, -1, 0)
            if (last.a + last.size, last.b + last.size) == (i, j):
                blocks[-1] = Match(last.a, last.b, last.size + 1)
            else:
                blocks.append(Match(i, j, 1))
        return [*blocks, Match(len(self.texts[0]), len(self.texts[1]), 0)]


def _pairs(a: Sequence[_Line], b: Sequence[_Line]) -> Iterator[tuple[int, int]]:
    """Yield the positions of equal lines: the unique ones, and their equal neighbours."""
    for (i, j), (x, y) in pairwise([(-1, -1), *_unique_pairs(a, b), (len(a), len(b))]):
        if i >= 0:
            yield i, j
        while i + 1 < x and j + 1 < y and a[i + 1] == b[j + 1]:
            i, j = i + 1, j + 1
            yield i, j
        before = 0
        while x - before - 1 > i and y - before - 1 > j and a[x - before - 1] == b[y - before - 1]:
            before += 1
        yield from ((x - back, y - back) for back in range(before, 0, -1))


def _unique_pairs(a: Sequence[_Line], b: Sequence[_Line]) -> list[tuple[int, int]]:
    """Return the longest ascending run of pairs of lines that are unique in both texts."""
    once_in_b = {line: at for at, line in enumerate(b)}
    counts = Counter(a), Counter(b)
    ends: list[int] = []  # the smallest end in `b` of a run of each length
    runs: list[tuple[int, int, int]] = []  # (position in a, in b, the pair before it in its run)
    tips: list[int] = []  # the index in `runs` of each end
    for i, line in enumerate(a):
        if counts[0][line] == 1 == counts[1][line]:
            j = once_in_b[line]
            length = bisect_left(ends, j)
            runs.append((i, j, tips[length - 1] if length else -1))
            ends[length : length + 1] = [j]
            tips[length : length + 1] = [len(runs) - 1]
    chosen = []
    at = tips[-1] if tips else -1
    while at >= 0:
        i, j, at = runs[at]
        chosen.append((i, j))
    return chosen[::-1]


def _lines(text: str) -> list[_Line]:
    lines = []
    owner = ""
    for line in io.StringIO(text.removeprefix(BOM), newline="\n"):
        if line.lstrip().startswith("- name:"):
            owner = line
        elif line.lstrip().startswith("#"):
            owner = ""  # the markers: what follows a block belongs to none of its entries
        lines.append((line, owner))
    return lines


def _marked(tag: str, lines: Sequence[_Line]) -> list[str]:
    return [
        f"{tag}{line}" if line.endswith("\n") else f"{tag}{line}\n\\ No newline at end of file\n"
        for line, _ in lines
    ]


def _range(start: int, stop: int) -> str:
    """Return a hunk's range as diff writes it: from 1, and before an empty one."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
