"""One class an engine: where its databases live, its dbt profile, and direct SQL on it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ADAPTERS = ("duckdb", "postgres", "sqlserver")
DEFAULT_ADAPTERS = ("duckdb", "postgres")

Row = tuple[Any, ...]


def quote(identifier: str) -> str:
    """Quote an identifier in the way all three engines read."""
    return '"' + identifier.replace('"', '""') + '"'


def qualified(*path: str) -> str:
    """Return a dotted name with every part quoted."""
    return ".".join(quote(part) for part in path)


def installed_version(distribution: str) -> str:
    """Return the version of a distribution, or a word that says it is not there."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


class Workspace(ABC):
    """The databases of one throw-away project on one engine."""

    adapter_type: str

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.name = name

    @property
    @abstractmethod
    def database(self) -> str:
        """The database in which the target schema is made."""

    @property
    def schema(self) -> str:
        """The schema of the dbt target."""
        return "analytics"

    @abstractmethod
    def profile(self) -> dict[str, Any]:
        """The output of profiles.yml, without the threads."""

    @abstractmethod
    def query(self, sql: str) -> list[Row]:
        """Run one statement, committed, and return its rows."""

    @abstractmethod
    def disconnect(self) -> None:
        """Let go of whatever would stand in the way of a dbt process."""

    def add_database(self, name: str) -> None:
        """Make one more database that models of the target can read."""
        raise NotImplementedError(f"{self.adapter_type} reads no other database: shard by schema")

    @abstractmethod
    def drop(self) -> None:
        """Remove everything this workspace made."""


class DuckDBWorkspace(Workspace):
    """A DuckDB file in the project's folder, and one attached file for each other database."""

    adapter_type = "duckdb"

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root, name)
        self.attached: list[dict[str, Any]] = []
        self._connection: Any = None

    @property
    def database(self) -> str:
        return "estate"

    def profile(self) -> dict[str, Any]:
        # Relative to the project, where dbt is started: two projects then have the same
        # connection, and dbt can reuse what it parsed of the package.
        profile: dict[str, Any] = {
            "type": "duckdb",
            "path": "estate.duckdb",
            "schema": self.schema,
            "keep_open": False,
        }
        if self.attached:
            profile["attach"] = self.attached
        return profile

    def query(self, sql: str) -> list[Row]:
        cursor = self._connect().execute(sql)
        return list(cursor.fetchall()) if cursor.description else []

    def add_database(self, name: str) -> None:
        import duckdb

        self.disconnect()
        path = self.root / "databases" / f"{len(self.attached):04}.duckdb"
        path.parent.mkdir(exist_ok=True)
        duckdb.connect(str(path)).close()
        relative = path.relative_to(self.root).as_posix()
        self.attached.append({"path": relative, "alias": quote(name)})

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self) -> None:
        self.disconnect()

    def _connect(self) -> Any:
        """Open the file with the same attachments that dbt has, and keep it until dbt needs it."""
        if self._connection is None:
            import duckdb

            self._connection = duckdb.connect(str(self.root / "estate.duckdb"))
            for attachment in self.attached:
                path = str(self.root / attachment["path"]).replace("'", "''")
                mode = " (read_only)" if attachment.get("read_only") else ""
                self._connection.execute(f"attach '{path}' as {attachment['alias']}{mode}")
        return self._connection


