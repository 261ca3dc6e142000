"""The level as one page: everything is in it, and nothing comes from a network."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from dbt_estate.maturity.history import Delta, Run
from dbt_estate.maturity.report import delta_lines, headline, lacking, percent
from dbt_estate.maturity.rule_texts import anchor, rule_texts
from dbt_estate.maturity.score import Level

if TYPE_CHECKING:
    from dbt_estate.check.result import Finding
    from dbt_estate.maturity.commands import Outcome

# The mark of a page, and what it begins with.
_GENERATOR = '<meta name="generator" content="dbt_estate">'
_DOCTYPE = "<!doctype html>"
_FOLDERS = 10
_RUNS = 60
_STEPS = 10
# Of the drawings, in units of their view boxes.
_EDGE = 58
# Around the plot there is room for a dot that stands at 0 or 100 %.
_PLOT, _ROOM, _RADIUS = 270, 18, 13
_TREND_WIDTH, _TREND_HEIGHT = 640, 200


def page(
    outcome: Outcome, runs: Sequence[Run], delta: Delta | None, rules_url: str | None = None
) -> str:
    """Return the page of a result. `runs` are those of the history, with this one at the end.

    Findings link to the pages of their rules at `rules_url`; without it, to their texts in the
    page.
    """
    score = outcome.score
    named = [(item, outcome.kinds.get(item.rule, item.rule)) for item in outcome.findings]
    counts = Counter(rule for _, rule in named)
    texts = {} if rules_url else rule_texts((item.area, rule) for item, rule in named)
    text: str = _template().render(
        score=score,
        headline=headline(score),
        delta=delta_lines(delta) if delta else [],
        lacks=lacking(score),
        steps=outcome.steps,
        steps_shown=_STEPS,
        features=score.features,
        levels=score.levels,
        percent=percent,
        matrix=_matrix(score.levels, score.level_completeness),
        trend=_trend(runs[-_RUNS:]),
        folders=_folders(outcome.findings, outcome.folders),
        findings=[_row(item, rule, rules_url) for item, rule in named],
        texts={rule: Markup(text) for rule, text in texts.items()},
        counts=counts,
        anchor=anchor,
    )
    return text


def is_page(text: str) -> bool:
    """Say whether a text begins as a page does."""
    return text.startswith(_DOCTYPE) and _GENERATOR in text


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("dbt_estate.maturity").joinpath("page.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(source)


def _row(item: Finding, rule: str, rules_url: str | None) -> dict[str, Any]:
    place = f"{item.file}:{item.line}" if item.file and item.line else item.file or ""
    outside = f"{rules_url.rstrip('/')}/{item.area}.md#{rule}" if rules_url else ""
    return {"finding": item, "place": place, "link": outside or f"#{anchor(rule)}"}


def _folders(findings: Sequence[Finding], models: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the folders with the most findings, with how many there are for each model."""
    counts = Counter(item.file.rpartition("/")[0] for item in findings if item.file)
    worst = counts.most_common(_FOLDERS)
    most = worst[0][1] if worst else 1
    found = []
    for folder, count in worst:
        of_folder = _models_of(folder, models)
        found.append(
            {
                "folder": folder or ".",
                "findings": count,
                "models": of_folder,
                "each": f"{count / of_folder:.1f}" if of_folder else "",
                "share": round(100 * count / most),
            }
        )
    return found


def _models_of(folder: str, models: Mapping[str, int]) -> int:
    """Count the models of a folder, which may stand below the folder of the project."""
    path = f"/{folder}/"
    found = [key for key in models if key and path.endswith(f"/{key}")]
    return models[max(found, key=len)] if found else 0


def _matrix(levels: Sequence[Level], least: int) -> dict[str, Any]:
    """Return the plot of completeness (to the right) and depth (upwards), a dot a level."""
    dots: list[tuple[float, float]] = []
    points = []
    moved = False
    for level in levels:
        if level.completeness is None:
            continue
        place = _EDGE + _ROOM + level.completeness * _PLOT, _ROOM + (1 - (level.depth or 0)) * _PLOT
        dots.append(_free(place, dots))
        moved = moved or dots[-1] != place
        x, y = (round(value, 1) for value in dots[-1])
        points.append({"level": level, "x": x, "y": y})
    return {
        "points": points,
        "is_moved": moved,
        "size": _PLOT + 2 * _ROOM,
        "edge": _EDGE,
        "radius": _RADIUS,
        "least": least,
        "least_x": _EDGE + _ROOM + least / 100 * _PLOT,
        "ticks": [
            {
                "x": _EDGE + _ROOM + share * _PLOT,
                "y": _ROOM + (1 - share) * _PLOT,
                "label": f"{share * 100:.0f} %",
            }
            for share in (0, 0.25, 0.5, 0.75, 1)
        ],
    }


def _free(place: tuple[float, float], dots: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the nearest place in the plot without a dot, beside rather than above."""
    across, down = place
    step = 2 * _RADIUS + 2
    places = [
        (across + step * right, down + step * below)
        for right in range(-len(dots), len(dots) + 1)
        for below in range(-len(dots), len(dots) + 1)
    ]
    low, high = _RADIUS, _PLOT + 2 * _ROOM - _RADIUS
    return min(
        (
            (x, y)
            for x, y in places
            if low <= x - _EDGE <= high
            and low <= y <= high
            and all(math.dist((x, y), dot) > 2 * _RADIUS for dot in dots)
        ),
        key=lambda item: (round(math.dist(item, place)), abs(item[1] - down)),
    )


def _trend(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the line of the score; it is broken, and marked, where the rule set changed."""
    inner = _TREND_WIDTH - _EDGE - 16
    step = inner / max(len(runs) - 1, 1)
    points: list[dict[str, Any]] = [
        {
            "x": round(_EDGE + number * step, 1),
            "y": round(12 + (1 - run.score / 100) * (_TREND_HEIGHT - 40), 1),
            "run": run,
        }
        for number, run in enumerate(runs)
    ]
    lines: list[list[str]] = []
    marks = []
    for number, point in enumerate(points):
        changed = number and runs[number - 1].rule_set != runs[number].rule_set
        if changed:
            marks.append(round(point["x"] - step / 2, 1))
        if changed or not lines:
            lines.append([])
        lines[-1].append(f"{point['x']},{point['y']}")
    return {
        "points": points,
        "lines": [" ".join(line) for line in lines],
        "marks": marks,
        "width": _TREND_WIDTH,
        "height": _TREND_HEIGHT,
        "edge": _EDGE,
        "ticks": [
            {"y": 12 + (1 - value / 100) * (_TREND_HEIGHT - 40), "label": value}
            for value in (0, 50, 100)
        ],
        "first": runs[0].ran_at[:10] if runs else "",
        "last": runs[-1].ran_at[:10] if runs else "",
    }
