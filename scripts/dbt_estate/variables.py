"""`vars` of a dbt project, where dbt finds them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt_estate.errors import InputError
from dbt_estate.files import read_text


def project_variables(project_dir: Path, project: Mapping[str, Any], given: str | None) -> object:
    """Return the vars as dbt finds them: of --vars, else of vars.yml (dbt 1.12) or the project."""
    from dbt_estate.yaml_read import load_yaml

    variables = project.get("vars")
    own_file = project_dir / "vars.yml"
    if own_file.exists():
        document = load_yaml(read_text(own_file), own_file.as_posix())
        variables = document.get("vars") if isinstance(document, Mapping) else None
    if given:
        overriding = load_yaml(given, "--vars")
        if not isinstance(overriding, Mapping):
            raise InputError("--vars", f"must be a YAML mapping, got: {given}")
        variables = {**(variables if isinstance(variables, Mapping) else {}), **overriding}
    return variables or {}


def with_environment(text: str) -> str:
    """Return a setting of a project's YAML that may ask for an environment variable."""
    if "{{" not in text:
        return text
    from jinja2.sandbox import SandboxedEnvironment

    template = SandboxedEnvironment().from_string(text)
    return template.render(env_var=lambda name, default="": os.environ.get(name, default))