class PostgresServer:
    """A PostgreSQL of our own in a temporary folder, tuned to forget rather than to sync."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that XDG_RUNTIME_DIR is not set
            from pgserver.postgres_server import get_server

            self._folder = tempfile.mkdtemp(prefix="estate_pg_")
            self._server = get_server(self._folder, cleanup_mode="delete")
        info = self._server.get_postmaster_info()
        self.host = str(info.socket_dir or info.hostname)
        self.port = int(info.port or 5432)
        self.user = "postgres"
        with self.session("postgres") as connection, connection.cursor() as cursor:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                cursor.execute(f"alter system set {setting} = off")
            cursor.execute("select pg_reload_conf()")

    def connect(self, database: str) -> Any:
        """Return a connection that commits every statement."""
        import psycopg2

        connection = psycopg2.connect(
            host=self.host, port=self.port, user=self.user, dbname=database
        )
        connection.autocommit = True
        return connection

    @contextlib.contextmanager
    def session(self, database: str) -> Iterator[Any]:
        """Give a connection and close it."""
        connection = self.connect(database)
        try:
            yield connection
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._server.cleanup()


class PostgresWorkspace(Workspace):
    """A database of its own on the session's PostgreSQL."""

    adapter_type = "postgres"

    def __init__(self, root: Path, name: str, server: PostgresServer) -> None:
        super().__init__(root, name)
        self.server = server
        self._connection: Any = None
        with server.session("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(f"create database {quote(name)}")

    @property
    def database(self) -> str:
        return self.name

    def profile(self) -> dict[str, Any]:
        return {
            "type": "postgres",
            "host": self.server.host,
            "port": self.server.port,
            "user": self.server.user,
            "password": "",
            "dbname": self.name,
            "schema": self.schema,
        }

    def query(self, sql: str) -> list[Row]:
        if self._connection is None:
            self._connection = self.server.connect(self.name)
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self) -> None:
        self.disconnect()
        with self.server.session("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(f"drop database if exists {quote(self.name)} with (force)")


class SQLServerWorkspace(Workspace):
    """Schemas of its own in the database that the environment names."""

    adapter_type = "sqlserver"

    def __init__(self, root: Path, name: str, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(root, name)
        self.host = environ["DBT_SQLSERVER_HOST"]
        self.port = int(environ.get("DBT_SQLSERVER_PORT", "1433"))
        self.user = environ.get("DBT_SQLSERVER_USER", "sa")
        self.password = environ.get("DBT_SQLSERVER_PASSWORD", "")
        self._database = environ.get("DBT_SQLSERVER_DATABASE", "master")
        self.encrypt = environ.get("DBT_SQLSERVER_ENCRYPT", "true").lower() not in {
            "0",
            "false",
            "no",
        }
        self._databases: list[str] = []
        self._connection: Any = None

    @property
    def database(self) -> str:
        return self._database

    @property
    def schema(self) -> str:
        return self.name

    def profile(self) -> dict[str, Any]:
        return {
            "type": "sqlserver",
            "backend": "mssql-python",
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "database": self.database,
            "schema": self.schema,
            "encrypt": self.encrypt,
            "trust_cert": True,
        }

    def query(self, sql: str) -> list[Row]:
        if self._connection is None:
            import mssql_python

            encrypt = "yes" if self.encrypt else "no"
            self._connection = mssql_python.connect(
                f"Server={self.host},{self.port};Database={self.database};UID={self.user};"
                f"PWD={{{self.password.replace('}', '}}')}}};Encrypt={encrypt};"
                "TrustServerCertificate=yes;",
                autocommit=True,
            )
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            cursor.close()

    def add_database(self, name: str) -> None:
        self.query(f"create database {quote(name)}")
        self._databases.append(name)

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self) -> None:
        for name in self._databases:
            # A connection that dbt moved there with USE would keep it.
            self.query(f"alter database {quote(name)} set single_user with rollback immediate")
            self.query(f"drop database {quote(name)}")
        mine = (
            "select s.name, o.name, o.type from sys.schemas s "
            "left join sys.objects o on o.schema_id = s.schema_id "
            "and o.type in ('U', 'V', 'P', 'FN', 'IF', 'TF', 'SN') "
            f"where s.name = '{self.name}' or s.name like '{self.name}[_]%'"
        )
        kinds = {"U": "table", "V": "view", "P": "procedure", "SN": "synonym"}
        found = self.query(mine)
        for schema, name, kind in found:
            if name is not None:
                what = kinds.get(kind.strip(), "function")
                self.query(f"drop {what} if exists {qualified(schema, name)}")
        for schema in {row[0] for row in found}:
            self.query(f"drop schema {quote(schema)}")
        self.disconnect()


def missing_settings(adapters: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Say what stands in the way of testing these adapters, or None."""
    unknown = [adapter for adapter in adapters if adapter not in ADAPTERS]
    if unknown:
        return f"--adapter: {', '.join(unknown)} is none of {', '.join(ADAPTERS)}"
    if "sqlserver" in adapters and not environ.get("DBT_SQLSERVER_HOST"):
        return (
            "--adapter sqlserver needs a server: set DBT_SQLSERVER_HOST "
            "(and _PORT, _USER, _PASSWORD, _DATABASE, _ENCRYPT)"
        )
    return None
