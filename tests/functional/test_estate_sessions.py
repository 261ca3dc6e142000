"""The materialization estate_sessions: dbt's own list, and what is its own."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import time
from collections import Counter
from typing import Any

import pytest

from tests.support.acceptance import MaterializationAcceptance
from tests.support.estate import Estate, RunResult

DAY = datetime.datetime(2026, 1, 1)
LOADED = datetime.datetime(2026, 2, 1)
SETTINGS: dict[str, Any] = {
    "entity": "user_id",
    "event_time": "event_at",
    "arrival_time": "loaded_at",
    "event_id": "event_id",
}
SQL = """
select user_id, session_id, min(event_at) as started_at, count(*) as events, sum(amount) as amount
from {{ dbt_estate.sessionized(source('web', 'events')) }} as events
group by user_id, session_id
"""

Row = tuple[int, int | None, int | None, int, int]


def session_id(estate: Estate, entity: object, start: datetime.datetime) -> str:
    """Return the id of a session, as the page says it is made."""
    text = str(entity)
    epoch = (start - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
    seconds = f"{epoch // 1_000_000 % 2**32:08x}"
    if estate.adapter_type == "sqlserver":  # which hashes what it takes for its own text
        whole = f"concat(datalength(N'{text}'), ':', N'{text}', '@', cast({epoch} as bigint))"
        query = f"select lower(convert(varchar(32), hashbytes('MD5', {whole}), 2))"
        return seconds + str(estate.sql(query)[0][0])
    return seconds + hashlib.md5(f"{len(text)}:{text}@{epoch}".encode()).hexdigest()


def moment(minutes: int) -> datetime.datetime:
    return DAY + datetime.timedelta(minutes=minutes)


class Events:
    """The source: event_id, user_id, minute of the event, minute of the arrival, amount."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        kind = "datetime2(6)" if estate.adapter_type == "sqlserver" else "timestamp"
        estate.create_schema(estate.target_schema)
        estate.execute(
            f"create table {estate.relation('events')} (event_id int, user_id int, "
            f"event_at {kind}, loaded_at {kind}, amount int)"
        )
        estate.write(
            {
                "models/sources.yml": "sources: [{name: web, "
                f"schema: {estate.target_schema}, tables: [{{name: events}}]}}]\n"
            }
        )

    def add(self, *rows: Row) -> None:
        values = ", ".join(
            f"({event}, {'null' if user is None else user}, "
            f"{'null' if at is None else repr(str(moment(at)))}, "
            f"'{LOADED + datetime.timedelta(minutes=arrival)}', {amount})"
            for event, user, at, arrival, amount in rows
        )
        self.estate.execute(f"insert into {self.estate.relation('events')} values {values}")


def write(estate: Estate, sql: str = SQL, name: str = "subject", **given: Any) -> None:
    meta = given.pop("settings", {})
    config = {
        "materialized": "estate_sessions",
        "meta": {"dbt_estate_sessions": {**SETTINGS, **meta}},
        **given,
    }
    estate.write({f"models/{name}.sql": f"{{{{ config(**{config!r}) }}}}\n\n{sql}\n"})


