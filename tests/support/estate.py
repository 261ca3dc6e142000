"""A throw-away dbt project that has this package installed, and a way to run dbt in it."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.engines import Row, Workspace, qualified, quote

REPOSITORY = Path(__file__).resolve().parents[2]
DBT_UTILS = {"package": "dbt-labs/dbt_utils", "version": [">=1.3.0", "<2.0.0"]}
PACKAGE_FOLDERS = ("macros", "models", "seeds", "checks", "docs")

QUIET_ENVIRONMENT = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_USE_COLORS": "false",
    "DBT_USE_COLORS_FILE": "false",
    "DBT_LOG_LEVEL_FILE": "none",
    "DO_NOT_TRACK": "1",
}

# "On model.x.y: /* {"app": "dbt", ...} */" before the statement itself.
_QUERY_PREFIX = re.compile(r"^On \S+: (/\* \{.*?\} \*/)?", re.DOTALL)


class UnexpectedOutcomeError(AssertionError):
    """A dbt command ended in the other way than the test expected."""


@dataclass(frozen=True)
class Message:
    """One event of dbt: its class name, its level and its text."""

    name: str
    level: str
    text: str


@dataclass
class RunResult:
    """What one dbt command did."""

    args: list[str]
    success: bool
    error: str
    messages: list[Message]
    raw: Any = None
    statuses: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """The text of every message of level info and above, and the error that ended the run."""
        lines = [message.text for message in self.messages if message.level != "debug"]
        return "\n".join([*lines, self.error] if self.error else lines)

    @property
    def warnings(self) -> list[str]:
        """The texts of the warnings, without the "[WARNING]: " that some versions put before."""
        found = (message.text for message in self.messages if message.level == "warn")
        return [text.removeprefix("[WARNING]: ") for text in found]

    @property
    def queries(self) -> list[str]:
        """Every statement that dbt sent to the engine, in order."""
        found = (message.text for message in self.messages if message.name == "SQLQuery")
        return [_QUERY_PREFIX.sub("", text).strip() for text in found]

    def status(self, name: str) -> str:
        """Return the status (success, error, skipped, pass, fail, warn) of one node by its name."""
        return self.statuses[name]

    def message(self, name: str) -> str:
        """Return the message of one node by its name: the error's text where it failed."""
        return self.texts[name]

    def __repr__(self) -> str:
        return f"RunResult({' '.join(self.args)}, success={self.success})\n{self.output}"


