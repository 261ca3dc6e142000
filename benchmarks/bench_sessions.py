"""Bring sessions up to date with a daily and an hourly batch, beside the usual ways; who is wrong.

estate_sessions runs through dbt: its time is that of the model, and beside it that of the engine
alone. The others are the same SQL of the same model on DuckDB, without dbt. Events are 100,000 a
day (fewer in small tables); one in fifty is late, by up to thirty days.
Usage: python benchmarks/bench_sessions.py [EVENTS ...]
"""

from __future__ import annotations

import datetime
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.estates import announce, middle
from tests.support.engines import DuckDBWorkspace
from tests.support.estate import Estate

REPEATS = 3
BATCHES = 30
SMALL = 1_000_000
FIRST = datetime.datetime(2024, 1, 1)
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
BYTES_AN_EVENT = 250
OURS = "estate_sessions"
ENGINE = "  in the engine"
COLUMNS = "user_id, started_at, ended_at, events, amount"
SETTINGS = {
    "entity": "user_id",
    "event_time": "event_at",
    "arrival_time": "loaded_at",
    "event_id": "event_id",
}
MODEL = """
{{ config(materialized='estate_sessions', meta={'dbt_estate_sessions': %r}) }}
select user_id, session_id, min(event_at) as started_at, max(event_at) as ended_at,
    count(*) as events, sum(amount) as amount
from {{ dbt_estate.sessionized(source('web', 'events')) }} as events
group by user_id, session_id
"""

# Five events a session, 10 to 30 minutes apart, so that one that is late may be a bridge. Of 1,000
# events 980 arrive within ten minutes, 15 within two days and 5 within thirty; 5 arrive twice.
EVENTS = """
create table coming as
with started as (
    select session, hash(session, 1) %% %(users)d as user_id,
        timestamp '%(first)s' + to_seconds(cast(hash(session, 2) %% %(seconds)d as bigint)) as start
    from range(%(sessions)d) as numbers(session)
),
happened as (
    select session * 5 + place as event_id, cast(user_id as integer) as user_id,
        start + to_seconds(cast(place * 1200 + hash(session, place, 3) %% 600 as bigint))
            as event_at,
        hash(session, place, 4) %% 1000 as lateness,
        hash(session, place, 5) as chance
    from started, range(5) as places(place)
),
loaded as (
    select event_id, user_id, event_at, event_at + to_seconds(cast(case
        when lateness < 980 then chance %% 600
        when lateness < 995 then chance %% 172800
        else chance %% 2592000 end as bigint)) as loaded_at,
        cast(chance %% 100 as integer) as amount
    from happened
)
select * from loaded
union all
select event_id, user_id, event_at, loaded_at + to_seconds(cast(hash(event_id) %% 86400 as bigint)),
    amount
from loaded where hash(event_id, 6) %% 200 = 0
order by loaded_at
"""


@dataclass
class Bench:
    """A project with its events, and a table of sessions for each of the usual ways."""

    estate: Estate
    events: int
    days: int
    taken: datetime.datetime = FIRST
    text: str = ""
    seconds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def a_day(self) -> int:
        """Events a day."""
        return self.events // self.days

    def begin(self, until: datetime.datetime) -> None:
        """Make the events, and build every table from those that arrive until then."""
        self.estate.write(
            {
                "models/sources.yml": "sources: "
                "[{name: web, schema: main, tables: [{name: events}]}]\n",
                "models/sessions.sql": MODEL % SETTINGS,
            }
        )
        numbers = {
            "users": self.events // 100,
            "first": FIRST,
            "seconds": self.days * 86400,
            "sessions": self.events // 5,
        }
        self.estate.execute(
            [EVENTS % numbers, "create table main.events as from coming where false"]
        )
        self.arrive(until)
        self.ours()
        self.text = self.estate.compiled("sessions")
        for name in USUAL:
            relation = self.estate.relation("sessions")
            self.estate.execute(f"create table main.{name} as from {relation}")

    def arrive(self, until: datetime.datetime) -> int:
        """Load what arrives until then, and return how many rows that are."""
        between = f"loaded_at >= '{self.taken}' and loaded_at < '{until}'"
        self.estate.execute(f"insert into main.events from coming where {between}")
        self.taken = until
        return int(self.estate.sql(f"select count(*) from coming where {between}")[0][0])

    def made(self, where: str) -> str:
        """Return the model's own text over some of the events."""
        source = '"estate"."main"."events"'
        filtered = f"(select * from main.events where {where})"
        return self.text.replace(f"from {source} as", f"from {filtered} as")

    def ours(self) -> tuple[float, float]:
        """Run the model, and return its seconds and those of its statements."""
        result = self.estate.run_dbt(["run"])
        spent = (re.search(r"SQL status: .* in ([\d.]+) s", m.text) for m in result.messages)
        return (
            float(result.raw.results[0].execution_time),
            sum(float(found.group(1)) for found in spent if found),
        )

    def full_refresh(self) -> None:
        """Make the table again."""
        self.estate.execute(f"create or replace table main.full_refresh as {self.made('true')}")

    def window(self) -> None:
        """Delete the sessions of three days, and insert those of their events."""
        since = f">= '{self.taken.date() - 3 * DAY}'"
        self.estate.execute(
            [
                f'delete from main."window" where started_at {since}',
                f'insert into main."window" {self.made("event_at " + since)}',
            ]
        )

    def microbatch(self) -> None:
        """Do so for each day on its own."""
        for back in range(3, -1, -1):
            day = self.taken.date() - back * DAY
            within = f"between '{day}' and timestamp '{day + DAY}' - interval 1 microsecond"
            self.estate.execute(
                [
                    f"delete from main.microbatch where started_at {within}",
                    f"insert into main.microbatch {self.made('event_at ' + within)}",
                ]
            )

    def run_all(self, names: Sequence[str]) -> None:
        """Let each bring its table up to date, and keep the seconds."""
        for name, spent in zip((OURS, ENGINE), self.ours(), strict=True):
            self.seconds.setdefault(name, []).append(spent)
        for name in names:
            self.estate.sql("select 1")  # dbt has let go of the file
            started = time.perf_counter()
            USUAL[name](self)
            self.seconds.setdefault(name, []).append(time.perf_counter() - started)

    def wrong_rows(self) -> dict[str, int]:
        """Count what is not as in a full refresh: rows that lack, and rows too many."""
        self.full_refresh()
        found = {}
        tables = {OURS: self.estate.relation("sessions"), "window": 'main."window"'}
        for name in (OURS, "window", "microbatch"):
            table = f"(select {COLUMNS} from {tables.get(name, 'main.' + name)})"
            right = f"(select {COLUMNS} from main.full_refresh)"
            query = (
                f"select (select count(*) from ({right} except all {table}))"
                f" + (select count(*) from ({table} except all {right}))"
            )
            found[name] = int(self.estate.sql(query)[0][0])
        return found


