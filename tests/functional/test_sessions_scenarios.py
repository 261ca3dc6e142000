"""What goes wrong with the usual ways: the table of docs/sessions/index.md, cell by cell.

Each strategy's SQL runs on DuckDB over the batches of each scenario, ours through dbt. A cell is
how many rows are wrong at the end: those that a full refresh lacks, and those that it has besides.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest

from tests.support.estate import REPOSITORY, Estate

FIRST = datetime.datetime(2026, 3, 1)
LAST = 5
Rows = Counter[tuple[Any, ...]]


@dataclass(frozen=True)
class Event:
    """Happened on a day of the scenario at a time; the run of the morning of `run` sees it.

    It was loaded half an hour before that run, unless it is `stamped` otherwise.
    """

    number: int
    day: int
    clock: str
    run: int
    user: int = 1
    stamped: tuple[int, str] | None = None

    def row(self, scenario: str, offset: int) -> str:
        happened = moment(self.day + offset, self.clock)
        day, clock = self.stamped or (self.run, "00:30")
        loaded = moment(day + offset, clock)
        return f"('{scenario}', {self.number}, {self.user}, '{happened}', '{loaded}')"


@dataclass(frozen=True)
class Scenario:
    """What arrives, and on which days there is a run at one o'clock; day 1 is the first."""

    name: str
    events: list[Event]
    runs: list[int] = field(default_factory=lambda: list(range(2, LAST + 1)))
    offset: int = 0
    others: bool = True
    deleted: Mapping[int, int] = field(default_factory=dict)

    def arriving(self, after: int, until: int) -> list[Event]:
        """What the run of a day sees for the first time, with an event of another user a day."""
        others = [Event(10_000 + run, run - 1, "23:20", run, user=9) for run in self.runs]
        events = self.events + (others if self.others else [])
        return [event for event in events if after < event.run <= until]


def moment(day: int, clock: str = "00:00") -> datetime.datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    return FIRST + datetime.timedelta(days=day - 1, hours=hour, minutes=minute)


def later(run: int) -> list[int]:
    """Run daily at first, and then on one day much later."""
    return [*range(2, LAST + 1), run]


