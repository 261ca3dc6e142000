"""The reusable workflow that calls procedures: its scripts are run as a runner runs them."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.estate import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the workflow is for Linux")

WORKFLOW = yaml.safe_load(
    (REPOSITORY / ".github" / "workflows" / "procedures.yml").read_text(encoding="utf-8")
)
CALLER = yaml.safe_load(
    (REPOSITORY / "docs" / "procedures" / "workflow_dispatch.yml").read_text(encoding="utf-8")
)
CALLED = WORKFLOW[True]["workflow_call"]  # YAML 1.1 reads `on` as true
INPUTS = {name: given["default"] for name, given in CALLED["inputs"].items()}
DISPATCH = {"dispatch": "rebuild_stores", "environment": "production"}

SHELLS = {
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    "python": [sys.executable],
}
DBT = """\
#!{python}
import json, os, sys
with open("{folder}/calls.jsonl", "a") as calls:
    calls.write(json.dumps({{"args": sys.argv[1:], "cwd": os.getcwd()}}) + "\\n")
if os.path.exists("{folder}/output.txt"):
    sys.stdout.write(open("{folder}/output.txt", encoding="utf-8").read())
sys.exit(int(open("{folder}/exit.txt").read()) if os.path.exists("{folder}/exit.txt") else 0)
"""


class Runner:
    """As much of GitHub's runner as the workflow needs."""

    def __init__(self, folder: Path, dbt_env: str = "", **inputs: Any) -> None:
        assert set(inputs) <= set(INPUTS)
        self.folder = folder
        self.workspace = folder / "work"
        self.workspace.mkdir()
        program = folder / "bin" / "dbt"
        program.parent.mkdir()
        program.write_text(DBT.format(python=sys.executable, folder=folder), encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        values = {**INPUTS, **inputs}
        self.expressions = {
            "toJSON(inputs)": json.dumps(values),
            "github.run_id": "77",
            "secrets.DBT_ENV": dbt_env,
            "needs.check.outputs.dry_run": "",
            "needs.check.outputs.call": "",
            **{f"inputs.{name}": str(value) for name, value in values.items()},
        }

    def step(self, name: str, job: str = "call") -> subprocess.CompletedProcess[str]:
        (step,) = [step for step in WORKFLOW["jobs"][job]["steps"] if step.get("name") == name]
        given = {**WORKFLOW["env"], **WORKFLOW["jobs"][job].get("env", {}), **step.get("env", {})}
        environment = {name: self.evaluated(value) for name, value in given.items()}
        for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"):
            (self.folder / name).touch()
            environment[name] = str(self.folder / name)
        script = self.folder / "script"
        script.write_text(step["run"], encoding="utf-8")
        shell = step.get("shell", WORKFLOW["defaults"]["run"]["shell"])
        return subprocess.run(
            [*SHELLS[shell], str(script)],
            cwd=self.workspace / self.evaluated(step.get("working-directory", ".")),
            env={
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.folder),
                **environment,
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def evaluated(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: self.expressions[found[1]], text)

    def checked(self) -> Runner:
        """Run the first job and hand its outputs on."""
        result = self.step("check the inputs", "check")
        assert result.returncode == 0, result.stdout + result.stderr
        for line in self.read("GITHUB_OUTPUT").splitlines():
            name, _, value = line.partition("=")
            self.expressions[f"needs.check.outputs.{name}"] = value
        return self

    def arguments(self, job: str = "call") -> dict[str, Any]:
        text = self.evaluated(WORKFLOW["jobs"][job]["env"]["arguments"])
        found: dict[str, Any] = yaml.safe_load(text)  # as dbt reads it
        return found

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def summary(self, output: str, job: str = "call") -> str:
        (self.folder / "call_procedures.txt").write_text(output, encoding="utf-8")
        result = self.step("summary", job)
        assert result.returncode == 0, result.stderr
        return self.read("GITHUB_STEP_SUMMARY")

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read("calls.jsonl").splitlines()]


# -- the jobs ---------------------------------------------------------------------------------


def test_the_calls_come_after_the_dry_run_and_an_approval() -> None:
    jobs = WORKFLOW["jobs"]
    assert jobs["dry-run"]["needs"] == "check"
    assert "if" not in jobs["dry-run"]
    assert "environment" not in jobs["dry-run"]
    assert jobs["call"]["needs"] == ["check", "dry-run"]
    assert jobs["call"]["if"] == "${{ !inputs.dry_run && inputs.environment != '' }}"
    assert jobs["call"]["environment"] == "${{ inputs.environment }}"
    assert jobs["call"]["concurrency"]["cancel-in-progress"] is False
    for part in ("inputs.dispatch", "inputs.slice", "inputs.target"):
        assert part in jobs["call"]["concurrency"]["group"]
    assert INPUTS["dry_run"] is True


def test_the_dry_run_is_the_call_but_for_one_argument(tmp_path: Path) -> None:
    assert WORKFLOW["jobs"]["dry-run"]["steps"] == WORKFLOW["jobs"]["call"]["steps"]
    runner = Runner(tmp_path, dispatch="a").checked()
    call = {"dispatch": "a", "batch": "77", "resume": True, "dry_run": False}
    assert runner.arguments("call") == call
    assert runner.arguments("dry-run") == {**call, "dry_run": True}


def test_no_script_has_an_expression_in_it() -> None:
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 11
    assert [script for script in scripts if "${{" in script] == []


def test_secrets_are_read_after_what_pip_installs(tmp_path: Path) -> None:
    names = [step.get("name", step.get("uses")) for step in WORKFLOW["jobs"]["call"]["steps"]]
    assert names.index("install dbt") < names.index("read DBT_ENV") < names.index("dbt deps")
    assert "secrets" not in json.dumps(WORKFLOW["jobs"]["check"])


def test_the_caller_gives_what_the_workflow_takes() -> None:
    (job,) = CALLER["jobs"].values()
    assert set(job["with"]) <= set(INPUTS)
    assert set(job["secrets"]) == set(CALLED["secrets"])
    assert CALLER[True]["workflow_dispatch"]["inputs"]["dry_run"]["default"] is True
    assert "${{" not in job["with"]["environment"]


# -- the inputs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "arguments"),
    [
        (DISPATCH, {"dispatch": "rebuild_stores"}),
        (
            {"procedure": 'dbo."a b"', "params": "source.table"},
            {"procedure": 'dbo."a b"', "params": "source.table"},
        ),
        (
            {"statement": "delete from a\nwhere b = :b", "query": "select 1 as b"},
            {"statement": "delete from a\nwhere b = :b", "query": "select 1 as b"},
        ),
        (
            {**DISPATCH, "query": "q", "on_error": "continue", "max_failures": "12"},
            {
                "dispatch": "rebuild_stores",
                "query": "q",
                "on_error": "continue",
                "max_failures": 12,
            },
        ),
        (
            {**DISPATCH, "in_doubt": "retry", "slice": "2/8", "batch": "2026-11-21"},
            {
                "dispatch": "rebuild_stores",
                "in_doubt": "retry",
                "slice": "2/8",
                "batch": "2026-11-21",
            },
        ),
        ({**DISPATCH, "statement": "  ", "dry_run": False}, {"dispatch": "rebuild_stores"}),
    ],
)
def test_the_arguments(inputs: dict[str, Any], arguments: dict[str, Any], tmp_path: Path) -> None:
    expected = {"batch": "77", "resume": True, "dry_run": False, **arguments}
    assert Runner(tmp_path, **inputs).checked().arguments() == expected


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"dispatch": ""}, "dispatch, procedure, statement: give one of them, received none"),
        ({"procedure": "p", "params": "t"}, "received dispatch and procedure"),
        ({"dispatch": "", "procedure": "p"}, "params, query: give one of them, received none"),
        ({"params": "t", "query": "q"}, "params, query: give one of them, received params and que"),
        ({"dispatch": "a\nb"}, 'dispatch: must be one line .*, received "a\\\\nb"'),
        ({"on_error": "halt"}, 'on_error: must be stop or continue, received "halt"'),
        ({"on_error": "stop\n::notice::x"}, 'on_error: .* received "stop\\\\n::notice::x"'),
        ({"in_doubt": "Retry"}, "in_doubt: must be fail, retry or skip"),
        ({"max_failures": "0"}, "max_failures: must be a whole number above 0"),
        ({"max_failures": "$(touch x)"}, 'max_failures: .* received "\\$\\(touch x\\)"'),
        ({"slice": "0/8"}, "slice: must be a part of a whole such as 2/8"),
        ({"slice": "2/8; touch x"}, "slice: must be"),
        ({"batch": " a"}, "batch: must be one line"),
        ({"batch": "a" * 201}, "batch: must be one line"),
        ({"target": "prod\x1b[2J"}, "target: must be one line"),
        ({"project_dir": "../secret"}, "project_dir: must be a path inside the repository"),
        ({"project_dir": ""}, "project_dir: must be a path inside the repository"),
        ({"profiles_dir": "/etc"}, "profiles_dir: must be a path"),
        ({"requirements": "--index-url=x"}, "requirements: must be a path"),
        ({"requirements": "https://example.com/r.txt"}, "requirements: must be a path"),
        ({"dry_run": False, "environment": ""}, "environment: must be .*, received"),
        ({"environment": "a\nb"}, "environment: must be one line"),
    ],
)
def test_wrong_inputs_are_refused(inputs: dict[str, Any], problem: str, tmp_path: Path) -> None:
    runner = Runner(tmp_path, **{**DISPATCH, **inputs})
    result = runner.step("check the inputs", "check")
    assert result.returncode == 1
    (line,) = result.stdout.splitlines()
    assert re.match(f"::error::.*{problem}", line)
    assert runner.read("GITHUB_OUTPUT") == ""


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    runner = Runner(tmp_path, on_error="100%", slice="x", dry_run=False)
    lines = runner.step("check the inputs", "check").stdout.splitlines()
    assert len(lines) == 4
    assert 'received "100%25"' in lines[0]


