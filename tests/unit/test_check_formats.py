"""The formats of `dbt-estate check`, and its baseline, on results made by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import click
import pytest
from markdown_it import MarkdownIt

from dbt_estate.check.baseline import read_baseline, without_known, write_baseline
from dbt_estate.check.formats import FORMATS, print_result, render
from dbt_estate.check.result import Finding, Result, RuleResult
from dbt_estate.errors import InputError
from tests.support.estate import REPOSITORY

EVIL = (
    "pipe | tick ` fence ``` back \\ back\\| <b>html</b> --> ]]> </details> %0A\r\n::error::x\n"
    "##[error]\x00\x1b[31m\u202e\ufffe 😀 @ann #12 $x$ [link](u) _a_ *b* {0} , : ' \" &amp;"
)
ORDERS = Finding(
    "hard_coded_references",
    "modeling",
    "error",
    "model.shop.orders",
    "orders",
    "models/marts/orders.sql",
    14,
    "raw.orders is neither a ref nor a source",
)
JOINS = replace(ORDERS, rule="too_many_joins", severity="warn", line=1, detail="9 parents")
COVERAGE = Finding(
    "test_coverage", "testing", "warn", "project.shop", "shop", None, None, "62 % of 100 %"
)
NASTY = Finding(EVIL, EVIL, "warn", EVIL, EVIL, "models/a b,c:d|é%20`.sql", None, EVIL)
BROKEN = 'Binder Error: column "x" not found\n\n::error::LINE 1: select x]]>\x00'
RULES = (
    RuleResult("hard_coded_references", "modeling", "error", "failed", 1, 0.0123456789),
    RuleResult("too_many_joins", "modeling", "warn", "warned", 1, 0.001),
    RuleResult("root_models", "modeling", "warn", "passed", 0, 0.001),
    RuleResult("test_coverage", "testing", "warn", "warned", 1, 0.001),
    RuleResult("large_seeds", "modeling", "warn", "not_evaluated", 0, 0.0, "needs files"),
    RuleResult("unused_macros", "structure", "warn", "not_evaluated", 0, 0.0, "needs macros"),
    RuleResult("marts_without_contract", "governance", "off", "disabled", 0, 0.0),
    RuleResult("mine", "checks", "error", "error", 0, 0.002, BROKEN),
    RuleResult("other", "checks", "error", "skipped", 0, 0.0, "no row is selected"),
)
RESULT = Result("shop", (COVERAGE, JOINS, ORDERS), RULES, 12, ("the manifest is old",))
EMPTY = Result("shop")
HOSTILE = Result(
    EVIL,
    (NASTY, ORDERS),
    (*RULES, RuleResult(EVIL, EVIL, "warn", "warned", 1, 0.0)),
    0,
    (EVIL,),
)
DOCUMENTED = Result(
    "shop",
    (
        Finding(
            "too_many_joins",
            "modeling",
            "warn",
            "model.shop.orders",
            "orders",
            "models/marts/orders.sql",
            1,
            "9 parents, at most 7 are allowed",
        ),
        Finding(
            "hard_coded_references",
            "modeling",
            "error",
            "model.shop.orders",
            "orders",
            "models/marts/orders.sql",
            14,
            "raw.orders",
        ),
        Finding(
            "test_coverage",
            "testing",
            "warn",
            "project.shop",
            "shop",
            None,
            None,
            "62 percent of the models have a test, the target is 100",
        ),
    ),
    (
        RuleResult("root_models", "modeling", "warn", "passed", 0, 0.001204),
        RuleResult("too_many_joins", "modeling", "warn", "warned", 1, 0.001733),
        RuleResult("hard_coded_references", "modeling", "error", "failed", 1, 0.000981),
        RuleResult("large_seeds", "modeling", "warn", "not_evaluated", 0, 0.0, "needs files"),
        RuleResult("test_coverage", "testing", "warn", "warned", 1, 0.001415),
        RuleResult(
            "owners_are_teams",
            "checks",
            "error",
            "error",
            0,
            0.000562,
            'Binder Error: Referenced column "owner" not found in FROM clause!',
        ),
    ),
    3,
)
MANY = Result(
    "shop",
    [
        Finding(
            f"rule_{i % 7}",
            f"area_{i % 7 % 3}",
            "error" if i % 100 == 99 else "warn",
            f"model.shop.m_{i}",
            f"m_{i}",
            f"models/m_{i // 2}.sql",
            i + 1,
            f"detail of {i}: {'a|b' * 5}",
        )
        for i in range(10_000)
    ],
    [RuleResult(f"rule_{i}", f"area_{i % 3}", "warn", "warned", 1_429, 0.1) for i in range(7)],
)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("result", [RESULT, EMPTY, HOSTILE, MANY], ids=["some", "none", "bad", "n"])
def test_every_format_is_utf_8_and_ends_with_one_newline(result: Result, format_: str) -> None:
    text = render(result, format_)
    assert text.encode().decode() == text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not set(text) & {"\x00", "\x1b"}
    assert render(result, format_) == text


def test_a_format_that_does_not_exist() -> None:
    message = "--format: must be one of text, json, markdown, github, sarif, junit, not 'xml'"
    with pytest.raises(InputError) as error:
        render(RESULT, "xml")
    assert str(error.value) == message


# text


def test_text_is_whole() -> None:
    assert render(RESULT, "text") == (
        "models/marts/orders.sql:1: warn too_many_joins: orders: 9 parents\n"
        "models/marts/orders.sql:14: error hard_coded_references: orders: raw.orders is neither a "
        "ref nor a source\n"
        "\n"
        "project.shop: warn test_coverage: shop: 62 % of 100 %\n"
        "\n"
        "note: the manifest is old\n"
        "\n"
        "2 rules not evaluated:\n"
        "  large_seeds: needs files\n"
        "  unused_macros: needs macros\n"
        "1 rule skipped:\n"
        "  other: no row is selected\n"
        "\n"
        "1 rule in error:\n"
        "  mine (checks)\n"
        '    | Binder Error: column "x" not found\n'
        "    |\n"
        "    | ::error::LINE 1: select x]]>\\x00\n"
        "\n"
        "area        rules  passed  not evaluated  in error  errors  warnings\n"
        "modeling        4       1              1         0       1         1\n"
        "testing         1       0              0         0       0         1\n"
        "structure       1       0              1         0       0         0\n"
        "governance      1       0              0         0       0         0\n"
        "checks          2       0              0         1       0         0\n"
        "\n"
        "1 error, 2 warnings in 1 file; 9 rules: 1 passed, 2 warned, 1 failed, 2 not evaluated, "
        "1 skipped, 1 disabled, 1 in error; 12 findings known to the baseline\n"
    )


def test_text_of_nothing_says_so() -> None:
    counts = "0 rules: 0 passed, 0 not evaluated, 0 in error"
    assert render(EMPTY, "text") == f"0 errors, 0 warnings in 0 files; {counts}\n"


def test_text_fits_and_loses_nothing() -> None:
    long = replace(ORDERS, file=f"models/{'deep/' * 20}orders.sql", detail="word " * 40 + "end")
    result = replace(RESULT, findings=(ORDERS, long))
    narrow = render(result, "text", width=60)
    too_wide = [line for line in narrow.splitlines() if len(line) > 60]
    assert too_wide[0] == f"{long.file}:14:"
    assert all(line.startswith(("area", *{rule.area for rule in RULES})) for line in too_wide[1:])
    assert narrow.split() == render(result, "text").split()
    eighty = render(RESULT, "text", width=80).splitlines()
    assert max(map(len, eighty)) <= 80


def test_text_keeps_spaces_and_shows_what_would_act_on_a_terminal() -> None:
    finding = replace(ORDERS, resource_name="a  b ", detail=EVIL)
    line = render(Result("shop", (finding,)), "text").splitlines()[0]
    assert ": a  b : pipe | tick `" in line
    assert "%0A\\r\\n::error::x\\n##[error]\\x00\\x1b[31m\\u202e" in line
    assert not re.search("[\x00-\x08\x1b\u202e]", render(HOSTILE, "text"))
    assert not any(li.lstrip().startswith("::") for li in render(HOSTILE, "text").splitlines())


def test_text_is_printed_without_colour_into_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(RESULT, "text")
    assert capsys.readouterr().out == render(RESULT, "text")


@pytest.mark.parametrize(("no_colour", "styled"), [(False, True), (True, False)])
def test_text_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    no_colour: bool,
    styled: bool,
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    print_result(RESULT, "text")
    out = capsys.readouterr().out
    assert ("\x1b[31merror\x1b[0m" in out) is styled
    assert click.unstyle(out) == render(RESULT, "text", width=70)


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "text"])
def test_the_other_formats_are_printed_as_utf_8(
    format_: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    print_result(HOSTILE, format_)
    assert capfdbinary.readouterr().out == render(HOSTILE, format_).encode()


# json


def test_json_has_exactly_these_fields() -> None:
    document = json.loads(render(RESULT, "json"))
    assert list(document) == ["findings", "rules"]
    assert document["findings"][2] == {
        "rule": "hard_coded_references",
        "area": "modeling",
        "severity": "error",
        "unique_id": "model.shop.orders",
        "resource_name": "orders",
        "file": "models/marts/orders.sql",
        "line": 14,
        "detail": "raw.orders is neither a ref nor a source",
    }
    assert (document["findings"][0]["file"], document["findings"][0]["line"]) == (None, None)
    assert document["rules"][0] == {
        "rule": "hard_coded_references",
        "status": "failed",
        "findings": 1,
        "seconds": 0.012346,
    }
    assert [rule["status"] for rule in document["rules"]] == [rule.status for rule in RULES]
    assert json.loads(render(EMPTY, "json")) == {"findings": [], "rules": []}


def test_json_gives_back_every_text() -> None:
    found = json.loads(render(HOSTILE, "json"))["findings"]
    assert [Finding(**finding) for finding in found] == [NASTY, ORDERS]


# markdown


def cells(markdown: str) -> list[list[str]]:
    """The texts of the cells of all tables, as a browser shows them."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    rows = re.findall(r"<tr>\s*<td>(.*?)\s*</tr>", html, re.DOTALL)
    return [[shown(cell) for cell in re.split(r"\s*<td>", row)] for row in rows]


