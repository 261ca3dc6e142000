"""Whatever arrives, and whenever: after each batch the table equals a full refresh.

Ten models of different settings are built over the same three hundred histories, batch by batch.
What they should hold is worked out in plain Python (tests/support/histories.py).
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.estate import Estate
from tests.support.histories import Event, Session, expected, histories

BATCHES = 6
SETTINGS = {
    "entity": "user_id",
    "event_time": "event_at",
    "arrival_time": "loaded_at",
    "event_id": "event_id",
}
MODEL = """
{{ config(%s, meta={'dbt_estate_sessions': %r}) }}
select
    user_id, session_id, min(event_at) as started_at, max(event_at) as ended_at,
    count(*) as events, sum(amount) as amount
from {{ dbt_estate.sessionized(source('web', '%s')) }} as events
group by user_id, session_id
"""

STRATEGY = "materialized='incremental', incremental_strategy='open_sessions'"
SHIM = """
{% macro get_incremental_open_sessions_sql(arg_dict) %}
    {{ return(dbt_estate.open_sessions_sql(arg_dict)) }}
{% endmacro %}
"""


@dataclass(frozen=True)
class Model:
    """A model of sessions: its settings, the source, and what makes its answer another one."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    source: str = "events"
    limit: int | None = None
    materialized: str = "materialized='estate_sessions'"

    @property
    def grain(self) -> str:
        return str(self.settings.get("grain", "session"))

    def text(self) -> str:
        return MODEL % (self.materialized, {**SETTINGS, **self.settings}, self.source)


MODELS = [
    Model("plain"),
    Model("overlapping", {"overlap_minutes": 90}),
    Model("cut", {"max_session_minutes": 45}, limit=45 * 60),
    Model("keyed", {"grain": "keyed"}),
    Model("always_open", {"open_when": "events > 2"}),
    Model(
        "changing",
        {"grain": "event", "version": "version", "deleted_when": "is_deleted = 1"},
        "changes",
    ),
    Model("by_strategy", materialized=STRATEGY),
]


class Web:
    """The sources, and the rows that have arrived so far."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.arrived: dict[str, list[Event]] = {"events": [], "changes": []}
        kind = "datetime2(6)" if estate.adapter_type == "sqlserver" else "timestamp"
        estate.create_schema(estate.target_schema)
        for name in self.arrived:
            estate.execute(
                f"create table {estate.relation(name)} (event_id int, user_id int, "
                f"event_at {kind}, loaded_at {kind}, amount int, version int, is_deleted int)"
            )
        tables = ", ".join(f"{{name: {name}}}" for name in self.arrived)
        estate.write(
            {
                "models/sources.yml": "sources: [{name: web, "
                f"schema: {estate.target_schema}, tables: [{tables}]}}]\n",
                "macros/shim.sql": SHIM,
                **{f"models/{model.name}.sql": model.text() for model in MODELS},
            }
        )

    def arrive(self, name: str, events: Sequence[Event]) -> None:
        """Insert rows, in no order."""
        self.arrived[name].extend(events)
        rows = list(events)
        random.Random(len(rows)).shuffle(rows)
        for start in range(0, len(rows), 900):
            values = ", ".join(
                f"({e.event_id}, {e.user}, '{e.time}', '{e.arrival}', {e.amount}, {e.version}, "
                f"{e.is_deleted})"
                for e in rows[start : start + 900]
            )
            self.estate.execute(f"insert into {self.estate.relation(name)} values {values}")

    def sessions(self, model: Model) -> tuple[list[Session], dict[str, tuple[str, str]]]:
        """Return the rows of a model without their ids, and the place of each id."""
        query = (
            "select user_id, started_at, ended_at, events, amount, session_id "
            f"from {self.estate.relation(model.name)}"
        )
        rows = [
            (str(row[0]), stamp(row[1]), stamp(row[2]), int(row[3]), int(row[4]), str(row[5]))
            for row in self.estate.sql(query)
        ]
        ids = {row[5]: (row[0], row[1]) for row in rows}
        assert len(ids) == len(rows), f"{model.name}: a session_id is not unique"
        return sorted(row[:5] for row in rows), ids


def stamp(value: datetime.datetime) -> str:
    return str(value).removesuffix(".000000")


def check(web: Web, models: Iterable[Model], after: str) -> None:
    for model in models:
        found, _ = web.sessions(model)
        wanted = expected(web.arrived[model.source], model.grain, model.limit)
        missing = sorted(set(wanted) - set(found))[:5]
        surplus = sorted(set(found) - set(wanted))[:5]
        assert found == wanted, f"{model.name} {after}: lacks {missing}, has besides {surplus}"


def run_history(estate: Estate, seed: int, users: int) -> None:
    """Let everything arrive in batches, some of them empty, skipped or replayed."""
    rng = random.Random(seed)
    web = Web(estate)
    coming = {
        "events": histories(seed, users, BATCHES),
        "changes": histories(seed + 1, users, BATCHES, changes=True),
    }
    ids: dict[str, dict[str, tuple[str, str]]] = {model.name: {} for model in MODELS}
    for batch in range(BATCHES):
        for name, events in coming.items():
            web.arrive(name, [event for event in events if event.batch == batch])
        if batch == 2:
            continue  # a run that was skipped
        result = estate.run_dbt(["run"])
        assert batch == 0 or "is built anew" not in result.output
        check(web, MODELS, f"after batch {batch} of seed {seed}")
        for model in MODELS:
            _, now = web.sessions(model)
            moved = {i: p for i, p in now.items() if ids[model.name].get(i, p) != p}
            assert moved == {} or model.grain == "keyed", model.name
            ids[model.name] = now
        if rng.random() < 0.5:
            estate.run_dbt(["run"])  # nothing has arrived
            check(web, MODELS, f"after an empty batch {batch} of seed {seed}")
    estate.run_dbt(["run", "--full-refresh"])
    for model in MODELS:
        assert web.sessions(model)[1] == ids[model.name], f"{model.name}: ids of a full refresh"


def users_of(estate: Estate) -> int:
    """Fifty histories for each of six models is three hundred; other engines have fewer."""
    return 50 if estate.adapter_type == "duckdb" else 12


def test_every_batch_equals_a_full_refresh(estate: Estate) -> None:
    run_history(estate, 1, users_of(estate))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(2, 19))
def test_more_histories(estate: Estate, seed: int) -> None:
    run_history(estate, seed * 1000, users_of(estate))
