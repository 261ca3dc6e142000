from __future__ import annotations
from pathlib import Path


def check_files() -> dict[Path, str]:
    return {}
