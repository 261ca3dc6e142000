"""Unified diffs: they lead from the old text to the new one, and stay quick."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from dbt_estate.diff import unified_diff

texts = st.lists(
    st.sampled_from(["- name: a", "- name: b", "- name: c", "  x: 1", "  x: 2", ""]), max_size=30
).map(lambda lines: "\n".join(lines))


def applied(diff: str, old: str) -> str:
    """Apply a diff as patch does, insisting on every context line."""
    source = old.splitlines(keepends=True)
    result: list[str] = []
    at = 0
    hunks = re.split(r"^(@@ .* @@)\n", diff, flags=re.M)[1:]
    for header, body in zip(hunks[::2], hunks[1::2], strict=True):
        found = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", header)
        assert found
        old_start, old_size, new_start, new_size = (int(n) if n else 1 for n in found.groups())
        start = old_start - 1 if old_size else old_start
        result += source[at:start]
        assert len(result) == (new_start - 1 if new_size else new_start)
        removed = [line[1:] for line in _parts(body) if line[0] in " -"]
        added = [line[1:] for line in _parts(body) if line[0] in " +"]
        assert removed == source[start : start + old_size]
        assert len(added) == new_size
        result += added
        at = start + old_size
    return "".join(result + source[at:])


def _parts(body: str) -> list[str]:
    parts: list[str] = []
    for line in body.splitlines(keepends=True):
        if line.startswith("\\"):
            parts[-1] = parts[-1].removesuffix("\n")
        else:
            parts.append(line)
    return parts


@given(texts, texts)
def test_a_diff_makes_the_new_text(old: str, new: str) -> None:
    assert applied(unified_diff("f", old, new), old) == new


@given(texts)
def test_equal_texts_have_no_diff(text: str) -> None:
    assert unified_diff("f", text, text) == ""


def test_a_diff_looks_as_usual() -> None:
    old = "".join(f"- name: {n}\n  x: 1\n" for n in range(9))
    new = old.replace("- name: 4\n  x: 1", "- name: 4\n  x: 2")
    assert unified_diff("f.yml", old, new) == (
        "--- a/f.yml\n+++ b/f.yml\n@@ -7,7 +7,7 @@\n"
        " - name: 3\n   x: 1\n - name: 4\n-  x: 1\n+  x: 2\n - name: 5\n   x: 1\n - name: 6\n"
    )


def test_a_missing_last_line_end_is_marked() -> None:
    assert unified_diff("f", "a", "a\n") == (
        "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"
    )


def test_thousands_of_changed_entries_are_quick() -> None:
    def text(prefix: str) -> str:
        return "".join(
            f"- name: {n}\n  database: {prefix}{n}\n  schema: main\n" for n in range(9000)
        )

    started = time.perf_counter()
    diff = unified_diff("f", text("a"), text("b"))
    assert diff.count("\n+ ") == 9000
    assert time.perf_counter() - started < 5
