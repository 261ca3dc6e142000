"""What docs/maturity/rules says of a rule, in parts, for a page that stands anywhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dbt_estate.info_schema.macros import package_folder

_SECTION = re.compile(r"^## (\S+)\n", re.MULTILINE)
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"\*\*(.+)\*\*")
_PIECE = re.compile(r"(`[^`]+`|\[[^\]]+\]\([^)]+\))")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@dataclass(frozen=True)
class Piece:
    """A part of a line: text or code, a link where there is a `href`."""

    text: str
    is_code: bool = False
    href: str = ""


@dataclass(frozen=True)
class Block:
    """A paragraph in pieces, or the text of a `heading` or of `code`."""

    kind: str
    text: str = ""
    pieces: Sequence[Piece] = ()


@dataclass(frozen=True)
class RuleText:
    """What the docs say of one rule."""

    rule: str
    blocks: Sequence[Block]


def anchor(rule: str) -> str:
    """Return the id of a rule's text in a page."""
    return f"rule-{rule}"


def rule_texts(rules: Iterable[tuple[str, str]]) -> list[RuleText]:
    """Return the texts of rules, each given as area and name.

    They link to each other only; of other links the words are left, as the page does not know
    where the docs are.
    """
    wanted = list(rules)
    names = {name for _, name in wanted}
    return [RuleText(name, list(_blocks(_sections(area)[name], names))) for area, name in wanted]


@cache
def _sections(area: str) -> dict[str, str]:
    path = package_folder("docs") / "maturity" / "rules" / f"{area}.md"
    _, *parts = _SECTION.split(path.read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _blocks(text: str, shown: Collection[str]) -> Iterator[Block]:
    # The severity in the docs is that of a project without settings.
    text = text.replace("\nSeverity: ", "\nSeverity by default: ", 1)
    for number, part in enumerate(_FENCE.split(text)):
        if number % 2:
            yield Block("code", part)
            continue
        for block in part.strip().split("\n\n"):
            if heading := _HEADING.fullmatch(block):
                yield Block("heading", heading[1])
            elif block:
                yield Block("text", pieces=[_piece(item, shown) for item in _PIECE.split(block)])


def _piece(text: str, shown: Collection[str]) -> Piece:
    link = _LINK.fullmatch(text)
    words, href = (link[1], _href(link[2], shown)) if link else (text, "")
    return Piece(words.strip("`"), words.startswith("`"), href)


def _href(target: str, shown: Collection[str]) -> str:
    rule = target.partition("#")[2]
    return f"#{anchor(rule)}" if rule in shown else ""
