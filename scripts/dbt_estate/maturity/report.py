"""The level as text, JSON and Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from dbt_estate.maturity.history import Delta
from dbt_estate.maturity.score import Feature, Level, Score
from dbt_estate.maturity.steps import Step
from dbt_estate.output import print_json, print_table

_STEPS_SHOWN = 5
_FILES_SHOWN = 3
# What would begin or end a construct of Markdown, or of HTML in it.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~&])")


def document(score: Score, steps: Sequence[Step], delta: Delta | None) -> dict[str, Any]:
    """Return what `--format json` prints; docs/maturity/scoring.md has it field by field."""
    return {
        "level": {"number": score.number, "name": score.name},
        "score": score.score,
        "matrix": {
            "rule_set": score.rule_set,
            "project": score.project,
            "level_completeness": score.level_completeness,
            "levels": [_level(item) for item in score.levels],
            "delta": _delta(delta) if delta else None,
        },
        "features": [_feature(item) for item in score.features],
        "next_steps": [_step(item) for item in steps],
        "unknown": [
            {
                "feature": item.feature,
                "level": item.level,
                "title": item.title,
                "why": item.evidence,
            }
            for item in _unknown(score)
        ],
    }


def _delta(item: Delta) -> dict[str, Any]:
    since = item.since
    return {
        "since": {
            "ran_at": since.ran_at or None,
            "level": {"number": since.number, "name": since.name},
            "score": since.score,
        },
        "is_comparable": item.is_comparable,
        "levels": item.levels if item.is_comparable else None,
        "points": item.points if item.is_comparable else None,
        "compared": {
            side: {"level_number": number, "score": score}
            for side, (number, score) in (("from", item.then), ("to", item.now))
        }
        if item.is_comparable
        else None,
        "gained": list(item.gained),
        "lost": list(item.lost),
        "depths": {name: {"from": then, "to": now} for name, (then, now) in item.depths.items()},
        "notes": list(item.notes),
    }


def _level(item: Level) -> dict[str, Any]:
    return {
        "number": item.number,
        "name": item.name,
        "completeness": item.completeness,
        "depth": item.depth,
        "used": item.used,
        "known": item.known,
        "unknown": item.unknown,
        "not_applicable": item.not_applicable,
        "is_reached": item.is_reached,
    }


def _feature(item: Feature) -> dict[str, Any]:
    return {
        "feature": item.feature,
        "level": item.level,
        "title": item.title,
        "weight": item.weight,
        "status": item.status,
        "depth": item.depth,
        "is_partly_seen": item.is_partly_seen,
        "evidence": item.evidence,
        "findings": item.findings,
    }


def _step(item: Step) -> dict[str, Any]:
    return {
        "feature": item.feature,
        "title": item.title,
        "level": item.level,
        "do": item.do,
        "gain": item.gain,
        "effort": item.effort,
        "raises_level": item.raises_level,
        "files": list(item.files),
    }


def _unknown(score: Score) -> list[Feature]:
    return [item for item in score.features if item.status == "unknown" and item.weight]


def headline(score: Score) -> str:
    """Return the result in one line: the level, what is unknown, the score."""
    level = f"level {score.number}, {score.name}" if score.number else "no level yet"
    unknown = "1 feature" if score.unknown == 1 else f"{score.unknown} features"
    seen = f", {unknown} unknown" if score.unknown else ""
    return f"{level}{seen}; score {score.score:g} of 100"


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 in percent, a dash where there is none."""
    return "-" if share is None else f"{100 * share:.0f} %"


def lacking(score: Score) -> str:
    """Return what the lowest level that is not reached lacks, or nothing if all are reached."""
    level = next((item for item in score.levels if not item.is_reached), None)
    if level is None:
        return ""
    name = f"Level {level.number}, {level.name}"
    if not any(item.feature == "models" and item.status == "used" for item in score.features):
        return f"{name}, lacks a first model."
    if level.completeness is None:
        return f"{name}: nothing is known of it."
    titles = ", ".join(
        item.title
        for item in score.features
        if item.level == level.number and item.status == "missing" and item.weight
    )
    has = percent(level.completeness)
    # What is rounded up to the limit would seem to be enough.
    if has == f"{score.level_completeness} %":
        has = f"{100 * level.completeness:g} %"
    return f"{name}, lacks: {titles} (needs {score.level_completeness} %, has {has})."


