"""Does the SQL that the macros give belong to the language of its engine?"""

from __future__ import annotations

from functools import cache
from typing import Any

# The names that sqlfluff and sqlglot have for the languages of our adapters.
SQLFLUFF_DIALECTS = {"duckdb": "duckdb", "postgres": "postgres", "sqlserver": "tsql"}
SQLGLOT_DIALECTS = {"duckdb": "duckdb", "postgres": "postgres", "sqlserver": "tsql"}

# Of the rules of style only those that hold for generated text: how names are written is the
# user's affair, and the layout is for reading, not for a formatter.
RENDERED_RULES = ("CP01", "CP04")


def parse_problems(sql: str, adapter_type: str) -> list[str]:
    """Return what two parsers have against a rendered statement, and capitals in its keywords."""
    return sqlfluff_problems(sql, adapter_type) + sqlglot_problems(sql, adapter_type)


def sqlfluff_problems(sql: str, adapter_type: str) -> list[str]:
    """Parse with sqlfluff, and check that keywords and literals are in lower case."""
    linted = _linter(SQLFLUFF_DIALECTS[adapter_type]).lint_string(
        sql if sql.endswith("\n") else f"{sql}\n"
    )
    return [
        f"sqlfluff, line {violation.line_no}: {violation.rule_code()} {violation.desc()}"
        for violation in linted.get_violations(filter_ignore=False)
    ]


def sqlglot_problems(sql: str, adapter_type: str) -> list[str]:
    """Parse with sqlglot; a statement that it only passes through counts as a problem."""
    import sqlglot
    from sqlglot import errors

    try:
        statements = sqlglot.parse(sql, dialect=SQLGLOT_DIALECTS[adapter_type])
    except errors.SqlglotError as error:
        return [f"sqlglot: {error}"]
    if not any(statements):
        return ["sqlglot: there is no statement"]
    return [
        f"sqlglot does not know: {statement.sql()[:80]}"
        for statement in statements
        if isinstance(statement, sqlglot.exp.Command)
    ]


@cache
def _linter(dialect: str) -> Any:
    from sqlfluff.core import FluffConfig, Linter

    config = FluffConfig(
        configs={
            "core": {
                "dialect": dialect,
                "templater": "raw",
                "rules": ",".join(RENDERED_RULES),
                "large_file_skip_byte_limit": 0,
            },
            "rules": {
                "capitalisation.keywords": {"capitalisation_policy": "lower"},
                "capitalisation.literals": {"capitalisation_policy": "lower"},
            },
        },
        ignore_local_config=True,
    )
    return Linter(config=config)
