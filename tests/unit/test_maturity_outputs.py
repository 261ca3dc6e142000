"""What `maturity` writes and where, what it says of a change, and what it refuses to read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.unit.test_maturity_score import (
    STAGING,
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
