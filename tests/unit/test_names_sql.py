"""The columns that a model's SQL gives, and what cannot be read from it."""

from __future__ import annotations

import pytest

from dbt_estate.names.sql import Column, Item, Star, Unknown, read_columns, strip_jinja
from dbt_estate.names.types import type_family


def shown(items: list[Item]) -> list[str]:
    """Write columns as names, stars as kind:name, and what is unknown as ?."""
    texts = []
    for item in items:
        if isinstance(item, Column):
            texts.append(item.name)
        elif isinstance(item, Star):
            more = "".join(f" -{name}" for name in item.without)
            more += "".join(f" {old}>{new}" for old, new in item.renamed)
            texts.append(f"{item.kind}:{item.name}{more}")
        else:
            texts.append("?")
    return texts


CASES: list[tuple[str, list[str]]] = [
    ('select a, t.b, c as d, e f, 1 as "G h" from t', ["a", "b", "d", "f", "G h"]),
    ("select * from {{ ref('m') }}", ["ref:m"]),
    ("select * from {{ ref('package', 'm') }}", ["ref:package.m"]),
    ("select * from {{ ref('m', v=2) }}", ["ref:m v2"]),
    ("select * from {{ ref('package', 'm', version='3') }}", ["ref:package.m v3"]),
    ("select * from {{ ref('m', v=var('v')) }}", ["?"]),
    ("select * from {{ source(\"s\", 't') }}", ["source:s.t"]),
    ("select m.*, 1 as n from {{ ref('m') }} as m", ["ref:m", "n"]),
    ("select * from {{ ref('m') }} a join {{ ref('n') }} b using (id)", ["ref:m", "ref:n -id"]),
    ("select b.* from {{ ref('m') }} a join {{ ref('n') }} b on true", ["ref:n"]),
    ("select * exclude (x, Y) from {{ ref('m') }}", ["ref:m -x -y"]),
    ("select * rename (x as z) from {{ ref('m') }}", ["ref:m x>z"]),
    (
        "select * exclude (c) from (select * rename (b as C) from {{ ref('m') }})",
        ["ref:m -b -c"],
    ),
    (
        "select * exclude (b) rename (c as d) from (select * rename (b as c) from {{ ref('m') }})",
        ["ref:m b>d c>d"],
    ),
    ("select * from {{ ref('m') }} semi join {{ ref('n') }} using (id)", ["ref:m"]),
    ("select 1 as a union all by name select 2 as b", ["a", "b"]),
    ("select unnest(s, recursive := true) as a from t", ["?"]),
    ("select columns(*)::int as x from t", ["?"]),
    ("with a as (select 1 as x, 2 as y) select * exclude (x) from a", ["y"]),
    ("with a(p, q) as (select 1, 2) select * from a", ["p", "q"]),
    ("with a as (select * from {{ ref('m') }}), b as (select * from a) select * from b", ["ref:m"]),
    ("with a as (select 1 as x) select * from (select *, 2 as y from a) as s", ["x", "y"]),
    ("select * from (values (1, 2)) as t (a, b)", ["a", "b"]),
    ("select t.* from (select 1, 2) as t(a, b)", ["a", "b"]),
    ("select 1 as a union all select 2 as b", ["a"]),
    ("select 1 as a;\n-- the end\n", ["a"]),
    ("{{ config(meta={'a': {'b': '}}'}}) }}\nselect 1 as a", ["a"]),
    ("{{ set_pragma() }}\nwith a as (select 1 as b) select * from a", ["b"]),
    ("with a as (select 1 as b)\n{{ more() }}\nselect b, c.* from a, c", ["b", "?"]),
    (
        "with a as (select 1 as b) {{ more() }}, d as (select * from c, a) select * from d",
        ["?", "b"],
    ),
    ("select count(*) {{ name }}, 1 as b from t", ["?", "b"]),
    ("{# select 0 as z #} select 1 as a", ["a"]),
    ("{% set q %} select 1 as z {% endset %} select 2 as y", ["y"]),
    ("{% set x = 1 %} select {{ x }} as y", ["y"]),
    ("{% macro f() %} select 3 as c {% endmacro %} select 4 as d", ["d"]),
    ("{% snapshot s %} select * from {{ ref('m') }} {% endsnapshot %}", ["ref:m"]),
    ("select a from t {% if is_incremental() %} where a > 1 {% endif %}", ["a"]),
    ("select a {% if x %}, b{% endif %} from t", ["a", "b"]),
    ("select a {% if x %}, b{% else %}, 1 as c{% endif %} from t", ["a", "b", "?"]),
    ("select {% if x %} a {% else %} b {% endif %} from t", ["a", "?"]),
    ("select {% if x %}a{% elif y %}b{% else %}c{% endif %}, d from t", ["a", "d", "?", "?"]),
    ("select {% if x %}a{% else %}{% if y %}a{% else %}c{% endif %}{% endif %} from t", ["a", "?"]),
    ("select q {% if x %}, a {% else %}{{ cols() }}{% endif %} from t", ["q", "a", "?"]),
    ("select {% for c in cs %}a,{% else %}b as z,{% endfor %} d from t", ["a", "d", "?"]),
    ("select a {% if x %} as b {% endif %} from t", ["b", "?"]),
    ("select a {% if x %} as b {% else %} as B {% endif %} from t", ["b"]),
    ("{% if x %}select 1 as a{% else %}select 1 as b{% endif %}", ["a", "?"]),
    ("{% if x %}select 1 as a{% else %}select from where{% endif %}", ["a", "?"]),
    (
        "select a from t where {% if x %} b > cast(1 as int) {% else %} c > 1 {% endif %}",
        ["a"],
    ),
    ("{% macro f() %}{% if x %}a{% else %}b{% endif %}{% endmacro %}select 1 as a", ["a"]),
    (
        "select {% for n in names %} {{ n }}{{ ',' if not loop.last }} {% endfor %} from t",
        ["?"],
    ),
    (
        "{% for x in y %}select 1 as a {% if not loop.last %}union all{% endif %} {% endfor %}",
        ["a"],
    ),
    (
        "select {% for x in y %}{% if not loop.first %}, {% endif %}1 as b{% endfor %} from t",
        ["b"],
    ),
    ("select {{ dbt_utils.star(ref('m')) }}, 1 as a from {{ ref('m') }}", ["?", "a"]),
    ("select x as {{ name }}, y as pre_{{ name }} from t", ["?", "?"]),
    ("select t.{{ c }} as a from t", ["a"]),
    ("select a_{{ n }}5, b from {{ q }}9", ["?", "b"]),
    ("select * from {{ q }}9", ["?"]),
    ("{{ f() }} union all select 1 as a", ["?"]),
    ("{{ dbt_utils.union_relations([ref('m')]) }}", ["?"]),
    ("select id, {{ across() }} n_items from t", ["id", "?"]),
    ("select id, {{ across() }} as n_items from t", ["id", "n_items"]),
    ("select * from {{ ref('m') }} {{ joins() }}", ["?"]),
    ("with a as (select * from {{ ref('m') }} {{ joins() }}) select * from a", ["?"]),
    (
        "select a, {% for m in x %}{{ '1 as b' ~ (',' if not loop.last) }}{% endfor %} from t",
        ["a", "?"],
    ),
    (
        "select 1 as a{% for c in x %}{% if not loop.first %}, 2 as b{% endif %}{% endfor %}",
        ["a", "b"],
    ),
    (
        "with t as (select 1 as a {% if x %}{% else %}, 2 as b{% endif %}) "
        "{% if x %} select a from t {% else %} select * from t {% endif %}",
        ["a", "?"],
    ),
    (
        "{% if x %} select a from ( {% endif %} select a, 2 as b from t {% if x %} ) {% endif %}",
        ["a", "?"],
    ),
    ("{% if x %} select a from t union all {% endif %} select {{ all() }} from u", ["a", "?"]),
    ("with t(a) as (select 1 as x, 2 as b) select * from t", ["a", "b"]),
    ("with t(a) as (select * from {{ ref('m') }}) select * from t", ["a", "?"]),
    ("select * from {{ ref('m') }} as t(a)", ["a", "?"]),
    ("select * from (select 1 as x, 2 as b) as t(a)", ["a", "b"]),
    ("select * from (values (1, 2)) as t(a)", ["a", "?"]),
    ("select * from unnest([1, 2]) with ordinality as t(a)", ["a", "ordinality"]),
    ("select * from unnest([1, 2]) with ordinality as t(a, b)", ["a", "b"]),
    ("select * from generate_series(1, 2) as t(a)", ["a"]),
    ("with t as (select {'x': 1} as s) select unnest(s) as a from t", ["a", "?"]),
    ("select unnest([1, 2]) as a", ["a"]),
    (
        "select * exclude (b.x) from {{ ref('m') }} a join {{ ref('n') }} b on a.i = b.i",
        ["ref:m", "ref:n -x"],
    ),
    ("{% call f() %} select 1 as a {% endcall %}", ["?"]),
    ("select * from raw.t", ["?"]),
    ("select * from {{ this }}", ["?"]),
    ("select * from generate_series(1, 2)", ["?"]),
    ("select count(*), a + 1 from t", ["?", "?"]),
    ("select z.* from {{ ref('m') }} as a", ["?"]),
    ("select 1 as a; select 2 as b", ["?"]),
    ("select from where", ["?"]),
    ("{{ config(enabled=false) }}", ["?"]),
]


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[text[:40] for text, _ in CASES])
def test_the_columns_of_a_text(text: str, wanted: list[str]) -> None:
    assert shown(read_columns(text, "duckdb")) == wanted


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("tsql", "select top 10 [a b], [c] as d from [dbo].[t]"),
        ("bigquery", "select `a b`, c as d from `p.s.t`"),
        ("snowflake", "select \"a b\", c::variant:x as d from t qualify 1 = 1"),
        ("postgres", "select distinct on (x) \"a b\", y::text as d from t"),
        (None, "select \"a b\", c as d from t"),
    ],
)  # fmt: skip
def test_the_languages_of_the_adapters(dialect: str | None, text: str) -> None:
    assert shown(read_columns(text, dialect)) == ["a b", "d"]


