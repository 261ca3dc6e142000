"""What a check found: one object, which every format prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

SEVERITIES = ("warn", "error")
# What a rule can end as. Only `failed` and `warned` have findings; `error` is SQL that cannot run.
STATUSES = ("passed", "warned", "failed", "not_evaluated", "skipped", "disabled", "error")


@dataclass(frozen=True)
class Finding:
    """One resource that a rule is about.

    `file` begins with the project's folder as it was given, has slashes, and `line` counts from 1;
    both are empty for what concerns the project and no file of it.
    """

    rule: str
    area: str
    severity: str
    unique_id: str
    resource_name: str
    file: str | None
    line: int | None
    detail: str


@dataclass(frozen=True)
class RuleResult:
    """How one rule went. `message` says why it has no verdict, of those that have none."""

    rule: str
    area: str
    severity: str
    status: str
    findings: int
    seconds: float
    message: str = ""


@dataclass(frozen=True)
class Result:
    """A whole run: findings in the order of file, line and rule, and every rule there is.

    `baselined` counts the findings that a baseline knows already; they are not in `findings`.
    """

    project: str
    findings: Sequence[Finding] = ()
    rules: Sequence[RuleResult] = ()
    baselined: int = 0
    notes: Sequence[str] = field(default_factory=tuple)
