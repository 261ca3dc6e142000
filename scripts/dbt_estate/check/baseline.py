"""A baseline: the findings that a project has already, so that only new ones fail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import msgspec

from dbt_estate.check.result import Finding
from dbt_estate.errors import InputError
from dbt_estate.files import BOM, read_text, write_text

_VERSION = 1
_REMEDY = "Write one with --write-baseline."


class _Known(msgspec.Struct, frozen=True, order=True):
    rule: str
    unique_id: str


class _Baseline(msgspec.Struct):
    version: int
    findings: list[_Known]


def read_baseline(path: Path) -> frozenset[tuple[str, str]]:
    """Return the pairs of rule and unique_id that a baseline knows.

    Raises InputError for a file that is missing, that is no baseline of `dbt-estate check`, or
    that has another version.
    """
    text = read_text(path, _REMEDY).removeprefix(BOM)
    try:
        baseline = msgspec.json.decode(text.encode(), type=_Baseline)
    except msgspec.MsgspecError as error:
        raise InputError(
            path.as_posix(), f"not a baseline of dbt-estate check: {error}. {_REMEDY}"
        ) from None
    if baseline.version != _VERSION:
        raise InputError(
            path.as_posix(),
            f"version must be {_VERSION}, not {baseline.version}: another version of dbt-estate "
            f"wrote this baseline. {_REMEDY}",
        )
    return frozenset((known.rule, known.unique_id) for known in baseline.findings)


def write_baseline(path: Path, findings: Iterable[Finding]) -> None:
    """Write a baseline that knows these findings: sorted, one a line, each once.

    Raises InputError when the file cannot be written.
    """
    known = sorted({_Known(finding.rule, finding.unique_id) for finding in findings})
    lines = ",\n".join("    " + msgspec.json.encode(entry).decode() for entry in known)
    listed = f"[\n{lines}\n  ]" if known else "[]"
    write_text(path, f'{{\n  "version": {_VERSION},\n  "findings": {listed}\n}}\n')


def without_known(
    findings: Sequence[Finding], known: Collection[tuple[str, str]]
) -> tuple[list[Finding], int]:
    """Return the findings that a baseline does not know, and how many it knows.

    Lines, files, severities and details may change: a finding is known by its rule and unique_id.
    """
    new = [finding for finding in findings if (finding.rule, finding.unique_id) not in known]
    return new, len(findings) - len(new)
