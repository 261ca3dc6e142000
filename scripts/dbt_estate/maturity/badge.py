"""The level as a badge: an SVG without anything from elsewhere."""

from __future__ import annotations

from xml.sax.saxutils import escape

from dbt_estate.maturity.score import Score

# From none to the sixth level; white on each has a contrast of 4.5 to 1 at least.
_COLOURS = ("#6b6b6b", "#b3402e", "#a35200", "#806600", "#4c7a14", "#1f7a3d", "#0b6e99")
_LABEL = "dbt maturity"
_PADDING = 10


def badge(score: Score) -> str:
    """Return the badge of a score: "dbt maturity" and the level, as an SVG of 20 pixels height."""
    message = f"{score.number} {score.name}" if score.number else "no level yet"
    left, right = (_width(text) + 2 * _PADDING for text in (_LABEL, message))
    whole = left + right
    title = escape(f"{_LABEL}: {message}, score {score.score:g} of 100")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" '
        f'viewBox="0 0 {whole} 20"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{whole}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#484848"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[score.number]}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" '
        f'font-size="11">{_text(_LABEL, 0, left)}{_text(message, left, right)}</g></svg>\n'
    )


def is_badge(text: str) -> bool:
    """Say whether a text begins as a badge does."""
    return text.startswith("<svg ") and f"<title>{_LABEL}: " in text


def _text(text: str, start: int, width: int) -> str:
    length = width - 2 * _PADDING
    middle = start + width / 2
    return f'<text x="{middle:g}" y="14" textLength="{length}">{escape(text)}</text>'


def _width(text: str) -> int:
    """Return about how wide Verdana of 11 pixels is; `textLength` makes it exact."""
    narrow = sum(character in "fijlrt1 .,:" for character in text)
    return round(7.2 * (len(text) - narrow) + 4.6 * narrow)
