"""The package is installed by `dbt deps`, as a user does it."""

from __future__ import annotations

import shutil

import pytest

from tests.support.estate import Estate


@pytest.mark.smoke
@pytest.mark.adapters("duckdb")
def test_dbt_deps_installs_what_the_harness_links(estate: Estate) -> None:
    linked = (estate.root / "dbt_packages" / "dbt_estate").resolve()
    shutil.rmtree(estate.root / "dbt_packages", ignore_errors=True)
    assert not (estate.root / "dbt_packages").exists()
    estate.run_dbt(["deps"])
    assert (estate.root / "dbt_packages" / "dbt_estate").resolve() == linked
    estate.run_dbt(["parse"])


@pytest.mark.smoke
@pytest.mark.adapters("duckdb")
def test_dbt_has_nothing_to_say_of_the_package(estate: Estate) -> None:
    """No deprecation and no warning, with everything switched on: dbt 1.12 checks by default."""
    estate.update_project(
        flags={"validate_macro_args": True}, models={"dbt_estate": {"+enabled": True}}
    )
    estate.write({"seeds/shards.csv": "shard,database_name,schema_name,is_enabled\na,b,c,true\n"})
    result = estate.run_dbt(["--no-partial-parse", "parse", "--show-all-deprecations"])
    assert result.warnings == []
