"""What `make checks` writes from models/maturity/rules: the list of rules as a macro, and checks.

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

    return {MACRO_FILE: rule_macro(), TESTS_FILE: tests_yml(), **check_files(rules())}


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
