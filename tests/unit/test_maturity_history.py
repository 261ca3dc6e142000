"""Histories of levels: whose they are, what compares, odd values, and runs at the same time."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbt_estate import files
from dbt_estate.errors import InputError
from dbt_estate.maturity import history
from dbt_estate.maturity.history import (
    Run,
    append_history,
    compare,
    read_against,
    read_history,
    run_of,
)
from dbt_estate.maturity.report import delta_lines
from dbt_estate.maturity.score import Feature, Level, Score
from tests.support import rule_list
from tests.support.scoring_page import PAGE, scored
from tests.unit.test_maturity_score import (
    MART,
    RAW,
    STAGING,
    at,
    described,
    judged,
    maturity,
    model,
    shop,
    write,
)  # fmt: skip

FEATURES = rule_list.features()
Given = dict[str, tuple[str, int | None]]
LINE: dict[str, Any] = {
    "ran_at": "2026-03-01T06:00:00Z", "project": "shop", "rule_set": "r",
    "level": {"number": 1, "name": "Infancy"}, "score": 50, "features": {"models": 1},
    "used": ["models"], "unknown": [],
}  # fmt: skip


def score_of(given: Mapping[str, tuple[str, int | None]], **weights: int) -> Score:
    """A score as the SQL makes it; what is not given is missing."""
    (number, name, _, points), _ = scored(dict(given))
    features = []
    for item in FEATURES:
        status, depth = given.get(item["feature"], ("missing", 0))
        share = None if depth is None else depth / 100
        weight = weights.get(item["feature"], item["weight"])
        features.append(
            Feature(item["feature"], item["level"], "", weight, status, share, "", 0, 1, "")
        )
    levels = [Level(n, "", 0, 0, 0, 0, None, None, False) for n in range(1, 7)]
    return Score("shop", number, name, points, 0, "r", 60, levels, features, [])


# -- whose history it is ----------------------------------------------------------------------


def test_a_line_and_the_json_name_the_project(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    file = tmp_path / "history.jsonl"
    found = json.loads(maturity(tmp_path, "--history", str(file), "--format", "json").stdout)
    assert json.loads(file.read_text())["project"] == "shop"
    assert list(found["matrix"])[:2] == ["rule_set", "project"]
    assert found["matrix"]["project"] == "shop"


@pytest.mark.parametrize("option", ["--history", "--against"])
def test_another_project_is_refused(option: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    file, out = tmp_path / "history.jsonl", tmp_path / "page.html"
    mine = {**LINE, "project": "bakery"}
    file.write_text(json.dumps(mine) + "\n" + json.dumps(mine) + "\n")
    text = file.read_text()
    more = ["--badge", str(tmp_path / "b.svg"), "--html", str(out)]
    answer = maturity(tmp_path, option, str(file), *more)
    assert answer.exit_code == 2
    assert f"{option} {file.as_posix()}: " in answer.output
    assert "of the project 'bakery', and this is 'shop'" in answer.output
    assert file.read_text() == text
    assert not out.exists()
    assert not (tmp_path / "b.svg").exists()


def test_the_json_of_another_project_is_refused(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    file = tmp_path / "old.json"
    text = maturity(tmp_path, "--format", "json").stdout
    file.write_text(text.replace('"project": "shop"', '"project": "bakery"'))
    history = tmp_path / "history.jsonl"
    answer = maturity(tmp_path, "--against", str(file), "--history", str(history))
    assert (answer.exit_code, "'bakery'" in answer.output) == (2, True)
    assert not history.exists()


# -- what both runs could see -----------------------------------------------------------------


def test_files_seen_now_and_not_then_are_no_progress(tmp_path: Path) -> None:
    document, files = shop(RAW, STAGING, MART), {"README.md": "x", "CONTRIBUTING.md": "x"}
    blind = judged(tmp_path, document, files, with_files=False)
    seen = judged(tmp_path, document, files)
    assert seen.score != blind.score
    for score, since in ((seen, blind), (blind, seen)):
        delta = compare(score, run_of(since, at(1)))
        assert (delta.is_comparable, delta.levels, delta.points) == (True, 0, 0.0)
        assert (delta.gained, delta.lost) == ([], [])
        (note,) = delta.notes
        assert "readme" in note
        assert note.endswith("the change is that of the features seen in both")


def test_progress_in_what_both_saw_is_progress(tmp_path: Path) -> None:
    blind = judged(tmp_path, shop(RAW, STAGING, MART), with_files=False)
    seen = judged(tmp_path, shop(RAW, STAGING, described(MART)), {"README.md": "x"})
    delta = compare(seen, run_of(blind, at(1)))
    assert delta.gained == ["key_docs", "descriptions"]
    assert delta.points > 0
    assert delta_lines(delta)[0].startswith(
        "Change since 2026-03-01T06:00:00Z, of what both runs saw: level +1 (from 1 to 2), score +"
    )


def some(chance: random.Random) -> Given:
    found: Given = {}
    for item in FEATURES:
        status = chance.choice(["used", "used", "used", "missing", "unknown", "not_applicable"])
        depth = {"used": chance.randint(0, 100), "missing": 0}.get(status)
        found[item["feature"]] = (status, depth)
    # It is never unknown whether there are models.
    return {**found, "models": ("used", 100) if chance.random() < 0.9 else ("missing", 0)}


@pytest.mark.parametrize("seed", range(30))
def test_the_change_is_what_the_sql_says_of_what_both_saw(seed: int) -> None:
    chance = random.Random(seed)
    then, now = some(chance), some(chance)
    hidden = {name: ("unknown", None) for one in (then, now) for name in one
              if one[name][0] == "unknown"}  # fmt: skip
    before, after = score_of({**then, **hidden}), score_of({**now, **hidden})
    delta = compare(score_of(now), run_of(score_of(then), at(1)))
    assert delta.levels == after.number - before.number
    assert delta.points == pytest.approx(after.score - before.score)
    assert not hidden.keys() & {*delta.gained, *delta.lost}


def test_what_is_not_applicable_was_seen() -> None:
    """Sources that are declared now and used are a gain: then the project had none."""
    then: Given = {"models": ("used", 100), "sources": ("not_applicable", None)}
    now: Given = {"models": ("used", 100), "sources": ("used", 100)}
    delta = compare(score_of(now), run_of(score_of(then), at(1)))
    assert (delta.gained, delta.notes) == (["sources"], ())
    assert delta.points > 0
    assert compare(score_of(then), run_of(score_of(now), at(1))).lost == ["sources"]


def test_a_feature_of_weight_0_hides_nothing() -> None:
    then: Given = {"models": ("used", 100)}
    now: Given = {**then, "jobs": ("unknown", None)}
    assert compare(score_of(now, jobs=0), run_of(score_of(then, jobs=0), at(1))).notes == ()
    assert compare(score_of(now), run_of(score_of(then), at(1))).notes


# -- odd values -------------------------------------------------------------------------------

ODD = [
    ("score", "NaN"), ("score", "Infinity"), ("score", "1e999"), ("score", "-1"),
    ("score", "100.1"), ("score", "true"), ("score", '"50"'), ("score", "null"),
    ("level", "[1, 2]"), ("level", '{"number": 7, "name": "x"}'),
    ("level", '{"number": -1, "name": "x"}'), ("level", '{"number": true, "name": "x"}'),
    ("level", '{"number": 1.5, "name": "x"}'), ("level", '{"number": 1, "name": 2}'),
    ("level", '{"number": %s, "name": "x"}' % ("9" * 5000)),
    ("features", "[]"), ("features", '{"models": 1.1}'), ("features", '{"models": -0.1}'),
    ("features", '{"models": true}'), ("features", '{"models": NaN}'),
    ("used", '{"models": 1}'), ("used", '"models"'), ("used", "[1]"), ("unknown", "[[]]"),
    ("unknown", "[" * 100_000), ("rule_set", "7"), ("project", "null"), ("project", '"\\ud800"'),
    ("ran_at", "1"), ("ran_at", '""'), ("ran_at", '"yesterday"'),
    ("ran_at", '"2026-13-01T06:00:00Z"'), ("ran_at", '"2026-03-01T06:00:00+01:00"'),
    ("ran_at", '"2026-3-1T6:0:0Z"'), ("ran_at", '"2026-03-01T06:00:00Z\\n"'),
]  # fmt: skip


def with_value(field: str, value: str, line: dict[str, Any] = LINE) -> str:
    return json.dumps({**line, field: "@"}).replace('"@"', value)


@pytest.mark.parametrize(("field", "value"), ODD, ids=lambda text: text[:30])
def test_an_odd_value_of_a_history_is_refused(field: str, value: str, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(json.dumps(LINE) + "\n" + with_value(field, value) + "\n")
    for read in (read_history, read_against):
        with pytest.raises(InputError) as caught:
            read(file)
        said = str(caught.value)
        assert f"{file.as_posix()}: line 2: must be a run or a marker" in said
        assert "restore the file" in said
        assert len(said) < 1000


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("score", "`float` <= 100.0 - at `$.score`"),
        ("ran_at", "`ran_at` must be like 2026-03-01T06:00:00Z"),
    ],
)
def test_an_odd_value_is_said_with_what_is_allowed(field: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(with_value(field, "101" if field == "score" else '"now"'))
    with pytest.raises(InputError, match="line 1") as caught:
        read_history(file)
    assert said in str(caught.value)
    assert '{"ran_at": "' in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("score", "NaN"), ("score", "-1"), ("score", "true"), ("level", "[]"),
        ("level", '{"number": 9, "name": "x"}'), ("features", "{}"), ("features", "[1]"),
        ("features", '[{"feature": "models", "status": "good", "depth": 1}]'),
        ("features", '[{"feature": "models", "status": "used", "depth": 2}]'),
        ("matrix", "7"), ("matrix", '{"rule_set": "r"}'),
        ("unknown", "[" * 100_000),
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_an_odd_value_of_a_result_is_refused(key: str, value: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    good = json.loads(maturity(tmp_path, "--format", "json").stdout)
    file = tmp_path / "old.json"
    file.write_text(json.dumps(good))
    assert read_against(file).score == good["score"]
    file.write_text(with_value(key, value, good))
    answer = maturity(tmp_path, "--against", str(file))
    assert answer.exit_code == 2
    assert "old.json: " in answer.output
    assert "what --format json prints" in answer.output


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff{0}\r\n{0}\r\n", "\n\n{0}\n   \n\t\r\n{0}", "{0}\n{1}\n{1}\n{0}\n",
        "{1}\n{0}\n{0}\n{1}",
    ],
)  # fmt: skip
def test_what_an_editor_leaves_is_read(text: str, tmp_path: Path) -> None:
    marker = {"ran_at": LINE["ran_at"], "marker": "rule_set", "from": "r", "to": "s"}
    file = tmp_path / "history.jsonl"
    filled = text.replace("{0}", json.dumps(LINE)).replace("{1}", json.dumps(marker))
    file.write_bytes(filled.encode())
    assert [run.score for run in read_history(file)] == [50, 50]
    append_history(file, replace_of(read_history(file)[0]))
    assert len(read_history(file)) == 3
    assert file.read_bytes().startswith(filled.encode())


def replace_of(run: Any, **values: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(run, **values)


def test_a_line_separator_in_a_name_is_no_end_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(json.dumps(LINE))
    (run,) = read_history(file)
    odd = replace_of(run, rule_set="a\u2028b\x85c\nd")
    append_history(file, odd)
    assert read_history(file) == [run, odd]


# -- two runs at the same time ----------------------------------------------------------------


def test_runs_at_the_same_time_mark_a_change_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_slowly(path: Path) -> list[Run]:
        runs = read_history(path)
        time.sleep(0.01)
        return runs

    monkeypatch.setattr(history, "read_history", read_slowly)
    file = tmp_path / "history.jsonl"
    score = score_of({"models": ("used", 100)})
    append_history(file, run_of(score, at(1)))
    after = run_of(replace(score, rule_set="s"), at(2))
    start = threading.Barrier(8)

    def add() -> None:
        start.wait()
        for _ in range(5):
            append_history(file, after)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line.get("marker") for line in lines] == [None, "rule_set", *[None] * 40]
    assert len(read_history(file)) == 41


# -- what is printed and written --------------------------------------------------------------


def test_the_json_has_the_change(tmp_path: Path) -> None:
    write(tmp_path, shop(RAW, STAGING, MART))
    file, old = tmp_path / "history.jsonl", tmp_path / "old.json"
    first = json.loads(maturity(tmp_path, "--history", str(file), "--format", "json").stdout)
    assert first["matrix"]["delta"] is None
    old.write_text(json.dumps(first))
    write(tmp_path, shop(RAW, STAGING, described(MART)))
    for path, ran_at in ((file, json.loads(file.read_text())["ran_at"]), (old, None)):
        found = json.loads(maturity(tmp_path, "--against", str(path), "--format", "json").stdout)
        assert list(found) == ["level", "score", "matrix", "features", "next_steps", "unknown"]
        delta = found["matrix"]["delta"]
        assert delta == {
            "since": {"ran_at": ran_at, "level": first["level"], "score": first["score"]},
            "is_comparable": True, "levels": 1,
            "points": round(found["score"] - first["score"], 1),
            "compared": {
                "from": {"level_number": 1, "score": first["score"]},
                "to": {"level_number": 2, "score": found["score"]},
            },
            "gained": ["key_docs", "descriptions"], "lost": [], "depths": {}, "notes": [],
        }  # fmt: skip
    page = PAGE.read_text(encoding="utf-8")
    fields = page[page.index("| `matrix.delta`") : page.index("| `features` |")]
    for name in (*delta, *delta["since"]):
        assert f".{name}`" in fields or f"delta.{name}." in fields, name


def test_the_json_says_what_is_not_comparable(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    file = tmp_path / "history.jsonl"
    file.write_text(json.dumps(LINE))
    found = json.loads(maturity(tmp_path, "--against", str(file), "--format", "json").stdout)
    delta = found["matrix"]["delta"]
    assert (delta["is_comparable"], delta["levels"], delta["points"]) == (False, None, None)
    assert "the rule set changed from r to" in delta["notes"][0]


def test_a_failing_history_writes_no_page_and_no_badge(tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    (tmp_path / "file").write_text("")
    out = [tmp_path / "page.html", tmp_path / "badge.svg"]
    history = tmp_path / "file" / "history.jsonl"
    answer = maturity(
        tmp_path, "--history", str(history), "--html", str(out[0]), "--badge", str(out[1])
    )
    assert (answer.exit_code, "cannot be written" in answer.output) == (2, True)
    assert [path.exists() for path in out] == [False, False]


def test_a_failing_page_leaves_a_true_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as on a full disk: what can be known before is refused before."""

    def fail(path: Path, text: str) -> None:
        raise InputError(path.as_posix(), "cannot be written: No space left on device")

    monkeypatch.setattr(files, "write_text", fail)
    write(tmp_path, shop(STAGING, model("a")))
    history = tmp_path / "history.jsonl"
    page = tmp_path / "page.html"
    answer = maturity(tmp_path, "--history", str(history), "--html", str(page))
    assert (answer.exit_code, "cannot be written" in answer.output) == (2, True)
    assert len(read_history(history)) == 1


