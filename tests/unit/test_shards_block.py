"""Generated blocks: put in once, replaced by line range, everything else byte for byte."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbt_estate.errors import InputError
from dbt_estate.shards.block import splice

BLOCKS = {"anchors": ["- &t", "  - name: orders"], "sources": ["- name: s1", "  tables: *t"]}
ONLY_SOURCES = {"anchors": [], "sources": ["- name: s1"]}

ANCHORS = """\
anchors:
  # dbt-estate: generated anchors, do not edit
  - &t
    - name: orders
  # dbt-estate: end of generated anchors
"""
SOURCES = """\
sources:
  # dbt-estate: generated sources, do not edit
  - name: s1
    tables: *t
  # dbt-estate: end of generated sources
"""

FIRST_TIME = {
    "no text": ("", f"{ANCHORS}\n{SOURCES}"),
    "only comments": ("# mine\n", f"# mine\n\n{ANCHORS}\n{SOURCES}"),
    "other keys": (
        "version: 2\nmodels:\n  - name: m # c\n",
        f"version: 2\nmodels:\n  - name: m # c\n\n{ANCHORS}\n{SOURCES}",
    ),
    "no line end at the end": ("version: 2", f"version: 2\n\n{ANCHORS}\n{SOURCES}"),
    "own sources, its comment and what follows": (
        "version: 2\n\n# the crm\nsources:  # by hand\n  # c\n  - name: crm\nmodels: []\n",
        f"version: 2\n\n{ANCHORS}\n# the crm\n"
        + SOURCES.replace("sources:", "sources:  # by hand")
        + "  # c\n  - name: crm\nmodels: []\n",
    ),
    "a comment that heads the file stays there": (
        "# Copyright\nsources:\n  - name: crm\n",
        f"# Copyright\n{ANCHORS}\n{SOURCES}  - name: crm\n",
    ),
    "a list without indentation": (
        "sources:\n- name: crm\n",
        ANCHORS + "\n" + SOURCES.replace("\n  ", "\n") + "- name: crm\n",
    ),
    "a list with more indentation": (
        "sources:\n    - name: crm\n",
        ANCHORS + "\n" + SOURCES.replace("\n  ", "\n    ") + "    - name: crm\n",
    ),
    "own anchors": (
        "anchors:\n  - &mine {a: 1}\nsources:\n  - name: crm\n",
        f"{ANCHORS}  - &mine {{a: 1}}\n{SOURCES}  - name: crm\n",
    ),
    "a key without a value": ("sources: # none yet", f"{ANCHORS}\n{SOURCES}"),
    "a quoted key": ('"sources":\n  - name: crm\n', f'{ANCHORS}\n"{SOURCES}  - name: crm\n'),
}


@pytest.mark.parametrize(("old", "new"), FIRST_TIME.values(), ids=FIRST_TIME)
def test_the_first_time(old: str, new: str) -> None:
    if "# none yet" in old:
        new = new.replace("sources:\n  # dbt", "sources: # none yet\n  # dbt")
    if '"sources"' in old:
        new = new.replace('"sources:', '"sources":')
    assert splice(old, BLOCKS, "f") == new
    yaml.safe_load(new)


@pytest.mark.parametrize("old", [old for old, _ in FIRST_TIME.values()], ids=FIRST_TIME)
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_are_kept(old: str, eol: str, bom: str) -> None:
    given_text = bom + old.replace("\n", eol)
    new = splice(given_text, BLOCKS, "f")
    if "\n" in old:
        assert new == bom + splice(old, BLOCKS, "f").replace("\n", eol)
    assert splice(new, BLOCKS, "f") == new


def test_a_file_with_logical_sources_only_gets_no_anchors() -> None:
    assert "anchors" not in splice("", ONLY_SOURCES, "f")


def test_anchors_that_are_no_longer_needed_leave_an_empty_block() -> None:
    text = splice(splice("", BLOCKS, "f"), ONLY_SOURCES, "f")
    assert yaml.safe_load(text) == {"anchors": None, "sources": [{"name": "s1"}]}
    assert splice(text, BLOCKS, "f") == splice("", BLOCKS, "f")


lines = st.lists(
    st.sampled_from(
        [
            "# a comment",
            "",
            "  - name: mine",
            "models:",
            "  - name: m",
            "groups: []",
            "    x: 'é: #'",
        ]
    )
).map(lambda parts: "".join(f"{part}\n" for part in parts))
entries = st.lists(st.integers(0, 99).map(lambda n: f"- name: s{n}"), min_size=1, max_size=5)


@given(before=lines, between=lines, after=lines, first=entries, second=entries)
def test_outside_the_markers_nothing_changes(
    before: str, between: str, after: str, first: list[str], second: list[str]
) -> None:
    def file(sources: list[str]) -> str:
        generated = "".join(f"  {line}\n" for line in sources)
        parts = SOURCES.splitlines(keepends=True)
        return before + ANCHORS + between + "".join([*parts[:2], generated, parts[4]]) + after

    blocks = {"anchors": BLOCKS["anchors"], "sources": second}
    assert splice(file(first), blocks, "f") == file(second)
    assert splice(file(second), blocks, "f") == file(second)


tops = st.lists(
    st.sampled_from(
        [
            "version: 2\n",
            "# comment\n",
            "\n",
            "models:\n  - name: m  # kept\n",
            "groups:\n- name: g\n",
            "sources:\n  - name: crm\n    tables: [{name: t}]\n",
            "sources:\n# c\n- name: crm\n",
            "sources:\n",
            "anchors:\n    - &mine [1]\n",
        ]
    ),
    unique_by=lambda part: part.split(":")[0] if ":" in part else part,
).map("".join)


@given(tops)
def test_the_first_time_adds_and_removes_nothing_else(old: str) -> None:
    if "sources" in old and old.find("anchors") > old.find("sources"):
        with pytest.raises(InputError, match="must come before"):
            splice(old, BLOCKS, "f")
        return
    new = splice(old, BLOCKS, "f")
    read = yaml.safe_load(new)
    mine = yaml.safe_load(old) or {}
    assert read["sources"] == [
        {"name": "s1", "tables": [{"name": "orders"}]},
        *(mine.pop("sources", None) or []),
    ]
    assert read["anchors"] == [[{"name": "orders"}], *(mine.pop("anchors", None) or [])]
    assert {key: read[key] for key in mine} == mine
    added = iter(new.splitlines())
    assert all(line in added for line in old.splitlines())
    assert splice(new, BLOCKS, "f") == new


END = "# dbt-estate: end of generated sources"
BEGIN = "# dbt-estate: generated sources, do not edit"
ERRORS = {
    "no end": (f"sources:\n  {BEGIN}\n  - name: a\n", f"marker '{END}' is missing"),
    "no begin": (f"sources:\n  - name: a\n  {END}\n", "line 3: unexpected marker"),
    "twice": (f"sources:\n  {BEGIN}\n  {END}\n  {BEGIN}\n  {END}\n", "line 4: unexpected marker"),
    "interleaved": (
        f"sources:\n  {BEGIN}\n  {END.replace('sources', 'anchors')}\n",
        "line 3: unexpected marker",
    ),
    "under another key": (
        f"models:\n  {BEGIN}\n  {END}\n",
        "line 2: the generated block must be under the key `sources:`, it is under 'models:'",
    ),
    "under no key": (f"{BEGIN}\n{END}\n", "it is under 'none'"),
    "a flow list": ("version: 2\nsources: []\n", "line 2: `sources:` must be a list with one"),
    "a mapping": ("sources:\n  crm: {}\n", "line 1: `sources:` must be a list"),
    "an anchored list": ("sources: &s\n  - name: crm\n", "line 1: `sources:` must be a list"),
    "an alias": ("x: &s\n  - name: crm\nsources: *s\n", "line 3: `sources:` must be a list"),
    "a list": ("- a\n", "must be a mapping"),
    "a flow mapping": ("{sources: [a]}\n", "must be a mapping"),
    "an indented mapping": ("  version: 2\n", "from the first column on"),
    "not YAML": ("version: 2\nmodels: [\n", "line 3: not valid YAML"),
    "two documents": ("a: 1\n---\nb: 1\n", "not valid YAML: but found another document"),
    "an ended document": ("a: 1\n...\n", "not valid YAML"),
    "anchors after sources": (
        "sources:\n  - name: crm\nanchors:\n  - &a 1\n",
        "`anchors:` must come before `sources:`",
    ),
}


@pytest.mark.parametrize(("text", "message"), ERRORS.values(), ids=ERRORS)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        splice(text, BLOCKS, "models/shards.yml")
    assert str(raised.value).startswith("models/shards.yml: ")
    assert message in str(raised.value)
