"""dbt's artifacts, read for what the Information Schema needs of them.

What is JSON there stays the text that it is (`msgspec.Raw`): reading an artifact then takes a
fraction of what dictionaries take.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from dbt_estate.errors import InputError

MANIFEST_VERSIONS = (10, 11, 12)
_VERSION = re.compile(r"/dbt/(?P<kind>[a-z-]+)/v(?P<number>\d+)\.json$")
NULL = Raw(b"null")
T = TypeVar("T")
A = TypeVar("A", "Manifest", "RunResults", "Catalog")


class Contract(Struct):
    """`contract:` of a config."""

    enforced: bool | None = None


class Config(Struct):
    """The configs that have a column of their own."""

    enabled: bool = True
    materialized: str | None = None
    access: str | None = None
    group: str | None = None
    contract: Contract | None = None
    tags: list[str] | str | None = None
    meta: Raw = NULL
    severity: str | None = None
    warn_if: str | None = None
    error_if: str | None = None
    fail_calc: str | None = None
    store_failures: bool | None = None
    store_failures_as: str | None = None


class Column(Struct):
    """A column of a properties file."""

    name: str = ""
    description: str | None = None
    data_type: str | None = None
    tags: list[str] = []
    granularity: str | None = None
    constraints: list[dict[str, Any]] = []


class DependsOn(Struct):
    """What a resource depends on."""

    nodes: list[str] = []
    macros: list[str] = []


class TestMetadata(Struct):
    """The generic test that a test is of."""

    name: str = ""
    namespace: str | None = None
    kwargs: Raw = NULL


class Node(Struct):
    """A model, seed, snapshot, test, analysis, hook, function or source."""

    unique_id: str
    name: str = ""
    resource_type: str = ""
    package_name: str = ""
    original_file_path: str = ""
    fqn: list[str] = []
    alias: str | None = None
    description: str | None = None
    language: str | None = None
    raw_code: str | None = None
    checksum: Raw = NULL
    database: str | None = None
    schema: str | None = None
    relation_name: str | None = None
    identifier: str | None = None
    config: Raw = NULL
    access: str | None = None
    group: str | None = None
    contract: Contract | None = None
    version: str | int | float | None = None
    latest_version: str | int | float | None = None
    deprecation_date: str | None = None
    primary_key: list[str] | None = None
    patch_path: str | None = None
    tags: list[str] = []
    meta: Raw = NULL
    columns: dict[str, Column] = {}
    depends_on: DependsOn | None = None
    test_metadata: TestMetadata | None = None
    column_name: str | None = None
    attached_node: str | None = None
    source_name: str | None = None
    source_description: str | None = None
    loader: str | None = None
    loaded_at_field: str | None = None
    freshness: Any = None
    time_spine: Any = None


class Macro(Struct):
    """A macro."""

    unique_id: str
    name: str = ""
    package_name: str = ""
    original_file_path: str = ""
    macro_sql: str = ""
    description: str | None = None
    depends_on: DependsOn | None = None
    arguments: Raw = NULL
    docs: Any = None
    patch_path: str | None = None
    meta: Raw = NULL
    created_at: float | None = None


class Doc(Struct):
    """A docs block."""

    unique_id: str
    name: str = ""
    package_name: str = ""
    original_file_path: str = ""
    block_contents: str = ""


class Metadata(Struct):
    """Who wrote the artifact, and when."""

    dbt_schema_version: str = ""
    dbt_version: str | None = None
    generated_at: str | None = None
    invocation_id: str | None = None
    project_name: str | None = None
    adapter_type: str | None = None
    env: dict[str, Any] = {}


class Manifest(Struct):
    """manifest.json; the rarer resources stay dictionaries."""

    metadata: Metadata
    nodes: dict[str, Node]
    sources: dict[str, Node] = {}
    macros: dict[str, Macro] = {}
    docs: dict[str, Doc] = {}
    exposures: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    disabled: dict[str, list[Raw]] | None = None
    saved_queries: dict[str, Any] = {}
    semantic_models: dict[str, Any] = {}
    unit_tests: dict[str, Any] = {}
    functions: dict[str, Node] = {}


class RunResults(Struct):
    """run_results.json."""

    metadata: Metadata
    results: list[dict[str, Any]]
    elapsed_time: float | None = None
    args: Raw = NULL


class Catalog(Struct):
    """catalog.json."""

    metadata: Metadata
    nodes: dict[str, Any]
    sources: dict[str, Any] = field(default_factory=dict)


class _Head(Struct):
    metadata: Metadata | None = None


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.json.

    Raises InputError for a file that is missing, truncated, no manifest, or of another version.
    """
    return _read(path, Manifest, "manifest", MANIFEST_VERSIONS, "Run dbt parse.")


def read_run_results(path: Path) -> RunResults:
    """Read a run_results.json; raises as `read_manifest` does."""
    return _read(path, RunResults, "run-results", (4, 5, 6), "Run dbt.")


def read_catalog(path: Path) -> Catalog:
    """Read a catalog.json; raises as `read_manifest` does."""
    return _read(path, Catalog, "catalog", (1,), "Run dbt docs generate.")


def _read(path: Path, kind: type[A], name: str, versions: tuple[int, ...], remedy: str) -> A:
    where = path.as_posix()
    try:
        content = _in_one_line(path.read_bytes())
    except FileNotFoundError:
        raise InputError(where, f"no such file. {remedy}") from None
    except OSError as error:
        raise InputError(where, f"cannot be read: {error.strerror}") from None

    def check(metadata: Metadata | None) -> None:
        found = _VERSION.search(metadata.dbt_schema_version if metadata else "")
        known = " or ".join(f"v{number}" for number in versions)
        if found is None or found["kind"] != name:
            other = f"a {found['kind']} of dbt" if found else "no artifact of dbt"
            raise InputError(where, f"must be a {name} of dbt ({known}), and is {other}")
        if int(found["number"]) not in versions:
            given = f"v{found['number']}, of another version of dbt"
            raise InputError(where, f"must be a {name} {known}, got: {given}")

    try:
        try:
            artifact = _decoded(content, kind)
        except msgspec.ValidationError as error:
            check(_head(content))  # another kind or version looks otherwise, and is named
            raise InputError(where, f"not what a {name} of dbt looks like: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(where, f"not valid JSON, perhaps cut off: {error}") from None
    check(artifact.metadata)
    return artifact


def _in_one_line(content: bytes) -> bytes:
    """Return JSON as dbt writes it: parts of it become lines of JSON as they are."""
    if b"\n" not in content and b"\r" not in content:
        return content
    try:
        return msgspec.json.format(content, indent=-1)
    except msgspec.DecodeError:
        return content


def _head(content: bytes) -> Metadata | None:
    try:
        return _decoded(content, _Head).metadata
    except msgspec.ValidationError:
        return None


def _decoded(content: bytes, kind: type[T]) -> T:
    """Decode JSON, in which dbt writes NaN and Infinity, which are none of JSON's, as null."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if b"NaN" not in content and b"Infinity" not in content:
            raise
        try:
            plain = json.loads(content)
        except ValueError:
            plain = None
        if plain is None:
            raise
        return msgspec.json.decode(msgspec.json.encode(plain), type=kind)
