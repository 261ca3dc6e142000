"""The web shop of the stores: what visitors did in one week, and in which night it was loaded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

MONDAY = datetime(2026, 3, 2)
NIGHTS = 7
PAGES = ("home", "search", "product", "product", "basket", "checkout")

# A mart whose second name says yes or no, and whose values do not; and the same, mended.
DAYS = """select
    cast(started_at as date) as visit_date,
    sum(is_order) as is_order,
    count(*) as visit_count
from {{ ref('web_sessions') }}
group by cast(started_at as date)
"""
DAYS_MENDED = DAYS.replace("as is_order", "as order_count")
DAYS_PROPERTIES = """models:
  - name: visits_by_day
    description: Visits to the web shop, and how many of them ended with an order.
    data_tests: [dbt_estate.columns_follow_vocabulary]
"""

Event = tuple[int, str, str, datetime, datetime]


def create_events(warehouse: Path) -> None:
    """Make the table of events, with those of the first night."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema web")
        connection.execute(
            "create table web.events (event_id integer, visitor varchar, page varchar, "
            "event_at timestamp, loaded_at timestamp)"
        )
    load_night(warehouse, 1)


def load_night(warehouse: Path, night: int) -> None:
    """Add the events that are loaded in a night: those of the day, and late ones of days before."""
    events = [event for event in _events() if event[4] == _loaded(night)]
    with duckdb.connect(str(warehouse)) as connection:
        connection.executemany("insert into web.events values (?, ?, ?, ?, ?)", events)


def _loaded(night: int) -> datetime:
    return MONDAY + timedelta(days=night, hours=1)


def _events() -> Iterator[Event]:
    """Three visits a visitor; a phone without a network sends some of its events days later."""
    dice = random.Random("a week")
    number = 0
    for visitor in range(1, 401):
        for _ in range(3):
            at = MONDAY + timedelta(minutes=dice.randrange(NIGHTS * 1440 - 240))
            for _ in range(dice.randint(1, 8)):
                number += 1
                late = dice.choice((1, 2, 3, 5)) if dice.random() < 0.06 else 0
                night = min(NIGHTS, (at - MONDAY).days + 1 + late)
                event = (number, f"visitor {visitor}", dice.choice(PAGES), at)
                yield (*event, _loaded(night))
                if dice.random() < 0.02:
                    yield (*event, _loaded(min(NIGHTS, night + 1)))  # sent once more
                at += timedelta(minutes=dice.choice((1, 2, 5, 12, 29)))