def shown(html: str) -> str:
    from html import unescape

    assert not re.search(r"<(?!/?(code|br|td)\b)", html), html
    text = re.sub(r"</?code>|</td>", "", html).replace("<br>", "\n").replace("\u200b", "")
    return unescape(text)


def as_shown(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\x00", "\\x00").replace("\x1b", "\\x1b")
    return lines.replace("\u202e", "\\u202e")


def test_markdown_has_the_counts_and_a_table_an_area() -> None:
    text = render(RESULT, "markdown")
    lines = text.splitlines()
    assert lines[0] == "### dbt-estate check: 1 error, 2 warnings"
    assert lines[2] == (
        "`shop`, 9 rules: 1 passed, 2 warned, 1 failed, 2 not evaluated, 1 skipped, 1 disabled, "
        "1 in error. 12 findings known to the baseline."
    )
    for line in (
        "**1 rule in error**",
        "**2 rules not evaluated**",
        "- `large_seeds`: needs files",
        "**1 rule skipped**",
        "#### modeling: 1 error, 1 warning",
        "- the manifest is old",
    ):
        assert line in lines
    assert cells(text) == [
        ["warn", "test_coverage", "shop", "project.shop", COVERAGE.detail],
        ["error", "hard_coded_references", "orders", "models/marts/orders.sql:14", ORDERS.detail],
        ["warn", "too_many_joins", "orders", "models/marts/orders.sql:1", "9 parents"],
    ]


def test_markdown_shows_every_text_as_it_is() -> None:
    evil = as_shown(EVIL)
    text = render(HOSTILE, "markdown")
    assert ["warn", evil, evil, NASTY.file, evil] in cells(text)
    assert len(cells(text)) == 2
    assert "@ann" not in text
    assert " #12" not in text
    assert "-->" not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " a",
        "a ",
        "`",
        "``",
        "|",
        "\\",
        "a\\|b",
        "a`b",
        "a|b",
        "a\\",
        "<!--",
        "é😀",
        "a  b",
    ],
)
def test_markdown_shows_every_name_as_it_is(text: str) -> None:
    finding = replace(ORDERS, resource_name=text, detail=text)
    rows = cells(render(Result("shop", (finding,)), "markdown"))
    assert [re.sub(" +", " ", cell).strip() for cell in rows[0]] == [
        "error",
        ORDERS.rule,
        re.sub(" +", " ", text).strip(),
        "models/marts/orders.sql:14",
        re.sub(" +", " ", text).strip(),
    ]


