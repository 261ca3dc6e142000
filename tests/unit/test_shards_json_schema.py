"""What is generated is valid for the JSON schema that dbt brings, which it warns by.

dbt itself applies it for four adapters only, so that a parse on DuckDB would prove little.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dbt_estate.shards.block import splice
from dbt_estate.shards.registry import Shard
from dbt_estate.shards.settings import Overrides, load_settings
from dbt_estate.shards.sources import source_blocks

SHARDS = [Shard("0001", "db1", "main"), Shard("true", "db2", "null")]
SOURCES = """\
properties: {description: A shard, meta: {owner: me}, quoting: {database: true}, loader: copy}
tables:
  - orders
  - name: items
    identifier: order_items
    tags: [daily]
    freshness: {warn_after: {count: 1, period: day}}
    loaded_at_field: updated_at
    columns: [{name: y, description: yes and no, data_tests: [not_null]}]
"""


@cache
def schema() -> Any:
    found = find_spec("dbt")
    assert found
    assert found.submodule_search_locations
    for folder in found.submodule_search_locations:
        path = Path(folder) / "jsonschemas" / "resources" / "latest.json"
        if path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
    raise AssertionError("dbt has no JSON schema where it used to be")


def problems(document: object) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(schema()).iter_errors(document)]


@pytest.mark.parametrize("mode", ["enumerated", "logical"])
@pytest.mark.parametrize("logical", ["null", "store"])
def test_generated_sources(tmp_path: Path, mode: str, logical: str) -> None:
    indented = "".join(f"        {line}\n" for line in SOURCES.splitlines())
    text = f"vars:\n  dbt_estate:\n    shards:\n      sources:\n        logical: {logical}\n"
    (tmp_path / "dbt_project.yml").write_text(text + indented, encoding="utf-8")
    sources = load_settings(tmp_path, Overrides(mode=mode)).sources
    document = yaml.safe_load(splice("", source_blocks(sources, SHARDS), "f"))
    assert len(document["sources"]) == {"logical": 1, "enumerated": 2 + (logical != "null")}[mode]
    assert problems(document) == []


def test_an_emptied_block_of_anchors() -> None:
    assert problems({"anchors": None, "sources": [{"name": "a"}]}) == []


def test_the_schema_does_find_problems() -> None:
    assert problems({"sources": [{"name": "a", "tables": [{"name": "t", "tags": ["x"]}]}]})
    assert problems({"x-anchors": []})
