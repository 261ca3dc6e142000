"""What a project's level was: lines of JSON that are only ever added to, and how two compare.

A line is a run, or a marker where the rule set changed: before and after it a level and a score
mean different things, so they are shown and not compared.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.maturity.score import Score


@dataclass(frozen=True)
class Run:
    """One earlier run. `features` has the depth of each that was used or missing, 0 to 1.

    `ran_at` is ISO 8601 in UTC; it is empty for a result of `--format json`, which has no time.
    """

    ran_at: str
    rule_set: str
    number: int
    name: str
    score: float
    features: Mapping[str, float]
    used: Sequence[str]
    unknown: Sequence[str]


@dataclass(frozen=True)
class Delta:
    """What changed since an earlier run; `is_comparable` is false after the rule set changed.

    Then `levels`, `points` and the features are empty, as they would compare two measures.
    """

    since: Run
    is_comparable: bool
    levels: int = 0
    points: float = 0.0
    gained: Sequence[str] = ()
    lost: Sequence[str] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def run_of(score: Score, ran_at: datetime.datetime) -> Run:
    """Return a score as the run of that moment, which has to know its time zone."""
    moment = ran_at.astimezone(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    features = {item.feature: item.depth for item in score.features if item.depth is not None}
    return Run(
        ran_at=f"{moment.isoformat()}Z",
        rule_set=score.rule_set,
        number=score.number,
        name=score.name,
        score=score.score,
        features=features,
        used=[item.feature for item in score.features if item.status == "used"],
        unknown=[item.feature for item in score.features if item.status == "unknown"],
    )


def read_history(path: Path) -> list[Run]:
    """Return the runs of a history, the oldest first; none where there is no such file yet.

    Raises InputError for a line that is no run and no marker.
    """
    if not path.exists():
        return []
    runs = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip():
            run = _run_of_line(line, f"{path.as_posix()}: line {number}")
            runs.extend([run] if run else [])
    return runs


def read_against(path: Path) -> Run:
    """Return the last run of a history, or the result that `--format json` printed.

    Raises InputError for a file that is neither, and for a history without a run.
    """
    text = read_text(path, "--against takes a history, or what --format json printed")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict) and "matrix" in document:
        return _run_of_result(document, path.as_posix())
    runs = read_history(path)
    if not runs:
        raise InputError(path.as_posix(), "there is no run in it yet; write one with --history")
    return runs[-1]


def append_history(path: Path, run: Run, runs: Sequence[Run]) -> None:
    """Add a line for the run, and before it a marker if the rule set is not that of the last one.

    All of it is one write at the end of the file. Raises InputError where it cannot be written.
    """
    lines = []
    if runs and runs[-1].rule_set != run.rule_set:
        change = {"from": runs[-1].rule_set, "to": run.rule_set}
        lines.append({"ran_at": run.ran_at, "marker": "rule_set", **change})
    lines.append(_line_of(run))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if file.tell() and not _ends_a_line(file):
                text = "\n" + text
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(path.as_posix(), f"cannot be written: {error.strerror}") from None


def compare(run: Run, since: Run) -> Delta:
    """Return what changed from `since` to `run`."""
    if run.rule_set != since.rule_set:
        note = (
            f"the rule set changed from {since.rule_set} to {run.rule_set}, so the level and the "
            "score mean something else and are not compared"
        )
        return Delta(since, False, notes=(note,))
    now_unknown, then_unknown = set(run.unknown), set(since.unknown)
    notes = []
    if now_unknown != then_unknown:
        parts = (
            ("seen then and not now", sorted(now_unknown - then_unknown)),
            ("seen now and not then", sorted(then_unknown - now_unknown)),
        )
        listed = "; ".join(f"{words}: {', '.join(names)}" for words, names in parts if names)
        notes.append(f"not everything was seen in both runs ({listed})")
    return Delta(
        since,
        True,
        levels=run.number - since.number,
        points=round(run.score - since.score, 1),
        gained=[name for name in run.used if name not in since.used],
        lost=[name for name in since.used if name not in run.used and name not in now_unknown],
        notes=tuple(notes),
    )


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _line_of(run: Run) -> dict[str, Any]:
    return {
        "ran_at": run.ran_at,
        "rule_set": run.rule_set,
        "level": {"number": run.number, "name": run.name},
        "score": run.score,
        "features": dict(run.features),
        "used": list(run.used),
        "unknown": list(run.unknown),
    }


def _run_of_line(line: str, where: str) -> Run | None:
    try:
        given = json.loads(line)
        if given.get("marker") == "rule_set":
            return None
        level, features = given["level"], given["features"]
        return Run(
            ran_at=str(given["ran_at"]),
            rule_set=str(given["rule_set"]),
            number=int(level["number"]),
            name=str(level["name"]),
            score=float(given["score"]),
            features={str(name): float(depth) for name, depth in features.items()},
            used=[str(name) for name in given["used"]],
            unknown=[str(name) for name in given["unknown"]],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"must be a run or a marker that dbt-estate maturity wrote ({error!r})"
        raise InputError(where, f"{problem}; restore the file, or begin another") from None


def _run_of_result(document: Mapping[str, Any], where: str) -> Run:
    try:
        features = document["features"]
        return Run(
            ran_at="",
            rule_set=str(document["matrix"]["rule_set"]),
            number=int(document["level"]["number"]),
            name=str(document["level"]["name"]),
            score=float(document["score"]),
            features={
                str(item["feature"]): float(item["depth"])
                for item in features
                if item["depth"] is not None
            },
            used=[str(item["feature"]) for item in features if item["status"] == "used"],
            unknown=[str(item["feature"]) for item in document["unknown"]],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(where, f"is not what --format json prints ({error!r})") from None