M, N = "{{ ref('m') }}", "{{ ref('n') }}"


@pytest.mark.parametrize(
    ("dialect", "text", "wanted"),
    [
        ("spark", f"select * from {M} left anti join {N} using (a)", ["ref:m"]),
        ("snowflake", f"select * ilike '%id%' from {M}", ["?"]),
        ("bigquery", f"select * from {M}, unnest(a) x with offset y", ["ref:m", "x", "y", "?"]),
        ("bigquery", "select as value s from t", ["?"]),
        (
            "snowflake",
            f"select * from {M} match_recognize(measures b as c pattern (x) define x as y)",
            ["?"],
        ),
    ],
)
def test_what_only_one_language_has(dialect: str, text: str, wanted: list[str]) -> None:
    assert shown(read_columns(text, dialect)) == wanted


def test_lines_are_those_of_the_file() -> None:
    text = (
        "{{ config(\n    materialized='table'\n) }}\n\n{# a\ncomment #}\nselect\n    a,\n"
        "    b as c,\n    {% if x %}\n    d\n    {% endif %}\nfrom t\n"
    )
    items = read_columns(text, "duckdb")
    assert [(i.name, i.line) for i in items if isinstance(i, Column)] == [
        ("a", 8),
        ("c", 9),
        ("d", 11),
    ]
    assert strip_jinja(text).sql.count("\n") == text.count("\n")


