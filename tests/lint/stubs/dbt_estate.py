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


def maturity_exceptions() -> str:
    return "exceptions"