def rows(estate: Estate, name: str = "subject") -> list[Any]:
    """Return user, minute of the start, events and amount."""
    query = f"select user_id, started_at, events, amount from {estate.relation(name)}"
    return sorted(
        (user, int((start - DAY).total_seconds() // 60), events, int(amount))
        for user, start, events, amount in estate.sql(query)
    )


def progress(result: RunResult) -> str:
    return next(line for line in result.output.splitlines() if line.startswith("estate_sessions "))


class TestAcceptance(MaterializationAcceptance):
    materialization = "estate_sessions"
    settings = {"meta": {"dbt_estate_sessions": SETTINGS}}
    events: Events
    extra = False

    def arrange(self, estate: Estate) -> None:
        type(self).events = Events(estate)
        type(self).extra = False
        self.events.add((1, 1, 0, 1, 5), (2, 1, 20, 1, 5), (3, 1, 90, 1, 5), (4, 2, 0, 1, 5))

    def sql(self) -> str:
        extra = ", max(events.extra) as extra" if self.extra else ""
        return (
            "select user_id, session_id, min(event_at) as started_at, sum(amount) as amount"
            f"{extra} from {{{{ dbt_estate.sessionized(source('web', 'events')) }}}} as events "
            "group by user_id, session_id"
        )

    def columns(self, estate: Estate) -> dict[str, str]:
        types = {
            "duckdb": ("integer", "varchar", "timestamp", "hugeint"),
            "postgres": ("integer", "text", "timestamp", "bigint"),
            "sqlserver": ("int", "varchar(40)", "datetime2(6)", "int"),
        }[estate.adapter_type]
        return dict(zip(("user_id", "session_id", "started_at", "amount"), types, strict=True))

    def expected(self, estate: Estate) -> Counter[Any]:
        rows = estate.sql(
            "select user_id, event_at, amount from "
            f"{estate.relation('events')} order by user_id, event_at"
        )
        found: list[list[Any]] = []
        last: tuple[int, datetime.datetime] | None = None
        for user, at, amount in rows:
            if last and last[0] == user and at - last[1] <= datetime.timedelta(minutes=30):
                found[-1][3] += amount
            else:
                found.append([user, session_id(estate, user, at), at, amount])
            last = (user, at)
        return Counter(tuple(row) for row in found)

    def add_row(self, estate: Estate) -> None:
        self.events.add((9, 1, 50, 2, 7))

    def add_column(self, estate: Estate) -> None:
        column = "" if estate.adapter_type == "sqlserver" else "column "
        estate.execute(f"alter table {estate.relation('events')} add {column}extra varchar(20)")
        self.events_with_extra(estate)
        type(self).extra = True

    def events_with_extra(self, estate: Estate) -> None:
        estate.execute(
            f"insert into {estate.relation('events')} "
            f"values (9, 1, '{moment(50)}', '{LOADED + datetime.timedelta(minutes=2)}', 7, 'new')"
        )

    def test_on_schema_change(self, subject: Estate) -> None:
        """As dbt's incremental: rows of untouched sessions have nothing in a new column."""
        self.write(subject)
        subject.run_dbt(["run"])
        self.add_column(subject)
        for number, policy in enumerate(("ignore", "fail", "append_new_columns")):
            self.write(subject, on_schema_change=policy)
            self.events.estate.execute(
                f"insert into {subject.relation('events')} values ({20 + number}, 3, "
                f"'{moment(0)}', '{LOADED + datetime.timedelta(minutes=3 + number)}', 1, 'x')"
            )
            subject.run_dbt(["run"], expect_pass=policy != "fail")
            assert ("extra" in self.column_names(subject)) == policy.startswith("append")
        assert self.rows(subject) == self.expected(subject)


@pytest.mark.smoke
def test_only_what_is_touched_is_read_again(estate: Estate) -> None:
    events = Events(estate)
    events.add(*((n, n % 50, (n // 50) * 240, 1, 1) for n in range(500)))
    write(estate)
    estate.run_dbt(["run"])
    assert len(rows(estate)) == 500
    ids = set(estate.sql(f"select session_id from {estate.relation('subject')}"))
    events.add((900, 7, 250, 2, 1), (901, 8, 10, 2, 1))
    result = estate.run_dbt(["run"])
    assert "2 arrivals, 2 sessions touched, 4 events read" in progress(result)
    found = rows(estate)
    assert (7, 240, 2, 2) in found
    assert (8, 0, 2, 2) in found
    assert set(estate.sql(f"select session_id from {estate.relation('subject')}")) == ids
    left = estate.sql(
        "select table_name from information_schema.tables where table_name like '%estate[_]%' "
        if estate.adapter_type == "sqlserver"
        else "select table_name from information_schema.tables where table_name like '%estate\\_%' "
        "escape '\\'"
    )
    assert {name for (name,) in left} >= {"estate_session_loads", "subject__estate_index"}
    assert not [name for (name,) in left if name.endswith(("_new", "_touched", "_rows", "_next"))]


def test_everything_wrong_with_the_settings_comes_at_once(estate: Estate) -> None:
    Events(estate)
    write(
        estate,
        settings={
            "entity": [],
            "event_time": None,
            "arrival_time": 7,
            "gap_minutes": 0,
            "overlap_minutes": -1,
            "max_session_minutes": "an hour",
            "grain": "daily",
            "open_when": " ",
            "version": "v",
            "gap": 30,
        },
        unique_key="user_id",
    )
    output = estate.run_dbt(["run"], expect_pass=False).output
    for text in (
        "11 problems in meta: dbt_estate_sessions of subject",
        "setting: must be one of entity, event_time, ",
        "entity: must be the column or the list of columns",
        "event_time: must be a column, got: None",
        "arrival_time: must be a column, got: 7",
        "gap_minutes: must be a number of minutes that is a whole number of seconds, from 1 second",
        "overlap_minutes: must be",
        "max_session_minutes: must be",
        "grain: must be one of session, keyed, event, got: daily",
        "open_when: must be a condition, got:",
        "version: is for grain: event, got grain: daily",
        "unique_key: sessions are replaced by their session_id",
    ):
        assert text in output
    write(estate, settings={"entity": "usr", "event_time": "at"})
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "entity: there is no column usr; there are event_id, user_id" in output
    assert "event_time: there is no column at" in output


def test_a_column_of_the_wrong_type_is_refused(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5))
    write(estate, settings={"event_date": "event_at", "gap_minutes": "30"})
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "got: 30 as a text; leave out the quotes" in output
    write(estate, settings={"event_date": "event_at"})
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "event_date: must be a column of dates, by which the source is partitioned" in output
    estate.write(
        {
            "models/texts.sql": "select event_id, user_id, loaded_at, amount, "
            "cast(event_at as varchar(40)) as event_at from {{ source('web', 'events') }}"
        }
    )
    write(estate, SQL.replace("source('web', 'events')", "ref('texts')"))
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "event_time: must be a time, and event_at is " in output


def test_a_loaded_table_stays_under_empty_whatever_has_changed(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5), (2, 1, 25, 1, 5))
    write(estate)
    estate.run_dbt(["run"])
    write(estate, settings={"gap_minutes": 20})
    result = estate.run_dbt(["run", "--empty"])
    assert "is loaded, and is left as it is under --empty and --sample" in result.output
    assert rows(estate) == [(1, 0, 2, 10)]
    estate.run_dbt(["run"])
    assert rows(estate) == [(1, 0, 1, 5), (1, 25, 1, 5)]


def test_a_model_that_cannot_be_increased_is_refused(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5))
    write(estate, "select 1 as session_id")
    assert (
        "must select from dbt_estate.sessionized"
        in estate.run_dbt(["run"], expect_pass=False).output
    )
    write(estate, SQL.replace("session_id, min", "session_id as id, min"))
    assert "has no column session_id" in estate.run_dbt(["run"], expect_pass=False).output
    write(estate, SQL.replace("session_id, min", "'x' as session_id, min"))
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "1 rows have a session_id that is not of dbt_estate.sessionized" in output
    estate.write({"models/nothing.sql": "{{ config(materialized='ephemeral') }} select 1 as a"})
    write(estate, SQL.replace("source('web', 'events')", "ref('nothing')"))
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "nothing is an ephemeral model" in output


def test_events_without_entity_or_time_are_counted(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5), (2, None, 0, 1, 5), (3, 1, None, 1, 5))
    estate.execute(
        f"insert into {estate.relation('events')} values "
        f"(null, 1, '{moment(1)}', '{LOADED + datetime.timedelta(minutes=1)}', 5)"
    )
    write(estate)
    result = estate.run_dbt(["run"])
    assert any("3 events have no user_id or no event_at or" in text for text in result.warnings)
    assert rows(estate) == [(1, 0, 1, 5)]
    events.add((4, None, 5, 2, 5), (5, 1, 5, 2, 5))
    result = estate.run_dbt(["run"])
    assert any("1 events have no user_id" in text for text in result.warnings)
    assert rows(estate) == [(1, 0, 2, 10)]
    ledger = estate.relation("estate_session_loads")
    assert estate.sql(f"select arrivals, quarantined, row_count from {ledger}") == [(2, 1, 1)]


def test_sessions_that_the_model_leaves_out_are_known_all_the_same(estate: Estate) -> None:
    """A bounce has no row; when it gets a second event, it has one."""
    events = Events(estate)
    events.add((1, 1, 0, 1, 5), (2, 2, 0, 1, 5), (3, 2, 5, 1, 5))
    write(estate, SQL + "having count(*) > 1")
    estate.run_dbt(["run"])
    assert rows(estate) == [(2, 0, 2, 10)]
    events.add((4, 1, 10, 2, 5))
    estate.run_dbt(["run"])
    assert rows(estate) == [(1, 0, 2, 10), (2, 0, 2, 10)]


def test_a_table_that_is_not_as_it_was_left_is_built_anew(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5), (2, 2, 0, 1, 5))
    write(estate)
    estate.run_dbt(["run"])
    table = estate.relation("subject")
    wanted = rows(estate)
    estate.execute(f"delete from {table} where user_id = 1")
    assert "is built anew, since the table has 1 rows and was left with 2" in progress(
        estate.run_dbt(["run"])
    )
    assert rows(estate) == wanted
    # The count is right, and the row of a touched session is not.
    estate.execute(f"update {table} set session_id = 'other' where user_id = 1")
    events.add((3, 1, 5, 2, 1))
    assert "is built anew, since rows of its sessions have changed" in progress(
        estate.run_dbt(["run"])
    )
    assert rows(estate) == [(1, 0, 2, 6), (2, 0, 1, 5)]
    write(estate, settings={"gap_minutes": 4})
    assert "is built anew, since its settings have changed" in progress(estate.run_dbt(["run"]))
    assert rows(estate) == [(1, 0, 1, 5), (1, 5, 1, 1), (2, 0, 1, 5)]
    write(estate, SQL.replace("sum(amount)", "max(amount)"), settings={"gap_minutes": 4})
    result = estate.run_dbt(["run"])
    assert any("the text of subject has changed" in text for text in result.warnings)


def test_late_visibility_needs_an_overlap_and_the_audit_says_so(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 10, 5), (2, 2, 0, 10, 5))
    write(estate)
    write(estate, name="overlapping", settings={"overlap_minutes": 5})
    estate.run_dbt(["run"])
    audit = ["run-operation", "dbt_estate.audit_sessions", "--args"]
    good = estate.run_dbt([*audit, "{name: subject}"])
    assert "2 entities, 2 sessions, 0 rows lack, 0 rows too many" in good.output
    # Committed after a run that had seen later arrivals already; one is of an unknown user.
    events.add((3, 1, 5, 8, 5), (4, 9, 0, 7, 5))
    estate.run_dbt(["run"])
    assert rows(estate) == [(1, 0, 1, 5), (2, 0, 1, 5)]
    assert rows(estate, "overlapping") == [(1, 0, 2, 10), (2, 0, 1, 5), (9, 0, 1, 5)]
    bad = estate.run_dbt([*audit, "{name: subject, entities: 10, seed: 1}"], expect_pass=False)
    assert "3 entities, 3 sessions, 2 rows lack, 1 rows too many" in bad.output
    assert "subject differs from a rebuild" in bad.output
    assert estate.run_dbt([*audit, "{name: overlapping}"]).success
    # A copy that says another time.
    events.add((2, 2, 500, 20, 5))
    estate.run_dbt(["run"])
    output = estate.run_dbt([*audit, "{name: overlapping}"], expect_pass=False).output
    assert "copies that disagree" in output or "copies that say another" in output
    output = estate.run_dbt([*audit, "{name: nothing_known}"], expect_pass=False).output
    assert "nothing_known" in output
    wrong = estate.run_dbt([*audit, json.dumps({"name": "", "entities": 0})], expect_pass=False)
    assert "2 problems in audit_sessions" in wrong.output


