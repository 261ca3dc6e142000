"""What a project's level was: lines of JSON that are only ever added to, and how two compare.

A line is a run, or a marker where the rule set changed: before and after it a level and a score
mean different things, so they are shown and not compared. A marker is for people: what is read is
the rule set of the runs.
"""

from __future__ import annotations

import datetime
import itertools
import math
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Annotated, Literal

import msgspec

from dbt_estate.errors import InputError
from dbt_estate.files import BOM, read_text
from dbt_estate.info_schema.macros import PackageMacros
from dbt_estate.maturity.score import Feature, Score

_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
# How much of a wrong line is shown, and of a wrong name.
_SHOWN = 160
_NAME_SHOWN = 40
# Far behind the end of any history, and below the 2 GiB that msvcrt.locking can reach.
_LOCKED_BYTE = 2**30
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Points = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Reached(msgspec.Struct, frozen=True):
    """The level of a run: 0 and "None" below the first."""

    number: Annotated[int, msgspec.Meta(ge=0, le=6)]
    name: str

    def __post_init__(self) -> None:
        """Raise ValueError for a name that is another level's; msgspec says where it is."""
        name = _names()[self.number]
        if self.name != name:
            found = self.name[:_NAME_SHOWN]
            raise ValueError(f"level {self.number} is named {name!r}, not {found!r}")


@cache
def _names() -> Sequence[str]:
    return ["None", *PackageMacros()["maturity_levels"]()]


class Run(msgspec.Struct, frozen=True):
    """One earlier run, as its line has it.

    `features` has the depth of each that was used or missing. `ran_at` is ISO 8601 in UTC; it is
    empty for a result of `--format json`, which has no time.
    """

    ran_at: str
    project: str
    rule_set: str
    level: Reached
    score: _Points
    features: dict[str, _Share]
    used: list[str]
    unknown: list[str]

    @property
    def number(self) -> int:
        """Return the number of the level."""
        return self.level.number

    @property
    def name(self) -> str:
        """Return the name of the level."""
        return self.level.name


class _Marker(msgspec.Struct):
    ran_at: str
    marker: Literal["rule_set"]
    from_: str = msgspec.field(name="from")
    to: str


class _Kind(msgspec.Struct):
    marker: str | None = None


class _Judged(msgspec.Struct):
    feature: str
    status: Literal["used", "missing", "unknown", "not_applicable"]
    depth: _Share | None
    is_partly_seen: bool


class _Matrix(msgspec.Struct):
    project: str
    rule_set: str


class _Result(msgspec.Struct):
    """What is read of the document that `--format json` prints."""

    level: Reached
    score: _Points
    matrix: _Matrix
    features: Annotated[list[_Judged], msgspec.Meta(min_length=1)]


@dataclass(frozen=True)
class Delta:
    """What changed since an earlier run; `is_comparable` is false after the rule set changed.

    Then `then`, `now` and the features are empty, as they would compare two measures. Otherwise
    `then` and `now` are level and score over what both runs saw, which is less than each saw if
    `is_partial`. `depths` has from what to what they changed.
    """

    since: Run
    is_comparable: bool
    then: tuple[int, float] = (0, 0.0)
    now: tuple[int, float] = (0, 0.0)
    is_partial: bool = False
    gained: Sequence[str] = ()
    lost: Sequence[str] = ()
    depths: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def levels(self) -> int:
        """Return how many levels it is more."""
        return self.now[0] - self.then[0]

    @property
    def points(self) -> float:
        """Return how many points of the score it is more."""
        return round(self.now[1] - self.then[1], 1)


def run_of(score: Score, ran_at: datetime.datetime) -> Run:
    """Return a score as the run of that moment, which has to know its time zone."""
    return Run(
        ran_at=ran_at.astimezone(datetime.timezone.utc).strftime(_MOMENT),
        project=score.project,
        rule_set=score.rule_set,
        level=Reached(score.number, score.name),
        score=score.score,
        features=_depths(score.features),
        used=_with_status("used", score.features),
        unknown=_unseen(score.features),
    )


