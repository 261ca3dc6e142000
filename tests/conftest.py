"""Options, the header and the engines. See CONTRIBUTING.md for how to write a functional test."""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.engines import (
    ADAPTERS,
    DEFAULT_ADAPTERS,
    DuckDBWorkspace,
    PostgresServer,
    PostgresWorkspace,
    SQLServerWorkspace,
    Workspace,
    installed_version,
    missing_settings,
)
from tests.support.estate import Estate, MakeEstate, MakeWorkspace

_numbers = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--adapter",
        action="append",
        default=[],
        help=f"adapters to test, of {', '.join(ADAPTERS)}; repeatable or separated by commas "
        f"(default: {','.join(DEFAULT_ADAPTERS)})",
    )


def chosen_adapters(config: pytest.Config) -> list[str]:
    given = [name.strip() for value in config.getoption("--adapter") for name in value.split(",")]
    return list(dict.fromkeys(name for name in given if name)) or list(DEFAULT_ADAPTERS)


# A first run of dbt takes seconds and the next a third of one: no deadline means anything here.
settings.register_profile(
    "estate",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("estate")


def pytest_configure(config: pytest.Config) -> None:
    problem = missing_settings(chosen_adapters(config), os.environ)
    if problem:
        raise pytest.UsageError(problem)


def pytest_report_header(config: pytest.Config) -> list[str]:
    adapters = chosen_adapters(config)
    engines = {
        "duckdb": f"DuckDB {installed_version('duckdb')}",
        "postgres": f"pgserver {installed_version('pgserver')}",
        "sqlserver": f"SQL Server at {os.environ.get('DBT_SQLSERVER_HOST', '?')}",
    }
    return [
        f"dbt-core {installed_version('dbt-core')}, Python {platform.python_version()}",
        *(
            f"dbt-{adapter} {installed_version(f'dbt-{adapter}')} on {engines[adapter]}"
            for adapter in adapters
        ),
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that touches an engine once for each adapter it allows."""
    if "adapter_type" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("adapters")
        allowed = marker.args if marker else ADAPTERS
        metafunc.parametrize("adapter_type", allowed, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the adapters that were not asked for."""
    adapters = chosen_adapters(config)
    wanted: list[pytest.Item] = []
    unwanted: list[pytest.Item] = []
    for item in items:
        callspec = getattr(item, "callspec", None)
        adapter = callspec.params.get("adapter_type") if callspec else None
        (wanted if adapter is None or adapter in adapters else unwanted).append(item)
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = wanted


@pytest.fixture(scope="session")
def adapter_type(request: pytest.FixtureRequest) -> str:
    """The adapter under test: duckdb, postgres or sqlserver."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL for the whole session, started by the first test that needs it."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def make_workspace(request: pytest.FixtureRequest, adapter_type: str) -> MakeWorkspace:
    """Make the databases of one project; the caller drops them."""

    def make(root: Path) -> Workspace:
        name = f"estate_{os.getpid()}_{next(_numbers)}"
        if adapter_type == "postgres":
            return PostgresWorkspace(root, name, request.getfixturevalue("postgres_server"))
        if adapter_type == "sqlserver":
            return SQLServerWorkspace(root, name)
        return DuckDBWorkspace(root, name)

    return make


@pytest.fixture(scope="session")
def session_estates(
    make_workspace: MakeWorkspace, tmp_path_factory: pytest.TempPathFactory
) -> MakeEstate:
    """Make an estate that the caller closes."""

    def make(**settings: Any) -> Estate:
        root = tmp_path_factory.mktemp("estate")
        return Estate(root, make_workspace(root), **settings)

    return make


@pytest.fixture(scope="module")
def estate_settings() -> dict[str, Any]:
    """Override it in a module or a class: threads, credentials, project, files."""
    return {}


@pytest.fixture
def estate(session_estates: MakeEstate, estate_settings: dict[str, Any]) -> Iterator[Estate]:
    """A project and its databases for one test."""
    with contextlib.closing(session_estates(**estate_settings)) as made:
        yield made


@pytest.fixture(scope="class")
def class_estate(session_estates: MakeEstate, estate_settings: dict[str, Any]) -> Iterator[Estate]:
    """A project and its databases shared by the tests of a class."""
    with contextlib.closing(session_estates(**estate_settings)) as made:
        yield made


@pytest.fixture(scope="module")
def module_estate(session_estates: MakeEstate, estate_settings: dict[str, Any]) -> Iterator[Estate]:
    """A project and its databases shared by the tests of a module."""
    with contextlib.closing(session_estates(**estate_settings)) as made:
        yield made


@pytest.fixture
def make_estate(session_estates: MakeEstate) -> Iterator[MakeEstate]:
    """Make as many estates as a test needs; they are removed at its end."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            contextlib.closing(session_estates(**settings))
        )
