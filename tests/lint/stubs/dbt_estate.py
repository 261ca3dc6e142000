"""What the package's macros give, in the smallest form: sqlfluff renders models with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def union_shards(*args: Any, **kwargs: Any) -> str:
    return "select 1 as shard, 2 as n"


def for_each_shard(*args: Any, caller: Callable[[Mapping[str, str]], str], **kwargs: Any) -> str:
    return caller({"shard": "a", "database_name": "a", "schema_name": "a"})


def shard_relation(*args: Any, **kwargs: Any) -> str:
    return "shard_relation"


def get_shards(*args: Any, **kwargs: Any) -> list[dict[str, str]]:
    return [{"shard": "a", "database_name": "a", "schema_name": "a"}]


def get_shard_relations(*args: Any, **kwargs: Any) -> list[str]:
    return ["shard_relation"]


def discovered_shards(*args: Any, **kwargs: Any) -> str:
    return "select 1 as shard, 2 as database_name, 3 as schema_name, 4 as is_enabled"


def literal(value: Any) -> str:
    return "'a'"


def identifier(name: str) -> str:
    return "a"


def now() -> str:
    return "current_timestamp"


def sessionized(relation: object, settings: object = None) -> str:
    return "(select 1 as session_id, 2 as user_id, 3 as event_at, 4 as loaded_at)"


def procedure_calls() -> str:
    return "procedure_calls"


def data_type(kind: str) -> str:
    return "varchar"


def info_table(table: str) -> str:
    return "select 1 as unique_id"


def maturity_table() -> str:
    return ""


def maturity_history_table() -> str:
    return ""


def maturity_history_rows(columns: list[str]) -> str:
    return ""


def maturity_exceptions() -> str:
    return "exceptions"


_NAMING = {"folder": "a", "prefixes": ["a_", "b_"]}
_SETTINGS: dict[str, Any] = {
    "naming": dict.fromkeys(("staging", "marts"), _NAMING),
    "exclude_packages": ["all"],
    "primary_key_tests": [["dbt.unique", "dbt.not_null"]],
    "primary_key_node_types": ["model"],
    "today": "2026-01-01",
}


def maturity_setting(name: str) -> Any:
    return _SETTINGS.get(name, True)


def maturity_rules() -> list[dict[str, Any]]:
    names = ("root_models", "unused_exceptions")
    rule: dict[str, Any] = {
        "area": "a", "feature": "b", "level": 1, "severity": "warn", "weight": 1, "needs": [],
        "include": [], "exclude": [],
    }  # fmt: skip
    return [{**rule, "rule": name} for name in names]


def rule_setting(rule: str, name: str) -> Any:
    return ["a"] if name == "keys" else 2


def declared_rules(rule: str) -> list[dict[str, Any]]:
    return [
        {
            "rule": rule, "name": "a", "severity": "warn", "resource_types": ["model"],
            "include": [], "exclude": [], "keys": ["a"], "patterns": ["a*"], "tests": ["unique"],
            "minimum": 1, "maximum": 2,
        }
    ]  # fmt: skip


def glob_literal(glob: str) -> str:
    return "'a%'"


def matches_globs(columns: list[str], include: list[str], exclude: list[str]) -> str:
    return "1 = 1"


def folder_of(path: str) -> str:
    return path


def maturity_features() -> list[dict[str, Any]]:
    feature: dict[str, Any] = {
        "feature": "refs", "level": 1, "title": "a", "weight": 1, "needs": ["files"],
        "applicable": "always",
    }  # fmt: skip
    return [feature, {**feature, "feature": "sources"}]


def maturity_levels() -> list[str]:
    return ["a", "b"]


def maturity_rule_set() -> str:
    return "a"


def share_of(amount: str, whole: str, of: int = 1, digits: int = 4) -> str:
    return f"floor({amount} / {whole})"