def test_an_arrival_that_is_a_day_is_read_again(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5))
    sql = SQL.replace("source('web', 'events')", "ref('by_day')")
    estate.write(
        {
            "models/by_day.sql": "select event_id, user_id, event_at, "
            "cast(loaded_at as date) as loaded_on, amount from {{ source('web', 'events') }}"
        }
    )
    write(estate, sql, settings={"arrival_time": "loaded_on"})
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "loaded_on is a date, so what arrives later on the same day would be missed" in output
    write(estate, sql, settings={"arrival_time": "loaded_on", "overlap_minutes": 1440})
    events.add((2, 1, 10, 5, 1), (3, 2, 0, 6, 1))
    estate.run_dbt(["run"])
    assert rows(estate) == [(1, 0, 2, 6), (2, 0, 1, 1)]


def test_a_source_with_keys_and_an_entity_of_two_columns(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5), (2, 1, 500, 1, 5), (3, 2, 0, 1, 5))
    estate.write(
        {
            "models/keyed_events.sql": "select event_id, user_id as session_id, event_at, "
            "loaded_at, amount from {{ source('web', 'events') }}"
        }
    )
    sql = """
    select session_id, min(event_at) as started_at, count(*) as events, sum(amount) as amount
    from {{ dbt_estate.sessionized(ref('keyed_events')) }} as events group by session_id
    """
    write(estate, sql, name="keyed", settings={"entity": "session_id", "grain": "keyed"})
    write(estate, name="two", settings={"entity": ["user_id", "amount"], "event_id": None})
    estate.run_dbt(["run"])
    events.add((4, 1, 250, 2, 5), (5, 2, 10, 2, 7), (6, 2, 20, 2, 5))
    result = estate.run_dbt(["run"])
    assert "is built anew" not in result.output
    keyed = f"select session_id, events, amount from {estate.relation('keyed')}"
    assert sorted((key, count, int(sum_)) for key, count, sum_ in estate.sql(keyed)) == [
        (1, 3, 15),
        (2, 3, 17),
    ]
    assert rows(estate, "two") == [
        (1, 0, 1, 5),
        (1, 250, 1, 5),
        (1, 500, 1, 5),
        (2, 0, 2, 10),
        (2, 10, 1, 7),
    ]