USUAL: dict[str, Callable[[Bench], None]] = {
    "full_refresh": Bench.full_refresh,
    "window": Bench.window,
    "microbatch": Bench.microbatch,
}


def new_bench(folder: str, events: int, days: int) -> Bench:
    root = Path(folder)
    free = shutil.disk_usage(root).free
    if free < events * BYTES_AN_EVENT:
        raise SystemExit(
            f"{events:,} events need {events * BYTES_AN_EVENT:,} bytes, free: {free:,}"
        )
    return Bench(Estate(root, DuckDBWorkspace(root, "bench")), events, days)


def measure(events: int) -> dict[str, float]:
    """Print what a daily and an hourly batch cost, and return our seconds of each."""
    days = max(30, events // 100_000)
    ours = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = new_bench(folder, events, days)
        now = FIRST + (days - REPEATS - 1) * DAY
        bench.begin(now)
        announce(f"{events:,} events of {days} days, {bench.a_day:,} a day, median of {REPEATS}")
        for name, step in (("daily", DAY), ("hourly", HOUR)):
            bench.seconds = {}
            arrivals = []
            for _ in range(REPEATS):
                now += step
                arrivals.append(bench.arrive(now))
                bench.run_all(list(USUAL))
            times = {way: middle(found) for way, found in bench.seconds.items()}
            ours[name] = times[OURS]
            ours[f"{name}, in the engine,"] = times[ENGINE]
            print(f"  {name} batch, {middle(arrivals):,.0f} arrivals")
            for way, seconds in times.items():
                ratio = (
                    f"  {seconds / times[OURS]:6.1f} times ours, {seconds / times[ENGINE]:6.1f} in"
                    " the engine"
                )
                print(f"    {way:16} {seconds:8.2f} s{ratio if way in USUAL else ''}", flush=True)
        found = bench.wrong_rows()
        print(f"  wrong rows after these {2 * REPEATS} batches: {found}", flush=True)
        bench.estate.close()
    return ours


def count_wrong(events: int) -> int:
    """Run a month of daily batches, and return how many rows of ours are wrong."""
    with tempfile.TemporaryDirectory() as folder:
        bench = new_bench(folder, events, 2 * BATCHES)
        now = FIRST + BATCHES * DAY
        bench.begin(now)
        announce(
            f"wrong rows after {BATCHES} daily batches, in a table of {events:,} events"
            f" of {2 * BATCHES} days"
        )
        for _ in range(BATCHES):
            now += DAY
            bench.arrive(now)
            bench.run_all(["window", "microbatch"])
        found = bench.wrong_rows()
        rows = int(bench.estate.sql("select count(*) from main.full_refresh")[0][0])
        for name, count in found.items():
            print(f"    {name:16} {count:8,} of {rows:,}", flush=True)
        bench.estate.close()
    return found[OURS]


def main(argv: Sequence[str]) -> int:
    sizes = [int(argument) for argument in argv] or [10_000_000]
    wrong = count_wrong(min(SMALL, *sizes))
    ours = {events: measure(events) for events in sizes}
    if len(sizes) > 1:
        for name in ours[sizes[0]]:
            growth = ours[sizes[-1]][name] / ours[sizes[0]][name]
            print(
                f"  the {name} batch of {OURS} takes {growth:.2f} times as long in"
                f" {sizes[-1]:,} events as in {sizes[0]:,}"
            )
    print(f"wrong rows of {OURS}: {wrong}, limit 0")
    return 0 if wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
