"""What `maturity` writes and where, what it says of a change, and what it refuses to read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dbt_estate.errors import InputError
from dbt_estate.maturity.history import compare, read_against, read_history, run_of
from dbt_estate.maturity.report import delta_lines, document, markdown
from tests.unit.test_maturity_history import LINE, Given, score_of, with_value
from tests.unit.test_maturity_score import (
    MART,
    RAW,
    STAGING,
    at,
    described,
    maturity,
    model,
    shop,
    write,
)

OPTIONS = ("--html", "--badge", "--history")
links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")

# -- outputs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "name"),
    [("--html", "README.md"), ("--badge", "packages.yml"), ("--html", "badge.svg")],
)
def test_what_is_no_page_is_not_replaced_by_one(option: str, name: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    maturity(tmp_path, "--badge", str(tmp_path / "badge.svg"))
    path = tmp_path / name
    if not path.exists():
        path.write_text("mine\n", encoding="utf-8")
    text, history = path.read_text(encoding="utf-8"), tmp_path / "history.jsonl"
    answer = maturity(tmp_path, option, str(path), "--history", str(history))
    assert answer.exit_code == 2
    assert f"{option} {path.as_posix()}: " in answer.output
    assert "is there and was not written by dbt-estate maturity" in answer.output
    assert path.read_text(encoding="utf-8") == text
    assert not history.exists()


def test_a_page_and_a_badge_are_replaced_by_new_ones(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    given = ["--html", str(tmp_path / "page.html"), "--badge", str(tmp_path / "badge.svg")]
    assert maturity(tmp_path, *given).exit_code == 0
    write(tmp_path, shop(STAGING), {"README.md": "x"})
    assert maturity(tmp_path, *given).exit_code == 0
    (tmp_path / "page.html").write_text("", encoding="utf-8")
    assert maturity(tmp_path, *given).exit_code == 0


@pytest.mark.parametrize("option", ["--html", "--badge"])
@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\n",
        b"<!doctype html><p>mine",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b'About <meta name="generator" content="dbt_estate"> and <title>dbt maturity: 1</title>',
    ],
)
def test_what_resembles_a_page_or_a_badge_is_none(
    option: str, content: bytes, tmp_path: Path
) -> None:
    write(tmp_path, shop(STAGING))
    path = tmp_path / "file"
    path.write_bytes(content)
    answer = maturity(tmp_path, option, str(path))
    assert (answer.exit_code, path.read_bytes()) == (2, content)
    assert "give another file, or delete this one" in answer.output


def test_a_page_with_other_ends_of_lines_is_a_page(tmp_path: Path) -> None:
    """As git may check one out."""
    write(tmp_path, shop(STAGING))
    paths = {option: tmp_path / option for option in ("--html", "--badge")}
    given = [word for option, path in paths.items() for word in (option, str(path))]
    maturity(tmp_path, *given)
    for path in paths.values():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert maturity(tmp_path, *given).exit_code == 0


def unwritable(folder: Path, kind: str) -> tuple[Path, str]:
    """Make what stands in the way of a file; return the path and the reason that is given."""
    (folder / "file").write_text("", encoding="utf-8")
    if kind in ("loop", "below a loop", "beside a loop"):
        (folder / "loop").symlink_to("loop")
    return {
        "loop": (folder / "loop", "symbolic links"),
        "below a loop": (folder / "loop" / "out", "symbolic links"),
        "beside a loop": (folder / "none" / ".." / "loop", "symbolic links"),
        "long": (folder / ("a" * 300), "File name too long"),
        "long and deep": (folder / "none" / ("a" * 300), "File name too long"),
        "below what is long": (folder / ("a" * 300) / "out", "File name too long"),
        "folder": (folder / "target", "it is a folder"),
        "below a file": (folder / "file" / "out", "is no folder"),
        "far below a file": (folder / "file" / "deep" / "out", "is no folder"),
    }[kind]


@links
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(
    "kind",
    [
        "loop", "below a loop", "beside a loop", "long", "long and deep", "below what is long",
        "folder", "below a file", "far below a file",
    ],
)  # fmt: skip
def test_where_no_file_can_be_nothing_is_written(option: str, kind: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    path, reason = unwritable(tmp_path, kind)
    others = [(other, tmp_path / f"new{other}") for other in OPTIONS if other != option]
    given = [word for other, new in others for word in (other, str(new))]
    before = sorted(tmp_path.rglob("*"))
    answer = maturity(tmp_path, option, str(path), *given)
    assert answer.exit_code == 2
    assert f"{option} {path.as_posix()}: cannot be written: " in answer.output
    assert reason in answer.output
    assert sorted(tmp_path.rglob("*")) == before


@links
@pytest.mark.parametrize("option", ["--html", "--badge"])
def test_a_pipe_is_not_replaced(option: str, tmp_path: Path) -> None:
    """Nor is a device: this writes as whoever runs it, so a pipe of its own stands for all."""
    write(tmp_path, shop(STAGING))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    answer = maturity(tmp_path, option, str(pipe))
    assert (answer.exit_code, pipe.is_fifo()) == (2, True)
    assert "cannot be written: it is no regular file" in answer.output


@links
def test_a_link_to_nothing_yet_is_followed(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    for option in OPTIONS:
        link = tmp_path / f"link{option}"
        link.symlink_to(tmp_path / f"there{option}")
        assert maturity(tmp_path, option, str(link)).exit_code == 0
        assert (link.is_symlink(), link.is_file()) == (True, True)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("javascript:alert(1)", "javascript:"),
        ("JavaScript:alert(1)", "javascript:"),
        (" java\tscript:alert(1)", "javascript:"),
        ("\x01vbscript:x", "vbscript:"),
        ("data:text/html,x", "data:"),
        ("C:\\docs", "c:"),
    ],
)
def test_a_link_that_is_no_address_is_refused(url: str, scheme: str, tmp_path: Path) -> None:
    write(tmp_path, shop(model("a")))
    out = tmp_path / "page.html"
    answer = maturity(tmp_path, "--html", str(out), "--rules-url", url)
    assert (answer.exit_code, out.exists()) == (2, False)
    assert "--rules-url: " in answer.output
    assert "http:, https:, file: or a relative address" in answer.output
    assert f"got {scheme!r}" in answer.output


@pytest.mark.parametrize(
    "url", ["http://x.org", "HTTPS://x.org/a:b", "file:///docs", "../docs", "/docs", "docs/a:b"]
)
def test_an_address_is_a_link(url: str, tmp_path: Path) -> None:
    write(tmp_path, shop(model("a")))
    out = tmp_path / "page.html"
    assert maturity(tmp_path, "--html", str(out), "--rules-url", url).exit_code == 0
    assert f'href="{url}/modeling.md#root_models"' in out.read_text(encoding="utf-8")


# -- what changed -----------------------------------------------------------------------------


def test_a_change_of_depth_is_named(tmp_path: Path) -> None:
    other = model("a")
    write(tmp_path, shop(RAW, described(STAGING), other))
    history = str(tmp_path / "history.jsonl")
    maturity(tmp_path, "--history", history)
    write(tmp_path, shop(RAW, described(STAGING), described(other)))
    found = maturity(tmp_path, "--history", history, "--format", "json").stdout
    delta = json.loads(found)["matrix"]["delta"]
    assert delta["depths"] == {
        "key_docs": {"from": 0.5, "to": 1.0}, "descriptions": {"from": 0.5, "to": 1.0},
    }  # fmt: skip
    write(tmp_path, shop(RAW, STAGING, described(other)))
    text = maturity(tmp_path, "--history", history).stdout
    assert "Depth: key_docs 100 % to 50 %, descriptions 100 % to 50 %." in text


def test_a_small_change_of_depth_is_seen_in_its_line() -> None:
    before, after = (score_of({"models": ("used", 100), "refs": ("used", n)}) for n in (66, 67))
    since = run_of(before, at(1))
    since.features["refs"] = 0.6654
    (line,) = [line for line in delta_lines(compare(after, since)) if line.startswith("Depth")]
    assert line == "Depth: refs 66.54 % to 67 %."


def test_depths_are_of_what_both_runs_used_and_what_counts() -> None:
    then: Given = {
        "models": ("used", 100), "refs": ("used", 50), "tests": ("used", 50),
        "readme": ("unknown", None), "naming": ("missing", 0), "hooks": ("used", 10),
        "tables": ("used", 50), "layers": ("used", 50),
    }  # fmt: skip
    now: Given = {
        "models": ("used", 100), "refs": ("used", 75), "tests": ("unknown", None),
        "readme": ("used", 100), "naming": ("used", 60), "hooks": ("used", 20),
        "tables": ("missing", 0), "layers": ("used", 50),
    }  # fmt: skip
    score = score_of(now, hooks=0)
    delta = compare(score, run_of(score_of(then, hooks=0), at(1)))
    assert delta.depths == {"refs": (0.5, 0.75)}
    assert "Depth: refs 50 % to 75 %." in markdown(score, [], delta)


def test_the_depths_are_on_the_page(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, described(STAGING), model("a")))
    given = ["--history", str(tmp_path / "h.jsonl"), "--html", str(tmp_path / "page.html")]
    maturity(tmp_path, *given)
    write(tmp_path, shop(RAW, described(STAGING), described(model("a"))))
    maturity(tmp_path, *given)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<p>Depth: key_docs 50 % to 100 %, descriptions 50 % to 100 %.</p>" in page


def test_a_change_of_what_both_saw_says_over_what_it_is() -> None:
    """The header has the score over everything, and the change another one."""
    then: Given = {"models": ("used", 100), "refs": ("used", 100), "readme": ("unknown", None)}
    now: Given = {"models": ("used", 100), "refs": ("used", 50), "readme": ("used", 100)}
    score, since = score_of(now), run_of(score_of(then), at(1))
    delta = compare(score, since)
    both = [score_of({**run, "readme": ("unknown", None)}).score for run in (then, now)]
    first = delta_lines(delta)[0]
    assert score.score > since.score
    assert first == (
        "Change since 2026-03-01T06:00:00Z, of what both runs saw: level as it was, "
        f"score {both[1] - both[0]:+.1f} (from {both[0]:g} to {both[1]:g})."
    )
    found = document(score, [], delta)["matrix"]["delta"]
    assert found["compared"] == {
        "from": {"level_number": 0, "score": both[0]}, "to": {"level_number": 0, "score": both[1]},
    }  # fmt: skip
    assert found["since"]["score"] == since.score


def test_a_level_of_what_both_saw_is_said_from_and_to(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    history = str(tmp_path / "history.jsonl")
    maturity(tmp_path, "--history", history, "--no-files")
    write(tmp_path, shop(RAW, STAGING, described(MART)))
    text = maturity(tmp_path, "--history", history).stdout
    assert ", of what both runs saw: level +1 (from 1 to 2), score +" in text


def test_no_change_of_what_both_saw_says_the_score(tmp_path: Path) -> None:
    then: Given = {"models": ("used", 100), "readme": ("unknown", None)}
    now: Given = {"models": ("used", 100), "readme": ("used", 100)}
    delta = compare(score_of(now), run_of(score_of(then), at(1)))
    score = score_of(then).score
    assert delta_lines(delta)[0].endswith(f"both runs saw: as it was (level 0, score {score:g}).")


def test_a_change_of_everything_is_between_the_scores_that_are_shown(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    history = str(tmp_path / "history.jsonl")
    maturity(tmp_path, "--history", history)
    write(tmp_path, shop(RAW, STAGING, described(MART)))
    found = json.loads(maturity(tmp_path, "--against", history, "--format", "json").stdout)
    delta = found["matrix"]["delta"]
    for side, level, score in (
        ("from", delta["since"]["level"], delta["since"]["score"]),
        ("to", found["level"], found["score"]),
    ):
        assert delta["compared"][side] == {"level_number": level["number"], "score": score}


# -- contradictions of what is read -----------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "name", "right"),
    [(1, "Toddlerhood", "Infancy"), (0, "Infancy", "None"), (6, "None", "Beyond"), (3, "", "Chi")],
)
def test_a_level_has_its_own_name(number: int, name: str, right: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    level = json.dumps({"number": number, "name": name})
    history, result = tmp_path / "history.jsonl", tmp_path / "old.json"
    history.write_text(with_value("level", level), encoding="utf-8")
    good = json.loads(maturity(tmp_path, "--format", "json").stdout)
    result.write_text(with_value("level", level, good), encoding="utf-8")
    said = []
    for path in (history, result):
        with pytest.raises(InputError) as caught:
            read_against(path)
        said.append(str(caught.value))
        assert f"level {number} is named '{right}" in said[-1]
        assert f", not {name!r}" in said[-1]
    assert "line 1: must be a run or a marker" in said[0]
    assert "is not what --format json prints" in said[1]


def test_a_long_name_is_no_long_message(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(with_value("level", json.dumps({"number": 1, "name": "x" * 10_000})))
    with pytest.raises(InputError) as caught:
        read_history(file)
    assert len(str(caught.value)) < 1000


def test_no_level_is_named_none(tmp_path: Path) -> None:
    line: dict[str, Any] = {**LINE, "level": {"number": 0, "name": "None"}}
    file = tmp_path / "history.jsonl"
    file.write_text(json.dumps(line), encoding="utf-8")
    assert read_history(file)[0].name == "None"


def test_a_result_has_features(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    good = json.loads(maturity(tmp_path, "--format", "json").stdout)
    file = tmp_path / "old.json"
    file.write_text(json.dumps({**good, "features": []}), encoding="utf-8")
    answer = maturity(tmp_path, "--against", str(file))
    assert answer.exit_code == 2
    assert "is not what --format json prints" in answer.output
    assert "`$.features`" in answer.output
