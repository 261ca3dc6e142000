"""What git says of the project's folder, for the table `project`."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any


def git_columns(folder: Path) -> dict[str, Any]:
    """Return commit, branch and whether there are changes; nothing outside a repository."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return {}
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {
        "git_sha": commit,
        "git_branch": None if branch == "HEAD" else branch,  # a commit is checked out, no branch
        "git_uncommitted_changes": None if changes is None else bool(changes),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, encoding="utf-8", check=True, timeout=20,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