@pytest.mark.parametrize(
    "value",
    [
        "$(touch x) `touch x` ; touch x",
        "'; touch x; '\" && touch x \\",
        "a\nb\r\n--target prod\n::add-mask::x\n",
        "{{ env_var('X') }} {% raw %} ${{ secrets.X }} %25",
        "é ü \u2028 \u2029 \x85 \ufeff \x7f \x00 \U0001f600 \\ud83d \t",
        "- yes: &a *a !!x # no",
        "EOF\nargs={}",
    ],
)
def test_no_value_gets_out_of_its_quotes(value: str, tmp_path: Path) -> None:
    runner = Runner(tmp_path, statement=value, query=value).checked()
    assert len(runner.read("GITHUB_OUTPUT").splitlines()) == 2
    assert runner.arguments()["statement"] == value
    assert runner.step("call_procedures").returncode == 0
    (call,) = runner.calls()
    assert call["args"][:3] == ["--no-use-colors", "run-operation", "dbt_estate.call_procedures"]
    assert call["args"][3] == "--args"
    assert len(call["args"]) == 5
    assert yaml.safe_load(call["args"][4]) == runner.arguments()
    assert [path.name for path in runner.workspace.iterdir()] == []


# -- dbt --------------------------------------------------------------------------------------


def test_dbt_runs_in_its_project_with_its_profile(tmp_path: Path) -> None:
    runner = Runner(
        tmp_path, **DISPATCH, project_dir="my dbt", profiles_dir="a $b/c", target="p 'q'"
    ).checked()
    (runner.workspace / "my dbt").mkdir()
    assert runner.step("dbt deps").returncode == 0
    assert runner.step("call_procedures").returncode == 0
    deps, call = runner.calls()
    options = ["--profiles-dir", f"{runner.workspace}/a $b/c", "--target", "p 'q'"]
    assert deps["args"] == ["--no-use-colors", "deps", *options]
    assert call["args"][-4:] == options
    assert {deps["cwd"], call["cwd"]} == {str((runner.workspace / "my dbt").resolve())}