def test_full_refresh_false_keeps_what_is_there(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5))
    write(estate, full_refresh=False)
    estate.run_dbt(["run"])
    estate.run_dbt(["run", "--full-refresh"])
    estate.execute(f"insert into {estate.relation('subject')} (user_id) values (7)")
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "has to be built anew, which full_refresh: false forbids" in output
    assert estate.sql(f"select count(*) from {estate.relation('subject')}") == [(2,)]


def test_ordinals_are_for_a_view(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5), (2, 1, 100, 1, 5), (3, 2, 0, 1, 5))
    write(estate)
    estate.write(
        {
            "models/numbered.sql": "{{ config(materialized='view') }} "
            "{{ dbt_estate.session_ordinals(ref('subject'), 'user_id') }}"
        }
    )
    estate.run_dbt(["run"])
    query = f"select user_id, session_number, amount from {estate.relation('numbered')}"
    assert sorted(estate.sql(query)) == [(1, 1, 5), (1, 2, 5), (2, 1, 5)]
    estate.write({"models/numbered.sql": "{{ dbt_estate.session_ordinals(ref('subject'), 7) }}"})
    output = estate.run_dbt(["run"], expect_pass=False).output
    assert "entity: must be a column or a list of columns, got: 7" in output


def test_unit_tests_and_compile_see_the_whole_history(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5))
    sql = SQL.replace("source('web', 'events')", f"ref('events_of_web'), {SETTINGS!r}")
    flag = "{{ 1 if dbt_estate.is_session_increment() else 0 }}"
    sql = sql.replace("count(*) as events", f"count(*) as events, {flag} as is_increment")
    estate.write({"models/events_of_web.sql": "select * from {{ source('web', 'events') }}"})
    write(estate, sql)
    kind = "datetime2(6)" if estate.adapter_type == "sqlserver" else "timestamp"
    given = " union all ".join(
        f"select {n} as event_id, 1 as user_id, cast('2026-01-01 0{n}:00:00' as {kind}) "
        f"as event_at, cast('2026-01-02' as {kind}) as loaded_at, 2 as amount"
        for n in (1, 2)
    )
    estate.write(
        {
            "models/unit.yml": f"""
            unit_tests:
              - name: two_sessions
                model: subject
                given:
                  - input: ref('events_of_web')
                    format: sql
                    rows: "{given}"
                expect:
                  rows: &rows
                    - {{user_id: 1, events: 1, amount: 2, is_increment: 0}}
                    - {{user_id: 1, events: 1, amount: 2, is_increment: 0}}
              - name: as_an_increment
                model: subject
                overrides: {{macros: {{dbt_estate.is_session_increment: true}}}}
                given:
                  - input: ref('events_of_web')
                    format: sql
                    rows: "{given}"
                expect:
                  rows:
                    - {{user_id: 1, events: 1, amount: 2, is_increment: 1}}
                    - {{user_id: 1, events: 1, amount: 2, is_increment: 1}}
            """
        }
    )
    result = estate.run_dbt(["build"])
    assert result.statuses["two_sessions"] == "pass"
    assert result.statuses["as_an_increment"] == "pass"
    estate.run_dbt(["compile"])
    text = estate.compiled("subject")
    assert "estate_new" not in text
    assert "lag(" in text


