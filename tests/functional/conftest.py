"""dbt's own test fixtures (`project` and its parts), with our package on our engines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.tests.fixtures import project as dbt_fixtures

from tests.support.engines import DuckDBWorkspace, Workspace
from tests.support.estate import REPOSITORY, MakeWorkspace, install_package

# Take all of dbt's fixtures; those defined below stand in for dbt's of the same name.
globals().update(
    {name: value for name, value in vars(dbt_fixtures).items() if not name.startswith("_")}
)


@pytest.fixture(scope="class")
def project_workspace(make_workspace: MakeWorkspace, project_root: Any) -> Iterator[Workspace]:
    """The databases of dbt's `project`."""
    workspace = make_workspace(Path(project_root))
    yield workspace
    workspace.drop()


@pytest.fixture(scope="class")
def dbt_profile_target(project_workspace: Workspace) -> dict[str, Any]:
    target = {**project_workspace.profile(), "threads": 1}
    if isinstance(project_workspace, DuckDBWorkspace):
        target["path"] = str(project_workspace.root / "estate.duckdb")
    return target


@pytest.fixture(scope="class")
def packages() -> dict[str, Any]:
    return {"packages": [{"local": REPOSITORY.as_posix()}]}


@pytest.fixture(scope="class")
def packages_yml(project_root: Any, packages: dict[str, Any]) -> None:
    """Write packages.yml, and install our package without a run of `dbt deps`."""
    if packages == {"packages": [{"local": REPOSITORY.as_posix()}]}:
        install_package(Path(project_root))
    elif packages:
        text = yaml.safe_dump(packages)
        (Path(project_root) / "packages.yml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="class")
def logs_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Keep dbt's logs out of the checkout."""
    folder = str(tmp_path_factory.mktemp("logs"))
    os.environ["DBT_LOG_PATH"] = folder
    yield folder
    del os.environ["DBT_LOG_PATH"]
