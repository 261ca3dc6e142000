"""The page of a level, and what text and Markdown say of what a level lacks."""

from __future__ import annotations

import html
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dbt_estate.check.engine import DECLARED
from dbt_estate.maturity.report import lacking
from dbt_estate.maturity.rule_texts import rule_texts
from tests.support import rule_list
from tests.support.estate import REPOSITORY
from tests.unit.test_maturity_score import (
    MANY,
    MART,
    ORDERS,
    RAW,
    STAGING,
    browser,
    data_test,
    described,
    in_browser,
    judged,
    maturity,
    model,
    shop,
    write,
)

LEVELS = {item["feature"]: item["level"] for item in rule_list.features()}
# A feature of each level that small projects use.
FIRST = ("models", "refs", "readme", "packages", "selectors", "access")


def settings(**maturity: Any) -> dict[str, str]:
    text = json.dumps({"name": "shop", "vars": {"dbt_estate": {"maturity": maturity}}})
    return {"dbt_project.yml": text}


def page_of(folder: Path, *arguments: str) -> str:
    out = folder / "page.html"
    assert maturity(folder, "--html", str(out), *arguments).exit_code == 0
    return out.read_text(encoding="utf-8")


def judged_text(folder: Path, document: dict[str, Any], files: dict[str, str]) -> str:
    write(folder, document, files)
    return maturity(folder).stdout


# -- what a level lacks -----------------------------------------------------------------------