PAIR = [Event(1, 1, "10:00", 2), Event(2, 1, "10:50", 2)]
LONG = [
    Event(n, 1 + n * 25 // 1440, f"{n * 25 % 1440 // 60:02}:{n * 25 % 60:02}", 2 + n * 25 // 1440)
    for n in range(200)
]
SCENARIOS = [
    Scenario("everything on time", [*PAIR, Event(3, 2, "10:00", 3)]),
    Scenario("nothing arrives", PAIR, others=False),
    Scenario("a session over midnight", [Event(1, 1, "23:50", 2), Event(2, 2, "00:10", 3)]),
    Scenario("a session of three days", LONG),
    Scenario("an event some hours late", [PAIR[0], Event(2, 1, "10:15", 3)]),
    Scenario("the same, at exactly the gap", [PAIR[0], Event(2, 1, "10:30", 3)]),
    Scenario("an event 11 days late", [PAIR[0], Event(2, 1, "10:15", 12)], later(12)),
    Scenario("an event 100 days late", [PAIR[0], Event(2, 1, "10:15", 102)], later(102)),
    Scenario("an earlier start, a day late", [PAIR[0], Event(2, 1, "09:45", 3)]),
    Scenario("a bridge, a day late", [*PAIR, Event(3, 1, "10:25", 3)]),
    Scenario("a bridge, 11 days late", [*PAIR, Event(3, 1, "10:25", 12)], later(12)),
    Scenario(
        "no run for six days",
        [PAIR[0], Event(2, 1, "10:15", 3), Event(3, 2, "10:00", 3), Event(4, 3, "10:00", 4)],
        runs=[2, 9],
        offset=100,
    ),
    Scenario("a run is repeated", [*PAIR, Event(3, 2, "10:00", 3)], runs=[2, 2, 3, 4, 5]),
    Scenario("an event twice in a batch", [*PAIR, PAIR[1], PAIR[1]]),
    Scenario(
        "a batch delivered again after 11 days",
        [*PAIR, Event(1, 1, "10:00", 12), Event(2, 1, "10:50", 12)],
        later(12),
    ),
    Scenario(
        "committed after a run that read later ones",
        [PAIR[0], Event(2, 1, "10:15", 3, stamped=(2, "00:10"))],
    ),
    Scenario("an event deleted in the source", PAIR, deleted={2: 4}),
]

# -- the strategies ----------------------------------------------------------------------------

SESSIONS = """
select user_id, md5(user_id || '@' || min(event_at)) as session_id,
    min(event_at) as started_at, max(event_at) as ended_at, count(*) as events
from (
    select *, sum(starts) over (partition by user_id order by event_at, event_id) as number
    from (
        select *, case when event_at - lag(event_at) over (
            partition by user_id order by event_at, event_id
        ) <= interval 30 minute then 0 else 1 end as starts
        from (
            select * from events where {where}
            qualify row_number() over (partition by event_id order by loaded_at) = 1
        )
    )
)
group by user_id, number
"""
ROWS = "select user_id, started_at, ended_at, events from"


@dataclass
class Run:
    """One run of a strategy: the connection, its morning, and what it has seen before."""

    connection: duckdb.DuckDBPyConnection
    day: datetime.datetime
    watermark: datetime.datetime

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.connection.execute(statement)

    @property
    def window(self) -> str:
        """Three days back, from midnight on."""
        return f"timestamp '{self.day - datetime.timedelta(days=3)}'"

    def arrived(self, columns: str) -> str:
        return f"select {columns} from events where loaded_at > timestamp '{self.watermark}'"


def sessions(where: str) -> str:
    return SESSIONS.format(where=where)


def full_refresh(run: Run) -> None:
    run.execute("delete from sessions", f"insert into sessions {sessions('true')}")


def append(run: Run) -> None:
    highest = "(select coalesce(max(ended_at), timestamp '1900-01-01') from sessions)"
    run.execute(f"insert into sessions {sessions(f'event_at > {highest}')}")


def window(run: Run) -> None:
    run.execute(
        f"delete from sessions where started_at >= {run.window}",
        f"insert into sessions {sessions(f'event_at >= {run.window}')}",
    )


def microbatch(run: Run) -> None:
    """One statement a day, as dbt does: the day's rows go, and the day's events are read."""
    for back in range(3, -1, -1):
        day = run.day - datetime.timedelta(days=back)
        between = f">= timestamp '{day}' and {{0}} < timestamp '{day + datetime.timedelta(1)}'"
        run.execute(
            f"delete from sessions where started_at {between.format('started_at')}",
            f"insert into sessions {sessions('event_at ' + between.format('event_at'))}",
        )


def overwrite(run: Run) -> None:
    days = f"({run.arrived('cast(event_at as date)')})"
    run.execute(
        f"delete from sessions where cast(started_at as date) in {days}",
        f"insert into sessions {sessions(f'cast(event_at as date) in {days}')}",
    )


def merge(run: Run) -> None:
    run.execute(
        f"create or replace temp table made as {sessions(f'event_at >= {run.window}')}",
        "delete from sessions where session_id in (select session_id from made)",
        "insert into sessions from made",
    )


def merge_users(run: Run) -> None:
    run.execute(
        "create or replace temp table made as "
        + sessions(f"user_id in ({run.arrived('user_id')})"),
        "delete from sessions where session_id in (select session_id from made)",
        "insert into sessions from made",
    )


STRATEGIES: dict[str, Callable[[Run], None]] = {
    "full refresh": full_refresh,
    "append": append,
    "delete+insert": window,
    "microbatch": microbatch,
    "insert_overwrite": overwrite,
    "merge": merge,
    "merge of users": merge_users,
}
OURS = "estate_sessions"


def create_events(execute: Callable[[str], Any], relation: str) -> None:
    execute(
        f"create table {relation} (scenario varchar, event_id integer, user_id integer, "
        "event_at timestamp, loaded_at timestamp)"
    )


def changes(scenario: Scenario, run: int, before: int, relation: str) -> Iterable[str]:
    """What happens to the source between two runs."""
    rows = [e.row(scenario.name, scenario.offset) for e in scenario.arriving(before, run)]
    if rows:
        yield f"insert into {relation} values {', '.join(rows)}"
    for number, day in scenario.deleted.items():
        if before < day <= run:
            yield f"delete from {relation} where scenario = '{scenario.name}' and " + (
                f"event_id = {number}"
            )


def play(scenario: Scenario, strategy: Callable[[Run], None]) -> Rows:
    """Run a strategy over a scenario, and return the rows that it ends with."""
    with duckdb.connect(config={"threads": 1}) as connection:
        create_events(connection.execute, "events")
        connection.execute(f"create table sessions as {sessions('false')}")
        before, watermark = 0, datetime.datetime(1900, 1, 1)
        for day in scenario.runs:
            for statement in changes(scenario, day, before, "events"):
                connection.execute(statement)
            strategy(Run(connection, moment(day + scenario.offset), watermark))
            highest = connection.execute("select max(loaded_at) from events").fetchone()
            assert highest is not None
            before, watermark = day, highest[0]
        return Counter(connection.execute(f"{ROWS} sessions").fetchall())


def wrong(found: Rows, wanted: Rows) -> int:
    return (found - wanted).total() + (wanted - found).total()


# -- through dbt -------------------------------------------------------------------------------

MODEL = """
{{ config(materialized='estate_sessions', meta={'dbt_estate_sessions': %r}) }}
select scenario, user_id, session_id, min(event_at) as started_at, max(event_at) as ended_at,
    count(*) as events
from {{ dbt_estate.sessionized(source('web', 'events')) }} as events
group by scenario, user_id, session_id
"""
SETTINGS = {
    "entity": ["scenario", "user_id"],
    "event_time": "event_at",
    "arrival_time": "loaded_at",
    "event_id": "event_key",
}


def play_ours(estate: Estate) -> dict[str, dict[str, Rows]]:
    """Run all scenarios at once: the entity is the scenario and the user."""
    events = f"{estate.target_schema}.arrived"
    estate.create_schema(estate.target_schema)
    create_events(estate.execute, events)
    estate.execute(
        f"create view {estate.relation('events')} as "
        f"select *, scenario || event_id as event_key from {events}"
    )
    estate.write(
        {
            "models/sources.yml": "sources: [{name: web, "
            f"schema: {estate.target_schema}, tables: [{{name: events}}]}}]\n",
            "models/plain.sql": MODEL % SETTINGS,
            "models/overlapping.sql": MODEL % {**SETTINGS, "overlap_minutes": 60},
        }
    )
    days = sorted({s.offset + run for s in SCENARIOS for run in s.runs})
    before: dict[str, int] = {}
    for day in days:
        repeats = 1
        for scenario in SCENARIOS:
            run = day - scenario.offset
            if run in scenario.runs:
                estate.execute(changes(scenario, run, before.get(scenario.name, 0), events))
                before[scenario.name] = run
                repeats = max(repeats, scenario.runs.count(run))
        for _ in range(repeats):
            result = estate.run_dbt(["run"])
            assert "is built anew" not in result.output
    found: dict[str, dict[str, Rows]] = {}
    for model in ("plain", "overlapping"):
        rows = estate.sql(
            f"select scenario, user_id, started_at, ended_at, events from {estate.relation(model)}"
        )
        found[model] = {s.name: Counter(r[1:] for r in rows if r[0] == s.name) for s in SCENARIOS}
    return found


def shown_table() -> list[list[str]]:
    """The table of the page: its header and its rows."""
    text = (REPOSITORY / "docs/sessions/index.md").read_text(encoding="utf-8")
    section = text.split("\n## What goes wrong with the usual ways\n", 1)[1].split("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", section, re.M)
    cells = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    start = next(n for n, row in enumerate(cells) if row[0] == "Wrong rows")
    return [row for row in cells[start:] if not row[0].startswith("---")]


@pytest.mark.adapters("duckdb")
def test_the_table_of_the_page_is_what_happens(estate: Estate) -> None:
    wanted = {scenario.name: play(scenario, full_refresh) for scenario in SCENARIOS}
    ours = play_ours(estate)
    computed = [["Wrong rows", *STRATEGIES, OURS]]
    for scenario in SCENARIOS:
        truth = wanted[scenario.name]
        cells = [wrong(play(scenario, strategy), truth) for strategy in STRATEGIES.values()]
        cells.append(wrong(ours["plain"][scenario.name], truth))
        computed.append([scenario.name, *map(str, cells)])
    overlapping = {
        name: count
        for name, rows in ours["overlapping"].items()
        if (count := wrong(rows, wanted[name]))
    }
    assert list(overlapping) == ["an event deleted in the source"]
    table = "\n".join(f"| {' | '.join(row)} |" for row in computed)
    shown = shown_table()
    assert len(shown) == len(computed), table
    for expected, row in zip(computed, shown, strict=True):
        for column, cell, there in zip(computed[0], expected, row, strict=True):
            assert there == cell, f"{expected[0]}, {column}\n{table}"
