"""How a result is printed: for people, for programs, for GitHub and for CI servers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import click

from dbt_estate.check.result import STATUSES, Finding, Result, RuleResult
from dbt_estate.check.rule_pages import rule_section, without_links
from dbt_estate.errors import InputError

FORMATS = ("text", "json", "markdown", "github", "sarif", "junit")

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_TOOL = "dbt-estate check"
_WITHOUT_VERDICT = ("not_evaluated", "skipped")
_ALWAYS_COUNTED = ("passed", "not_evaluated", "error")


def render(result: Result, format_: str, *, width: int | None = None) -> str:
    """Return the text of a result in one of FORMATS, with a newline at its end.

    `width` is in columns and for `text` only, which is not wrapped without it. Raises InputError
    for a format that does not exist.
    """
    if format_ == "text":
        return _text(result, width, styled=False)
    renderers: dict[str, Callable[[Result], str]] = {
        "json": _json,
        "markdown": _markdown,
        "github": _github,
        "sarif": _sarif,
        "junit": _junit,
    }
    if format_ not in renderers:
        raise InputError("--format", f"must be one of {', '.join(FORMATS)}, not {format_!r}")
    return renderers[format_](result)


def print_result(result: Result, format_: str) -> None:
    """Print a result on stdout: text as wide as the terminal and in colour, the rest in UTF-8.

    Raises InputError for a format that does not exist.
    """
    import os
    import shutil
    import sys

    if format_ != "text":
        # As bytes: a console or pipe of Windows has another encoding and other ends of lines.
        click.echo(render(result, format_).encode(), nl=False)
        return
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    text = _text(result, width, styled=terminal and "NO_COLOR" not in os.environ)
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False)


# What the formats share.

# What moves the cursor, ends a line or turns its direction, in a terminal or a log.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _visible(text: str) -> str:
    """Return the text as one line: what would act on a terminal becomes its escape."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _severities(findings: Iterable[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    return f"{_counted(counts['error'], 'error')}, {_counted(counts['warn'], 'warning')}"


def _rule_counts(result: Result) -> str:
    """Return how many rules ended as what; three are said even where there are none."""
    counts = Counter(rule.status for rule in result.rules)
    parts = [
        f"{counts[status]} {'in error' if status == 'error' else status.replace('_', ' ')}"
        for status in STATUSES
        if counts[status] or status in _ALWAYS_COUNTED
    ]
    return f"{_counted(len(result.rules), 'rule')}: {', '.join(parts)}"


def _baselined(result: Result) -> str:
    return f"{_counted(result.baselined, 'finding')} known to the baseline"


def _summary(result: Result) -> str:
    files = len({finding.file for finding in result.findings if finding.file})
    found = f"{_severities(result.findings)} in {_counted(files, 'file')}"
    known = f"; {_baselined(result)}" if result.baselined else ""
    return f"{found}; {_rule_counts(result)}{known}"