def test_markdown_folds_a_long_table() -> None:
    eleven = replace(EMPTY, findings=[ORDERS] * 11)
    assert "<details>\n<summary>modeling: 11 errors, 0 warnings</summary>\n\n| " in render(
        eleven, "markdown"
    )
    assert len(cells(render(eleven, "markdown"))) == 11
    assert "<details>" not in render(replace(EMPTY, findings=[ORDERS] * 10), "markdown")


def test_markdown_is_cut_with_errors_first_and_counts_the_rest() -> None:
    text = render(MANY, "markdown")
    assert 60_000 < len(text) <= 65_000
    rows = cells(text)
    assert sum(row[0] == "error" for row in rows) == 100
    assert f"\n**{10_000 - len(rows)} findings left out**, because a comment on GitHub" in text
    assert text.count("<details>") == text.count("</details>") == 3


def test_markdown_is_cut_wherever_it_is_long() -> None:
    endless = "_|" * 50_000
    result = Result(
        "shop",
        (replace(ORDERS, detail=endless), JOINS),
        [
            RuleResult(f"r{i}", "checks", "error", status, 0, 0.0, f"{i}{endless}")
            for i in range(100)
            for status in ("error", "not_evaluated", "skipped")
        ],
        0,
        [endless] * 100,
    )
    text = render(result, "markdown")
    assert len(text) <= 65_000
    assert [row[1] for row in cells(text)] == ["too_many_joins"]
    assert "**1 finding left out**" in text
    assert len(re.findall(r"^- … and \d+ more$", text, re.MULTILINE)) == 4
    assert "… (99001 characters more)" in text


