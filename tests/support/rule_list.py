"""What `make checks` writes: the lists of rules and features as macros, tests, and checks.

A test fails where the files differ from what this makes.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

from tests.support.estate import REPOSITORY

RULES = REPOSITORY / "models" / "maturity" / "rules"
RULES_FILE = RULES / "rules.csv"
TESTS_FILE = REPOSITORY / "models" / "maturity" / "score" / "_findings.yml"
FEATURES_FILE = REPOSITORY / "models" / "maturity" / "score" / "features.csv"
FEATURES_MACRO_FILE = REPOSITORY / "macros" / "maturity" / "_feature_list.sql"
MACRO_FILE = REPOSITORY / "macros" / "maturity" / "_rule_list.sql"


def rules() -> list[dict[str, Any]]:
    """Return the rules of the CSV, as the macro gives them."""
    with RULES_FILE.open(encoding="utf-8", newline="") as file:
        return [_rule(row) for row in csv.DictReader(file)]


def _rule(row: dict[str, str]) -> dict[str, Any]:
    return {
        **row,
        "level": int(row["level"]),
        "weight": int(row["weight"]),
        "needs": [need for need in row["needs"].split(";") if need],
        "thresholds": dict(_threshold(text) for text in row["thresholds"].split(";") if text),
    }


def _threshold(text: str) -> tuple[str, Any]:
    name, _, default = text.partition("=")
    return name, int(default) if default else []


_KEYS = (
    "rule", "area", "feature", "level", "severity", "weight", "needs", "thresholds", "place",
)  # fmt: skip


def rule_macro() -> str:
    """Return the text of macros/maturity/_rule_list.sql."""
    found = rules()
    areas = list(dict.fromkeys(rule["area"] for rule in found))
    parts = [_list_macro(areas)]
    for area in areas:
        rows = ",\n".join(_row(rule) for rule in found if rule["area"] == area)
        parts.append(
            f"{{% macro _rules_of_{area}() -%}}\n    {{{{- return([\n{rows}\n    ]) -}}}}\n"
            "{%- endmacro %}\n"
        )
    head = "{#- Written by `make checks` from models/maturity/rules/rules.csv. -#}\n"
    return head + "\n\n".join(parts)


def _list_macro(areas: list[str]) -> str:
    rows = "\n        + ".join(f"dbt_estate._rules_of_{area}()" for area in areas)
    pairs = ", ".join(f"'{key}': row[{n}]" for n, key in enumerate(_KEYS[:6]))
    more = ", ".join(f"'{key}': row[{n}]" for n, key in enumerate(_KEYS) if n >= 6)
    return (
        "{% macro _rule_list() -%}\n"
        "    {%- set rules = [] -%}\n"
        f"    {{%- set rows = {rows} -%}}\n"
        "    {%- for row in rows -%}\n"
        "        {%- do rules.append({\n"
        f"            {pairs},\n            {more}\n"
        "        }) -%}\n"
        "    {%- endfor -%}\n"
        "    {{- return(rules) -}}\n"
        "{%- endmacro %}\n"
    )


def _row(rule: dict[str, Any]) -> str:
    values = [repr(rule[key]) for key in _KEYS]
    line = f"        [{', '.join(values)}]"
    if len(line) <= 118:
        return line
    return f"        [{', '.join(values[:6])},\n            {', '.join(values[6:])}]"


def features() -> list[dict[str, Any]]:
    """Return the features of the CSV, as the macro gives them."""
    with FEATURES_FILE.open(encoding="utf-8", newline="") as file:
        return [_feature(row) for row in csv.DictReader(file)]


def _feature(row: dict[str, str]) -> dict[str, Any]:
    numbers = {key: int(row[key]) for key in ("level", "weight", "effort")}
    return {**row, **numbers, "needs": [need for need in row["needs"].split(";") if need]}


_FEATURE_KEYS = (
    "feature", "level", "title", "weight", "effort", "needs", "applicable", "evidence", "depth",
    "do", "deepen",
)  # fmt: skip


def feature_macro() -> str:
    """Return the text of macros/maturity/_feature_list.sql."""
    found = features()
    levels = sorted({feature["level"] for feature in found})
    rows = "\n        + ".join(f"dbt_estate._features_of_level_{level}()" for level in levels)
    pairs = [f"'{key}': row[{n}]" for n, key in enumerate(_FEATURE_KEYS)]
    parts = [
        "{% macro _feature_list() -%}\n"
        "    {%- set features = [] -%}\n"
        f"    {{%- set rows = {rows} -%}}\n"
        "    {%- for row in rows -%}\n"
        "        {%- do features.append({\n"
        f"            {', '.join(pairs[:6])},\n            {', '.join(pairs[6:])}\n"
        "        }) -%}\n"
        "    {%- endfor -%}\n"
        "    {{- return(features) -}}\n"
        "{%- endmacro %}\n"
    ]
    for level in levels:
        made = ",\n".join(_feature_row(item) for item in found if item["level"] == level)
        parts.append(
            f"{{% macro _features_of_level_{level}() -%}}\n    {{{{- return([\n{made}\n"
            "    ]) -}}\n{%- endmacro %}\n"
        )
    head = "{#- Written by `make checks` from models/maturity/score/features.csv. -#}\n"
    return head + "\n\n".join(parts)


def _feature_row(feature: dict[str, Any]) -> str:
    """Return a row in lines of at most 120 columns; a text of words that is too long is parted."""
    lines = ["        ["]
    for number, key in enumerate(_FEATURE_KEYS):
        end = "]" if number == len(_FEATURE_KEYS) - 1 else ","
        part = repr(feature[key]) + end
        if len(lines[-1]) + 1 + len(part) > 118:
            lines.append("            " + part)
        else:
            lines[-1] += part if lines[-1].endswith("[") else f" {part}"
    return "\n".join(line.rstrip() for line in lines)


def tests_yml() -> str:
    """Return the data tests of estate_findings: one for each rule that a warehouse can evaluate."""
    lines = [
        "# Written by `make checks` from models/maturity/rules/rules.csv.",
        "models:",
        "  - name: estate_findings",
        "    description: >",
        "      What the rules find, without what an exception is for.",
        "    data_tests:",
    ]
    for rule in rules():
        if not {"files", "macros"} & set(rule["needs"]):
            lines += [
                "      - dbt_estate.no_findings:",
                f"          name: no_findings_{rule['rule']}",
                f"          arguments: {{rule: {rule['rule']}}}",
            ]
    return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
    """Return every file that is made, with its text."""
    from tests.support.v2_checks import check_files

    return {
        MACRO_FILE: rule_macro(),
        FEATURES_MACRO_FILE: feature_macro(),
        TESTS_FILE: tests_yml(),
        **check_files(rules()),
    }


def main() -> int:
    made = files()
    for path in (REPOSITORY / "checks").glob("*"):
        if path not in made:
            path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