def test_what_dbt_says_is_kept_and_its_failure_fails(tmp_path: Path) -> None:
    runner = Runner(tmp_path, **DISPATCH).checked()
    (tmp_path / "output.txt").write_text("said\n", encoding="utf-8")
    (tmp_path / "exit.txt").write_text("1", encoding="utf-8")
    result = runner.step("call_procedures")
    assert (result.returncode, result.stdout) == (1, "said\n")
    assert runner.read("call_procedures.txt") == "said\n"


def test_nothing_is_called_without_arguments(tmp_path: Path) -> None:
    runner = Runner(tmp_path, **DISPATCH)  # GitHub empties an output that holds a secret
    assert runner.step("call_procedures").returncode != 0
    assert not (tmp_path / "calls.jsonl").exists()


# -- the summary ------------------------------------------------------------------------------

LOG = """\
10:00:00  Running with dbt=1.11.16
10:00:01  dbt_estate: 1 of 2 failed {"store": "a"} 0.1 s
    dbt_estate: summary of nothing
10:00:02  dbt_estate: summary of an earlier operation
10:00:03  dbt_estate: summary of rebuild_stores, batch 77
10:00:03    calls       2
10:00:03    error       {"store": "```"} it
  failed
10:00:04  Encountered an error while running operation: Compilation Error
"""


