"""A small YAML writer: block style, read alike by YAML 1.1 (dbt) and YAML 1.2 readers.

It exists for speed and for quoting: thousands of names from a registry are written per second, and
whatever a name looks like (`0001`, `null`, `a: b`), it is read back as that string.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})


def scalar(value: object) -> str:
    """Return the one-line text of a scalar. Raises TypeError for any other type."""
    if isinstance(value, str):
        return _string(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"no YAML scalar for {type(value).__name__}: {value!r}")


def block(value: object) -> list[str]:
    """Return the lines of a value in block style, without indentation."""
    if isinstance(value, Mapping) and value:
        return [line for key, item in value.items() for line in entry(f"{scalar(key)}:", item)]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return [line for item in value for line in _item(item)]
    return [_inline(value)]


def entry(label: str, value: object) -> list[str]:
    """Return the lines of a value after its label (`key:`, or `- &anchor`)."""
    if _is_collection(value) and value:
        return [label, *(f"  {line}" for line in block(value))]
    return [f"{label} {_inline(value)}"]


def _item(value: object) -> list[str]:
    first, *rest = block(value)
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _inline(value: object) -> str:
    if _is_collection(value):
        return "{}" if isinstance(value, Mapping) else "[]"
    return scalar(value)


def _is_collection(value: object) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str)


def _string(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _float(value: float) -> str:
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        return text.replace("inf", ".inf").replace("nan", ".nan")
    mantissa, exponent, power = text.partition("e")
    # YAML 1.1 takes `1e+16` for a string: it wants the point.
    return text if "." in mantissa else f"{mantissa}.0{exponent}{power}"
