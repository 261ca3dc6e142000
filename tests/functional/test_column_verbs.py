"""The selection verbs on the engines: which columns, and SQL that the engine takes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.estate import Estate

AWKWARD = ["select", "two words", "a.b", 'q"uote', "it's", "Ünï", "Case"]

# Verb with its arguments, and the columns of `data` that it selects.
SELECTIONS: list[tuple[str, list[str]]] = [
    ("get_column_names(data)", ["n_a", "ind_a", "ind_b", "amt_c", "name", "day"]),
    ("everything(data)", ["n_a", "ind_a", "ind_b", "amt_c", "name", "day"]),
    ("starts_with('IND', data)", ["ind_a", "ind_b"]),
    ("starts_with(['amt', 'n_'], data)", ["n_a", "amt_c"]),
    ("starts_with('IND', data, ignore_case=false)", []),
    ("starts_with('n.', data)", []),
    ("ends_with('_a', data)", ["n_a", "ind_a"]),
    ("contains('_', data)", ["n_a", "ind_a", "ind_b", "amt_c"]),
    ("not_contains('a', data)", ["ind_b"]),
    ("matches('.*_c$', data)", ["amt_c"]),
    ("matches(['^n', '.*y$'], data)", ["n_a", "name", "day"]),
    ("one_of(['AMT_C', 'n_a'], data)", ["n_a", "amt_c"]),
    ("not_one_of(['AMT_C', 'n_a', 'x'], data)", ["ind_a", "ind_b", "name", "day"]),
    ("all_of(['AMT_C', 'n_a'], data)", ["amt_c", "n_a"]),
    ("any_of(['day', 'x', 'n_a', 'day'], data)", ["day", "n_a"]),
    ("last_col(data)", ["day"]),
    ("last_col(data, offset=5)", ["n_a"]),
    ("num_range('n', range(1, 12), ['n1', 'n02', 'N10'])", ["n1", "N10"]),
    ("num_range('n', [2], ['n1', 'n02'], width=2)", ["n02"]),
    ("where('is_number', data)", ["n_a", "ind_a", "ind_b", "amt_c"]),
    ("where('is_integer', data)", ["n_a", "ind_a", "ind_b"]),
    ("where('is_numeric', data)", ["amt_c"]),
    ("where('is_character', data)", ["name"]),
    ("where('is_date', data)", ["day"]),
    ("where('is_boolean', data)", []),
    ("set_union(['ind_b'], dbt_estate.starts_with('ind', data))", ["ind_b", "ind_a"]),
    (
        "set_intersect(dbt_estate.where('number', data), dbt_estate.ends_with('a', data))",
        ["n_a", "ind_a"],
    ),
    ("set_difference(data, dbt_estate.contains('_', data))", ["name", "day"]),
    ("relocate(data, 'day')", ["day", "n_a", "ind_a", "ind_b", "amt_c", "name"]),
    (
        "relocate(data, ['day', 'n_a'], after='IND_B')",
        ["ind_a", "ind_b", "day", "n_a", "amt_c", "name"],
    ),
    (
        "relocate(data, 'n_a', after=['name', 'ind_a'])",
        ["ind_a", "ind_b", "amt_c", "name", "n_a", "day"],
    ),
    (
        "relocate(data, 'day', before=['name', 'ind_b'])",
        ["n_a", "ind_a", "day", "ind_b", "amt_c", "name"],
    ),
    ("relocate(data, 'day', before='name')", ["n_a", "ind_a", "ind_b", "amt_c", "day", "name"]),
    ("select_columns(data, ['ind', '-ind_b'])", ["ind_a"]),
    ("select_columns(data, ['n'])", ["n_a"]),
    ("select_columns(data, ['-*_?', '-day'])", ["name"]),
    ("select_columns(data, ['/a$/', 'day'])", ["n_a", "ind_a", "day"]),
    ("select_columns(data, types=['number'])", ["n_a", "ind_a", "ind_b", "amt_c"]),
    ("select_columns(data, ['n*'], types='string')", ["name"]),
]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def create_data(estate: Estate) -> None:
    estate.create_schema(estate.target_schema)
    estate.execute(
        f"create table {estate.relation('data')} (n_a int, ind_a int, ind_b int, "
        "amt_c decimal(10, 2), name varchar(20), day date)"
    )
    estate.execute(
        f"insert into {estate.relation('data')} values (1, 2, 3, 4.5, 'anna', '2026-03-01')"
    )
    estate.write(
        {
            "models/sources.yml": "sources: [{name: raw, "
            f"schema: {estate.target_schema}, tables: [{{name: data}}, {{name: awkward}}]}}]\n"
        }
    )


def asked_of_the_catalog(queries: list[str]) -> int:
    """Count the questions for the columns of `data`."""
    asking = ('describe "estate"."analytics"."data"', "table_name = 'data'")
    return len([query for query in queries if any(text in query for text in asking)])


@pytest.mark.smoke
def test_each_verb_selects_its_columns_and_the_catalog_is_asked_once(estate: Estate) -> None:
    create_data(estate)
    rows = "\n    union all ".join(
        f"select {number} as number, "
        f"{{{{ dbt_estate.literal(dbt_estate.{call} | join(',')) }}}} as names"
        for number, (call, _) in enumerate(SELECTIONS)
    )
    estate.write({"models/verbs.sql": "{% set data = source('raw', 'data') %}\n" + rows + "\n"})
    result = estate.run_dbt(["run"])
    found: dict[int, str] = dict(
        estate.sql(f"select number, names from {estate.relation('verbs')}")
    )
    assert {SELECTIONS[number][0]: names for number, names in found.items()} == {
        call: ",".join(names) for call, names in SELECTIONS
    }
    if estate.adapter_type != "sqlserver":  # whose adapter asks sys.columns in words of its own
        assert asked_of_the_catalog(result.queries) == 1


# What stands between select and from, and the names and values of the only row.
TEXTS: list[tuple[str, dict[str, Any]]] = [
    (
        "{{ dbt_estate.across(dbt_estate.starts_with('ind', data), 'sum({{var}}) as {{var}}_tot')"
        " }}",
        {"ind_a_tot": 2, "ind_b_tot": 3},
    ),
    (
        "{{ dbt_estate.across(['n_a', 'ind_a'], {'total': 'sum({{var}})', 'least': 'min({{var}})'})"
        " }}",
        {"n_a_total": 1, "n_a_least": 1, "ind_a_total": 2, "ind_a_least": 2},
    ),
    (
        "{{ dbt_estate.across(['n_a'], 'max({{ var }})', names='top {col}') }}",
        {"top n_a": 1},
    ),
    (
        "{{ dbt_estate.across(['n_a'], {'s': 'sum(data.{col})'}, names='{fn}_{col}') }}",
        {"s_n_a": 1},
    ),
    ("{{ dbt_estate.across([], '{{var}}', final_comma=true) }} max(n_a) as n", {"n": 1}),
    (
        "{{ dbt_estate.across(['n_a'], 'max({{var}}) as {{var}}', final_comma=true) }} 7 as x",
        {"n_a": 1, "x": 7},
    ),
    ("{{ dbt_estate.across([], if_empty='9 as none') }}", {"none": 9}),
    (
        "{{ dbt_estate.across(['name'], \"max('{{var}}') as {{var}}_text\") }}",
        {"name_text": "name"},
    ),
    ("max({{ dbt_estate.c_across(['ind_a', 'ind_b'], '+') }}) as total", {"total": 5}),
    (
        "max({{ dbt_estate.c_across(['ind_a', 'ind_b'], 'coalesce({{var}})') }}) as first",
        {"first": 2},
    ),
    (
        "sum(case when {{ dbt_estate.if_all(['n_a', 'ind_a'], '{{var}} < 2') }} then 1 else 0 end)"
        " as every, sum(case when 1 = 0 and {{ dbt_estate.if_any(['n_a', 'ind_a'], '{{var}} < 2') "
        "}} then 1 else 0 end) as none",
        {"every": 0, "none": 0},
    ),
    (
        "sum(case when {{ dbt_estate.if_any([], '{{var}} < 2', if_empty='identity') }} then 1 "
        "else 0 end) as no, sum(case when {{ dbt_estate.if_all([], '{{var}} < 2', "
        "if_empty='identity') }} then 1 else 0 end) as yes",
        {"no": 0, "yes": 1},
    ),
]

QUERIES: list[tuple[str, list[str]]] = [
    (
        "select {{ dbt_estate.rename_with(data, 'upper', dbt_estate.starts_with('ind', data)) }}",
        ["n_a", "IND_A", "IND_B", "amt_c", "name", "day"],
    ),
    (
        "select {{ dbt_estate.rename_with(data, {'N_A': 'count of', 'day': 'date'}) }}",
        ["count of", "ind_a", "ind_b", "amt_c", "name", "date"],
    ),
    (
        "select {{ dbt_estate.rename_with(['n_a', 'day'], 'src_{col}') }}",
        ["src_n_a", "src_day"],
    ),
    ("select {{ dbt_estate.pick(['day', 'n_a']) }}", ["day", "n_a"]),
    ("select {{ dbt_estate.pick(dbt_estate.relocate(data, 'day'), 'data') }}", []),
]


def test_what_is_made_of_the_columns(estate: Estate) -> None:
    create_data(estate)
    head = "{% set data = source('raw', 'data') %}\n"
    files = {
        f"models/text_{number}.sql": f"{head}select\n    {text}\nfrom {{{{ data }}}} as data\n"
        for number, (text, _) in enumerate(TEXTS)
    }
    files |= {
        f"models/query_{number}.sql": f"{head}{query}\nfrom {{{{ data }}}} as data\n"
        for number, (query, _) in enumerate(QUERIES)
    }
    estate.write(files)
    estate.run_dbt(["run"])
    for number, (text, wanted) in enumerate(TEXTS):
        names = ", ".join(quoted(name) for name in wanted)
        (row,) = estate.sql(f"select {names} from {estate.relation(f'text_{number}')}")
        assert dict(zip(wanted, row, strict=True)) == wanted, text
    for number, (query, columns) in enumerate(QUERIES):
        wanted_names = columns or ["day", "n_a", "ind_a", "ind_b", "amt_c", "name"]
        assert estate.column_names(f"query_{number}") == wanted_names, query


def test_names_that_need_quotes(estate: Estate) -> None:
    create_data(estate)
    columns = ", ".join(f"{quoted(name)} int" for name in AWKWARD)
    estate.execute(f"create table {estate.relation('awkward')} ({columns})")
    values = ", ".join(str(n) for n in range(len(AWKWARD)))
    estate.execute(f"insert into {estate.relation('awkward')} values ({values})")
    estate.write(
        {
            "models/sums.sql": """
            {% set names = dbt_estate.everything(source('raw', 'awkward')) %}
            select
                {{ dbt_estate.across(names, 'sum({{var}}) as {{var}}_total', final_comma=true) }}
                {{ dbt_estate.across(names, "max('{{var}}')", true, names='{col} text') }}
                max({{ dbt_estate.c_across(names, '+') }}) as total
            from {{ source('raw', 'awkward') }}
            where {{ dbt_estate.if_all(names, '{{var}} is not null') }}
            """
        }
    )
    estate.run_dbt(["run"])
    wanted = (
        [f"{name}_total" for name in AWKWARD] + [f"{name} text" for name in AWKWARD] + ["total"]
    )
    assert estate.column_names("sums") == wanted
    (row,) = estate.sql(f"select * from {estate.relation('sums')}")
    assert list(row) == [*range(len(AWKWARD)), *AWKWARD, sum(range(len(AWKWARD)))]


@pytest.mark.adapters("postgres")
def test_what_touches_a_name_is_folded_as_the_engine_would(estate: Estate) -> None:
    create_data(estate)
    text = (
        "select {{ dbt_estate.across(['n_a'], '{{var}} as {{var}}_TOT') }} from {{ this.schema }}"
    )
    text += ".data"
    estate.write({"models/folded.sql": text})
    estate.run_dbt(["run"])
    assert estate.column_names("folded") == ["n_a_tot"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("across([])", "dbt_estate.across: no column was selected"),
        ("if_any([], '{{var}} = 1')", "dbt_estate.if_any: no column was selected"),
        ("pick(dbt_estate.contains('zzz', data))", "dbt_estate.pick: no column was selected"),
        ("starts_with('a', 'some_cte')", "give the list of its columns"),
        ("contains('', data)", "dbt_estate.contains: 'string' must be a text"),
        ("all_of(['zzz'], data)", "dbt_estate.all_of: there is no column zzz; there are n_a,"),
        ("where('is_big', data)", "dbt_estate.where: 'fn' must be one of is_number, is_temporal,"),
        ("where('is_date', ['n_a'])", "dbt_estate.where: a name has no type, got: n_a"),
        ("last_col(data, 6)", "dbt_estate.last_col: 'offset' must be a whole number from 0 to 5"),
        ("num_range('n', ['x'], data)", "dbt_estate.num_range: 'numbers' must be whole numbers"),
        ("relocate(data, 'day', 'n_a', 'n_a')", "only one of 'before' and 'after'"),
        ("relocate(data, 'day', after='day')", "cannot be moved next to itself"),
        ("rename_with(data, 'title')", "dbt_estate.rename_with: 'fn' must be lower, upper"),
        ("rename_with(data, {'n_a': 'day'})", "'fn' gives two columns the name day"),
        ("across(['n_a', 'day'], '{{var}}', names='x')", "'names' gives two columns the name x"),
        ("across(data, 7)", "dbt_estate.across: 'script_string' must be a text"),
        ("across(['n_a'], {'s': 'sum({{var}})'}, names='{colm}')", "may have {col}, {fn} and {ren"),
        ("rename_with(data, {'n_a': 'z'}, ['day'])", "renames n_a, which 'columns' leaves out"),
        ("c_across(data, 'least(x_{{var}})')", "must stand alone, got: x_{{var}}"),
        ("everything(source('raw', 'awkward'))", "has no columns: there is no such table"),
    ],
)
@pytest.mark.adapters("duckdb")
def test_what_is_refused(estate: Estate, call: str, error: str) -> None:
    create_data(estate)
    head = "{% set data = source('raw', 'data') %}"
    estate.write({"models/wrong.sql": f"{head}select {{{{ dbt_estate.{call} }}}} as x"})
    result = estate.run_dbt(["run"], expect_pass=False)
    assert error in result.output


@pytest.mark.adapters("duckdb")
def test_an_ephemeral_model_has_the_columns_of_its_properties(estate: Estate) -> None:
    create_data(estate)
    estate.write(
        {
            "models/step.sql": "{{ config(materialized='ephemeral') }} select 1 as n_a, 2 as n_b",
            "models/sums.sql": "select {{ dbt_estate.across(dbt_estate.starts_with('n', "
            "ref('step')), 'sum({{var}}) as {{var}}') }} from {{ ref('step') }}",
        }
    )
    result = estate.run_dbt(["run"], expect_pass=False)
    assert "step is an ephemeral model, which is in no catalog" in result.output
    estate.write({"models/step.yml": "models: [{name: step, columns: [{name: n_a}, {name: n_b}]}]"})
    estate.run_dbt(["run"])
    assert estate.sql(f"select n_a, n_b from {estate.relation('sums')}") == [(1, 2)]
    estate.remove("models/step.yml")
    estate.write(
        {
            "models/sums.sql": "with cte as (select * from {{ ref('step') }}) "
            "select {{ dbt_estate.across(dbt_estate.ends_with('b', ['n_a', 'n_b'])) }} from cte"
        }
    )
    estate.run_dbt(["run"])
    assert estate.column_names("sums") == ["n_b"]


@pytest.mark.adapters("duckdb")
def test_an_ephemeral_model_is_known_by_its_alias_and_types(estate: Estate) -> None:
    step = "{{ config(materialized='ephemeral', alias='data', schema='other') }} "
    step += "select 7 as n_a, 8 as n_q, 9 as z"
    estate.write(
        {
            "models/data.sql": "select 1 as n_a, 2 as n_b",
            "models/step.sql": step,
            "models/all.yml": """
            models:
              - name: data
                columns: [{name: n_a, data_type: int}, {name: n_b, data_type: int}]
              - name: step
                columns: [{name: n_a, data_type: int}, {name: n_q, data_type: int}, {name: z}]
            """,
            "models/sums.sql": "select {{ dbt_estate.across(dbt_estate.starts_with('n', "
            "ref('step')), 'sum({{var}}) as {{var}}') }} from {{ ref('step') }}",
        }
    )
    estate.run_dbt(["run"])
    assert estate.sql(f"select n_a, n_q from {estate.relation('sums')}") == [(7, 8)]
    text = estate.read("models/sums.sql").replace("starts_with('n', ", "where('is_number', ")
    estate.write({"models/sums.sql": text})
    result = estate.run_dbt(["run"], expect_pass=False)
    assert "dbt_estate.where: the type of z is not known" in result.output


@pytest.mark.adapters("duckdb")
def test_names_by_the_vocabulary_of_columns_that_are_listed(estate: Estate) -> None:
    stubs = {"ind": {"rename": {"sum": "n"}}, "n": "A count."}
    estate.update_project(vars={"dbt_estate": {"vocabulary": {"stubs": stubs}}})
    estate.write(
        {
            "models/sums.sql": "select {{ dbt_estate.across(['ind_a', 'ind_b'], {'sum': "
            "'sum({{var}})'}, names='{renamed}') }} "
            "from (select 1 as ind_a, 0 as ind_b) as given"
        }
    )
    estate.run_dbt(["run"])
    assert estate.column_names("sums") == ["n_a", "n_b"]


@pytest.mark.adapters("duckdb")
def test_an_operator_between_columns_is_one_value(estate: Estate) -> None:
    given = "(select 2 as n_a, 3 as n_b) as given"
    estate.write(
        {
            "models/sums.sql": "select {{ dbt_estate.c_across(['n_a', 'n_b'], '+') }} * 100 as n,"
            " coalesce({{ dbt_estate.c_across(['n_a', 'n_b'], ',') }}) as first_n from " + given
        }
    )
    estate.run_dbt(["run"])
    assert estate.sql(f"select n, first_n from {estate.relation('sums')}") == [(500, 2)]


@pytest.mark.adapters("duckdb", "postgres")
def test_compile_empty_and_unit_tests(estate: Estate) -> None:
    estate.write(
        {
            "models/data.sql": "{{ config(materialized='table') }} select 1 as n_a, 2 as n_b",
            "models/sums.sql": "select {{ dbt_estate.across(dbt_estate.starts_with('n', "
            "ref('data')), 'sum({{var}}) as {{var}}') }} from {{ ref('data') }}",
            "models/unit.yml": """
            unit_tests:
              - name: adds_up
                model: sums
                given:
                  - input: ref('data')
                    rows: [{n_a: 1, n_b: 3}, {n_a: 2, n_b: 4}]
                expect:
                  rows: [{n_a: 3, n_b: 7}]
            """,
        }
    )
    # Nothing is built yet: what only compiles says so, and goes on.
    result = estate.run_dbt(["compile"])
    assert "has no columns: there is no such table or view yet" in " ".join(result.warnings)
    estate.run_dbt(["run", "--empty"])
    assert estate.column_names("sums") == ["n_a", "n_b"]
    result = estate.run_dbt(["build"])
    assert result.statuses["adds_up"] == "pass"
    assert estate.sql(f"select n_a, n_b from {estate.relation('sums')}") == [(1, 2)]

    # dbt does not say in which schema the input is.
    text = estate.read("models/data.sql").replace("='table'", "='table', schema='elsewhere'")
    estate.write({"models/data.sql": text})
    estate.execute(f"drop table {estate.relation('data')} cascade")
    result = estate.run_dbt(["build"], expect_pass=False)
    assert "the unit test does not know the columns of data. Give them" in result.output
    unit = estate.read("models/unit.yml")
    overrides = "overrides: {macros: {dbt_estate.get_column_names: [n_b]}}\n    given:"
    unit = unit.replace("given:", overrides).replace("{n_a: 3, n_b: 7}", "{n_b: 7}")
    estate.write({"models/unit.yml": unit})
    assert estate.run_dbt(["build"]).statuses["adds_up"] == "pass"


@pytest.mark.adapters("duckdb")
def test_a_models_own_table_is_asked_each_time(estate: Estate) -> None:
    """A hook after the build must not see the columns of before."""
    estate.write(
        {
            "models/grows.sql": "{{ config(materialized='table', post_hook="
            "\"create or replace table seen as select '{{ dbt_estate.everything(this) | join(',') "
            "}}' as names\") }} select 1 as a {{ var('more', '') }} "
            "-- {{ dbt_estate.everything(this) if this is defined and "
            "load_relation(this) is not none }}"
        }
    )
    estate.run_dbt(["run"])
    estate.run_dbt(["run", "--vars", "{more: ', 2 as b'}"])
    assert estate.sql("select names from seen") == [("a,b",)]