def test_the_summary_is_the_end_of_the_log(tmp_path: Path) -> None:
    runner = Runner(tmp_path, **DISPATCH).checked()
    title, _, fence, arguments, _, *rest = runner.summary(LOG).splitlines()
    assert title == "### Calls"
    assert fence == "````text"
    assert arguments == f"--args {runner.expressions['needs.check.outputs.call']}"
    assert rest == [*LOG.splitlines()[4:], "````"]


def test_the_summary_of_a_dry_run_is_all_of_the_log(tmp_path: Path) -> None:
    summary = Runner(tmp_path, **DISPATCH).checked().summary(LOG, "dry-run")
    assert summary.startswith("### Dry run: nothing was called\n")
    assert LOG in summary


def test_without_a_summary_all_of_the_log_is_shown(tmp_path: Path) -> None:
    log = "10:00:00  a dbt_estate: summary\n10:00:01  Encountered an error\n"
    assert log in Runner(tmp_path, **DISPATCH).checked().summary(log)


def test_a_long_summary_is_cut_in_the_middle(tmp_path: Path) -> None:
    log = "first\n" + "é" * 2_000_000 + "\nlast\n"
    summary = Runner(tmp_path, **DISPATCH).checked().summary(log, "dry-run")
    assert len(summary.encode()) < 1024 * 1024
    assert "first\n" in summary
    assert "\n... more is in the log ...\n" in summary
    assert summary.endswith("é\nlast\n```\n")


# -- the secret -------------------------------------------------------------------------------


def variables(text: str) -> dict[str, str]:
    """Read GITHUB_ENV as the runner does."""
    found = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if line:
            name, _, end = line.partition("<<")
            found[name] = "\n".join(iter(lambda: next(lines), end))
    return found


def test_the_variables_of_dbt_are_set_and_masked(tmp_path: Path) -> None:
    secret = (
        "# the login\n\nDBT_USER=estate\r\nDBT_PASSWORD= a=b%c'd\"$(touch x) \n"
        'KEY="-----BEGIN-----\\nab<<EOF\\n\\nEOF\\n"\nEMPTY=\n'
    )
    runner = Runner(tmp_path, secret)
    result = runner.step("read DBT_ENV")
    assert result.returncode == 0, result.stderr
    assert variables(runner.read("GITHUB_ENV")) == {
        "DBT_USER": "estate",
        "DBT_PASSWORD": " a=b%c'd\"$(touch x) ",
        "KEY": "-----BEGIN-----\nab<<EOF\n\nEOF\n",
        "EMPTY": "",
    }
    assert sorted(result.stdout.splitlines()) == sorted(
        f"::add-mask::{value}"
        for value in (
            "estate",
            " a=b%25c'd\"$(touch x) ",
            "a=b%25c'd\"$(touch x)",
            "-----BEGIN-----%0Aab<<EOF%0A%0AEOF%0A",
            "-----BEGIN-----",
            "ab<<EOF",
            "EOF",
        )
    )
    assert list(runner.workspace.iterdir()) == []


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("A=1\nhunter2", "line 2: must be NAME=value, NAME of A-Z, 0-9 and _"),
        ("dbt_password=hunter2", "line 1: must be NAME=value, NAME of A-Z, 0-9 and _"),
        ("2A=hunter2", "line 1: must be NAME=value, NAME of A-Z, 0-9 and _"),
        ("A<<B=hunter2", "line 1: must be NAME=value, NAME of A-Z, 0-9 and _"),
        (" A=hunter2", "line 1: must be NAME=value, NAME of A-Z, 0-9 and _"),
        ("GITHUB_TOKEN=hunter2", "line 1: GITHUB_TOKEN is GitHub's own and cannot be set"),
        ("RUNNER_TEMP=hunter2", "line 1: RUNNER_TEMP is GitHub's own and cannot be set"),
        ("NODE_OPTIONS=hunter2", "line 1: NODE_OPTIONS is GitHub's own and cannot be set"),
        ('A="hunter2', "line 1: a value in double quotes must be a JSON string"),
    ],
)
def test_a_wrong_line_is_refused_and_not_told(secret: str, problem: str, tmp_path: Path) -> None:
    runner = Runner(tmp_path, secret)
    result = runner.step("read DBT_ENV")
    assert result.returncode == 1
    said = [line for line in result.stdout.splitlines() if not line.startswith("::add-mask::")]
    assert said == [f"::error::DBT_ENV: {problem}"]
    assert "hunter2" not in result.stderr
    assert runner.read("GITHUB_ENV") == ""


def test_no_secret_is_needed(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    assert runner.step("read DBT_ENV").returncode == 0
    assert runner.read("GITHUB_ENV") == ""
