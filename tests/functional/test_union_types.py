"""The type of a column on all shards holds every value of each: widened, never narrowed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.estate import Estate, MakeEstate
from tests.support.shards import Shards

# The types of each engine, with the values at which a narrower type would show. A value is SQL
# that is cast to the type; moments stay within what every type of a day and a time can hold.
EXTREMES: dict[str, dict[str, list[str]]] = {
    "duckdb": {
        "tinyint": ["-128", "127"],
        "utinyint": ["255"],
        "smallint": ["-32768", "32767"],
        "usmallint": ["65535"],
        "integer": ["-2147483648", "2147483647"],
        "uinteger": ["4294967295"],
        "bigint": ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
        "ubigint": ["18446744073709551615"],
        "hugeint": ["-170141183460469231731687303715884105728", "9007199254740993"],
        "uhugeint": ["340282366920938463463374607431768211455"],
        "float": ["3.4028235e38", "1e-45", "0.1", "16777216", "'nan'", "'-infinity'"],
        "double": ["1.7976931348623157e308", "5e-324", "0.1", "9007199254740991", "'infinity'"],
        "decimal(4,1)": ["999.9", "-0.1"],
        "decimal(9,9)": ["0.999999999"],
        "decimal(18,3)": ["999999999999999.999"],
        "decimal(38,0)": ["99999999999999999999999999999999999999"],
        "decimal(38,20)": ["999999999999999999.99999999999999999999"],
        "boolean": ["true"],
        "varchar": ["'007'", "''", "' true '"],
        "uuid": ["'12345678-9abc-def0-1234-56789abcdef0'"],
        "date": ["'290000-01-01 (BC)'", "'294000-12-31'", "'infinity'"],
        "time": ["'13:45:59.999999'"],
        "timestamp": ["'2020-02-29 13:45:59.999999'", "'290000-01-01 (BC) 00:00:00'", "'infinity'"],
        "timestamp_s": ["'2020-02-29 13:45:59'"],
        "timestamp_ms": ["'2020-02-29 13:45:59.999'"],
        "timestamp_ns": ["'2020-02-29 13:45:59.999999999'"],
        "timestamp with time zone": ["'2020-02-29 13:45:59.999999+02:00'"],
        "integer[]": ["[1, null]"],
        "decimal(5,2)[]": ["[999.99]"],
        "decimal(6,3)[]": ["[999.999]"],
        "enum('a', 'b')": ["'b'"],
        "enum('b', 'c')": ["'c'"],
    },
    "postgres": {
        "smallint": ["-32768", "32767"],
        "integer": ["-2147483648", "2147483647"],
        "bigint": ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
        "numeric(4,1)": ["999.9", "-0.1"],
        "numeric(9,9)": ["0.999999999"],
        "numeric(18,3)": ["999999999999999.999"],
        "numeric": ["1e100", "0.00000000000000000000000000000000000001"],
        "real": ["3.4028235e38", "1e-45", "0.1", "16777216", "'nan'"],
        "double precision": ["1.7976931348623157e308", "5e-324", "0.1", "'infinity'"],
        "boolean": ["true"],
        "character(3)": ["'abc'"],
        "character varying(5)": ["'ab   '", "'007'"],
        "character varying(9)": ["'abcdefghi'"],
        "text": ["repeat('x', 100)"],
        "date": ["'4000-01-01 BC'", "'290000-12-31'", "'infinity'"],
        "time(0)": ["'13:45:59'"],
        "time": ["'13:45:59.999999'"],
        "time with time zone": ["'13:45:59.999999+02:30'"],
        "timestamp(0)": ["'2020-02-29 13:45:59'"],
        "timestamp(3)": ["'2020-02-29 13:45:59.999'"],
        "timestamp": ["'2020-02-29 13:45:59.999999'", "'infinity'"],
        "timestamp(0) with time zone": ["'2020-02-29 13:45:59+02:00'"],
        "timestamp with time zone": ["'2020-02-29 13:45:59.999999+02:00'"],
        "interval": ["'1 month 2 days 3 seconds'"],
        "jsonb": ["'{}'"],
        "uuid": ["'12345678-9abc-def0-1234-56789abcdef0'"],
        "bytea": ["'\\xAA00'"],
        "bit(3)": ["'101'"],
        "bit(5)": ["'10101'"],
        "integer[]": ["'{1,null}'"],
    },
}

PROBLEM = re.compile(
    r"column '(c_\d+_\d+)' is (.+?) on a and (.+?) on b, and no type holds them all"
)


class Pairs:
    """A column for every pair of types: of the one on shard a, of the other on shard b."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.types = list(EXTREMES[estate.adapter_type])
        numbers = list(itertools.combinations_with_replacement(range(len(self.types)), 2))
        self.pairs = {f"c_{i}_{j}": (self.types[i], self.types[j]) for i, j in numbers}
        shards = Shards(estate)
        self.a, self.b = (shards.add(name) for name in "ab")
        self.relations = [shards.relation(shard, "pairs") for shard in (self.a, self.b)]
        for side, relation in enumerate(self.relations):
            columns = ", ".join(f"{name} {pair[side]}" for name, pair in self.pairs.items())
            estate.execute(f"create table {relation} (n int, {columns})")
            for number in range(
                max(len(values) for values in EXTREMES[estate.adapter_type].values())
            ):
                values = ", ".join(self.value(pair[side], number) for pair in self.pairs.values())
                estate.execute(f"insert into {relation} values ({number}, {values})")
        shards.write_model()
        shards.write_source("pairs")
        estate.write({"models/refused.sql": self.model([])})
        self.refusal = estate.run_dbt(["run"], expect_pass=None)
        self.refused = {
            name: (first, second)
            for name, first, second in PROBLEM.findall(self.refusal.message("refused"))
        }
        estate.write({"models/united.sql": self.model(list(self.refused))})
        self.result = estate.run_dbt(["run", "--select", "united"], expect_pass=None)
        self.united = {name: pair for name, pair in self.pairs.items() if name not in self.refused}
        self.widened: dict[str, str] = dict(
            estate.sql(
                "select column_name, data_type from information_schema.columns"
                " where table_name = 'united'"
            )
            if estate.adapter_type == "duckdb"
            else estate.sql(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute"
                f" where attrelid = '{estate.relation('united')}'::regclass and attnum > 0"
            )
        )

    def value(self, kind: str, number: int) -> str:
        values = EXTREMES[self.estate.adapter_type][kind]
        return f"cast({values[number % len(values)]} as {kind})"

    def model(self, exclude: list[str]) -> str:
        return (
            "{{ config(materialized='table') }}{{ dbt_estate.union_shards(source('store', 'pairs'),"
            f" options={{'exclude': {exclude!r}}}) }}}}"
        )


