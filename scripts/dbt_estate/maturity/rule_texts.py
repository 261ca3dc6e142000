"""What docs/maturity/rules says of a rule, as HTML for a page that stands anywhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from dbt_estate.check.rule_pages import rule_section


def anchor(rule: str) -> str:
    """Return the id of a rule's text in a page."""
    return f"rule-{rule}"


def rule_texts(rules: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the texts of rules, each given as area and name, as HTML by their names.

    They link to each other only; of other links the words are left, as the page does not know
    where the docs are.
    """
    wanted = {name: area for area, name in rules}
    markdown = _markdown()
    return {
        name: str(markdown.render(rule_section(area, name), {"shown": wanted}))
        for name, area in wanted.items()
    }


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("link_open", _link)
    markdown.add_render_rule("link_close", _link)
    return markdown


def _link(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Return the begin or the end of a link, or nothing where it leads out of the page."""
    shown: Collection[str] = env["shown"]
    begin = next(token for token in tokens[index::-1] if token.type == "link_open")
    rule = str(begin.attrGet("href")).partition("#")[2]
    if rule not in shown:
        return ""
    return f'<a href="#{anchor(rule)}">' if tokens[index] is begin else "</a>"