@pytest.mark.parametrize("option", ["--html", "--badge", "--history"])
@pytest.mark.parametrize(
    "name", ["old.json", "target/manifest.json", "target/run_results.json", "dbt_project.yml"]
)
def test_no_input_is_overwritten(option: str, name: str, tmp_path: Path) -> None:
    write(tmp_path, shop(STAGING))
    (tmp_path / "old.json").write_text(maturity(tmp_path, "--format", "json").stdout)
    results = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"},
               "results": [], "elapsed_time": 0, "args": {}}  # fmt: skip
    (tmp_path / "target" / "run_results.json").write_text(json.dumps(results))
    kept = (tmp_path / name).read_text()
    given = str(tmp_path / "target" / ".." / name)
    answer = maturity(tmp_path, "--against", str(tmp_path / "old.json"), option, given)
    assert answer.exit_code == 2
    assert (tmp_path / name).read_text() == kept
    if option != "--history":
        assert f"{option}: " in answer.output
        assert "is read by this run; give another file" in answer.output


def test_a_history_can_be_read_from_a_pipe(tmp_path: Path) -> None:
    """As `--against <(git show main:maturity.jsonl)` gives it: what is read is gone then."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = json.dumps(LINE) + "\n"
    writer = threading.Thread(target=lambda: pipe.write_text(text, encoding="utf-8"))
    writer.start()
    assert read_against(pipe).score == 50
    writer.join(timeout=20)


def test_what_was_seen_in_part_is_no_change(tmp_path: Path) -> None:
    """Tags are seen without files, and selectors.yml is not: the depth is that of one of them."""
    document = shop(model("a", tags=["x"]), {**model("b"), "schema": "other"})
    seen, blind = judged(tmp_path, document), judged(tmp_path, document, with_files=False)
    for now, then in ((blind, seen), (seen, blind)):
        delta = compare(now, run_of(then, at(1)))
        assert (delta.points, dict(delta.depths)) == (0, {})
        assert "selectors" in delta.notes[0]