@pytest.mark.adapters("duckdb", "postgres")
def test_a_failed_insert_leaves_the_old_rows_and_the_lock_is_free(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5), (2, 2, 0, 1, 5))
    write(estate, SQL.replace("sum(amount)", "cast(sum(amount) as smallint)"))
    estate.run_dbt(["run"])
    before = rows(estate)
    events.add((3, 1, 5, 2, 90000), (4, 3, 5, 2, 1))
    for _ in range(2):
        result = estate.run_dbt(["run"], expect_pass=False)
        assert "another run holds the lock" not in result.output
        assert rows(estate) == before
    estate.execute(f"update {estate.relation('events')} set amount = 9 where event_id = 3")
    estate.run_dbt(["run"])
    assert rows(estate) == [(1, 0, 2, 14), (2, 0, 1, 5), (3, 5, 1, 1)]


@pytest.mark.adapters("postgres")
def test_a_second_run_at_the_same_time_is_refused(estate: Estate) -> None:
    events = Events(estate)
    events.add((1, 1, 0, 1, 5))
    slow = "select pg_sleep(4)"
    write(estate, post_hook=slow)
    first = estate.dbt_subprocess(["run"])
    held = "select count(*) from pg_locks where locktype = 'advisory'"
    for _ in range(200):
        if estate.sql(held) != [(0,)]:
            break
        time.sleep(0.1)
    write(estate)
    second = estate.run_dbt(["run"], expect_pass=False)
    assert "another run holds the lock of" in second.output
    assert first.wait(60) == 0
    estate.run_dbt(["run"])
    assert rows(estate) == [(1, 0, 1, 5)]


