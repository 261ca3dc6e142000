"""The names of a project held to its vocabulary: findings, a baseline, and their formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.names.project import Name, Resource
from dbt_estate.names.types import type_fits
from dbt_estate.names.vocabulary import Vocabulary

RULES = {
    "unknown_stub": "the name has no stub of the vocabulary",
    "type": "the type is not one that the stub allows",
    "unresolved": "columns that cannot be read without the warehouse",
}


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with one column, or cannot be known of one resource, and where."""

    rule: str
    severity: str
    resource: str
    column: str
    origins: tuple[str, ...]
    file: str
    line: int
    detail: str

    @property
    def fingerprint(self) -> str:
        """What a baseline knows it by: lines move, names do not."""
        where = self.column.lower() or self.detail
        return f"{self.rule} {self.resource} {where}"

    @property
    def message(self) -> str:
        """The finding in words."""
        if not self.column:
            return f"{self.resource}: unresolved: {self.detail}"
        return f"{self.resource}: {self.column} ({', '.join(self.origins)}): {self.detail}"


def find(resources: Iterable[Resource], vocabulary: Vocabulary, adapter: str) -> list[Finding]:
    """Return the findings of all resources, in the order of their places."""
    found: list[Finding] = []
    for resource in resources:
        for name in resource.names.values():
            if not vocabulary.is_ignored(name.text):
                found.extend(_of_name(resource, name, vocabulary, adapter))
        for place, reason in resource.unresolved:
            found.append(
                Finding(
                    "unresolved", "warn", resource.label, "", (), place.file, place.line, reason
                )
            )
    return sorted(set(found), key=lambda f: (f.file, f.line, f.resource, f.column, f.rule))


def _of_name(
    resource: Resource, name: Name, vocabulary: Vocabulary, adapter: str
) -> Iterable[Finding]:
    def finding(rule: str, severity: str, detail: str) -> Finding:
        return Finding(
            rule,
            severity,
            resource.label,
            name.text,
            tuple(name.origins),
            name.place.file,
            name.place.line,
            detail,
        )

    resolved = vocabulary.resolve(name.text)
    for level in resolved.unknown:
        if level.unknown != "ignore":
            detail = (
                "no stub of the vocabulary"
                if not resolved.stubs
                else f"{resolved.rest} has no stub of the level {level.name}"
            )
            yield finding("unknown_stub", "error" if level.unknown == "fail" else "warn", detail)
    for stub in resolved.stubs:
        for data_type in name.data_types if stub.types else ():
            if not type_fits(stub.types, data_type, adapter):
                wanted = " or ".join(stub.types)
                yield finding("type", stub.severity, f"is {data_type}, not {wanted}")


def selected(
    resources: Sequence[Resource], select: Sequence[str], exclude: Sequence[str]
) -> list[Resource]:
    """Keep the resources whose name, or file, is like one of `select` and like none of `exclude`.

    Raises InputError for a pattern that nothing is like.
    """

    def is_like(resource: Resource, pattern: str) -> bool:
        name = resource.name.lower()
        path = resource.place.file
        return (
            fnmatchcase(name, pattern.lower())
            or fnmatchcase(path, pattern)
            or path.startswith(pattern.rstrip("/") + "/")
        )

    for option, patterns in (("--select", select), ("--exclude", exclude)):
        for pattern in patterns:
            if not any(is_like(resource, pattern) for resource in resources):
                raise InputError(
                    option,
                    f"no model, seed, snapshot or source is like {pattern}; give a name, a folder "
                    "or a glob of paths",
                )
    return [
        resource
        for resource in resources
        if (not select or any(is_like(resource, pattern) for pattern in select))
        and not any(is_like(resource, pattern) for pattern in exclude)
    ]


def read_baseline(path: Path) -> Counter[str]:
    """Return how often a baseline has each fingerprint. Raises InputError where it is none."""
    try:
        document = msgspec.json.decode(read_text(path, "Write one with --write-baseline.").encode())
        return Counter(msgspec.convert(document["findings"], list[str]))
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise InputError(path.as_posix(), f"not a baseline of dbt-estate names: {error}") from None


def baseline_text(findings: Iterable[Finding]) -> str:
    """Return the text of a baseline that knows these findings."""
    known = {"version": 1, "findings": sorted(finding.fingerprint for finding in findings)}
    return msgspec.json.format(msgspec.json.encode(known), indent=2).decode() + "\n"


def not_in_baseline(findings: Iterable[Finding], known: Counter[str]) -> list[Finding]:
    """Keep what the baseline does not know: a second finding of a kind that it has once, too."""
    left = Counter(known)
    new = []
    for finding in findings:
        if left[finding.fingerprint]:
            left[finding.fingerprint] -= 1
        else:
            new.append(finding)
    return new


def github_line(finding: Finding) -> str:
    """Return the workflow command of an annotation.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """

    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    kind = "error" if finding.severity == "error" else "warning"
    file = data(finding.file).replace(":", "%3A").replace(",", "%2C")
    return (
        f"::{kind} file={file},line={finding.line},title=dbt-estate names {finding.rule}"
        f"::{data(finding.message)}"
    )


def sarif(findings: Iterable[Finding], version: str) -> dict[str, object]:
    """Return a SARIF 2.1.0 log, as code scanning takes it."""
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "dbt-estate names",
                        "version": version,
                        "rules": [
                            {"id": rule, "shortDescription": {"text": text}}
                            for rule, text in RULES.items()
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.rule,
                        "level": "error" if finding.severity == "error" else "warning",
                        "message": {"text": finding.message},
                        "partialFingerprints": {"name/v1": finding.fingerprint},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": finding.file},
                                    "region": {"startLine": finding.line},
                                }
                            }
                        ],
                    }
                    for finding in findings
                ],
            }
        ],
    }
