"""`make demo`, in a folder of its own: what it prints is what happened."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.estate import REPOSITORY

CALL = '{{"store": "{}", "month_start": "2026-03-01"}}'


def run_demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "integration_tests" / "demo" / "run.py"), str(folder)],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│\n").split("│")]


def without_seconds(line: str) -> str:
    return re.sub(r" \d+\.\d s$", " 0.0 s", line)


@pytest.mark.smoke
def test_the_demo_says_what_it_did(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "demo")
    printed = done.stdout
    assert done.returncode == 0, printed
    rows = [cells(line) for line in printed.splitlines() if line.startswith("│")]

    # The first build: every store that is enabled, with its sums.
    assert ["oslo", "north", "90", "510", "1,296", "12,834.70"] in rows
    assert ["nantes", "west", "40", "200", "-", "4,962.50"] in rows
    assert ["all", "", "520", "2,550", "5,878", "62,865.50"] in rows
    assert not [row for row in rows if row[0] == "cork"]
    assert "left out of the union: shard 'nantes'" in printed

    # The drift, and what became of it.
    assert ["store.orders", "order_id is BIGINT, not INTEGER", "lyon, oslo"] in rows
    assert ["store.customers", "lacks city", "porto"] in rows
    assert "all_orders.order_id is BIGINT, all_orders.total is DECIMAL(14,4)" in printed
    assert "city of 40 customers, loyalty_tier of 350, channel of 200 orders" in printed

    # The second build: one store as a whole, what is new of the others.
    assert "12 shards, 1 to load whole, 11 to increase" in printed
    assert [row[0] for row in rows if row[1] == "whole"] == ["delft"]
    assert ["delft", "whole", "0", "60", "60"] in rows
    assert ["lyon", "from 2026-03-13 02:23:00", "420", "451", "31"] in rows
    assert ["vigo", "from 2026-03-05 15:33:00", "130", "130", "0"] in rows
    assert "all_orders has 2,680 rows, the very rows of the twelve stores that are open" in printed

    # A statement for each row: the one that fails, and what is left of them after that.
    assert "dry run of close_month: 5 calls would be made" in printed
    assert ["close_month", "in doubt", "1", CALL.format("delft"), ""] in rows
    assert [row[3:8] for row in rows if row[:2] == ["close_month", "2026-03"]] == [
        ["1", "0", "1", "0", "0"]
    ]
    assert "2 of 5 succeeded" not in printed
    assert "4 of 4 succeeded" in printed
    assert ["delft", "2026-03-01", "1,482.10", "1,200.00"] in rows
    assert [row[0] for row in rows if row[1:2] == ["2026-03-01"]] == [
        "bruges",
        "delft",
        "ghent",
        "lille",
        "nantes",
    ]

    # A week of the web shop: what came late is in the sessions that it belongs to.
    assert ["1", "758", "0", "0", "758", "0", "187"] in rows
    assert ["7", "831", "162", "161", "1,453", "1,061", "1,186"] in rows
    assert "audit of web_sessions: 400 entities, 1186 sessions, 0 rows lack, 0 rows too" in printed
    assert "1,186 sessions before the full refresh, the very same after it" in printed

    # A name that says yes or no, and values that do not.
    assert (
        "error     visits_by_day  is_order  accepted_values  7     must be one of 0, 1" in printed
    )
    typed = re.findall(r"^  (dbt[a-z -]*)", printed.split("Everything above was")[1], re.M)
    assert [command.removesuffix(" --select web").strip() for command in typed] == [
        "dbt deps",
        "dbt-estate shards generate",
        "dbt build",
        "dbt run-operation dbt",
        "dbt-estate shards check",
        "dbt-estate shards generate",
        "dbt build",
        "dbt run-operation dbt",
        "dbt run-operation dbt",
        "dbt-estate procedures status",
        "dbt run-operation dbt",
        "dbt-estate procedures status",
        *["dbt run"] * 6,
        "dbt run-operation dbt",
        "dbt run",
        "dbt build --select visits",
        "dbt build --select visits",
        "dbt parse",
        "dbt-estate maturity --html maturity",
    ]

    # The level, what comes next, and the page.
    assert "stores: level 2, Toddlerhood, 3 features unknown" in printed
    assert "│ 2 Toddlerhood │ reached │ 100 %" in printed
    assert "^ Write a README.md: what the project is for and how it is run" in printed
    page = tmp_path / "demo" / "maturity.html"
    assert f"The page with every finding: {page}" in printed
    assert "Toddlerhood" in page.read_text(encoding="utf-8")

    # The README shows it as it is; dbt's own last line differs between its versions, and a call
    # may take longer elsewhere.
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- demo: begin -->\n```\n")[1].split("\n```\n<!-- demo: end -->")[0]
    lines = {without_seconds(line.rstrip()) for line in printed.splitlines()}
    ours = [without_seconds(line) for line in shown.splitlines() if "Done. PASS" not in line]
    assert [line for line in ours if line not in lines] == []


@pytest.mark.smoke
def test_a_step_that_fails_ends_the_demo_with_its_text(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "demo", DBT_TARGET="nowhere")
    assert done.returncode == 1, done.stdout
    assert "The demo stopped. dbt build\n" in done.stdout
    assert "does not have a target named 'nowhere'" in done.stdout
