"""What dbt's own macros give, in the smallest form: sqlfluff renders models with it."""

from __future__ import annotations


def datediff(first: str, second: str, part: str) -> str:
    return f"datediff('{part}', {first}, {second})"