def read_history(path: Path) -> list[Run]:
    """Return the runs of a history, the oldest first; none where there is no such file yet.

    Raises InputError for a line that is no run and no marker.
    """
    return _runs(read_text(path), path) if path.exists() else []


def read_against(path: Path) -> Run:
    """Return the last run of a history, or the result that `--format json` printed.

    Raises InputError for a file that is neither, and for a history without a run.
    """
    text = read_text(path, "--against takes a history, or what --format json printed")
    # No line of a history has this key.
    if '"matrix":' in text:
        return _run_of_result(text.removeprefix(BOM), path.as_posix())
    runs = _runs(text, path)
    if not runs:
        raise InputError(path.as_posix(), "there is no run in it yet; write one with --history")
    return runs[-1]


def _runs(text: str, path: Path) -> list[Run]:
    runs = []
    # JSON may have the other ends of lines that str.splitlines knows within a string.
    for number, line in enumerate(text.removeprefix(BOM).split("\n"), start=1):
        if line.strip():
            run = _run_of_line(line, f"{path.as_posix()}: line {number}")
            runs.extend([run] if run else [])
    return runs


def refuse_other_projects(project: str, runs: Sequence[Run], where: str) -> None:
    """Raise InputError if one of the runs is of another project than this."""
    other = next((run.project for run in runs if run.project != project), project)
    if other != project:
        raise InputError(
            where,
            f"has a run of the project {other!r}, and this is {project!r}; "
            "only runs of one project compare, so give a file of this one",
        )


