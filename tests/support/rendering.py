"""Render the package's macros without a run of dbt, for any adapter, thousands a second."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from dbt_common.clients.jinja import get_environment

from tests.support.estate import REPOSITORY

_PREFIX = "dbt_macro__"


class CompilationError(Exception):
    """What dbt's `exceptions.raise_compiler_error` raises."""


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Macros:
    """The macros of the package as dbt's context has them: `macros.literal(7)`.

    `run_query` answers the queries that a macro sends; `settings` is the user's `vars: dbt_estate`.
    What goes through dbt's `statement` is kept in `statements`, a commit as "commit".
    """

    def __init__(
        self,
        adapter_type: str,
        *,
        run_query: Callable[[str], Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        **context: Any,
    ) -> None:
        self.adapter_type = adapter_type
        self.warnings: list[str] = []
        self.statements: list[str] = []
        self._macros: dict[str, Callable[..., Any]] = {}
        self._context = {
            "execute": True,
            "return": _give_back,
            "exceptions": SimpleNamespace(raise_compiler_error=_raise, warn=self.warnings.append),
            "adapter": SimpleNamespace(
                dispatch=self._dispatch,
                type=lambda: adapter_type,
                commit=lambda: self.statements.append("commit"),
            ),
            "statement": self._statement,
            "tojson": lambda value: json.dumps(value, sort_keys=False),
            "fromjson": json.loads,
            "zip": zip,
            "local_md5": lambda text: hashlib.md5(text.encode()).hexdigest(),
            "modules": SimpleNamespace(re=re, datetime=datetime),
            "var": lambda name, default=None: settings if settings is not None else default,
            "run_query": run_query,
            "log": lambda *_, **__: "",
            "flags": SimpleNamespace(WHICH="run", EMPTY=False),
            "model": SimpleNamespace(name="a_model", resource_type="model", unique_id="model.a"),
            "config": {"materialized": "view"},
            "invocation_id": "an-invocation",
            "dbt_estate": self._macros,
            "dbt": SimpleNamespace(dateadd=lambda part, n, value: f"dateadd({part}, {n}, {value})"),
            **context,
        }
        for template in _templates():
            self._load(template)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a macro of the package."""
        try:
            return self.__dict__["_macros"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    def _load(self, template: Any) -> None:
        module = template.make_module(self._context)
        for name, macro in vars(module).items():
            if name.startswith(_PREFIX):
                self._macros[name.removeprefix(_PREFIX)] = _caller(macro)

    def _statement(self, name: str, auto_begin: bool = True, *, caller: Callable[[], str]) -> str:
        self.statements.append(caller().strip())
        return ""

    def _dispatch(self, name: str, package: str) -> Callable[..., Any]:
        assert package == "dbt_estate"
        for prefix in (self.adapter_type, "default"):
            found = self._macros.get(f"{prefix}__{name}")
            if found is not None:
                return found
        raise CompilationError(f"No macro named {name} found for {self.adapter_type}")


@cache
def _templates() -> list[Any]:
    """Compile every file of macros, which takes most of the time, once."""
    environment = get_environment(None, capture_macros=False)
    paths = sorted((REPOSITORY / "macros").rglob("*.sql"))
    return [environment.from_string(path.read_text(encoding="utf-8")) for path in paths]


def _give_back(value: Any = None) -> None:
    raise _ReturnError(value)


def _raise(text: str) -> None:
    raise CompilationError(text)


def _caller(macro: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return str(macro(*args, **kwargs))
        except _ReturnError as answer:
            return answer.value

    return call