@pytest.fixture(scope="module")
def pairs(session_estates: MakeEstate) -> Iterator[Pairs]:
    estate = session_estates()
    yield Pairs(estate)
    estate.close()


@pytest.mark.adapters("duckdb", "postgres")
class TestEveryPairOfTypes:
    def test_a_pair_is_united_or_the_error_names_shard_column_and_types(self, pairs: Pairs) -> None:
        text = pairs.refusal.message("refused")
        assert pairs.refusal.status("refused") == "error"
        assert f"{len(pairs.refused)} problems in the columns of 2 shapes" in text
        assert pairs.result.success, pairs.result.output
        # Nothing is refused that is one type on all shards, and refusing all would not do.
        assert not [name for name in pairs.refused if len(set(pairs.pairs[name])) == 1]
        assert len(pairs.united) > len(pairs.types) + 25
        for first, second in pairs.refused.values():
            assert first != second

    def test_every_value_of_either_shard_is_in_the_union_as_it_was(self, pairs: Pairs) -> None:
        estate = pairs.estate
        for side, relation in enumerate(pairs.relations):
            shard = "ab"[side]
            checks = [
                f"count(*) filter (where cast(u.{name} as {pair[side]}) is distinct from s.{name})"
                for name, pair in pairs.united.items()
            ]
            [row] = estate.sql(
                f"select count(*), {', '.join(checks)} from {estate.relation('united')} as u"
                f" join {relation} as s on s.n = u.n where u.shard = '{shard}'"
            )
            assert row[0] > 1
            wrong = [
                (pair, pairs.widened[name])
                for (name, pair), count in zip(pairs.united.items(), row[1:], strict=True)
                if count
            ]
            assert wrong == []

    def test_the_order_of_the_shards_does_not_matter(self, pairs: Pairs) -> None:
        text = pairs.estate.compiled("united")
        first, second = re.findall(r"(?s)select\n(.+?)\nfrom", text)
        names = r'(?m)"(c_\d+_\d+)",?$'
        assert re.findall(names, first) == re.findall(names, second) == sorted(pairs.united)


@pytest.mark.adapters("duckdb", "postgres")
@settings(max_examples=200)
@given(data=st.data())
def test_random_values_come_back(pairs: Pairs, data: st.DataObject) -> None:
    families = value_families(pairs.estate.adapter_type)
    drawn = [
        name
        for name, (first, second) in pairs.united.items()
        if first != second and first in families and second in families
    ]
    assert len(drawn) > 20
    name = data.draw(st.sampled_from(drawn))
    kind = data.draw(st.sampled_from(pairs.united[name]))
    value = f"cast({data.draw(families[kind])} as {kind})"
    back = f"cast(cast({value} as {pairs.widened[name]}) as {kind})"
    assert pairs.estate.sql(f"select {back} is not distinct from {value}") == [(True,)]