class Estate:
    """A temporary project of one adapter: write files, run dbt, ask the engine."""

    def __init__(
        self,
        root: Path,
        workspace: Workspace,
        *,
        threads: int = 1,
        credentials: Mapping[str, Any] | None = None,
        project: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.workspace = workspace
        self.threads = threads
        self.credentials: dict[str, Any] = dict(credentials or {})
        self.project: dict[str, Any] = {
            "name": "estate_test",
            "version": "1.0.0",
            "profile": "estate_test",
            **(project or {}),
        }
        self._processes: list[subprocess.Popen[str]] = []
        install_package(root)
        self.write_profile()
        self.write_project()
        self.write(files or {})

    # -- where things are ---------------------------------------------------------------------

    @property
    def adapter_type(self) -> str:
        """Return duckdb, postgres or sqlserver."""
        return self.workspace.adapter_type

    @property
    def is_babelfish(self) -> bool:
        """Whether the server of T-SQL is Babelfish, whose OPENJSON keeps the escapes of JSON."""
        query = "select cast(serverproperty('Babelfish') as int)"
        return self.adapter_type == "sqlserver" and self.sql(query) == [(1,)]

    @property
    def database(self) -> str:
        """The target's database."""
        return self.workspace.database

    @property
    def target_schema(self) -> str:
        """The target's schema."""
        return self.workspace.schema

    def relation(self, name: str, schema: str | None = None, database: str | None = None) -> str:
        """Return the quoted name of a relation, in the target's schema if none is given."""
        return qualified(database or self.database, schema or self.target_schema, name)

    # -- files --------------------------------------------------------------------------------

    def write(self, files: Mapping[str, str]) -> None:
        """Write files by their path in the project; a common indent is taken off."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.write(textwrap.dedent(text).lstrip("\n"))

    def remove(self, *names: str) -> None:
        """Delete files of the project."""
        for name in names:
            (self.root / name).unlink()

    def read(self, name: str) -> str:
        """Return the text of a file of the project."""
        return (self.root / name).read_text(encoding="utf-8")

    def compiled(self, model: str) -> str:
        """Return the compiled text of a model, test or analysis of the project."""
        found = sorted((self.root / "target" / "compiled").rglob(f"{model}.sql"))
        if len(found) != 1:
            raise FileNotFoundError(f"{len(found)} compiled files are called {model}.sql: {found}")
        return found[0].read_text(encoding="utf-8")

    def update_project(self, **settings: Any) -> None:
        """Set keys of dbt_project.yml (vars, models, flags, ...), each as a whole."""
        self.project.update(settings)
        self.write_project()

    def update_profile(self, *, threads: int | None = None, **credentials: Any) -> None:
        """Change the threads or the credentials (autocommit, settings, ...) of the target."""
        if threads is not None:
            self.threads = threads
        self.credentials.update(credentials)
        self.write_profile()

    def write_project(self) -> None:
        """Write dbt_project.yml."""
        text = yaml.safe_dump(self.project, sort_keys=False, allow_unicode=True)
        (self.root / "dbt_project.yml").write_text(text, encoding="utf-8")

    def write_profile(self) -> None:
        """Write profiles.yml."""
        output = {**self.workspace.profile(), "threads": self.threads, **self.credentials}
        profile = {"estate_test": {"target": "test", "outputs": {"test": output}}}
        text = yaml.safe_dump(profile, sort_keys=False, allow_unicode=True)
        (self.root / "profiles.yml").write_text(text, encoding="utf-8")

    def install_dbt_utils(self) -> None:
        """Install dbt_utils beside our package: DBT_UTILS_PATH, or the package hub."""
        path = os.environ.get("DBT_UTILS_PATH")
        utils = {"local": Path(path).as_posix()} if path else DBT_UTILS
        packages = {"packages": [{"local": REPOSITORY.as_posix()}, utils]}
        (self.root / "packages.yml").write_text(yaml.safe_dump(packages), encoding="utf-8")
        if path:
            link_package(Path(path), self.root / "dbt_packages" / "dbt_utils")
        else:
            self.run_dbt(["deps"])

    # -- the engine ---------------------------------------------------------------------------

    def sql(self, query: str) -> list[Row]:
        """Run one statement on the engine and return its rows."""
        self._no_process_holds_the_file()
        return self.workspace.query(query)

    def execute(self, statements: str | Iterable[str]) -> None:
        """Run statements on the engine, each committed on its own."""
        self._no_process_holds_the_file()
        for statement in [statements] if isinstance(statements, str) else statements:
            self.workspace.query(statement)

    def column_names(self, name: str) -> list[str]:
        """Return the names of a table's columns in order."""
        return [
            str(row[0])
            for row in self.sql(
                f"select column_name from information_schema.columns where table_name = '{name}' "
                f"and table_schema = '{self.target_schema}' order by ordinal_position"
            )
        ]

    def create_schema(self, name: str, database: str | None = None) -> None:
        """Make a schema if it is not there."""
        if self.adapter_type != "sqlserver":
            path = [database, name] if database else [name]
            self.execute(f"create schema if not exists {qualified(*path)}")
            return
        create = f"create schema {quote(name)}".replace("'", "''")
        literal = name.replace("'", "''")
        self.execute(
            f"use {quote(database or self.database)}; "
            f"if schema_id(N'{literal}') is null exec (N'{create}'); "
            f"use {quote(self.database)}"
        )

    def add_databases(self, *names: str) -> None:
        """Make databases beside the target's (attached files on DuckDB); PostgreSQL has none."""
        for name in names:
            self.workspace.add_database(name)
        self.write_profile()

    # -- dbt ----------------------------------------------------------------------------------

    def run_dbt(self, args: Iterable[str], expect_pass: bool | None = True) -> RunResult:
        """Run a dbt command in this process; `expect_pass=None` takes either end."""
        result = self._invoke(list(args))
        if expect_pass is not None and result.success != expect_pass:
            wanted = "pass" if expect_pass else "fail"
            raise UnexpectedOutcomeError(
                f"dbt {' '.join(result.args)} was to {wanted}\n{result.output}"
            )
        return result

    def dbt_subprocess(
        self, args: Iterable[str], env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start dbt as a process of its own, to be watched or killed."""
        self.workspace.disconnect()
        gc.collect()  # a DuckDB file is free only when the last cursor of this process is gone
        process = subprocess.Popen(
            [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *args],
            cwd=self.root,
            env={**os.environ, **QUIET_ENVIRONMENT, "DBT_PROFILES_DIR": str(self.root)}
            | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[str]) -> str:
        """End a dbt process without a warning, and return what it had printed."""
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        return process.communicate()[0]

    def close(self) -> None:
        """End processes and remove the databases."""
        for process in self._processes:
            if process.poll() is None:
                self.kill(process)
        self.workspace.drop()
        shutil.rmtree(self.root, ignore_errors=True)

    def _no_process_holds_the_file(self) -> None:
        if self.adapter_type != "duckdb":
            return
        if any(process.poll() is None for process in self._processes):
            raise RuntimeError("a dbt process has the DuckDB file: wait for it or kill it first")

    def _invoke(self, args: list[str]) -> RunResult:
        """Run dbt, keep its events, and leave nothing of it open."""
        from dbt.cli.main import dbtRunner

        self.workspace.disconnect()
        messages: list[Message] = []

        def keep(event: Any) -> None:
            info = event.info
            messages.append(Message(info.name, info.level, info.msg))

        with _inside(self.root), _quietly(), contextlib.redirect_stdout(io.StringIO()):
            try:
                _reset_dbt()
                answer = dbtRunner(callbacks=[keep]).invoke([*args, "--profiles-dir", "."])
                error = str(answer.exception) if answer.exception else ""
                result = RunResult(args, bool(answer.success), error, messages, answer.result)
            finally:
                _reset_dbt()
        for node in getattr(result.raw, "results", None) or []:
            name = getattr(getattr(node, "node", None), "name", None)
            if name is not None:
                result.statuses[name] = str(node.status)
                result.texts[name] = str(node.message)
        return result


def install_package(root: Path) -> None:
    """Leave the project as `dbt deps` does for `packages: - local: <this repository>`."""
    packages = {"packages": [{"local": REPOSITORY.as_posix()}]}
    (root / "packages.yml").write_text(yaml.safe_dump(packages), encoding="utf-8")
    link_package(REPOSITORY, root / "dbt_packages" / "dbt_estate")


def link_package(source: Path, installed: Path) -> None:
    """Put a local package where dbt looks for it, by a link as dbt does, else by a copy."""
    installed.parent.mkdir(parents=True, exist_ok=True)
    try:
        installed.symlink_to(source, target_is_directory=True)
    except OSError:  # Windows without the right to make links: dbt copies as well
        installed.mkdir()
        shutil.copy2(source / "dbt_project.yml", installed)
        for folder in PACKAGE_FOLDERS:
            if (source / folder).is_dir():
                shutil.copytree(source / folder, installed / folder)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Set dbt's environment for one run, and put back what was there."""
    before = {name: os.environ.get(name) for name in QUIET_ENVIRONMENT}
    os.environ.update(QUIET_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _reset_dbt() -> None:
    """Close the connections of every adapter, and forget what dbt keeps for a whole process."""
    factory: Any = importlib.import_module("dbt.adapters.factory")
    deprecations: Any = importlib.import_module("dbt.deprecations")
    events: Any = importlib.import_module("dbt_common.events.event_manager_client")
    caching: Any = importlib.import_module("dbt_common.tests")

    for adapter in list(factory.FACTORY.adapters.values()):
        adapter.cleanup_connections()
    factory.reset_adapters()
    duckdb_connections = sys.modules.get("dbt.adapters.duckdb.connections")
    if duckdb_connections is not None:
        manager = duckdb_connections.DuckDBConnectionManager
        if manager._ENV is not None:
            manager._ENV.close()
            manager._ENV = None
    events.cleanup_event_logger()
    deprecations.reset_deprecations()
    caching.enable_test_caching()


MakeEstate = Callable[..., Estate]
MakeWorkspace = Callable[[Path], Workspace]
