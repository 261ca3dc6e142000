"""The harness itself: what it says about a run is what happened."""

from __future__ import annotations

import pytest
from dbt.tests.adapter.basic.test_base import BaseSimpleMaterializations

from tests.support.estate import Estate, UnexpectedOutcomeError

pytestmark = pytest.mark.smoke


class TestDbtsOwnProject(BaseSimpleMaterializations):
    """dbt's `project` fixture runs on our engines, with our package, beside our own projects."""


def test_a_run_is_reported_and_can_be_queried(estate: Estate) -> None:
    estate.write({"models/numbers.sql": "select 7 as n"})
    result = estate.run_dbt(["run"])
    assert result.status("numbers") == "success"
    assert estate.sql(f"select n from {estate.relation('numbers')}") == [(7,)]
    assert estate.compiled("numbers") == "select 7 as n"
    assert any("select 7 as n" in query for query in result.queries)


def test_an_error_is_kept_as_text_and_an_unexpected_end_raises(estate: Estate) -> None:
    estate.write({"models/broken.sql": "select nope", "models/fine.sql": "select 1 as n"})
    result = estate.run_dbt(["run"], expect_pass=False)
    assert result.status("fine") == "success"
    assert "nope" in result.message("broken")
    with pytest.raises(UnexpectedOutcomeError, match="was to pass"):
        estate.run_dbt(["run"])


def test_warnings_are_kept(estate: Estate) -> None:
    estate.write(
        {"macros/warn.sql": "{% macro warn() %}{{ exceptions.warn('careful') }}{% endmacro %}"}
    )
    assert "careful" in estate.run_dbt(["run-operation", "warn"]).warnings


def test_the_package_is_installed(estate: Estate) -> None:
    result = estate.run_dbt(["ls", "--resource-type", "model"])
    assert result.raw == []  # installed, and off until it is switched on
    estate.update_project(models={"dbt_estate": {"+enabled": True}})
    estate.run_dbt(["parse"])


def test_dbt_in_a_process_of_its_own_and_killed(estate: Estate) -> None:
    estate.write({"models/numbers.sql": "select 7 as n"})
    estate.run_dbt(["run"])
    process = estate.dbt_subprocess(["run"])
    printed = process.communicate()[0]
    assert process.returncode == 0, printed
    killed = estate.dbt_subprocess(["run"])
    estate.kill(killed)
    assert killed.returncode != 0
    assert estate.sql(f"select n from {estate.relation('numbers')}") == [(7,)]


@pytest.mark.adapters("duckdb", "sqlserver")
def test_other_databases_are_read_by_models(estate: Estate) -> None:
    name = f"{estate.target_schema} store '1'"
    estate.add_databases(name)
    estate.create_schema("raw", name)
    orders = estate.relation("orders", "raw", name)
    estate.execute([f"create table {orders} (id int)", f"insert into {orders} values (1)"])
    estate.write({"models/orders.sql": f"select id from {orders}"})
    estate.run_dbt(["run"])
    assert estate.sql(f"select id from {estate.relation('orders')}") == [(1,)]


@pytest.mark.adapters("postgres")
def test_credentials_reach_the_profile(estate: Estate) -> None:
    estate.update_profile(threads=3, application_name="harness")
    estate.write({"models/who.sql": "select current_setting('application_name') as who"})
    result = estate.run_dbt(["run"])
    assert "Concurrency: 3 threads" in result.output
    assert "harness" in estate.read("profiles.yml")
