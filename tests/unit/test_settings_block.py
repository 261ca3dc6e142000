"""The settings as dbt_project.yml and docs/settings.md tell them are those of the macro."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.support import settings_block as block


def test_the_project_file_has_the_settings_of_the_macro() -> None:
    text = block.PROJECT_FILE.read_text(encoding="utf-8")
    made = block.settings_block(block.default_settings(), block.MEANINGS)
    assert block.with_block(text, made) == text, "run `make settings`"


def test_the_block_reads_back_as_the_settings() -> None:
    made = block.settings_block(block.default_settings(), block.MEANINGS)
    lines = [line[2:] for line in made.splitlines() if line.startswith("#  ") or "vars:" in line]
    assert yaml.safe_load("\n".join(lines)) == {"vars": {"dbt_estate": block.default_settings()}}


def test_every_setting_is_on_the_page_with_its_default() -> None:
    text = (block.REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*?) \|", text, re.M))
    for path in block.setting_paths(block.default_settings()):
        value = block.default_settings()
        for key in path.split("."):
            value = value[key]
        if not isinstance(value, dict):
            assert yaml.safe_load(rows[path].strip("`")) == value, path
        elif not value:
            assert path in text


def test_a_drift_is_seen() -> None:
    settings = {"a": {"b": 1, "c": None}}
    meanings = {"a": "group", "a.b": "one", "a.c": "two"}
    made = block.settings_block(settings, meanings)
    assert "#       b: 1" in made
    assert "c: null" in made
    assert block.with_block(f"name: x\n\n{made}", made) == f"name: x\n\n{made}"
    other = block.settings_block({"a": {"b": 2, "c": None}}, meanings)
    assert block.with_block(f"name: x\n\n{made}", other) == f"name: x\n\n{other}"
    assert block.with_block("name: x\n", made) == f"name: x\n\n{made}"
    with pytest.raises(block.UndescribedSettingError, match=r"a\.c"):
        block.settings_block(settings, {"a": "group", "a.b": "one"})
    with pytest.raises(ValueError, match="is missing"):
        block.with_block(f"name: x\n\n{block.BEGIN}\n", made)