def append_history(path: Path, run: Run) -> None:
    """Add a line for the run, and before it a marker if the rule set is not that of the last one.

    All of it is one write at the end of the file, while no other run may write. Raises InputError
    for a history of another project, and where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file, _locked(file):
            runs = read_history(path)
            refuse_other_projects(run.project, runs, f"--history {path.as_posix()}")
            lines: list[Run | _Marker] = [run]
            if runs and runs[-1].rule_set != run.rule_set:
                lines.insert(0, _Marker(run.ran_at, "rule_set", runs[-1].rule_set, run.rule_set))
            text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            if file.seek(0, os.SEEK_END) and not _ends_a_line(file):
                text = b"\n" + text
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(path.as_posix(), f"cannot be written: {error.strerror}") from None


def compare(score: Score, since: Run) -> Delta:
    """Return what changed from `since` to this score, of what both could see.

    The rule set is the same in both, or nothing is compared; so the weights and levels are, too.
    """
    if score.rule_set != since.rule_set:
        note = (
            f"the rule set changed from {since.rule_set} to {score.rule_set}, so the level and the "
            "score mean something else and are not compared"
        )
        return Delta(since, False, notes=(note,))
    now_unknown, then_unknown = _unseen(score.features), since.unknown
    both = [
        item
        for item in score.features
        if item.feature not in now_unknown and item.feature not in then_unknown
    ]
    used = _with_status("used", both)
    # A feature of weight 0 changes neither level nor score, seen or not.
    weighty = [item.feature for item in score.features if item.weight]
    parts = (
        ("seen then and not now", now_unknown, then_unknown),
        ("seen now and not then", then_unknown, now_unknown),
    )
    listed = [
        f"{words}: {', '.join(sorted(names))}"
        for words, here, there in parts
        if (names := [name for name in weighty if name in here and name not in there])
    ]
    notes = []
    now, then = (score.number, score.score), (since.number, since.score)
    if listed:
        notes.append(
            f"not everything was seen in both runs ({'; '.join(listed)}), "
            "so the change is that of the features seen in both"
        )
        now = _level_and_score(score, both, _depths(both), used)
        then = _level_and_score(score, both, since.features, since.used)
    return Delta(
        since,
        True,
        then=then,
        now=now,
        is_partial=bool(listed),
        gained=[name for name in used if name not in since.used],
        lost=[
            item.feature for item in both if item.feature in since.used and item.feature not in used
        ],
        depths=_changed_depths(both, since),
        notes=tuple(notes),
    )


def _changed_depths(features: Sequence[Feature], since: Run) -> dict[str, tuple[float, float]]:
    """Return the depths then and now of what counts and was used in both runs, if they differ."""
    then = {name: depth for name, depth in since.features.items() if name in since.used}
    now = _depths([item for item in features if item.weight and item.status == "used"])
    both = {name: (then[name], depth) for name, depth in now.items() if name in then}
    return {name: depths for name, depths in both.items() if depths[0] != depths[1]}


def _level_and_score(
    score: Score, features: Sequence[Feature], depths: Mapping[str, float], used: Collection[str]
) -> tuple[int, float]:
    """Return level and score over these features, as estate_levels and estate_level have them.

    `score` says what the levels are and from which percentage on one is complete.
    """
    weight_known: Counter[int] = Counter()
    weight_used: Counter[int] = Counter()
    points = 0
    for item in features:
        if item.feature in depths:
            weight_known[item.level] += item.weight
            if item.feature in used:
                weight_used[item.level] += item.weight
                steps = math.floor(depths[item.feature] * 10000 + 0.5)
                points += item.weight * (10000 + steps)
    switched_on = {item.level for item in score.features if item.weight}
    complete = itertools.takewhile(
        lambda level: (
            level not in switched_on
            or (
                weight_known[level]
                and 100 * weight_used[level] >= score.level_completeness * weight_known[level]
            )
        ),
        [level.number for level in score.levels if "models" in used],
    )
    whole = 20000 * weight_known.total()
    return max(complete, default=0), (2000 * points + whole) // (2 * whole) / 10 if whole else 0


def _depths(features: Sequence[Feature | _Judged]) -> dict[str, float]:
    return {item.feature: item.depth for item in features if item.depth is not None}


def _unseen(features: Sequence[Feature | _Judged]) -> list[str]:
    """Return what is unknown, and what cannot be seen as a whole: its depth would be another."""
    return [item.feature for item in features if item.status == "unknown" or item.is_partly_seen]


def _with_status(status: str, features: Sequence[Feature | _Judged]) -> list[str]:
    return [item.feature for item in features if item.status == status]


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Wait until no other run writes to the file, and let none until the end."""
    if sys.platform == "win32":
        import msvcrt

        # What is locked cannot even be read by others.
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        # It ends when the file is closed.
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ends_a_line(file: IO[bytes]) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _run_of_line(line: str, where: str) -> Run | None:
    try:
        if msgspec.json.decode(line, type=_Kind).marker:
            msgspec.json.decode(line, type=_Marker)
            return None
        run = msgspec.json.decode(line, type=Run)
        if not _is_moment(run.ran_at):
            raise msgspec.ValidationError("`ran_at` must be like 2026-03-01T06:00:00Z")
    # RecursionError is for more brackets than anything needs.
    except (msgspec.MsgspecError, RecursionError) as error:
        problem = f"must be a run or a marker that dbt-estate maturity wrote ({error})"
        rest = "restore the file, or begin another"
        raise InputError(where, f"{problem}, not {line[:_SHOWN]!r}; {rest}") from None
    return run


def _is_moment(text: str) -> bool:
    try:
        return datetime.datetime.strptime(text, _MOMENT).strftime(_MOMENT) == text
    except ValueError:
        return False


def _run_of_result(text: str, where: str) -> Run:
    try:
        result = msgspec.json.decode(text, type=_Result)
    except (msgspec.MsgspecError, RecursionError) as error:
        problem = f"is not what --format json prints ({error})"
        raise InputError(where, f"{problem}; print it again, or give a history") from None
    return Run(
        ran_at="",
        project=result.matrix.project,
        rule_set=result.matrix.rule_set,
        level=result.level,
        score=result.score,
        features=_depths(result.features),
        used=_with_status("used", result.features),
        unknown=_unseen(result.features),
    )
