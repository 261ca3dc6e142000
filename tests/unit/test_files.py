"""Files are replaced whole, and what is no file stays what it is."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from dbt_estate.errors import InputError
from dbt_estate.files import write_text

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX has pipes with a name")


@posix
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_text(pipe, "what it says")
    reader.join(timeout=20)
    assert read == ["what it says"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 250 + ".yml")
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text(encoding="utf-8") == "two"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    with pytest.raises(InputError, match="cannot be written: File name too long"):
        write_text(tmp_path / ("a" * 300), "one")


@posix
def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(InputError, match="cannot be written"):
        write_text(loop, "one")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path, "one")
