"""The package's own macros outside of dbt: what the models and rules call is one text in both."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dbt_estate.errors import InputError

# The macros that the models of `maturity` call, and what those need.
_FILES = (
    "_sql/_raise_problems", "_sql/_settings", "_sql/data_type", "_sql/identifier", "_sql/literal",
    "maturity/_feature_list", "maturity/_maturity_settings", "maturity/_rule_list",
    "maturity/declared_rules", "maturity/folder_of", "maturity/glob_literal",
    "maturity/matches_globs", "maturity/maturity_exceptions", "maturity/maturity_features",
    "maturity/maturity_levels", "maturity/maturity_rule_set", "maturity/maturity_rules",
    "maturity/maturity_setting", "maturity/rule_setting", "maturity/share_of",
)  # fmt: skip
_ADAPTER = "duckdb"
# Jinja keeps a macro to its file whose name begins with an underscore, so all get another name.
_PREFIX = "macro__"
_DEFINITION = re.compile(r"(\{%-?\s*macro\s+)(\w+)")
# What does not change in a run, and is asked for by every rule.
_CONSTANT = ("_settings", "_maturity_settings", "_rule_list", "maturity_rules")


@cache
def package_folder(name: str) -> Path:
    """Return the package's folder of that name: in the wheel, or in a checkout."""
    here = Path(__file__).resolve().parent.parent
    installed = here / name
    return installed if installed.is_dir() else here.parents[1] / name


class _ReturnedError(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Macros(dict[str, Callable[..., Any]]):
    """Macros by name, each found when it is first called: to compile them all takes long."""

    def __init__(
        self, find: Callable[[str], Callable[..., Any]], **given: Callable[..., Any]
    ) -> None:
        super().__init__(given)
        self._find = find

    def __missing__(self, name: str) -> Callable[..., Any]:
        found = self[name] = self._find(name)
        return found


class PackageMacros:
    """The macros as `dbt_estate.<name>`, for DuckDB and the given vars of a project.

    Wrong settings raise InputError with the text that dbt would print.
    """

    def __init__(self, variables: Mapping[str, Any] | None = None) -> None:
        given = variables or {}
        self._macros = _Macros(self._found)
        self._context = {
            "execute": True,
            "return": _give_back,
            "exceptions": SimpleNamespace(raise_compiler_error=_raise),
            "adapter": SimpleNamespace(dispatch=self._dispatch),
            "var": lambda name, default=None: given.get(name, default),
            "local_md5": lambda text: hashlib.md5(text.encode()).hexdigest(),
            "tojson": json.dumps,
            "run_started_at": datetime.datetime.now(datetime.timezone.utc),
            "dbt_estate": self._macros,
        }

    def __getitem__(self, name: str) -> Callable[..., Any]:
        """Return a macro; in a template `dbt_estate.name` is the same."""
        return self._macros[name]

    def namespace(self, **others: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
        """Return all macros by name, some replaced."""
        return _Macros(self.__getitem__, **others)

    def _found(self, name: str) -> Callable[..., Any]:
        """Return a macro, and keep the others of its file."""
        module = vars(_template(_texts()[name]).make_module(self._context))
        for other, macro in module.items():
            if other.startswith(_PREFIX):
                call = _caller(macro)
                other = other.removeprefix(_PREFIX)
                self._macros.setdefault(other, cache(call) if other in _CONSTANT else call)
        return self._macros[name]

    def _dispatch(self, name: str, package: str) -> Callable[..., Any]:
        for fork in (f"{_ADAPTER}__{name}", f"default__{name}"):
            if fork in _texts():
                return self._macros[fork]
        raise LookupError(f"no macro {name} in {package}")


@cache
def _texts() -> dict[str, str]:
    """Return by the name of each macro the text of its file."""
    folder = package_folder("macros")
    texts = [(folder / f"{name}.sql").read_text(encoding="utf-8") for name in _FILES]
    return {found[2]: text for text in texts for found in _DEFINITION.finditer(text)}


@cache
def environment() -> Any:
    """Return a Jinja as dbt has it.

    It is not to fold constants, which takes longer than to compute them in the one call there is.
    """
    from jinja2 import Environment

    return Environment(extensions=["jinja2.ext.do"], autoescape=False, optimized=False)


@cache
def _template(text: str) -> Any:
    return environment().from_string(_DEFINITION.sub(rf"\1{_PREFIX}\2", text))


def _give_back(value: Any = None) -> None:
    raise _ReturnedError(value)


def _raise(text: str) -> None:
    where, _, problems = text.removeprefix("dbt_estate: ").partition(":\n")
    listed = problems.strip().removeprefix("- ").split("\n  - ")
    raise InputError(where, listed) if problems else InputError("dbt_project.yml", text)


def _caller(macro: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return str(macro(*args, **kwargs))
        except _ReturnedError as answer:
            return answer.value

    return call