def _grouped(things: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    groups: dict[K, list[V]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def _errors_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.severity != "error")


def _ended_as(result: Result, *statuses: str) -> list[RuleResult]:
    return [rule for rule in result.rules if rule.status in statuses]


def _without_verdict(result: Result) -> Iterable[tuple[str, dict[str, list[str]]]]:
    """Yield, of those not evaluated and those skipped, a title and the rules by their reason."""
    for status in _WITHOUT_VERDICT:
        ended = _ended_as(result, status)
        groups = {
            reason: [rule.rule for rule in rules]
            for reason, rules in _grouped(ended, _reason).items()
        }
        if groups:
            yield f"{_counted(len(ended), 'rule')} {status.replace('_', ' ')}", groups


def _reason(rule: RuleResult) -> str:
    return rule.message or rule.status.replace("_", " ")


def _place(finding: Finding) -> str:
    if not finding.file:
        return finding.unique_id
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _message(finding: Finding) -> str:
    return ": ".join(part for part in (finding.resource_name, finding.detail) if part)


# text

_COLOURS = {"error": "red", "warn": "yellow"}


def _text(result: Result, width: int | None, *, styled: bool) -> str:
    blocks = [_findings_of_file(found, width, styled) for found in _by_file(result.findings)]
    blocks.append(_wrapped_all((f"note: {_visible(note)}" for note in result.notes), width))
    blocks.append(_text_without_verdict(result, width))
    blocks.append(_text_errors(result))
    blocks.append(_area_table(result) if result.rules else "")
    blocks.append(_wrapped([(word, "") for word in _summary(result).split(" ")], width, ""))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _by_file(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Group by file, in order; what has no file comes last."""
    groups = _grouped(findings, lambda finding: finding.file or "")
    without_file = groups.pop("", [])
    return [*groups.values(), *([without_file] if without_file else [])]


def _findings_of_file(findings: Iterable[Finding], width: int | None, styled: bool) -> str:
    lines = []
    for finding in findings:
        colour = _COLOURS.get(finding.severity, "") if styled else ""
        words = [
            (f"{_visible(_place(finding))}:", ""),
            (_visible(finding.severity), colour),
            (f"{_visible(finding.rule)}:", "cyan" if styled else ""),
        ]
        words += [(word, "") for word in _visible(_message(finding)).split(" ")]
        lines.append(_wrapped(words, width))
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    return _findings_of_file([finding], None, styled=False)


def _wrapped(words: Sequence[tuple[str, str]], width: int | None, indent: str = "    ") -> str:
    """Join words, each with its colour, in lines of `width` columns.

    A word that is longer stands alone and whole: a path that is broken is not to be clicked.
    """
    lines: list[list[str]] = [[]]
    used = 0
    for word, colour in words:
        if width and lines[-1] and used + 1 + len(word) > width:
            lines.append([])
            used = len(indent) - 1
        used += len(word) + (1 if lines[-1] or len(lines) > 1 else 0)
        lines[-1].append(click.style(word, fg=colour) if colour else word)
    return f"\n{indent}".join(" ".join(line) for line in lines)


def _wrapped_all(lines: Iterable[str], width: int | None) -> str:
    return "\n".join(_wrapped([(word, "") for word in line.split(" ")], width) for line in lines)


def _text_without_verdict(result: Result, width: int | None) -> str:
    lines = []
    for title, groups in _without_verdict(result):
        lines.append(f"{title}:")
        lines += [
            f"  {', '.join(map(_visible, rules))}: {_visible(reason)}"
            for reason, rules in groups.items()
        ]
    return _wrapped_all(lines, width)


def _text_errors(result: Result) -> str:
    errors = _ended_as(result, "error")
    if not errors:
        return ""
    lines = [f"{_counted(len(errors), 'rule')} in error:"]
    for rule in errors:
        lines.append(f"  {_visible(rule.rule)} ({_visible(rule.area)})")
        # The bar keeps a log of GitHub from taking a line for a command.
        lines += [f"    | {_visible(line)}".rstrip() for line in rule.message.splitlines()]
    return "\n".join(lines)


def _area_table(result: Result) -> str:
    findings = _grouped(result.findings, lambda finding: finding.area)
    header = ("area", "rules", "passed", "not evaluated", "in error", "errors", "warnings")
    rows: list[tuple[str, ...]] = [header]
    for area, rules in _grouped(result.rules, lambda rule: rule.area).items():
        statuses = Counter(rule.status for rule in rules)
        severities = Counter(finding.severity for finding in findings.get(area, []))
        counts = (len(rules), *(statuses[status] for status in _ALWAYS_COUNTED))
        numbers = (*counts, severities["error"], severities["warn"])
        rows.append((_visible(area), *map(str, numbers)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


# json


def _json(result: Result) -> str:
    findings = [
        {
            "rule": finding.rule,
            "area": finding.area,
            "severity": finding.severity,
            "unique_id": finding.unique_id,
            "resource_name": finding.resource_name,
            "file": finding.file,
            "line": finding.line,
            "detail": finding.detail,
        }
        for finding in result.findings
    ]
    rules = [
        {
            "rule": rule.rule,
            "status": rule.status,
            "findings": rule.findings,
            "seconds": round(rule.seconds, 6),
        }
        for rule in result.rules
    ]
    return _encoded({"findings": findings, "rules": rules})


def _encoded(document: object) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


# markdown

# GitHub refuses a comment of more than 65,536 characters.
_COMMENT = 65_000
_HEAD_LIST = 10_000
_ONE_MESSAGE = 1_000
_FOLDED_FROM = 11
_TABLE = "| Severity | Rule | Resource | Where | Detail |\n| --- | --- | --- | --- | --- |\n"
# Entities where Markdown, HTML or a table would read more than the character; @ and # name a
# person or an issue unless something stands behind them.
_MARKDOWN = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "|": "&#124;",
        "`": "&#96;",
        "\\": "&#92;",
        "$": "&#36;",
        "*": r"\*",
        "_": r"\_",
        "~": r"\~",
        "[": r"\[",
        "]": r"\]",
        "@": "@\u200b",
        "#": "#\u200b",
    }
)


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it is, in one line of source."""
    return "<br>".join(_visible(line).translate(_MARKDOWN) for line in text.splitlines())


def _code(text: str) -> str:
    """Return a span of code: with backticks, unless the text would break out of them."""
    is_plain = text and text == _visible(text.strip()) and not set(text) & set("`|\\")
    return f"`{text}`" if is_plain else f"<code>{_escaped(text)}</code>"


def _markdown(result: Result) -> str:
    head = f"### {_TOOL}: {_severities(result.findings)}\n\n{_markdown_counts(result)}\n"
    head += _bullets(
        f"{_counted(len(_ended_as(result, 'error')), 'rule')} in error",
        [f"{_code(rule.rule)}: {_shortened(rule.message)}" for rule in _ended_as(result, "error")],
    )
    for title, groups in _without_verdict(result):
        head += _bullets(
            title,
            [f"{', '.join(map(_code, rules))}: {_shortened(why)}" for why, rules in groups.items()],
        )
    head += _bullets(
        _counted(len(result.notes), "note"), [_shortened(note) for note in result.notes]
    )
    return head + _area_blocks(result, _COMMENT - len(head))


def _markdown_counts(result: Result) -> str:
    known = f" {_baselined(result)}." if result.baselined else ""
    return f"{_code(result.project)}, {_rule_counts(result)}.{known}"


def _shortened(text: str) -> str:
    left_out = len(text) - _ONE_MESSAGE
    more = f" … ({_counted(left_out, 'character')} more)" if left_out > 0 else ""
    return _escaped(text[:_ONE_MESSAGE]) + more


def _bullets(title: str, items: Sequence[str]) -> str:
    """Return a titled list, cut where it is too long, or nothing where it is empty."""
    if not items:
        return ""
    lines: list[str] = []
    budget = _HEAD_LIST
    for item in items:
        budget -= len(item) + 3
        if budget < 0:
            lines.append(f"- … and {len(items) - len(lines)} more")
            break
        lines.append(f"- {item}")
    return "\n".join(("", f"**{title}**", "", *lines, ""))


def _area_blocks(result: Result, budget: int) -> str:
    """Return a table per area that fits into `budget` characters together, errors before the rest.

    What does not fit is counted in a line at the end.
    """
    by_area = _grouped(result.findings, lambda finding: finding.area)
    titles = {area: f"{area}: {_severities(found)}" for area, found in by_area.items()}
    rows: dict[str, list[str]] = {}
    left = budget - len(_left_out(len(result.findings)))
    kept = 0
    for finding in _errors_first(result.findings):
        row = _markdown_row(finding)
        frame = 0 if finding.area in rows else _frame(titles[finding.area])
        if len(row) + frame <= left:
            left -= len(row) + frame
            kept += 1
            rows.setdefault(finding.area, []).append(row)
    blocks = (
        _area_block(titles[area], rows[area], len(rows[area]) >= _FOLDED_FROM)
        for area in by_area
        if area in rows
    )
    return "".join(blocks) + _left_out(len(result.findings) - kept)


def _frame(title: str) -> int:
    """Return how many characters a table takes without its rows, at most."""
    return max(len(_area_block(title, [], folded)) for folded in (True, False))


def _area_block(title: str, rows: Sequence[str], folded: bool) -> str:
    import html

    table = _TABLE + "".join(rows)
    if not folded:
        return f"\n#### {_escaped(title)}\n\n{table}"
    # No Markdown is read inside a summary.
    summary = html.escape(_visible(title))
    return f"\n<details>\n<summary>{summary}</summary>\n\n{table}\n</details>\n"


def _markdown_row(finding: Finding) -> str:
    cells = (
        _escaped(finding.severity),
        _code(finding.rule),
        _code(finding.resource_name),
        _code(_place(finding)),
        _escaped(finding.detail),
    )
    return f"| {' | '.join(cells)} |\n"


def _left_out(number: int) -> str:
    if not number:
        return ""
    return (
        f"\n**{_counted(number, 'finding')} left out**, because a comment on GitHub is limited to "
        f"65,536 characters. `{_TOOL}` lists all of them.\n"
    )


# github

_SHOWN_BY_GITHUB = 10


def _github(result: Result) -> str:
    """Return workflow commands and a line of counts; an annotation without a file has no place.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    lines = [
        _command("error", {"title": f"{_TOOL}: {rule.rule} in error"}, rule.message or rule.rule)
        for rule in _ended_as(result, "error")
    ]
    lines += [_annotation(finding) for finding in _errors_first(result.findings)]
    lines += [
        _command("notice", {"title": f"{_TOOL}: {title}"}, f"{', '.join(rules)}: {why}")
        for title, groups in _without_verdict(result)
        for why, rules in groups.items()
    ]
    lines += [_command("notice", {"title": _TOOL}, note) for note in result.notes]
    kinds = Counter(line.split(" ", 1)[0] for line in lines)
    hint = (
        f" (GitHub shows {_SHOWN_BY_GITHUB} annotations of a kind; this log has all)"
        if max(kinds.values(), default=0) > _SHOWN_BY_GITHUB
        else ""
    )
    return "\n".join([*lines, _summary(result) + hint]) + "\n"


def _annotation(finding: Finding) -> str:
    properties = {"title": f"{_TOOL}: {finding.rule}"}
    if finding.file:
        properties = {"file": finding.file, "line": str(finding.line or 1), **properties}
    kind = "error" if finding.severity == "error" else "warning"
    return _command(kind, properties, _message(finding))


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(
        f"{name}={_command_data(value).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )
    return f"::{kind} {listed}::{_command_data(message)}"


def _command_data(text: str) -> str:
    return _visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


# sarif

# GitHub refuses a run with more results.
_SARIF_RESULTS = 25_000
_AREAS_WITH_A_PAGE = frozenset(
    ("modeling", "testing", "documentation", "structure", "performance", "governance")
)
# The marks of Markdown in the pages of the rules, which a plain text does not have.
_PLAIN = re.compile(r"(?m)^```.*\n?|\*\*|`")
_SARIF_LEVELS = {"error": "error", "warn": "warning"}


def _sarif(result: Result) -> str:
    """Return a SARIF 2.1.0 log, as GitHub's code scanning takes it."""
    from importlib.metadata import version

    rules = _sarif_rules(result)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": _TOOL, "version": version("dbt-estate"), "rules": rules}
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(result, index)],
        "results": _sarif_results(result, index),
    }
    return _encoded(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
    )