@pytest.mark.adapters("duckdb", "postgres")
def test_a_killed_run_is_as_if_it_had_not_been(estate: Estate) -> None:
    events = Events(estate)
    events.add(*((n, n % 9, n, 1, 1) for n in range(60)))
    write(estate)
    estate.run_dbt(["run"])
    events.add(*((100 + n, n % 9, n * 3, 2, 1) for n in range(60)))
    for wait in (0.5, 1.5, 2.0, 2.4):
        process = estate.dbt_subprocess(["run"])
        time.sleep(wait)
        estate.kill(process)
        if estate.adapter_type == "postgres":
            for _ in range(100):  # the server ends what it was at before it sees the client gone
                if estate.sql("select count(*) from pg_locks where locktype = 'advisory'") == [
                    (0,)
                ]:
                    break
                time.sleep(0.1)
    estate.run_dbt(["run"])
    found = rows(estate)
    estate.run_dbt(["run", "--full-refresh"])
    assert found == rows(estate)


@pytest.mark.adapters("duckdb")
def test_a_batch_reads_only_the_row_groups_that_it_needs(estate: Estate) -> None:
    """The bounds are literals, so DuckDB leaves out the row groups of other times."""
    Events(estate)
    table = estate.relation("events")
    estate.execute(
        f"insert into {table} select n, n // 100, timestamp '2026-01-01' + interval (n) second, "
        f"timestamp '2026-01-01' + interval (n) second, 1 from range(1000000) as t(n)"
    )
    write(estate)
    estate.run_dbt(["run"])
    # One event of today, and one of the second day that comes late.
    now = "timestamp '2026-01-01' + interval (1000000) second"
    late = "timestamp '2026-01-02' + interval (10) minute"
    estate.execute(
        f"insert into {table} values (2000000, 9999, {now}, {now}, 1), "
        f"(2000001, 870, {late}, {now}, 1)"
    )
    result = estate.run_dbt(["run"])
    assert "2 arrivals, 2 sessions touched, 202 events read" in progress(result)
    reads = [q for q in result.queries if q.startswith("create table") and "from " + table in q]
    arrivals, events = (q for q in reads if "__estate_index" not in q)
    assert "> cast('2026-01-12 13:46:39' as timestamp)" in arrivals
    assert events.count("between cast(") == 2  # two days, not the ten between them
    assert scans(estate, arrivals) == [(1, 10)]
    # The late event's day is another row group; each range reads its own.
    touched = "__estate_touched"
    for part in events.split("union all")[1:]:
        where = part[part.index("where ") :]
        found = scans(estate, f"select earlier.event_id from {table} as earlier {where}")
        assert found[0][0] <= 2 < found[0][1], part
        assert touched in part


