"""Lines of names in properties files."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbt_estate.check.lines import Properties, properties_of

TEXT = """\
version: 2
models:
  - name: orders
    description: "{{ doc('orders') }}"
    columns:
      - name: id
        data_tests:
          - not_null
          - unique:
              config: {severity: warn}
      - {name: "the total", tests: [dbt_utils.at_least_one, {accepted_values: {values: [1]}}]}
      - description: its name stands below
        name: 'state'
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          name: one_of_each
          combination_of_columns: [id, state]
      - name: by_hand
        test_name: expression_is_true
  - description: x
    name: customers
    latest_version: 2
    columns:
      - name: id
      - name: age
    data_tests: [has_rows]
    versions:
      - v: 1
      - v: 2
        columns:
          - include: all
          - name: id
seeds: [{name: kinds}, {name: "more"}]
snapshots:
- name: kept
sources:
  - name: app
    tables:
      - name: orders
        columns:
          - name: id
            data_tests: [unique]
  - name: shop
    tables:
      - name: orders
exposures:
  - name: report
metrics:
  - name: revenue
macros:
  - name: cents
    arguments:
      - name: value
      - name: scale
analyses:
  - name: look
    columns: [{name: id}]
groups:
  - name: finance
saved_queries:
  - name: daily
unit_tests:
  - name: adds_up
semantic_models:
  - name: orders
data_tests:
  - name: singular
