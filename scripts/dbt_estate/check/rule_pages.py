"""The pages of docs/maturity/rules, rule by rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from dbt_estate.info_schema.macros import package_folder

_SECTION = re.compile(r"^## (\S+)\n", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def rule_section(area: str, rule: str) -> str:
    """Return what the page of an area says of a rule, as Markdown without the heading.

    The severity in it is that of a project without settings.
    """
    return (
        _sections(area)[rule].replace("\nSeverity: ", "\nSeverity by default: ", 1).strip() + "\n"
    )


def without_links(text: str) -> str:
    """Return Markdown with the words of its links: the pages that they are of are elsewhere."""
    return _LINK.sub(r"\1", text)


@cache
def _sections(area: str) -> Mapping[str, str]:
    path = package_folder("docs") / "maturity" / "rules" / f"{area}.md"
    _, *parts = _SECTION.split(path.read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))
