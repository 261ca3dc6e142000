"""Readers of docs/maturity/scoring.md: its table of features, and its worked examples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.support.estate import REPOSITORY
from tests.support.rule_list import features

PAGE = REPOSITORY / "docs" / "maturity" / "scoring.md"


@dataclass(frozen=True)
class Example:
    """A worked example: what is given, and what the page says comes of it.

    `given` is a status and a depth in percent for each feature that is not missing.
    """

    title: str
    given: dict[str, tuple[str, int | None]]
    levels: list[tuple[str, ...]]
    result: str


def feature_table() -> list[str]:
    """Return the lines of the page's table, as features.csv makes them."""
    lines = [
        "| Level | Feature | Weight | Effort | Needs | Applicable | Evidence | Depth |",
        "| --: | --- | --: | --: | --- | --- | --- | --- |",
    ]
    for item in features():
        cells = (
            item["level"], f"`{item['feature']}`", item["weight"], item["effort"],
            ", ".join(need.replace("_", " ") for need in item["needs"]), item["applicable"],
            item["evidence"], item["depth"],
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def examples(text: str) -> list[Example]:
    """Return the examples of the page, in order."""
    _, *parts = re.split(r"(?m)^### (Example \d.*)$", text)
    return [_example(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]


def _example(title: str, text: str) -> Example:
    text = re.split(r"(?m)^## ", text)[0]
    tables = [_cells(found) for found in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
    given = {}
    for name, status, depth in tables[0]:
        share = int(depth.removesuffix(" %")) if depth else None
        given[name.strip("`")] = (status.replace(" ", "_"), share)
    (result,) = re.findall(r"\*\*(.+?)\*\*", text)
    return Example(title, given, tables[1], result)


def _cells(table: str) -> list[tuple[str, ...]]:
    """Return the rows of a table without its head."""
    lines = table.strip().splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def scored(given: dict[str, tuple[str, int | None]]) -> tuple[Any, list[Any]]:
    """Return the rows of `estate_level` and `estate_levels` for features of these statuses.

    The SQL is that of the models. What is not given is missing.
    """
    import duckdb

    from dbt_estate.info_schema.layer import models_folder, render
    from dbt_estate.info_schema.macros import PackageMacros

    connection = duckdb.connect()
    connection.execute("create schema estate")
    connection.execute(
        "create table estate.features (feature varchar, maturity_level bigint, weight bigint, "
        "status varchar, depth double)"
    )
    for item in features():
        status, depth = given.get(item["feature"], ("missing", 0))
        share = None if depth is None else depth / 100
        row = [item["feature"], item["level"], item["weight"], status, share]
        connection.execute("insert into estate.features values (?, ?, ?, ?, ?)", row)
    for name in ("levels", "level"):
        text = (models_folder() / "score" / f"estate_{name}.sql").read_text(encoding="utf-8")
        connection.execute(f"create table estate.{name} as {render(text, PackageMacros())}")
    level = connection.execute(
        "select level_number, level_name, features_unknown, score from estate.level"
    ).fetchone()
    levels = connection.execute(
        "select level_number, level_name, completeness, depth, features_used, features_known, "
        "features_unknown, is_reached from estate.levels order by 1"
    ).fetchall()
    return level, levels