def test_markdown_of_nothing() -> None:
    assert render(EMPTY, "markdown") == (
        "### dbt-estate check: 0 errors, 0 warnings\n\n"
        "`shop`, 0 rules: 0 passed, 0 not evaluated, 0 in error.\n"
    )


# github


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read workflow commands as the runner does."""
    found = []
    for line in text.split("\n"):
        match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
        if match:
            pairs = [pair.split("=", 1) for pair in match[2].split(",")]
            properties = {key: decoded(value) for key, value in pairs}
            found.append((match[1], properties, decoded(match[3])))
    return found


def decoded(value: str) -> str:
    for code, character in (("%2C", ","), ("%3A", ":"), ("%0D", "\r"), ("%0A", "\n")):
        value = value.replace(code, character)
    return value.replace("%25", "%")


def test_github_has_errors_first_and_a_summary_last() -> None:
    text = render(RESULT, "github")
    title = "dbt-estate check: "
    assert commands(text) == [
        ("error", {"title": f"{title}mine in error"}, BROKEN.replace("\x00", "\\x00")),
        (
            "error",
            {
                "file": "models/marts/orders.sql",
                "line": "14",
                "title": f"{title}hard_coded_references",
            },
            "orders: raw.orders is neither a ref nor a source",
        ),
        ("warning", {"title": f"{title}test_coverage"}, "shop: 62 % of 100 %"),
        (
            "warning",
            {"file": "models/marts/orders.sql", "line": "1", "title": f"{title}too_many_joins"},
            "orders: 9 parents",
        ),
        ("notice", {"title": f"{title}2 rules not evaluated"}, "large_seeds: needs files"),
        ("notice", {"title": f"{title}2 rules not evaluated"}, "unused_macros: needs macros"),
        ("notice", {"title": f"{title}1 rule skipped"}, "other: no row is selected"),
        ("notice", {"title": "dbt-estate check"}, "the manifest is old"),
    ]
    assert text.splitlines()[-1].startswith("1 error, 2 warnings in 1 file; 9 rules: 1 passed, ")


def test_github_escapes() -> None:
    assert render(Result("shop", (NASTY,)), "github").startswith(
        "::warning file=models/a b%2Cc%3Ad|é%2520`.sql,line=1,title=dbt-estate check%3A pipe | "
    )
    found = commands(render(HOSTILE, "github"))
    nasty = next(entry for entry in found if entry[0] == "warning")
    assert nasty[1]["file"] == NASTY.file
    evil = EVIL.replace("\x00", "\\x00").replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert nasty[1]["title"] == f"dbt-estate check: {evil}"
    assert nasty[2] == f"{evil}: {evil}"
    # Nothing but a command or the summary begins a line.
    lines = render(HOSTILE, "github").removesuffix("\n").split("\n")
    assert len(lines) == len(found) + 1


def test_github_says_that_not_all_are_shown() -> None:
    text = render(MANY, "github")
    kinds = [kind for kind, _, _ in commands(text)]
    assert kinds == ["error"] * 100 + ["warning"] * 9_900
    hint = "(GitHub shows 10 annotations of a kind; this log has all)"
    assert text.splitlines()[-1].endswith(hint)
    assert hint not in render(RESULT, "github")
    assert len(render(EMPTY, "github").splitlines()) == 1


# sarif


def run_of(result: Result) -> dict[str, Any]:
    log = json.loads(render(result, "sarif"))
    assert list(log) == ["$schema", "version", "runs"]
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "dbt-estate check"
    assert driver["version"] == version("dbt-estate")
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for found in run["results"]:
        assert ids[found["ruleIndex"]] == found["ruleId"]
        assert found["level"] in ("error", "warning")
        assert found["message"]["text"]
        (location,) = found["locations"]
        physical = location["physicalLocation"]
        assert re.fullmatch(r"([\w.~/-]|%[0-9A-F]{2})+", physical["artifactLocation"]["uri"])
        assert physical["region"]["startLine"] >= 1
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    return dict(run)


def test_sarif_of_results() -> None:
    found = run_of(RESULT)["results"]
    assert found[0] == {
        "ruleId": "hard_coded_references",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "orders: raw.orders is neither a ref nor a source"},
        "partialFingerprints": {
            "ruleAndResource/v1": "hard_coded_references model.shop.orders",
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "models/marts/orders.sql"},
                    "region": {"startLine": 14},
                }
            }
        ],
    }
    assert found[1]["level"] == "warning"
    assert found[1]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "dbt_project.yml"},
        "region": {"startLine": 1},
    }


def test_sarif_of_rules() -> None:
    rules = {rule["id"]: rule for rule in run_of(RESULT)["tool"]["driver"]["rules"]}
    assert list(rules) == [rule.rule for rule in RULES]
    described = rules["hard_coded_references"].pop("help")
    assert described["markdown"].startswith("A model or snapshot whose SQL names a table itself")
    for part in ("**Reason to flag**", "**How to remediate**", "Severity by default: `warn`"):
        assert part in described["markdown"]
        assert part.strip("*").replace("`", "") in described["text"]
    assert "](" not in described["markdown"]
    assert not re.search(r"`|\*\*", described["text"])
    assert rules["hard_coded_references"] == {
        "id": "hard_coded_references",
        "shortDescription": {"text": "Hard coded references"},
        "fullDescription": {"text": "Hard coded references"},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["modeling"]},
    }
    assert rules["marts_without_contract"]["defaultConfiguration"] == {"level": "none"}
    assert "help" not in rules["mine"]


def test_sarif_says_what_has_no_verdict() -> None:
    (invocation,) = run_of(RESULT)["invocations"]
    assert invocation == {
        "executionSuccessful": True,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": BROKEN},
                "associatedRule": {"id": "mine", "index": 7},
            }
        ],
        "toolConfigurationNotifications": [
            {
                "level": "note",
                "message": {"text": "needs files"},
                "associatedRule": {"id": "large_seeds", "index": 4},
            },
            {
                "level": "note",
                "message": {"text": "needs macros"},
                "associatedRule": {"id": "unused_macros", "index": 5},
            },
            {
                "level": "note",
                "message": {"text": "no row is selected"},
                "associatedRule": {"id": "other", "index": 8},
            },
            {"level": "note", "message": {"text": "the manifest is old"}},
        ],
    }


def test_sarif_of_hostile_texts_and_many() -> None:
    nasty = run_of(HOSTILE)["results"][1]
    assert nasty["ruleId"] == EVIL
    uri = nasty["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "models/a%20b%2Cc%3Ad%7C%C3%A9%2520%60.sql"
    assert unquote(uri) == NASTY.file
    assert run_of(EMPTY)["results"] == []
    many = run_of(MANY)["results"]
    prints = {found["partialFingerprints"]["ruleAndResource/v1"] for found in many}
    assert len(prints) == len(many) == 10_000


def test_sarif_tells_findings_of_one_resource_apart() -> None:
    result = replace(RESULT, findings=[ORDERS, replace(ORDERS, line=20), JOINS])
    prints = [found["partialFingerprints"] for found in run_of(result)["results"]]
    assert [value for entry in prints for value in entry.values()] == [
        "hard_coded_references model.shop.orders",
        "hard_coded_references model.shop.orders 2",
        "too_many_joins model.shop.orders",
    ]


def test_sarif_stays_within_the_limit_of_github() -> None:
    run = run_of(replace(EMPTY, findings=[JOINS] * 25_001 + [ORDERS]))
    assert len(run["results"]) == 25_000
    assert run["results"][0]["ruleId"] == "hard_coded_references"
    assert run["invocations"][0]["toolConfigurationNotifications"] == [
        {
            "level": "warning",
            "message": {"text": "2 findings left out: GitHub takes 25000 a run"},
        }
    ]


# junit


def suite_of(result: Result) -> ElementTree.Element:
    root = ElementTree.fromstring(render(result, "junit").encode())
    assert root.tag == "testsuites"
    (suite,) = root
    cases = suite.findall("testcase")
    for element in (root, suite):
        assert element.attrib["tests"] == str(len(cases)) == str(len(result.rules))
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            found = sum(case.find(tag) is not None for case in cases)
            assert element.attrib[count] == str(found)
    return suite


def test_junit_has_a_case_a_rule() -> None:
    suite = suite_of(RESULT)
    assert suite.attrib["name"] == "shop"
    cases = suite.findall("testcase")
    assert [(case.attrib["classname"], case.attrib["name"]) for case in cases] == [
        (rule.area, rule.rule) for rule in RULES
    ]
    outcomes = [[(child.tag, dict(child.attrib), child.text) for child in case] for case in cases]
    broken = BROKEN.replace("\x00", "")
    assert outcomes == [
        [
            (
                "failure",
                {"message": "1 error, 0 warnings", "type": "error"},
                "models/marts/orders.sql:14: error hard_coded_references: orders: raw.orders is "
                "neither a ref nor a source",
            )
        ],
        [
            (
                "failure",
                {"message": "0 errors, 1 warning", "type": "warn"},
                "models/marts/orders.sql:1: warn too_many_joins: orders: 9 parents",
            )
        ],
        [],
        [
            (
                "failure",
                {"message": "0 errors, 1 warning", "type": "warn"},
                "project.shop: warn test_coverage: shop: 62 % of 100 %",
            )
        ],
        [("skipped", {"message": "needs files"}, None)],
        [("skipped", {"message": "needs macros"}, None)],
        [("skipped", {"message": "disabled"}, None)],
        [("error", {"message": broken, "type": "error"}, broken)],
        [("skipped", {"message": "no row is selected"}, None)],
    ]
    assert cases[0].attrib["time"] == "0.012"
    assert suite.findtext("system-out") == (
        "the manifest is old\n12 findings known to the baseline"
    )


def test_junit_of_hostile_texts_and_many() -> None:
    case = suite_of(HOSTILE).findall("testcase")[-1]
    assert case.attrib["name"] == EVIL.replace("\x00", "").replace("\x1b", "").replace("\ufffe", "")
    failure = case.findtext("failure")
    assert failure is not None
    assert "]]>" in failure
    assert "\n" not in failure
    many = [case.findtext("failure") or "" for case in suite_of(MANY)]
    assert sum(len(text.splitlines()) for text in many) == 10_000
    assert list(suite_of(EMPTY)) == []


def test_junit_never_shows_a_failed_rule_as_passed() -> None:
    rules = [replace(RULES[0], findings=3)]
    case = suite_of(Result("shop", (), rules))[0]
    assert [(child.tag, child.attrib["message"]) for child in case] == [("failure", "3 findings")]


# the baseline


def test_a_baseline_is_sorted_and_has_a_line_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "new" / "baseline.json"
    write_baseline(path, [COVERAGE, ORDERS, replace(ORDERS, line=99), JOINS])
    assert path.read_text(encoding="utf-8") == (
        "{\n"
        '  "version": 1,\n'
        '  "findings": [\n'
        '    {"rule":"hard_coded_references","unique_id":"model.shop.orders"},\n'
        '    {"rule":"test_coverage","unique_id":"project.shop"},\n'
        '    {"rule":"too_many_joins","unique_id":"model.shop.orders"}\n'
        "  ]\n"
        "}\n"
    )


@pytest.mark.parametrize("findings", [[], [ORDERS], [NASTY, ORDERS], MANY.findings])
def test_a_baseline_is_read_as_it_was_written(tmp_path: Path, findings: list[Finding]) -> None:
    path = tmp_path / "baseline.json"
    write_baseline(path, findings)
    known = read_baseline(path)
    assert known == {(finding.rule, finding.unique_id) for finding in findings}
    assert without_known(findings, known) == ([], len(findings))
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines == (len(known) + 5 if known else 4)
    written = path.read_bytes()
    write_baseline(path, list(reversed(findings)))
    assert path.read_bytes() == written


def test_a_baseline_knows_by_rule_and_resource() -> None:
    known = {("hard_coded_references", "model.shop.orders"), ("gone", "model.shop.gone")}
    moved = replace(ORDERS, file="models/new.sql", line=3, severity="warn", detail="other")
    other = replace(ORDERS, unique_id="model.shop.other")
    assert without_known([ORDERS, JOINS, moved, other], known) == ([JOINS, other], 2)
    assert without_known([ORDERS], frozenset()) == ([ORDERS], 0)


def test_a_baseline_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text('\ufeff{"version": 1, "findings": []}', encoding="utf-8")
    assert read_baseline(path) == frozenset()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "no such file. Write one with --write-baseline."),
        ("", "not a baseline of dbt-estate check: Input data was truncated"),
        ("[]", "not a baseline of dbt-estate check: Expected `object`, got `array`"),
        ("{}", "not a baseline of dbt-estate check: Object missing required field `version`"),
        (
            '{"version": 1}',
            "not a baseline of dbt-estate check: Object missing required field `findings`",
        ),
        (
            '{"version": 1, "findings": ["type model orders"]}',
            "not a baseline of dbt-estate check: Expected `object`, got `str` - at `$.findings[",
        ),
        (
            '{"version": 1, "findings": [{"rule": "a"}]}',
            "not a baseline of dbt-estate check: Object missing required field `unique_id`",
        ),
        ('{"version": 2, "findings": []}', "version must be 1, not 2: another version"),
        ("<<<<<<< HEAD\n{}", "not a baseline of dbt-estate check: JSON is malformed"),
    ],
)
def test_what_is_no_baseline(tmp_path: Path, text: str | None, problem: str) -> None:
    path = tmp_path / "baseline.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_baseline(path)
    assert error.value.where == path.as_posix()
    assert str(error.value).startswith(f"{path.as_posix()}: {problem}")
    assert str(error.value).endswith("Write one with --write-baseline.")


# the page


def documented_baseline() -> str:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.json"
        write_baseline(path, DOCUMENTED.findings)
        return path.read_text(encoding="utf-8")


def test_the_page_shows_what_is_printed() -> None:
    page = (REPOSITORY / "docs" / "maturity" / "output.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    result = json.loads(render(DOCUMENTED, "sarif"))["runs"][0]["results"][0]
    assert blocks == [
        render(DOCUMENTED, "text", width=80),
        render(DOCUMENTED, "json"),
        render(DOCUMENTED, "markdown"),
        render(DOCUMENTED, "github"),
        json.dumps(result, indent=2) + "\n",
        render(DOCUMENTED, "junit"),
        documented_baseline(),
    ]
