"""What the YAML writer writes is read back as what it was, by both readers that matter."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dbt_estate.yaml_text import block, scalar

scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(
        ["0001", "yes", "0o7", "1e5", "12:30", "=", "<<", "- a", "{{ x }}", " a", "\t"]
    ),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("ab: #'", max_size=5), inner)
    ),
    max_leaves=12,
)


def by_dbt(text: str) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def by_ruamel(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@given(values)
def test_a_value_is_read_back_by_dbt(value: object) -> None:
    assert by_dbt("\n".join(block({"key": value}))) == {"key": value}


@given(values)
def test_a_value_is_read_back_by_yaml_1_2(value: object) -> None:
    assert by_ruamel("\n".join(block({"key": value}))) == {"key": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("orders", "orders"),
        ("One row per order", "One row per order"),
        ("0001", "'0001'"),
        ("true", "'true'"),
        ("No", "'No'"),
        ("null", "'null'"),
        ("", "''"),
        ("a: b", "'a: b'"),
        ("it's", "'it''s'"),
        ("a\nb", '"a\\u000Ab"'),
        ("\U000e0001", '"\\U000E0001"'),
        (True, "true"),
        (None, "null"),
        (7, "7"),
        (1e16, "1.0e+16"),
        (float("-inf"), "-.inf"),
        (datetime.date(2020, 1, 2), "2020-01-02"),
    ],
)
def test_scalar(value: object, text: str) -> None:
    assert scalar(value) == text


def test_a_value_without_yaml_is_refused() -> None:
    with pytest.raises(TypeError, match="no YAML scalar for bytes"):
        scalar(b"x")


def test_block_style() -> None:
    value = {"name": "a", "columns": [{"name": "b", "tests": []}, {}], "config": {"tags": ["x"]}}
    assert "\n".join(block(value)) == (
        "name: a\ncolumns:\n  - name: b\n    tests: []\n  - {}\nconfig:\n  tags:\n    - x"
    )
