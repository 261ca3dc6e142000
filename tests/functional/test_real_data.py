"""Two leagues' schedules and ratings, as they were published: drifting, repeated, odd columns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.support.estate import REPOSITORY, Estate, RunResult
from tests.support.shards import Shards, Table

DATA = REPOSITORY.parent / "shared" / "data"
LEAGUES = ("nba", "nfl")
TYPES = {
    "nba_schedule": {"id": "int", "PTS": "int", "PTS (2)": "int", "Attend.": "int", "Year": "int"},
    "nfl_schedule": {"id": "bigint", "Week": "int"},
    "nba_team_ratings": {"elo_rating": "int", "win_total": "decimal(5,1)"},
    "nfl_team_ratings": {"ELO rating": "decimal(8,2)", "Win Total": "decimal(6,2)"},
}

pytestmark = pytest.mark.skipif(
    not (DATA / "nba_schedule.csv").exists(),
    reason="the real data is not here: ../shared/data beside the checkout",
)


def read_csv(name: str) -> tuple[list[str], list[list[str]]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert all(len(row) == len(header) for row in rows)
    return header, rows


def typed(kind: str, text: str) -> object:
    if text == "" or kind.startswith("varchar"):
        return text or None
    return int(text) if kind.endswith("int") else Decimal(text)


def load(shards: Shards, league: str, file: str, table: str) -> None:
    header, rows = read_csv(f"{league}_{file}")
    names = [f"{name} (2)" if name in header[:n] else name for n, name in enumerate(header)]
    columns = {name: TYPES[f"{league}_{file}"].get(name, "varchar(100)") for name in names}
    values = [
        [typed(kind, cell) for kind, cell in zip(columns.values(), row, strict=True)]
        for row in rows
    ]
    shard = next(shard for shard in shards.all if shard.name == league)
    shards.create(shard, table, Table(columns))
    for start in range(0, len(values), 500):  # SQL Server takes 1,000 rows in VALUES
        shards.insert(shard, table, values[start : start + 500])


@pytest.fixture(scope="module")
def leagues(module_estate: Estate) -> RunResult:
    estate = module_estate
    shards = Shards(estate)
    for league in LEAGUES:
        shards.add(league)
        load(shards, league, "schedule", "games")
        load(shards, league, "team_ratings", "teams")
    shards.write_model()
    shards.write_source("games", "teams")
    games = {
        "Visitor/Neutral": "visitor",
        "VisTm": "visitor",
        "Home/Neutral": "home",
        "HomeTm": "home",
        "PTS": "visitor_points",
        "PTS (2)": "home_points",
        "Attend.": "attendance",
        "Date": "game_date",
        "Start (ET)": "start_time",
    }
    teams = {
        "Team": "team",
        "ELO rating": "elo_rating",
        "Win Total": "win_total",
        "Conf": "conf",
        "Division": "division",
        "Team_short": "alt_key",
    }
    call = "{{{{ dbt_estate.union_shards(source('store', '{}'), options={}) }}}}"
    shard = {"shard": "league"}
    chosen = ["team", "team_long", "alt_key", "conf", "division", "elo_rating", "win_total"]
    estate.write(
        {
            "models/games.sql": call.format("games", {"rename": games, "shard_columns": shard}),
            "models/teams.sql": call.format(
                "teams", {"rename": teams, "shard_columns": shard, "include": chosen}
            ),
            "models/collision.sql": call.format(
                "games", {"rename": {"PTS": "points", "PTS (2)": "points"}}
            ),
        }
    )
    return estate.run_dbt(["run"], expect_pass=None)


def rows_of(estate: Estate, model: str, columns: Sequence[str]) -> list[tuple[object, ...]]:
    names = ", ".join(f'"{name}"' for name in columns)
    return sorted(estate.sql(f"select {names} from {estate.relation(model)}"), key=str)


def test_all_games_of_both_leagues(module_estate: Estate, leagues: RunResult) -> None:
    assert leagues.status("games") == "success", leagues.message("games")
    wanted: list[tuple[object, ...]] = []
    for row in read_csv("nba_schedule")[1]:
        date, start = row[3] or None, row[5] or None
        points = (typed("int", row[7]), typed("int", row[9]))
        crowd = typed("int", row[10])
        wanted.append(("nba", int(row[0]), date, row[6], row[8], *points, crowd, None, start))
    for row in read_csv("nfl_schedule")[1]:
        wanted.append(
            (
                "nfl",
                int(row[0]),
                row[3] or None,
                row[4],
                row[5],
                None,
                None,
                None,
                int(row[1]),
                None,
            )
        )
    columns = ["league", "id", "game_date", "visitor", "home", "visitor_points", "home_points"]
    columns += ["attendance", "Week", "start_time"]
    assert len(wanted) > 1000
    assert rows_of(module_estate, "games", columns) == sorted(wanted, key=str)


def test_all_teams_of_both_leagues(module_estate: Estate, leagues: RunResult) -> None:
    assert leagues.status("teams") == "success", leagues.message("teams")
    wanted: list[tuple[object, ...]] = []
    for row in read_csv("nba_team_ratings")[1]:
        elo, wins = Decimal(row[3]).quantize(Decimal("0.01")), Decimal(row[4])
        wanted.append(
            ("nba", row[0], row[1], row[6], row[2], row[7], elo, wins.quantize(Decimal("0.01")))
        )
    for row in read_csv("nfl_team_ratings")[1]:
        elo, wins = Decimal(row[3]).quantize(Decimal("0.01")), Decimal(row[2])
        wanted.append(
            ("nfl", row[0], None, row[1], row[4], row[5], elo, wins.quantize(Decimal("0.01")))
        )
    columns = ["league", "team", "team_long", "alt_key", "conf", "division", "elo_rating"]
    found = rows_of(module_estate, "teams", [*columns, "win_total"])
    assert len(wanted) == 62
    assert found == sorted(wanted, key=str)


def test_a_column_that_occurs_twice_is_not_mixed_up(leagues: RunResult) -> None:
    assert leagues.status("collision") == "error"
    text = leagues.message("collision")
    assert "columns 'PTS' and 'PTS (2)' of one table would both be 'points'" in text