def value_families(adapter: str) -> Mapping[str, st.SearchStrategy[str]]:
    """Return SQL of random values by type, for the types that more than one value tells apart."""
    families: dict[str, st.SearchStrategy[str]] = {}
    bits = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64, "hugeint": 128}
    for kind, size in bits.items():
        half = 2 ** (size - 1)
        families[kind] = st.integers(-half, half - 1).map(str)
        families[f"u{kind}"] = st.integers(0, 2 * half - 1).map(str)
    for kind in EXTREMES[adapter]:
        match = re.fullmatch(r"(decimal|numeric)\((\d+),(\d+)\)", kind)
        if match:
            most = 10 ** int(match[2]) - 1
            families[kind] = st.integers(-most, most).map(decimal_text(int(match[3])))
    families["float"] = st.floats(width=32, allow_nan=False).map(lambda value: f"'{value!r}'")
    families["real"] = st.floats(
        width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False
    ).map(repr)
    families["double"] = st.floats(allow_nan=False).map(lambda value: f"'{value!r}'")
    families["date"] = st.dates().map(lambda day: f"'{day.isoformat()}'")
    moments = st.datetimes().map(lambda moment: f"'{moment.isoformat(' ')}'")
    for kind in ("timestamp", "timestamp(0)", "timestamp(3)", "timestamp_s", "timestamp_ms"):
        families[kind] = moments
    clock = st.times().map(lambda time: f"'{time.isoformat()}'")
    families |= {"time": clock, "time(0)": clock}
    return families


def decimal_text(scale: int) -> Any:
    def text(units: int) -> str:
        digits = f"{abs(units):0{scale + 1}d}"
        whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
        return f"'{'-' if units < 0 else ''}{whole}.{fraction or '0'}'"

    return text


@pytest.mark.adapters("duckdb", "postgres")
def test_the_result_is_typed(pairs: Pairs) -> None:
    """A few pairs by name, so that the widest type is not simply always taken."""
    wanted = {
        "duckdb": {
            ("tinyint", "utinyint"): "SMALLINT",
            ("smallint", "uinteger"): "BIGINT",
            ("bigint", "ubigint"): "HUGEINT",
            ("bigint", "decimal(18,3)"): "DECIMAL(22,3)",
            ("decimal(4,1)", "decimal(9,9)"): "DECIMAL(12,9)",
            ("smallint", "float"): "FLOAT",
            ("integer", "float"): "DOUBLE",
            ("date", "timestamp"): "TIMESTAMP",
            ("timestamp_s", "timestamp_ms"): "TIMESTAMP_MS",
        },
        "postgres": {
            ("smallint", "integer"): "integer",
            ("bigint", "numeric(18,3)"): "numeric(22,3)",
            ("numeric(4,1)", "numeric"): "numeric",
            ("integer", "real"): "double precision",
            ("character(3)", "character varying(5)"): "character varying(5)",
            ("character varying(5)", "character varying(9)"): "character varying(9)",
            ("character varying(9)", "text"): "text",
            ("timestamp(0)", "timestamp(3)"): "timestamp(3) without time zone",
            ("date", "timestamp(3)"): "timestamp(3) without time zone",
        },
    }[pairs.estate.adapter_type]
    of = {pair: pairs.widened[name] for name, pair in pairs.united.items()}
    assert {pair: of[pair] for pair in wanted} == wanted
    refused = {pairs.pairs[name] for name in pairs.refused}
    for pair in {
        "duckdb": [
            ("bigint", "double"),
            ("double", "decimal(18,3)"),
            ("decimal(38,0)", "decimal(38,20)"),
            ("hugeint", "decimal(4,1)"),
            ("decimal(5,2)[]", "decimal(6,3)[]"),
            ("timestamp", "timestamp with time zone"),
            ("timestamp", "timestamp_ns"),
            ("integer", "varchar"),
            ("integer", "boolean"),
        ],
        "postgres": [
            ("bigint", "real"),
            ("bigint", "double precision"),
            ("numeric", "double precision"),
            ("timestamp", "timestamp with time zone"),
            ("bit(3)", "bit(5)"),
            ("integer", "text"),
        ],
    }[pairs.estate.adapter_type]:
        assert pair in refused or pair[::-1] in refused, pair
