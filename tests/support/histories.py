"""Random histories of events that arrive out of order, and their sessions, in plain Python.

A history belongs to one entity, so that one table holds many that know nothing of each other. The
answer is worked out by hand, event by event, and shares nothing with the package's SQL.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GAP = 1800
START = datetime.datetime(2026, 1, 1)
ARRIVALS = datetime.datetime(2026, 6, 1)

Session = tuple[str, str, str, int, int]


@dataclass(frozen=True)
class Event:
    """One row of the source: times are seconds after START, `batch` is when it arrives."""

    event_id: int
    user: int
    at: int
    batch: int
    amount: int
    version: int = 0
    is_deleted: int = 0

    @property
    def time(self) -> datetime.datetime:
        """When it happened."""
        return START + datetime.timedelta(seconds=self.at)

    @property
    def arrival(self) -> datetime.datetime:
        """When it arrived: some seconds into the hour of its batch."""
        return ARRIVALS + datetime.timedelta(hours=self.batch, seconds=self.event_id % 50)


def histories(seed: int, users: int, batches: int, *, changes: bool = False) -> list[Event]:
    """Make the events of `users` independent histories that arrive in `batches` batches."""
    rng = random.Random(seed)
    events: list[Event] = []
    for user in range(users):
        span = rng.choice([2, 6, 30, 24 * 4, 24 * 60]) * 3600
        start = rng.choice([0, 86400 - 3600])  # some begin just before midnight
        for at in times(rng, span, rng.choice([1, 3, 8, 20])):
            natural = int(at / (span + 1) * batches)
            late = rng.random()
            batch = (
                natural
                if late < 0.6
                else min(batches - 1, natural + rng.choice([1, 2]))
                if late < 0.85
                else rng.randrange(batches)
            )
            event = Event(len(events), user, start + at, batch, rng.randrange(100))
            events.append(event)
            # Copies arrive with the event or later, and agree with it.
            while rng.random() < 0.15:
                later = rng.randrange(batch, batches)
                events.append(Event(event.event_id, user, event.at, later, event.amount))
            if changes:
                events.extend(versions(rng, event, users, span, batches))
        rng.shuffle(events)
    # Copies must not take the place of an event's number.
    return renumbered(events)


def renumbered(events: list[Event]) -> list[Event]:
    """Keep what is one event one event, and give each its own number."""
    numbers: dict[tuple[int, int], int] = {}
    result = []
    for event in events:
        number = numbers.setdefault((event.event_id, 0), len(numbers))
        result.append(
            Event(
                number, event.user, event.at, event.batch, event.amount, event.version,
                event.is_deleted,
            )
        )  # fmt: skip
    return result


def times(rng: random.Random, span: int, count: int) -> Iterator[int]:
    """Give times with ties, gaps of exactly the limit, one second more, and long chains."""
    at = rng.randrange(span)
    for _ in range(count):
        yield at % span
        step = rng.random()
        if step < 0.15:
            continue  # a tie
        at += (
            GAP
            if step < 0.4
            else GAP + 1
            if step < 0.5
            else rng.randrange(GAP)
            if step < 0.75
            else rng.randrange(span)
        )


def versions(
    rng: random.Random, event: Event, users: int, span: int, batches: int
) -> Iterator[Event]:
    """Give later versions of an event: moved, of another user, deleted, arriving in any order."""
    at, user = event.at, event.user
    for version in range(1, rng.choice([1, 1, 2, 4])):
        if rng.random() < 0.5:
            at = rng.randrange(span)
        if rng.random() < 0.2:
            user = rng.randrange(users)
        yield Event(
            event.event_id, user, at, rng.randrange(batches), rng.randrange(100), version,
            int(rng.random() < 0.3),
        )  # fmt: skip


def expected(
    events: Iterable[Event], grain: str = "session", limit: int | None = None
) -> list[Session]:
    """Return the sessions of these events: user, first, last, number of events, sum of amounts."""
    kept: dict[int, Event] = {}
    for event in events:
        known = kept.get(event.event_id)
        if known is None or (grain == "event" and event.version > known.version):
            kept[event.event_id] = event
    by_user: dict[int, list[Event]] = {}
    for event in kept.values():
        if not event.is_deleted:
            by_user.setdefault(event.user, []).append(event)
    found: list[Session] = []
    for user, own in by_user.items():
        for session in sessions_of(sorted(own, key=lambda event: event.at), grain, limit):
            found.append(
                (
                    str(user),
                    str(session[0].time),
                    str(session[-1].time),
                    len(session),
                    sum(event.amount for event in session),
                )
            )
    return sorted(found)


def sessions_of(events: list[Event], grain: str, limit: int | None) -> Iterator[list[Event]]:
    """Split the sorted events of one user where more than GAP lies between two."""
    if grain == "keyed":
        yield events
        return
    chain: list[Event] = []
    for event in events:
        if chain and event.at - chain[-1].at > GAP:
            yield from pieces(chain, limit)
            chain = []
        chain.append(event)
    if chain:
        yield from pieces(chain, limit)


def pieces(chain: list[Event], limit: int | None) -> Iterator[list[Event]]:
    """Cut a chain at each multiple of the limit after its first event."""
    if limit is None:
        yield chain
        return
    cut: dict[int, list[Event]] = {}
    for event in chain:
        cut.setdefault((event.at - chain[0].at) // limit, []).append(event)
    yield from cut.values()