def _sarif_rules(result: Result) -> list[dict[str, Any]]:
    """Return the descriptors, one per name: what ran, and what findings speak of."""
    about = {finding.rule: (finding.area, finding.severity) for finding in result.findings}
    about = {rule.rule: (rule.area, rule.severity) for rule in result.rules} | about
    return [_descriptor(rule, area, severity) for rule, (area, severity) in about.items()]


def _descriptor(rule: str, area: str, severity: str) -> dict[str, Any]:
    text = {"text": rule.replace("_", " ").replace("-", " ").capitalize() or rule}
    level = _SARIF_LEVELS.get(severity, "none")
    entry: dict[str, Any] = {
        "id": rule,
        "shortDescription": text,
        "fullDescription": text,
        "defaultConfiguration": {"level": level},
        "properties": {"tags": [area]},
    }
    if area in _AREAS_WITH_A_PAGE:
        section = without_links(rule_section(area, rule))
        entry["help"] = {"text": _PLAIN.sub("", section), "markdown": section}
    return entry


def _sarif_results(result: Result, index: dict[str, int]) -> list[dict[str, Any]]:
    seen: Counter[tuple[str, str]] = Counter()
    results = []
    for finding in _errors_first(result.findings)[:_SARIF_RESULTS]:
        key = (finding.rule, finding.unique_id)
        seen[key] += 1
        fingerprint = " ".join(key) + (f" {seen[key]}" if seen[key] > 1 else "")
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": index[finding.rule],
                "level": _SARIF_LEVELS.get(finding.severity, "warning"),
                "message": {"text": _message(finding) or finding.rule},
                "partialFingerprints": {"ruleAndResource/v1": fingerprint},
                "locations": [_location(finding)],
            }
        )
    return results


