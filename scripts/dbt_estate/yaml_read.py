"""YAML as dbt reads it. Imported where it is used: ruamel takes longer to import than `--help`."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node, ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from dbt_estate.errors import InputError


class _DbtResolver(VersionedResolver):
    """YAML 1.1, except that `y` and `n` are strings, as they are for PyYAML: columns have them."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a node."""
        if kind is ScalarNode and value in ("y", "Y", "n", "N"):
            return Tag(suffix="tag:yaml.org,2002:str")
        return super().resolve(kind, value, implicit)


def load_yaml(text: str, where: str) -> Any:
    """Return the value of a YAML text. Raises InputError with the line of what is not YAML."""
    reader = YAML(typ="safe", pure=True)
    reader.Resolver = _DbtResolver
    reader.version = (1, 1)
    try:
        return reader.load(text)
    except YAMLError as error:
        raise _input_error(error, where) from None


def compose_yaml(text: str, where: str) -> Node | None:
    """Return the nodes of a YAML text, with their positions; raises as `load_yaml` does."""
    try:
        root: Node | None = YAML(typ="rt", pure=True).compose(text)
    except YAMLError as error:
        raise _input_error(error, where) from None
    return root


def _input_error(error: YAMLError, where: str) -> InputError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    line = f"line {mark.line + 1}: " if mark else ""
    return InputError(where, f"{line}not valid YAML: {problem}")