def test_text_and_markdown_say_what_the_next_level_lacks(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    lacks = (
        "Level 2, Toddlerhood, lacks: Macros of dbt, Docs of what is used, Tests of the last mile "
        "(needs 60 %, has 57 %)."
    )
    text = maturity(tmp_path).stdout
    levels, line, steps = text.index("6 Beyond"), text.index(lacks), text.index("Next steps")
    assert levels < line < steps
    shown = maturity(tmp_path, "--format", "markdown").stdout
    assert shown.index("| 6 Beyond") < shown.index(lacks) < shown.index("**Next steps**")


def test_what_does_not_count_is_not_lacking(tmp_path: Path) -> None:
    score = judged(
        tmp_path,
        shop(RAW, STAGING, MART),
        features={"key_docs": {"weight": 0}},
        level_completeness=80,
    )
    assert "lacks: Macros of dbt, Tests of the last mile (" in lacking(score)


def test_a_share_just_below_the_limit_is_not_shown_as_the_limit(tmp_path: Path) -> None:
    used = {"refs": {"weight": 50}, "sources": {"weight": 99}}
    score = judged(
        tmp_path, shop(RAW, STAGING, MART), features={**used, "builtin_macros": {"weight": 99}}
    )
    assert score.levels[1].completeness == 0.596
    assert lacking(score).endswith("(needs 60 %, has 59.6 %).")


def test_a_level_of_which_nothing_is_known_lacks_nothing_that_could_be_named(
    tmp_path: Path,
) -> None:
    weights = {name: {"weight": 0} for name in ("builtin_macros", "key_docs", "last_mile_tests")}
    score = judged(tmp_path, shop(STAGING), features=weights)
    assert lacking(score) == "Level 2, Toddlerhood: nothing is known of it."


def test_who_has_reached_every_level_lacks_none(tmp_path: Path) -> None:
    weights = {name: {"weight": int(name in FIRST)} for name in LEVELS}
    files = {
        "README.md": "x", "packages.yml": "packages: [{package: a/b}]", "selectors.yml": "x",
    }  # fmt: skip
    document = shop(RAW, STAGING, {**MART, "access": "public"})
    score = judged(tmp_path, document, files, features=weights)
    assert (score.number, lacking(score)) == (6, "")
    printed = judged_text(tmp_path, document, {**files, **settings(features=weights)})
    assert "lacks:" not in printed


def test_what_is_not_shown_of_the_steps_is_counted(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    steps = json.loads(maturity(tmp_path, "--format", "json").stdout)["next_steps"]
    more = len(steps) - 5
    assert f"\nand {more} more: see --format json\n" in maturity(tmp_path).stdout
    shown = maturity(tmp_path, "--format", "markdown").stdout
    assert f"\n\nand {more} more: see `--format json`\n" in shown
    weights = {name: {"weight": int(name == "readme")} for name in LEVELS}
    one = judged_text(tmp_path, shop(STAGING), settings(features=weights))
    assert "Next steps" in one
    assert "more: see" not in one


# -- the rules in the page --------------------------------------------------------------------

AREAS = sorted({rule["area"] for rule in rule_list.rules()})


def test_a_finding_leads_to_the_text_of_its_rule_in_the_page(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART, *MANY))
    page = page_of(tmp_path)
    links = set(re.findall(r'href="([^"]*)"', page))
    assert "#rule-root_models" in links
    assert links == {f"#{name}" for name in re.findall(r'id="(rule-[^"]*)"', page)}
    _, text = page.split('id="rule-root_models"')
    text = text.split("</article>")[0]
    for part in (
        "A model that reads no source, model, seed or snapshot",
        "Severity by default: <code>warn</code>",
        "<strong>Reason to flag</strong>",
        "dbt does not see what the model reads.",
        "<strong>How to remediate</strong>",
        "gets an exception; a MetricFlow",
        "20 findings",
        '<pre><code class="language-sql">-- models/fct_orders.sql\nselect order_id, amount from',
    ):
        assert part in text
    assert 'id="rule-too_many_joins"' not in page


def test_a_rule_leads_to_another_one_only_where_that_is_in_the_page() -> None:
    def links(*found: str) -> list[str]:
        texts = rule_texts(("structure", name) for name in found)
        return re.findall(r'href="([^"]*)"', texts[found[0]])

    assert links("model_naming_conventions") == []
    both = links("model_naming_conventions", "model_directories")
    assert both == ["#rule-model_directories"]


def test_every_rule_has_a_text_and_none_of_its_marks_is_left() -> None:
    rules = [(rule["area"], rule["rule"]) for rule in rule_list.rules()]
    texts = rule_texts([*rules, *(("declared", kind.replace("_", "-")) for kind in DECLARED)])
    assert list(texts)[: len(rules)] == [name for _, name in rules]
    for name, text in texts.items():
        assert "<strong>Example</strong>" in text, name
        if "-" not in name:
            assert "<strong>Reason to flag</strong>" in text, name
            assert "<strong>How to remediate</strong>" in text, name
            assert "Severity by default: " in text, name
        words = re.sub(r"<(pre|code)[ >].*?</\1>", "", text, flags=re.S)
        assert not re.search(r"`|\*\*|\]\(|\|", words), name


def test_where_the_links_are_told_to_lead_outward_the_page_has_no_texts(tmp_path: Path) -> None:
    write(tmp_path, shop(model("a")))
    page = page_of(tmp_path, "--rules-url", "https://x.org/rules/")
    assert 'href="https://x.org/rules/modeling.md#root_models"' in page
    assert "rule-root_models" not in page


def test_a_declared_rule_leads_to_the_text_of_its_kind(tmp_path: Path) -> None:
    declared = [{"rule": "max-parents", "name": "few<b>", "maximum": 0}]
    write(tmp_path, shop(RAW, STAGING), settings(declared=declared))
    page = page_of(tmp_path)
    assert '<td class="inline"><a href="#rule-max-parents">few&lt;b&gt;</a></td>' in page
    assert 'id="rule-max-parents"' in page
    outward = page_of(tmp_path, "--rules-url", "https://x.org")
    assert '<a href="https://x.org/declared.md#max-parents">few&lt;b&gt;</a>' in outward


def test_the_wheel_has_the_pages_of_the_rules(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(REPOSITORY)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"dbt_estate/docs/maturity/rules/{area}.md" for area in AREAS} <= names


# -- the drawing ------------------------------------------------------------------------------


def dots(page: str) -> list[tuple[float, float, float]]:
    found = re.findall(r'<circle class="dot[^>]*cx="([\d.]+)" cy="([\d.]+)" r="(\d+)"', page)
    return [(float(x), float(y), float(radius)) for x, y, radius in found]


@pytest.mark.parametrize(
    "document", [shop(), shop(RAW, STAGING, MART), shop(RAW, STAGING, described(MART))]
)
def test_dots_stand_apart_and_within_the_plot(document: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, document)
    page = page_of(tmp_path)
    (frame,) = re.findall(r'<rect class="frame" ([^>]*)/>', page)
    left, top, width, height = (
        float(re.findall(rf'\b{name}="([\d.]+)"', frame)[0])
        for name in ("x", "y", "width", "height")
    )
    found = dots(page)
    assert len(found) >= 4
    for x, y, radius in found:
        assert left <= x - radius
        assert x + radius <= left + width
        assert top <= y - radius
        assert y + radius <= top + height
    for number, (x, y, radius) in enumerate(found):
        for other_x, other_y, _ in found[:number]:
            assert (x - other_x) ** 2 + (y - other_y) ** 2 >= (2 * radius) ** 2
    assert "Dots that would cover each other stand side by side." in page


@browser
@pytest.mark.parametrize("width", [390, 1200])
def test_no_dot_and_no_label_covers_another(width: int, tmp_path: Path) -> None:
    """As they are drawn: of the axes, the dots and the numbers in them."""
    write(tmp_path, shop(RAW, STAGING, MART))
    script = """
        const drawing = d.querySelector('svg');
        const boxes = [...drawing.querySelectorAll('text:not(.dot-text), circle')].map(item => {
            const box = item.getBoundingClientRect();
            return [item.textContent || 'dot', box.left, box.top, box.right, box.bottom];
        });
        const whole = drawing.getBoundingClientRect();
        return {boxes, whole: [whole.left, whole.top, whole.right, whole.bottom]};
    """
    found = in_browser(tmp_path, page_of(tmp_path), script, width)
    left, top, right, bottom = found["whole"]
    boxes = found["boxes"]
    assert len(boxes) > 15
    for number, (name, x, y, x_end, y_end) in enumerate(boxes):
        assert left - 1 <= x, name
        assert x_end <= right + 1, name
        assert top - 1 <= y, name
        assert y_end <= bottom + 1, name
        for other, x2, y2, x2_end, y2_end in boxes[:number]:
            is_apart = x >= x2_end or x2 >= x_end or y >= y2_end or y2 >= y_end
            assert is_apart or (name, other) == ("dot", "dot"), (name, other)


@browser
def test_the_folder_with_the_most_findings_has_the_whole_bar(tmp_path: Path) -> None:
    tested = data_test("t", ORDERS, original_file_path="models/deep/er/t.yml")
    write(tmp_path, shop(RAW, STAGING, MART, tested, *MANY))
    script = """
        const bars = [...d.querySelectorAll('table.folders .track')];
        return bars.map(bar => bar.firstElementChild.getBoundingClientRect().width
            / bar.getBoundingClientRect().width);
    """
    for width in (390, 1200):
        shares = in_browser(tmp_path, page_of(tmp_path), script, width)
        assert shares[0] == pytest.approx(1)
        assert 0 < shares[-1] < 1


# -- steps and features of the page -----------------------------------------------------------


def test_the_page_says_what_the_next_level_lacks(tmp_path: Path) -> None:
    score = judged(tmp_path, shop(RAW, STAGING, MART))
    page = page_of(tmp_path)
    assert f"<p>{lacking(score)}</p>" in page
    steps = json.loads(maturity(tmp_path, "--format", "json").stdout)["next_steps"]
    shown = html.unescape(page[page.index('<ol class="steps">') : page.index("<h2>Features</h2>")])
    assert shown.count("</li>") == len(steps) > 10
    for step in steps:
        lacks = f"level {step['level']} lacks it" if step["raises_level"] else "level"
        gain = f"+{step['gain']:.1f} points, effort {step['effort']} of 5"
        assert re.search(
            rf"{re.escape(step['do'])}.*?{lacks}.*?{re.escape(gain)}", shown, re.DOTALL
        )
    assert shown.count("lacks it") == sum(step["raises_level"] for step in steps)
    assert f"<summary>and {len(steps) - 10} more</summary>" in shown


def test_a_feature_of_weight_0_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART), settings(features={"key_docs": {"weight": 0}}))
    page = page_of(tmp_path)
    features = page[page.index("<h2>Features</h2>") : page.index("<h2>Findings</h2>")]
    (row,) = re.findall(r"<tr>.*Docs of what is used.*</tr>", features)
    assert "does not count" in row
    assert features.count("does not count") == 1