def _location(finding: Finding) -> dict[str, Any]:
    """Return where a result is: GitHub shows none that has no file and line."""
    from urllib.parse import quote

    line = finding.line or 1 if finding.file else 1
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(finding.file or "dbt_project.yml", safe="/")},
            "region": {"startLine": line},
        }
    }


def _invocation(result: Result, index: dict[str, int]) -> dict[str, Any]:
    """Return what had no verdict: a log of results alone would show it as passed."""
    errors = [
        _notification("error", rule.message or "in error", rule, index)
        for rule in _ended_as(result, "error")
    ]
    notes = [
        _notification("note", _reason(rule), rule, index)
        for rule in _ended_as(result, *_WITHOUT_VERDICT)
    ]
    notes += [_notification("note", note) for note in result.notes]
    left_out = len(result.findings) - _SARIF_RESULTS
    if left_out > 0:
        text = f"{_counted(left_out, 'finding')} left out: GitHub takes {_SARIF_RESULTS} a run"
        notes.append(_notification("warning", text))
    return {
        # GitHub refuses a log that says false, with all of its results, for one broken rule.
        "executionSuccessful": True,
        "toolExecutionNotifications": errors,
        "toolConfigurationNotifications": notes,
    }


def _notification(
    level: str, text: str, rule: RuleResult | None = None, index: dict[str, int] | None = None
) -> dict[str, Any]:
    notification: dict[str, Any] = {"level": level, "message": {"text": text}}
    if rule and index:
        notification["associatedRule"] = {"id": rule.rule, "index": index[rule.rule]}
    return notification


