"""Families of data types, as macros/columns/_type_family.sql has them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FAMILIES: dict[str, str] = {
    "integer": "tinyint smallint int integer bigint hugeint uhugeint utinyint usmallint uinteger "
    "ubigint int1 int2 int4 int8 int16 int32 int64 int128 uint8 uint16 uint32 uint64 uint128 "
    "serial bigserial smallserial short long byteint mediumint bignum",
    "decimal": "decimal numeric number bignumeric bigdecimal money smallmoney dec",
    "float": "real float float4 float8 double double_precision float64 float32",
    "string": "text varchar character_varying char character bpchar nvarchar nchar ntext string "
    "enum citext name sysname",
    "boolean": "boolean bool",
    "date": "date",
    "timestamp": "timestamp timestamp_without_time_zone timestamp_with_time_zone timestamptz "
    "timestamp_ns timestamp_ms timestamp_s timestamp_ntz timestamp_ltz timestamp_tz datetime "
    "datetime2 smalldatetime datetimeoffset timestamp_us timestampntz timestampltz",
    "time": "time time_without_time_zone time_with_time_zone timetz time_ns",
    "interval": "interval",
    "binary": "blob bytea binary varbinary bytes image rowversion",
    "json": "json jsonb variant super object",
    "uuid": "uuid uniqueidentifier",
    "struct": "struct map record union row",
}
_FAMILY_OF = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_OF_ADAPTER = {"sqlserver": {"bit": "boolean", "timestamp": "binary"}}
_GROUPS = {
    **{family: (family,) for family in (*_FAMILIES, "array", "other")},
    "number": ("integer", "decimal", "float"),
    "temporal": ("date", "timestamp", "time"),
}


def type_family(data_type: str, adapter: str = "") -> str:
    """Return the family of a type as an engine names it; `other` if it is not known."""
    name = re.sub(r"\(.*\)", "", data_type.lower().replace('"', "")).strip()
    if name.endswith("]") or name in ("array", "list"):
        return "array"
    name = name.replace(" ", "_")
    return _OF_ADAPTER.get(adapter, {}).get(name) or _FAMILY_OF.get(name, "other")


def type_fits(types: Sequence[str], data_type: str, adapter: str = "") -> bool:
    """Whether a type is one of these: families, or types as the engine names them."""
    family = type_family(data_type, adapter)
    plain = data_type.lower().replace(" ", "")
    return any(
        family in _GROUPS.get(wanted.lower(), ()) or wanted.lower().replace(" ", "") == plain
        for wanted in types
    )
