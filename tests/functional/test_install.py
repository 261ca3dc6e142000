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
