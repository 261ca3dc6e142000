"""`vars` of a dbt project, where dbt finds them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt_estate.errors import InputError
from dbt_estate.files import read_text

_VARS_FILE_FROM = (1, 12)


def project_variables(
    project_dir: Path,
    project: Mapping[str, Any],
    given: str | None,
    dbt_version: tuple[int, int] | None = None,
) -> object:
    """Return the vars as dbt finds them: of --vars, else of vars.yml (dbt 1.12) or the project.

    A version of dbt that is not known is taken for one that reads vars.yml.
    """
    from dbt_estate.yaml_read import load_yaml

    variables = project.get("vars")
    own_file = project_dir / "vars.yml"
    if own_file.exists() and (dbt_version is None or dbt_version >= _VARS_FILE_FROM):
        document = load_yaml(read_text(own_file), own_file.as_posix())
        variables = document.get("vars") if isinstance(document, Mapping) else None
    if given:
        overriding = load_yaml(given, "--vars")
        if not isinstance(overriding, Mapping):
            raise InputError("--vars", f"must be a YAML mapping, got: {given}")
        variables = {**(variables if isinstance(variables, Mapping) else {}), **overriding}
    return variables or {}


def target_folder(project: Mapping[str, Any], where: str) -> str:
    """Return the target folder, which is relative to the project: that of DBT_TARGET_PATH first.

    Raises InputError where the project's cannot be known.
    """
    if given := os.environ.get("DBT_TARGET_PATH"):
        return given
    return with_environment(str(project.get("target-path") or "target"), f"{where}: target-path")


def with_environment(text: str, where: str) -> str:
    """Return a setting of a project's YAML that may ask for an environment variable.

    Raises InputError where that needs more than the environment, such as what dbt was given.
    """
    if "{{" not in text and "{%" not in text:
        return text
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined)
    # What dbt has for YAML; as a text each of them is what it was.
    for name in ("as_text", "as_bool", "as_number", "as_native"):
        environment.filters[name] = str
    try:
        return environment.from_string(text).render(env_var=_env_var, var=_var)
    except Exception as error:  # a template can raise anything
        problem = f"cannot be rendered here, got: {text} ({error}); set DBT_TARGET_PATH"
        raise InputError(where, problem) from None


def _env_var(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise LookupError(f"there is no environment variable {name!r}")
    return value


def _var(name: str, default: str | None = None) -> str:
    if default is None:
        raise LookupError(f"the var {name!r} is not known")
    return default