def test_a_cast_gives_a_type_and_what_is_unknown_a_reason() -> None:
    (column,) = read_columns("select cast(a as decimal(10, 2)) as b", "duckdb")
    assert column == Column("b", 1, "DECIMAL(10, 2)")
    (unknown,) = read_columns("select 1 +\n  * 2 from", "duckdb")
    assert isinstance(unknown, Unknown)
    assert unknown.reason.startswith("cannot be parsed: ")
    (unknown,) = read_columns("select\n  {{ star() }}\nfrom t", "duckdb")
    assert unknown == Unknown("columns made by Jinja: {{ star() }}", 2)


@pytest.mark.parametrize(
    "text", ["select {{ a", "select {% if", "{# open", "{% endif %}select 1 as a"]
)
def test_broken_jinja_does_not_stop_the_reader(text: str) -> None:
    assert read_columns(text, None)


def test_the_branches_of_two_types() -> None:
    text = "select {% if x %}cast(a as int) as b{% else %}cast(a as text) as b{% endif %} from t"
    assert read_columns(text, "postgres") == [Column("b", 1, "INT"), Column("b", 1, "TEXT")]


@pytest.mark.parametrize(
    ("dialect", "given"),
    [
        ("duckdb", "timestamp"), ("duckdb", "datetime"), ("duckdb", "uinteger"),
        ("duckdb", "int[]"), ("duckdb", "struct(a int)"), ("duckdb", "map(int, int)"),
        ("postgres", "int[]"), ("postgres", "timestamptz"), ("snowflake", "timestamp_ntz"),
        ("snowflake", "timestamp_ltz"), ("tsql", "datetime2"), ("tsql", "smalldatetime"),
        ("tsql", "bit"), ("bigquery", "datetime"), ("bigquery", "int64"),
    ],
)  # fmt: skip
def test_the_type_of_a_cast_is_of_the_family_that_was_written(dialect: str, given: str) -> None:
    (column,) = read_columns(f"select cast(x as {given}) as y", dialect)
    assert isinstance(column, Column)
    adapter = "sqlserver" if dialect == "tsql" else ""
    family = type_family(given, adapter)
    assert family != "other"
    assert type_family(column.data_type, adapter) == family
