"""Text files: read with errors that name the line, written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dbt_estate.errors import InputError

BOM = "\ufeff"


def read_text(path: Path, remedy: str = "") -> str:
    """Return the file's text with its line endings and byte order mark as they are.

    Raises InputError for a file that is missing, unreadable or not UTF-8; `remedy` is added to the
    message for a missing one.
    """
    where = path.as_posix()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(where, f"no such file. {remedy}".rstrip()) from None
    except OSError as error:
        raise InputError(where, f"cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            where,
            f"line {line}: byte 0x{content[error.start]:02X} is not UTF-8; "
            "save the file with the encoding UTF-8",
        ) from None


def write_text(path: Path, text: str) -> None:
    """Replace the file in one step: a reader, or a crash, sees the old text or the new one.

    Missing folders are made; the mode of an existing file is kept, and a symbolic link is followed.
    What is no file, such as a pipe or a device, is written to and stays what it is. Raises
    InputError when the place cannot be written.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(text.encode("utf-8"))
            return
        target = path.resolve()
        # Its name is short: that of the target may be as long as a name can be.
        draft = target.with_name(f".dbt_estate.{os.getpid()}.tmp")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(path.as_posix(), f"cannot be written: {error.strerror}") from None
    except RuntimeError as error:  # a loop of links, before Python 3.13
        raise InputError(path.as_posix(), f"cannot be written: {error}") from None