def shown_files(files: Sequence[str]) -> str:
    """Return the first files, and how many more there are."""
    more = len(files) - _FILES_SHOWN
    return ", ".join(files[:_FILES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def delta_lines(delta: Delta) -> list[str]:
    """Return what changed, in a line each."""
    since = f" since {delta.since.ran_at}" if delta.since.ran_at else ""
    before = f"level {delta.since.number} and score {delta.since.score:g}"
    if not delta.is_comparable:
        return [f"Not compared{since}: it was {before}, but {'; '.join(delta.notes)}."]
    if delta.is_partial:
        # Not between the scores that are shown elsewhere, which are over more.
        lines = [f"Change{since}, of what both runs saw: {_moved_within(delta)}."]
    else:
        lines = [f"Change{since}: {_moved(delta)} (it was {before})."]
    for word, names in (("Now used", delta.gained), ("No longer used", delta.lost)):
        if names:
            lines.append(f"{word}: {', '.join(names)}.")
    if delta.depths:
        depths = (f"{name} {_from_to(*shares)}" for name, shares in delta.depths.items())
        lines.append(f"Depth: {', '.join(depths)}.")
    return lines + [f"Note: {note}." for note in delta.notes]


def _moved(delta: Delta) -> str:
    if not delta.levels and not delta.points:
        return "as it was"
    level = f"level {delta.levels:+d}" if delta.levels else "level as it was"
    return f"{level}, score {delta.points:+.1f}"


def _moved_within(delta: Delta) -> str:
    """Return what moved, and from what to what."""
    (level, score), (new_level, new_score) = delta.then, delta.now
    if not delta.levels and not delta.points:
        return f"as it was (level {level}, score {score:g})"
    moved = f"level {delta.levels:+d} (from {level} to {new_level})"
    levels = moved if delta.levels else "level as it was"
    return f"{levels}, score {delta.points:+.1f} (from {score:g} to {new_score:g})"


def _from_to(then: float, now: float) -> str:
    """Return two shares in percent; if they would look alike, with what tells them apart."""
    shown = percent(then), percent(now)
    if shown[0] == shown[1]:
        shown = f"{100 * then:g} %", f"{100 * now:g} %"
    return f"{shown[0]} to {shown[1]}"


def print_score(score: Score, steps: Sequence[Step], delta: Delta | None, format_: str) -> None:
    """Print the result as text, json or markdown."""
    if format_ == "json":
        print_json(document(score, steps, delta))
    elif format_ == "markdown":
        click.echo(markdown(score, steps, delta).encode(), nl=False)
    else:
        _print_text(score, steps, delta)


def _print_text(score: Score, steps: Sequence[Step], delta: Delta | None) -> None:
    click.echo(f"{score.project}: {headline(score)}")
    for line in delta_lines(delta) if delta else ():
        click.echo(line)
    levels = [
        [
            f"{item.number} {item.name}",
            "reached" if item.is_reached else "",
            percent(item.completeness),
            percent(item.depth),
            f"{item.used} of {item.known}",
            str(item.unknown or ""),
        ]
        for item in score.levels
    ]
    columns = ["Level", "", "Completeness", "Depth", "Features", "Unknown"]
    print_table("Levels", columns, levels, {"reached": "green"})
    if lacks := lacking(score):
        click.echo(lacks)
    rows = [
        [
            f"{'^ ' if step.raises_level else ''}{step.do}",
            f"+{step.gain:.1f}",
            str(step.effort),
            shown_files(step.files),
        ]
        for step in steps[:_STEPS_SHOWN]
    ]
    if rows:
        print_table(
            "Next steps (^ the next level lacks it)", ["Step", "Gain", "Effort", "Files"], rows
        )
    if more := steps[_STEPS_SHOWN:]:
        click.echo(f"and {len(more)} more: see --format json")
    for item in _unknown(score):
        click.echo(f"Unknown: {item.title} (level {item.level}): {item.evidence}")


def markdown(score: Score, steps: Sequence[Step], delta: Delta | None) -> str:
    """Return the result as Markdown, ready for a comment on a pull request."""
    lines = [f"### dbt maturity: {_plain(headline(score))}", ""]
    if delta:
        lines += [_plain(line) + "  " for line in delta_lines(delta)]
        lines.append("")
    lines += [
        "| Level | Reached | Completeness | Depth | Features | Unknown |",
        "| --- | :-: | --: | --: | --: | --: |",
    ]
    for item in score.levels:
        cells = (
            f"{item.number} {item.name}",
            "✓" if item.is_reached else "",
            percent(item.completeness),
            percent(item.depth),
            f"{item.used} of {item.known}",
            str(item.unknown or ""),
        )
        lines.append(f"| {' | '.join(cells)} |")
    if lacks := lacking(score):
        lines += ["", _plain(lacks)]
    if steps:
        lines += ["", "**Next steps**", ""]
        for number, step in enumerate(steps[:_STEPS_SHOWN], start=1):
            files = f": {_plain(shown_files(step.files))}" if step.files else ""
            level = f", for level {step.level}" if step.raises_level else ""
            gain = f"+{step.gain:.1f} points, effort {step.effort}{level}"
            lines.append(f"{number}. {_plain(step.do)} ({gain}){files}")
    if more := steps[_STEPS_SHOWN:]:
        lines += ["", f"and {len(more)} more: see `--format json`"]
    unknown = _unknown(score)
    if unknown:
        lines += ["", f"Unknown: {_plain(', '.join(item.title for item in unknown))}."]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
