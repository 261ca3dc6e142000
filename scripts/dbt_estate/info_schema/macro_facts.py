"""What rules say of macros, which dbt's graph does not have: only the artifacts do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from dbt_estate.info_schema.artifacts import Macro, Manifest

Row = dict[str, Any]
_BLOCK = re.compile(r"\s*\{%-?\s*(?:test|data_test|materialization)\b")


def macro_facts(
    manifest: Manifest, is_excluded: Callable[[str], bool] = lambda path: False
) -> Iterator[Row]:
    """Yield a fact for each macro of the project that nothing describes, or nothing calls.

    Materializations and tests are called by their name in YAML, and what overrides a macro of dbt
    or of a package is called in its place: they count as used.
    """
    project = manifest.metadata.project_name or ""
    yield {"unique_id": f"project.{project}", "fact": "macros_read"}
    used = _used(manifest)
    others = {macro.name for macro in manifest.macros.values() if macro.package_name != project}
    own = {macro.name for macro in manifest.macros.values() if macro.package_name == project}
    for macro in manifest.macros.values():
        if macro.package_name != project or _is_block(macro):
            continue
        if is_excluded(macro.original_file_path):
            continue
        # What dispatch calls is described at the macro that calls it.
        base = macro.name.partition("__")[2]
        base = base if base in own | others else macro.name
        if base == macro.name:
            if not (macro.description or "").strip():
                yield _fact(macro, "undocumented_macro")
            for name in _undescribed_arguments(macro):
                yield _fact(macro, "undocumented_macro_argument", name)
        if macro.unique_id not in used and not {macro.name, base} & others and base == macro.name:
            yield _fact(macro, "unused_macro")


def _is_block(macro: Macro) -> bool:
    """Whether it is a test or a materialization, which dbt keeps among the macros."""
    return _BLOCK.match(macro.macro_sql) is not None


def _used(manifest: Manifest) -> set[str]:
    found: set[str] = set()
    for node in (*manifest.nodes.values(), *manifest.functions.values()):
        if node.depends_on is not None:
            found.update(node.depends_on.macros)
    for macro in manifest.macros.values():
        if macro.depends_on is not None:
            found.update(set(macro.depends_on.macros) - {macro.unique_id})
    for item in (*manifest.exposures.values(), *manifest.metrics.values()):
        found.update((item.get("depends_on") or {}).get("macros") or [])
    for raws in (manifest.disabled or {}).values():
        for raw in raws:
            found.update(_macros_of(raw))
    return found


def _macros_of(raw: msgspec.Raw) -> list[str]:
    value = msgspec.json.decode(raw)
    depends_on = value.get("depends_on") if isinstance(value, dict) else None
    return list((depends_on or {}).get("macros") or [])


def _undescribed_arguments(macro: Macro) -> list[str]:
    # From 1.12 on dbt lists the arguments of a macro that no properties file has.
    if bytes(macro.arguments) == b"null" or not macro.patch_path:
        return []
    given = msgspec.json.decode(macro.arguments)
    return [
        str(item.get("name")) for item in given if not str(item.get("description") or "").strip()
    ]


def _fact(macro: Macro, fact: str, value: str | None = None) -> Row:
    path = (macro.patch_path or "").partition("://")[2] if fact != "unused_macro" else ""
    path = path or macro.original_file_path
    return {
        "unique_id": macro.unique_id,
        "fact": fact,
        "value": value,
        "resource_name": macro.name,
        "file_path": path.replace("\\", "/"),
    }