@pytest.mark.adapters("duckdb", "postgres")
def test_a_source_with_date_partitions_is_asked_for_the_affected_dates(estate: Estate) -> None:
    """Late events of twelve days are twelve dates and their neighbours, not the year between."""
    table = estate.relation("events")
    estate.create_schema(estate.target_schema)
    add_a_year(estate, table)
    write(estate, settings={"event_date": "event_date"})
    estate.write(
        {
            "models/sources.yml": "sources: [{name: web, "
            f"schema: {estate.target_schema}, tables: [{{name: events}}]}}]\n"
        }
    )
    estate.run_dbt(["run"])
    late = [datetime.date(2025, month, 10) for month in range(1, 13)]
    insert_events(estate, table, [(day, 10_000 + n, "12:05", 1) for n, day in enumerate(late)])
    result = estate.run_dbt(["run"])
    assert "12 arrivals, 12 sessions touched, 24 events read" in progress(result)
    assert len(rows(estate)) == 365
    events = next(q for q in result.queries if "__estate_events" in q and "earlier" in q)
    assert events.count(" between cast(") == 1
    assert partitions(estate, events[events.index("where earlier") :]) == sorted(
        str(day + datetime.timedelta(days=n)) for day in late for n in (-1, 0, 1)
    )


def add_a_year(estate: Estate, table: str) -> None:
    """Make a source partitioned by event_date, with an event at noon of each day of 2025."""
    days = [datetime.date(2025, 1, 1) + datetime.timedelta(days=n) for n in range(365)]
    if estate.adapter_type == "postgres":
        estate.execute(
            f"create table {table} (event_id int, user_id int, event_at timestamp, "
            "loaded_at timestamp, amount int, event_date date) partition by list (event_date)"
        )
        schema = table.rpartition(".")[0]
        for day in days:
            estate.execute(
                f"create table {schema}.\"day {day}\" partition of {table} for values in ('{day}')"
            )
    insert_events(estate, table, [(day, n, "12:00", 0) for n, day in enumerate(days)])
    if estate.adapter_type == "duckdb":
        estate.execute(
            f"create view {table} as select * from "
            f"read_parquet('{estate.root.as_posix()}/events/*/*.parquet', hive_partitioning = true)"
        )


def insert_events(
    estate: Estate, table: str, events: list[tuple[datetime.date, int, str, int]]
) -> None:
    """Insert day, event, time of day and hour of the arrival, each into its partition."""
    values = ", ".join(
        f"({event}, 1, timestamp '{day} {clock}', timestamp '2026-01-01 0{hour}:00', 1, "
        f"date '{day}')"
        for day, event, clock, hour in events
    )
    if estate.adapter_type == "postgres":
        estate.execute(f"insert into {table} values {values}")
        return
    estate.execute(
        f"copy (select * from (values {values}) as events(event_id, user_id, event_at, loaded_at, "
        f"amount, event_date)) to '{estate.root.as_posix()}/events' "
        "(format parquet, partition_by (event_date), append)"
    )


def partitions(estate: Estate, where: str) -> list[str]:
    """Return the dates of the partitions that a query with this condition opens."""
    table = estate.relation("events")
    query = f"select earlier.event_id from {table} as earlier {where}"
    if estate.adapter_type == "postgres":
        plan = "\n".join(row[0] for row in estate.sql(f"explain {query}"))
        return sorted(set(re.findall(r'on "day (\S+)"', plan)))

    def walk(node: dict[str, Any]) -> list[str]:
        filters = str(node.get("extra_info", {}).get("File Filters", ""))
        return re.findall(r"'([\d-]+)'::DATE", filters) + [
            date for child in node.get("children", []) for date in walk(child)
        ]

    plan = estate.sql(f"explain (analyze, format json) {query}")[0][1]
    return sorted(walk({"children": json.loads(plan)["operator"]}))


def scans(estate: Estate, query: str) -> list[tuple[int, int]]:
    """Return the row groups that each scan of a query read, and how many there are."""
    text = query[query.index("select") :]
    plan = estate.sql(f"explain (analyze, format json) {text}")[0][1]
    found: list[tuple[int, int]] = []

    def walk(node: dict[str, Any]) -> None:
        if node.get("type") == "TABLE_SCAN":
            found.append((node["row_groups_scanned"], node["total_row_groups_to_scan"]))
        for child in node.get("children", []):
            walk(child)

    for operator in json.loads(plan)["operator"]:
        walk(operator)
    return found