"""


def marked(text: str, line: int | None) -> str | None:
    return None if line is None else text.splitlines()[line - 1].strip()


@pytest.mark.parametrize(
    ("kind", "name", "more", "line"),
    [
        ("model", "orders", {}, "- name: orders"),
        ("models", "orders", {}, "- name: orders"),
        ("model", "orders", {"column": "id"}, "- name: id"),
        ("model", "orders", {"column": "state"}, "name: 'state'"),
        ("model", "orders", {"column": "id", "test": "unique"}, "- unique:"),
        ("model", "orders", {"column": "id", "test": "relationships"}, None),
        ("model", "orders", {"test": "unique"}, None),
        ("model", "orders", {"test": "one_of_each"}, "- dbt_utils.unique_combination_of_columns:"),
        (
            "model",
            "orders",
            {"test": "unique_combination_of_columns"},
            "- dbt_utils.unique_combination_of_columns:",
        ),
        ("model", "orders", {"test": "by_hand"}, "- name: by_hand"),
        ("model", "orders", {"test": "expression_is_true"}, "- name: by_hand"),
        ("model", "customers", {}, "name: customers"),
        ("model", "customers", {"version": 2}, "- v: 2"),
        ("model", "customers", {"version": "2"}, "- v: 2"),
        ("model", "customers", {"version": 3}, None),
        ("model", "customers", {"version": 1, "test": "has_rows"}, "data_tests: [has_rows]"),
        ("model", "ORDERS", {}, None),
        ("seed", "kinds", {}, 'seeds: [{name: kinds}, {name: "more"}]'),
        ("seed", "more", {}, 'seeds: [{name: kinds}, {name: "more"}]'),
        ("snapshot", "kept", {}, "- name: kept"),
        ("source", "app", {}, "- name: app"),
        ("source", "orders", {}, None),
        ("exposure", "report", {}, "- name: report"),
        ("metric", "revenue", {}, "- name: revenue"),
        ("macro", "cents", {}, "- name: cents"),
        ("macro", "cents", {"macro_argument": "scale"}, "- name: scale"),
        ("macro", "cents", {"macro_argument": "none"}, None),
        ("analysis", "look", {"column": "id"}, "columns: [{name: id}]"),
        ("group", "finance", {}, "- name: finance"),
        ("saved_query", "daily", {}, "- name: daily"),
        ("unit_test", "adds_up", {}, "- name: adds_up"),
        ("test", "singular", {}, "- name: singular"),
        ("operation", "orders", {}, None),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_line_of_a_name(
    kind: str, name: str, more: dict[str, Any], line: str | None, newline: str, mark: str
) -> None:
    text = mark + TEXT.replace("\n", newline)
    assert marked(text, Properties(text).line_of(kind, name, **more)) == line


def test_names_that_are_there_several_times() -> None:
    lines = [number for number, line in enumerate(TEXT.splitlines(), 1) if "name: orders" in line]
    properties = Properties(TEXT)
    found = [
        properties.line_of("model", "orders"),
        properties.line_of("source", "orders", source_name="app"),
        properties.line_of("source", "orders", source_name="shop"),
        properties.line_of("semantic_model", "orders"),
    ]
    assert found == lines
    ids = [number for number, line in enumerate(TEXT.splitlines(), 1) if "name: id" in line]
    assert [
        properties.line_of("model", "orders", column="id"),
        properties.line_of("model", "customers", column="id", version=1),
        properties.line_of("model", "customers", column="id", version=2),
        properties.line_of("source", "orders", source_name="app", column="id"),
        properties.line_of("analysis", "look", column="id"),
    ] == ids
    assert properties.line_of("source", "orders", source_name="app", column="id", test="unique")
    assert properties.line_of("source", "orders", source_name="none") is None


@pytest.mark.parametrize(
    ("text", "more", "line"),
    [
        # An anchor keeps its place, an alias has its own.
        ("x: &a {name: a}\nmodels:\n  - *a\n", {}, 3),
        ("models:\n  - &b\n    name: b\n  - <<: *b\n    name: a\n", {}, 5),
        ("x: &n a\nmodels:\n  - name: *n\n", {}, 3),
        ("x: &n {name: a}\nmodels:\n  - tags: []\n    <<: *n\n", {}, 3),
        ("x: &n\n  - name: c\nmodels:\n  - name: a\n    columns: *n\n", {"column": "c"}, 2),
        ("x: &c {name: c}\nmodels:\n  - name: a\n    columns:\n      - *c\n", {"column": "c"}, 5),
        ("x: &c {columns: [{name: c}]}\nmodels:\n  - name: a\n    <<: [*c]\n", {"column": "c"}, 1),
        # dbt reads the last of two keys, and the first of two entries is where one looks.
        ("models:\n  - name: a\nmodels:\n  - name: b\n", {}, None),
        ("models:\n  - name: b\nmodels:\n  - name: a\n", {}, 4),
        ("models:\n  - name: a\n  - name: a\n", {}, 2),
        # Lines end where an editor ends them.
        ("# \x85 \u2028\nmodels:\n  - description: '\u2028'\n    name: a\n", {}, 4),
        ("models:\n  - description: '\u2028\x85😀'\n    name: a\n", {}, 3),
        ("models:\r  - name: a\r", {}, 2),
        ("models:\n  - description: |\n      - name: a\n\n    name: a\n", {}, 5),
        ('{"models": [\n{"name":\n"a"}]}', {}, 2),
        ("models:\n  - name: >-\n      a\n", {}, 2),
        ("models:\n  - name: a\n    description: {{ doc('a') }}\n", {}, 2),
        ("models:\n  - name: '{{ a }}'\n  - name: a\n", {}, 3),
        ("models:\n  - name: ~\n  - name:\n  - a\n  - [a]\n  - {}\n", {}, None),
        ("models: {a: 1}\nname: a\n", {}, None),
        ("- name: a\n", {}, None),
        ("", {}, None),
        ("# a comment\n", {}, None),
        # No YAML, as dbt sees it.
        ("models:\n  - name: a\n  bad\n", {}, None),
        ("models:\n  - name: a\n---\nmodels: []\n", {}, None),
        ("models:\n  - name: a\n  - *b\n", {}, None),
        ("models:\n  - name: a\n    x: &x\n      <<: *x\n    <<: *x\n", {}, None),
        ("models:\n  - name: a\n\x00", {}, None),
    ],
)
def test_the_ways_of_yaml(text: str, more: dict[str, Any], line: int | None) -> None:
    assert Properties(text).line_of("model", "a", **more) == line


def test_the_lines_are_the_same_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    properties = Properties("\ufeff" + TEXT)
    assert properties.line_of("model", "orders", column="id") == 6
    assert properties.line_of("model", "customers", version=2, column="id") == 32
    assert Properties("models: [").line_of("model", "orders") is None


def test_a_file_is_read_again_only_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "models.yml"
    assert properties_of(path) is None
    path.write_bytes(b"models:\n  - name: a\n")
    first = properties_of(path)
    assert first is not None
    assert first.line_of("model", "a") == 2
    assert properties_of(path) is first
    path.write_bytes(b"models:\n\n  - name: a\n")
    os.utime(path, ns=(1, 1))
    second = properties_of(path)
    assert second is not None
    assert second.line_of("model", "a") == 3
    path.write_bytes(b"models: [\n")
    assert properties_of(path) is None
    path.write_bytes(b"models: # \xff\n")
    assert properties_of(path) is None
    assert properties_of(tmp_path) is None


def test_two_files_may_have_a_model_of_one_name(tmp_path: Path) -> None:
    for folder, text in (("a", "models:\n  - name: a\n"), ("b", "\nmodels:\n  - name: a\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "models.yml").write_text(text)
    found = [properties_of(tmp_path / folder / "models.yml") for folder in ("a", "b")]
    assert [properties and properties.line_of("model", "a") for properties in found] == [2, 3]


def test_a_large_file_is_read_quickly() -> None:
    column = (
        "      - name: c{}\n        description: text\n        data_tests: [not_null, unique]\n"
    )
    columns = "".join(column.format(number) for number in range(20))
    text = "models:\n" + "".join(
        f"  - name: m{number}\n    columns:\n{columns}" for number in range(100)
    )
    seconds = []
    for _ in range(5):
        start = time.process_time()
        properties = Properties(text)
        seconds.append(time.process_time() - start)
    assert properties.line_of("model", "m99", column="c19", test="unique") == text.count("\n")
    # 1 ms for 100 lines, with room for a machine that is busy.
    assert min(seconds) * 1000 / (text.count("\n") / 100) < 3
