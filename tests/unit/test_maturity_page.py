"""The page of a level, and what text and Markdown say of what a level lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dbt_estate.maturity.report import lacking
from tests.support import rule_list
from tests.unit.test_maturity_score import (
    MART,
    RAW,
    STAGING,
    judged,
    maturity,
    shop,
    write,
)

LEVELS = {item["feature"]: item["level"] for item in rule_list.features()}
# A feature of each level that small projects use.
FIRST = ("models", "refs", "readme", "packages", "selectors", "access")


def settings(**maturity: Any) -> dict[str, str]:
    text = json.dumps({"name": "shop", "vars": {"dbt_estate": {"maturity": maturity}}})
    return {"dbt_project.yml": text}


def page_of(folder: Path, *arguments: str) -> str:
    out = folder / "page.html"
    assert maturity(folder, "--html", str(out), *arguments).exit_code == 0
    return out.read_text(encoding="utf-8")


def judged_text(folder: Path, document: dict[str, Any], files: dict[str, str]) -> str:
    write(folder, document, files)
    return maturity(folder).stdout


# -- what a level lacks -----------------------------------------------------------------------


def test_text_and_markdown_say_what_the_next_level_lacks(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    lacks = (
        "Level 2, Toddlerhood, lacks: Macros of dbt, Docs of what is used, Tests of the last mile "
        "(needs 60 %, has 57 %)."
    )
    text = maturity(tmp_path).stdout
    levels, line, steps = text.index("6 Beyond"), text.index(lacks), text.index("Next steps")
    assert levels < line < steps
    shown = maturity(tmp_path, "--format", "markdown").stdout
    assert shown.index("| 6 Beyond") < shown.index(lacks) < shown.index("**Next steps**")


def test_what_does_not_count_is_not_lacking(tmp_path: Path) -> None:
    score = judged(
        tmp_path,
        shop(RAW, STAGING, MART),
        features={"key_docs": {"weight": 0}},
        level_completeness=80,
    )
    assert "lacks: Macros of dbt, Tests of the last mile (" in lacking(score)


def test_a_share_just_below_the_limit_is_not_shown_as_the_limit(tmp_path: Path) -> None:
    used = {"refs": {"weight": 50}, "sources": {"weight": 99}}
    score = judged(
        tmp_path, shop(RAW, STAGING, MART), features={**used, "builtin_macros": {"weight": 99}}
    )
    assert score.levels[1].completeness == 0.596
    assert lacking(score).endswith("(needs 60 %, has 59.6 %).")


def test_a_level_of_which_nothing_is_known_lacks_nothing_that_could_be_named(
    tmp_path: Path,
) -> None:
    weights = {name: {"weight": 0} for name, level in LEVELS.items() if level == 2}
    score = judged(tmp_path, shop(STAGING), features=weights)
    assert lacking(score) == "Level 2, Toddlerhood: nothing is known of it."


def test_who_has_reached_every_level_lacks_none(tmp_path: Path) -> None:
    weights = {name: {"weight": int(name in FIRST)} for name in LEVELS}
    files = {
        "README.md": "x", "packages.yml": "packages: [{package: a/b}]", "selectors.yml": "x",
    }  # fmt: skip
    document = shop(RAW, STAGING, {**MART, "access": "public"})
    score = judged(tmp_path, document, files, features=weights)
    assert (score.number, lacking(score)) == (6, "")
    printed = judged_text(tmp_path, document, {**files, **settings(features=weights)})
    assert "lacks:" not in printed


def test_what_is_not_shown_of_the_steps_is_counted(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    steps = json.loads(maturity(tmp_path, "--format", "json").stdout)["next_steps"]
    more = len(steps) - 5
    assert f"\nand {more} more: see --format json\n" in maturity(tmp_path).stdout
    shown = maturity(tmp_path, "--format", "markdown").stdout
    assert f"\n\nand {more} more: see `--format json`\n" in shown
    weights = {name: {"weight": int(name == "readme")} for name in LEVELS}
    one = judged_text(tmp_path, shop(STAGING), settings(features=weights))
    assert "Next steps" in one
    assert "more: see" not in one