# junit

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _junit(result: Result) -> str:
    """Return a test case per rule; what warns is a failure as well, of the type `warn`."""
    from xml.etree import ElementTree

    statuses = Counter(rule.status for rule in result.rules)
    counts = {
        "tests": str(len(result.rules)),
        "failures": str(statuses["failed"] + statuses["warned"]),
        "errors": str(statuses["error"]),
        "skipped": str(sum(statuses[s] for s in (*_WITHOUT_VERDICT, "disabled"))),
        "time": f"{sum(rule.seconds for rule in result.rules):.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": _TOOL, **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(result.project), **counts})
    findings = _grouped(result.findings, lambda finding: (finding.area, finding.rule))
    for rule in result.rules:
        attributes = {
            "classname": _xml(rule.area),
            "name": _xml(rule.rule),
            "time": f"{rule.seconds:.3f}",
        }
        case = ElementTree.SubElement(suite, "testcase", attributes)
        verdict = _verdict(rule, findings.get((rule.area, rule.rule), []))
        if verdict:
            tag, about, text = verdict
            ElementTree.SubElement(case, tag, about).text = text or None
    out = [*result.notes, *([_baselined(result)] if result.baselined else [])]
    if out:
        ElementTree.SubElement(suite, "system-out").text = _xml("\n".join(out))
    ElementTree.indent(root)
    # By hand: ElementTree would name the encoding of the machine.
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _verdict(
    rule: RuleResult, findings: Sequence[Finding]
) -> tuple[str, dict[str, str], str] | None:
    """Return the element of a rule that did not pass: tag, attributes, text."""
    if rule.status == "passed":
        return None
    if rule.status in ("failed", "warned"):
        message = _xml(_severities(findings) if findings else _counted(rule.findings, "finding"))
        attributes = {"message": message, "type": "error" if rule.status == "failed" else "warn"}
        return "failure", attributes, _xml("\n".join(map(_line, findings)))
    message = _xml(_reason(rule))
    if rule.status == "error":
        return "error", {"message": message, "type": "error"}, message
    return "skipped", {"message": message}, ""


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)
