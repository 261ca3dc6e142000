"""dbt as a subprocess: the way to a live target.

A run-operation of the package prints one line, `dbt_estate:json {...}`; everything else that dbt
writes is its log. dbt is never imported: that takes seconds, and needs dbt in this environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from dbt_estate.errors import InputError

RESULT_PREFIX = "dbt_estate:json "

T = TypeVar("T")


@dataclass(frozen=True)
class Dbt:
    """Where dbt runs: its project and the options that are passed through to it."""

    project_dir: Path
    profiles_dir: str | None = None
    target: str | None = None
    vars: str | None = None

    def options(self) -> list[str]:
        """Return the options as dbt spells them."""
        given = {
            "--project-dir": str(self.project_dir),
            "--profiles-dir": self.profiles_dir,
            "--target": self.target,
            "--vars": self.vars,
        }
        return [part for name, value in given.items() if value for part in (name, value)]


def run_operation(dbt: Dbt, macro: str, args: Mapping[str, object], result: type[T]) -> T:
    """Run a macro of the package and return what it printed, as the given type.

    Raises InputError with dbt's own text when dbt is missing or fails, and when the macro printed
    nothing, or something else.
    """
    import msgspec

    command = [
        *_dbt_command(),
        "--quiet",
        "--print",
        "--no-write-json",  # run_results.json is what `dbt retry` goes by
        "--no-use-colors",
        "--log-format",
        "text",
        "run-operation",
        f"dbt_estate.{macro}",
        "--args",
        json.dumps(args, ensure_ascii=False),
        *dbt.options(),
    ]
    where = f"dbt run-operation dbt_estate.{macro}"
    done = run_process(command)
    printed = done.stdout.split("\n")
    results = [line for line in printed if line.startswith(RESULT_PREFIX)]
    if done.returncode != 0:
        log = "\n".join(line for line in printed if line not in results).strip()
        raise InputError(where, f"dbt failed:\n{log or done.stderr.strip()}")
    if len(results) != 1:
        raise InputError(
            where,
            f"expected one line that starts with {RESULT_PREFIX.strip()!r}, got {len(results)}; "
            "install the dbt_estate package of the same version as this tool (`dbt deps`)",
        )
    try:
        return msgspec.json.decode(results[0][len(RESULT_PREFIX) :], type=result)
    except msgspec.DecodeError as error:
        raise InputError(
            where,
            f"its result is not understood: {error}; "
            "install the dbt_estate package of the same version as this tool (`dbt deps`)",
        ) from None


def parse(project_dir: Path, target_path: Path, options: Sequence[str] = ()) -> Path:
    """Let dbt parse the project into another target folder, and return the manifest there.

    `options` are passed on to dbt. Nothing is written into the project: no log, no file for partial
    parsing. Raises InputError with dbt's own text when dbt is missing or fails.
    """
    target = target_path.resolve()
    command = [
        *_dbt_command(),
        "--no-use-colors",
        "--log-format",
        "text",
        "--no-send-anonymous-usage-stats",
        "--no-partial-parse",
        "--log-path",
        str(target / "logs"),
        "parse",
        "--target-path",
        str(target),
        "--project-dir",
        str(project_dir),
        *options,
    ]
    done = run_process(command)
    manifest = target / "manifest.json"
    if done.returncode != 0 or not manifest.is_file():
        log = done.stdout.strip() or done.stderr.strip()
        raise InputError("dbt parse", f"dbt failed:\n{log}")
    return manifest


def run_process(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return its output as UTF-8 text."""
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
    )


def _dbt_command() -> list[str]:
    if find_spec("dbt") and find_spec("dbt.cli"):
        # dbt.cli imports dbt.cli.main, about which runpy warns.
        return [sys.executable, "-W", "ignore::RuntimeWarning", "-m", "dbt.cli.main"]
    if found := shutil.which("dbt"):
        return [found]
    raise InputError(
        "dbt",
        "not found, neither in this Python environment nor on the PATH; "
        "install it beside dbt-estate, or activate the environment that has it",
    )
