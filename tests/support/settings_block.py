"""The commented block of settings in dbt_project.yml, made from `_default_settings()`.

`make settings` writes it; a test fails where the two differ.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT_FILE = REPOSITORY / "dbt_project.yml"
SETTINGS_FILE = REPOSITORY / "macros" / "_sql" / "_settings.sql"

BEGIN = "# -- settings, written by `make settings` from macros/_sql/_settings.sql"
END = "# -- end of the settings"

# What each setting is, in the words of one line; docs/settings.md says more.
MEANINGS = {
    "shards": "One table over many databases: docs/shards/index.md",
    "shards.registry": "the registry: name of a seed or model, or a query",
    "shards.columns": "the registry's columns; null for one that it does not have",
    "shards.columns.shard": "name of the shard",
    "shards.columns.database_name": "its database",
    "shards.columns.schema_name": "its schema",
    "shards.columns.is_enabled": "whether it is read",
    "shards.warn_above": "shards in one view or table before it warns",
    "shards.sources": "for `dbt-estate shards generate`: docs/shards/generator.md",
    "shards.discover": "for discovered_shards; `by` for the command line too",
    "shards.discover.pattern": "names that are LIKE this",
    "shards.discover.by": "database or schema; null for what is usual on the engine",
    "procedures": "named dispatches of call_procedures: docs/procedures/index.md",
    "vocabulary": "the vocabulary of column names: docs/columns/vocabulary.md",
    "maturity": "the project as tables, and its rules: docs/maturity/info_schema.md",
    "maturity.exceptions": "name of a seed of yours with exceptions to rules; null for none",
    "maturity.exclude_paths": "regular expressions of paths that no rule counts",
    "maturity.exclude_packages": "installed packages that no rule counts; all for every one",
    "maturity.naming": "kinds of models: their folder, and the prefixes of their names",
    "maturity.naming.base": "right after a source, for staging to put together",
    "maturity.naming.base.folder": "a folder of it",
    "maturity.naming.base.prefixes": "what its names begin with",
    "maturity.naming.staging": "one to one with a source",
    "maturity.naming.staging.folder": "a folder of it",
    "maturity.naming.staging.prefixes": "what its names begin with",
    "maturity.naming.intermediate": "between staging and marts",
    "maturity.naming.intermediate.folder": "a folder of it",
    "maturity.naming.intermediate.prefixes": "what its names begin with",
    "maturity.naming.marts": "what others read",
    "maturity.naming.marts.folder": "a folder of it",
    "maturity.naming.marts.prefixes": "what its names begin with",
    "maturity.naming.other": "whatever else",
    "maturity.naming.other.folder": "a folder of it",
    "maturity.naming.other.prefixes": "what its names begin with",
    "maturity.primary_key_tests": "the sets of tests that make a key of a column",
    "maturity.primary_key_node_types": "what must have a key: model, source, snapshot, seed",
    "maturity.rules": "severity, thresholds and scope of each rule: docs/maturity/rules/index.md",
    "maturity.declared": "rules of your own: docs/maturity/rules/declared.md",
    "maturity.features": "the weight of each feature: docs/maturity/scoring.md",
    "maturity.level_completeness": "percent of a level's features that make it reached",
    "maturity.checks": "whether dbt v2 runs the rules as checks",
}


class UndescribedSettingError(Exception):
    """A setting without a meaning, or a meaning without a setting."""


def default_settings() -> dict[str, Any]:
    """Return what the macro `_default_settings` returns."""
    returned: list[dict[str, Any]] = []
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["return"] = returned.append
    macros = SETTINGS_FILE.read_text(encoding="utf-8")
    environment.from_string(macros + "{% do _default_settings() %}").render()
    return returned[0]


def setting_paths(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted path of every setting and of every group of them."""
    for key, value in settings.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from setting_paths(value, f"{prefix}{key}.")


def settings_block(settings: Mapping[str, Any], meanings: Mapping[str, str]) -> str:
    """Return the block. Raises UndescribedSettingError where settings and meanings differ."""
    paths = list(setting_paths(settings))
    if odd := set(paths) ^ set(meanings):
        raise UndescribedSettingError(f"described or there, but not both: {sorted(odd)}")
    lines = [f"{text:<41} # {meaning}" for text, meaning in _lines(settings, meanings)]
    return "\n".join(
        [
            BEGIN,
            "# Every setting with its default. Set what differs in your own dbt_project.yml.",
            "#",
            "# vars:",
            "#   dbt_estate:",
            *(f"#     {line}" for line in lines),
            END,
            "",
        ]
    )


def _flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return text.removesuffix("...\n").strip()


def _lines(
    settings: Mapping[str, Any], meanings: Mapping[str, str], prefix: str = "", indent: str = ""
) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        path = f"{prefix}{key}"
        is_group = isinstance(value, Mapping) and value
        scalar = (
            ""
            if is_group
            else " "
            + yaml.safe_dump(value, default_flow_style=True, width=1000)
            .removesuffix("...\n")
            .strip()
        )
        yield f"{indent}{key}:{scalar}", meanings[path]
        if is_group:
            yield from _lines(value, meanings, f"{path}.", f"{indent}  ")


def with_block(text: str, block: str) -> str:
    """Return a file's text with the block in the place of its old one, or at its end."""
    if BEGIN not in text:
        return f"{text.rstrip()}\n\n{block}"
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(f"{END}\n")
    if not end:
        raise ValueError(f"{PROJECT_FILE.name}: the line {END!r} is missing")
    return f"{before}{block}{after}"


def main() -> int:
    """Write the block into dbt_project.yml."""
    text = PROJECT_FILE.read_text(encoding="utf-8")
    new = with_block(text, settings_block(default_settings(), MEANINGS))
    PROJECT_FILE.write_text(new, encoding="utf-8", newline="\n")
    print(f"{PROJECT_FILE.name} is {'as it was' if new == text else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
