"""The user's own checks of dbt v2, on the tables of a small project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_estate.check.result import Finding, RuleResult
from dbt_estate.check.user_checks import Check, read_checks, run_check
from dbt_estate.errors import InputError
from dbt_estate.info_schema.load import load
from tests.unit.test_info_schema import manifest, node, write

ORDERS, ITEMS, OFF = "model.shop.orders", "model.shop.items", "model.shop.off"
RAW, KINDS = "source.shop.app.raw", "seed.shop.kinds"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    content = manifest()
    parents = {"nodes": [ORDERS, RAW], "macros": []}
    content["nodes"][ITEMS] = node("model", "items", depends_on=parents, access="protected")
    return load(write(tmp_path_factory.mktemp("target"), manifest=content))


def put(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def read(root: Path, files: Mapping[str, str], **project: Any) -> dict[str, Check]:
    put(root, files)
    given = {"name": "shop", **project}
    variables = given.pop("vars", {})
    found = read_checks([root / "checks"], given, variables, project_dir=root)
    return {check.name: check for check in found}


def run(
    project: duckdb.DuckDBPyConnection,
    root: Path,
    sql: str,
    selected: frozenset[str] | None = None,
    yaml: str = "",
    **given: Any,
) -> tuple[RuleResult, list[Finding]]:
    files = {"checks/it.sql": sql} | ({"checks/it.yml": yaml} if yaml else {})
    return run_check(project, read(root, files, **given)["it"], selected)


CASES: list[tuple[str, str, list[str]]] = [
    (
        "models_have_descriptions",
        "select unique_id from {{ info_schema('models') }} where description = '' and enabled",
        [ITEMS],
    ),
    (
        "public_models_have_owners",
        "select m.unique_id from {{ info_schema('models') }} as m\n"
        "left join {{ info_schema('groups') }} as g on g.name = m.\"group\"\n"
        "where m.access = 'public' and (g.unique_id is null or trim(g.owner_name) = '')",
        [ORDERS],
    ),
    (
        "unused_sources",
        "select s.unique_id, s.name from {{ info_schema('sources') }} as s\n"
        "left join {{ info_schema('edges') }} as e on e.parent_unique_id = s.unique_id\n"
        "where e.child_unique_id is null",
        [],
    ),
    (
        "config_is_json",
        "select unique_id from {{ info_schema('models') }}\n"
        "where json_extract(config, '$.own.x')::int = 1 and config->>'materialized' = 'view'",
        [ITEMS, ORDERS],
    ),
    (
        "meta_is_json",
        "select unique_id from {{ info_schema('models') }}\n"
        "where enabled and json_extract_string(meta, '$.owner') is null",
        [ITEMS],
    ),
    (
        "tags_are_a_list",
        "select unique_id from {{ info_schema('seeds') }} where list_contains(tags, 'daily')",
        [KINDS],
    ),
    (
        "unnest",
        "select unique_id, tag from (\n"
        "  select unique_id, unnest(tags) as tag from {{ info_schema('models') }}\n"
        ") where tag not in ('daily', 'weekly')",
        [],
    ),
    (
        "booleans",
        "select unique_id from {{ info_schema('models') }} where not enabled",
        [OFF],
    ),
    (
        "source_and_model_joined",
        "with parents as (\n"
        "  select child_unique_id as unique_id, count(*) as n from {{ info_schema('edges') }}\n"
        "  where parent_unique_id like 'source.%' or parent_unique_id like 'model.%'\n"
        "  group by all having count(distinct split_part(parent_unique_id, '.', 1)) > 1\n"
        ") select * from parents",
        [ITEMS],
    ),
    (
        "columns_have_descriptions",
        "select node_unique_id as unique_id, column_name from {{ info_schema('node_columns') }}\n"
        "where description = ''",
        [ORDERS],
    ),
    (
        "models_have_tests",
        "select m.unique_id from {{ info_schema('models') }} m where enabled and not exists (\n"
        "  from {{ info_schema('data_tests') }} t where t.node_unique_id = m.unique_id)",
        [ITEMS],
    ),
    (
        "exposures_depend_on_marts",
        "from {{ info_schema('exposures') }} select unique_id, unnest(depends_on) as parent",
        ["exposure.shop.board"],
    ),
    (
        "fqn",
        "select unique_id from {{ info_schema('snapshots') }} where fqn[1] <> 'shop'",
        [],
    ),
    (
        "macros_take_types",
        "{% macro untyped(column) %}({{ column }}->0->>'type') is null{% endmacro %}\n"
        "select unique_id from {{ info_schema('macros') }}\n"
        "where package_name = '{{ project_name }}' and not ({{ untyped('arguments') }});\n",
        ["macro.shop.m"],
    ),
    (
        "an_aggregate",
        "select count(*) as models from {{ info_schema('models') }} having count(*) < 100",
        ["project.shop"],
    ),
]


@pytest.mark.parametrize(("name", "sql", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_check_of_v2_runs(
    project: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, sql: str, expected: list[str]
) -> None:
    check = read(tmp_path, {f"checks/{name}.sql": sql})[name]
    result, findings = run_check(project, check, None)
    assert [item.unique_id for item in findings] == expected
    assert (result.rule, result.area, result.findings) == (name, "checks", len(expected))
    assert (result.status, result.message) == ("failed" if expected else "passed", "")


def test_a_finding_says_where_and_what(project: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = (
        "select unique_id, name, tags, enabled, version, 'a\n b' as message, {'n': 1} as s\n"
        "from {{ info_schema('models') }} where name = 'orders'"
    )
    _, (found,) = run(project, tmp_path, sql)
    assert found == Finding(
        "it", "checks", "error", ORDERS, "orders", "models/orders.sql", None,
        'tags: [daily], enabled: true, version: 2, message: a b, s: {"n": 1}',
    )  # fmt: skip
    yaml = "checks: [{name: it, description: 'Say what\n  it is.', config: {severity: warn}}]"
    result, (found,) = run(project, tmp_path, f"select '{ORDERS}' as unique_id", yaml=yaml)
    assert (result.status, found.severity, found.detail) == ("warned", "warn", "Say what it is.")
    _, (found,) = run(project, tmp_path, "select 'model.gone' as unique_id, repeat('x', 400) as x")
    assert (found.resource_name, found.file) == ("model.gone", None)
    assert found.detail == f"x: {'x' * 297} ... (cut after 300 characters)"
    _, (found,) = run(project, tmp_path, "select null as unique_id, null as n")
    assert (found.unique_id, found.resource_name) == ("project.shop", "shop")
    assert found.detail == "unique_id: null, n: null"


EDGES = "select parent_unique_id, child_unique_id from {{ info_schema('edges') }} "
BOTH = "{{ config(selection_filter_on=['parent_unique_id', 'child_unique_id']) }}"


@pytest.mark.parametrize(
    ("sql", "selected", "status", "expected"),
    [
        ("select unique_id from dbt.models", {ORDERS}, "failed", [ORDERS]),
        ("select unique_id from dbt.models", {"model.shop.other"}, "passed", []),
        ("select unique_id from dbt.models", {KINDS}, "skipped", []),
        ("select unique_id from dbt.models", set(), "skipped", []),
        ("select unique_id from dbt.models where false", {KINDS}, "passed", []),
        ("select unique_id from dbt.sources", {RAW}, "failed", [RAW]),
        ("select 1 as n", {KINDS}, "failed", ["project.shop"]),
        ("select 1 as n", set(), "failed", ["project.shop"]),
        ("select 1 as n where false", set(), "skipped", []),
        (
            "{{ config(selection_filter_on='none') }} select unique_id from dbt.seeds",
            {ORDERS},
            "failed",
            [KINDS],
        ),
        (
            "{{ config(selection_filter_on='NONE') }} select 1 as n where false",
            set(),
            "passed",
            [],
        ),
        (
            "{{ config(selection_filter_on='child_unique_id') }}"
            + EDGES
            + f"where parent_unique_id = '{RAW}'",
            {ITEMS, RAW},
            "failed",
            [ITEMS],
        ),
        (
            BOTH + EDGES + f"where parent_unique_id in ('{RAW}', '{KINDS}')",
            {KINDS, ITEMS},
            "failed",
            [ITEMS, KINDS],
        ),
        (BOTH + EDGES, {"macro.shop.m"}, "skipped", []),
    ],
)
def test_a_selection_is_of_rows(
    project: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    sql: str,
    selected: set[str],
    status: str,
    expected: list[str],
) -> None:
    result, findings = run(project, tmp_path, sql, frozenset(selected))
    assert result.status == status
    assert [item.unique_id for item in findings] == expected
    assert bool(result.message) == (status == "skipped")


def test_columns_of_a_selection_give_the_resource_without_one_too(
    project: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    sql = BOTH + EDGES + f"where child_unique_id = '{ITEMS}' and parent_unique_id = '{ORDERS}'"
    _, (found,) = run(project, tmp_path, sql)
    assert (found.unique_id, found.detail) == (ORDERS, f"child_unique_id: {ITEMS}")
    _, (found,) = run(project, tmp_path, sql, frozenset({ITEMS}))
    assert (found.unique_id, found.detail) == (ITEMS, f"parent_unique_id: {ORDERS}")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select 1 frm x", "syntax error"),
        ("select nothing from dbt.models", "nothing"),
        ("select * from models", "models"),
        ("", "has 0 statements"),
        ("-- nothing", "has 0 statements"),
        ("select 1; select 2", "has 2 statements"),
        ("delete from dbt.models", "this is DELETE"),
        ("with a as (select 1) insert into dbt.packages select 'x', null", "this is INSERT"),
        ("create table t as select 1", "this is CREATE"),
        ("copy dbt.models to 'models.csv'", "this is COPY"),
        ("set threads = 1", "this is SET"),
        ("attach 'x.duckdb' as x", "this is ATTACH"),
        ("select * from read_text('{{ project_name }}.txt')", "disabled by configuration"),
        ("select * from '/etc/hostname'", "does not exist"),
        ("select * from statements", "does not exist"),
        ("select * from query('create table t (n int)')", "single SELECT"),
        ("select ?", "parameter"),
        ("{{ config(selection_filter_on='gone') }} select 1 as n", "gone is not among the columns"),
        ("select 1\n{{ oops }}", "line 2: 'oops' is undefined; a check knows info_schema, config"),
        ("{{ target.name }}", "'target' is undefined"),
        ("{% if %}", "line 1: Expected an expression"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ ref('orders') }}", "ref() is not for checks, which read the project"),
        ("{{ source('app', 'raw') }}", "source() is not for checks"),
        ("{{ info_schema('tables') }}", "is no view; available are analyses, checks, dag_nodes"),
        ("{{ info_schema('column_lineage') }}", "is not available to checks: it is not known"),
        ("{{ info_schema('run_results') }}", "is not available to checks"),
        ("{{ var('most') }}", "Required var 'most' not found in config:\nVars supplied to it ="),
        ("{{ env_var('DBT_ESTATE_NONE') }}", "Env var required but not provided: 'DBT_ESTATE_NO"),
        ("{{ env_var('DBT_ENV_SECRET_X') }}", "Secret env vars are allowed only in"),
        ("{{ exceptions.raise_compiler_error('my own') }}", "line 1: my own"),
        ("{{ return(1) }}", "return() is for macros"),
        ("{{ ''.__class__.__mro__ }}", "is unsafe"),
        ("{{ config(severity='fatal') }} select 1", "severity must be warn or error, got: fatal"),
        ("{{ config(owner='x') }} select 1", "owner is unknown; allowed are severity, enabled"),
        ("{{ config(enabled='no') }} select 1", "enabled must be true or false, got: no"),
    ],
)
def test_what_cannot_be_evaluated_is_an_error_of_its_own(
    project: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str, message: str
) -> None:
    yaml = "checks: [{name: it, config: {severity: warn}}]"
    result, findings = run(project, tmp_path, sql, yaml=yaml)
    assert (result.status, result.severity, findings) == ("error", "warn", [])
    assert message.lower() in result.message.lower()
    after, _ = run(project, tmp_path, "select unique_id from dbt.packages where false")
    assert after.status == "error"  # no such column
    assert run(project, tmp_path, "select 1 from dbt.models")[0].findings == 3


def test_a_file_that_cannot_be_read_stops_no_other(
    project: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    put(tmp_path, {"checks/a.sql": "", "checks/b.sql": "select 1 as n"})
    (tmp_path / "checks/a.sql").write_bytes(b"select '\xff'")
    found = read_checks([tmp_path / "checks"], {"name": "shop"}, {}, project_dir=tmp_path)
    results = [run_check(project, check, None)[0] for check in found]
    assert [result.status for result in results] == ["error", "failed"]
    assert "line 1: byte 0xFF is not UTF-8" in results[0].message


def test_the_context_of_jinja(
    project: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_ESTATE_ONE", "one")
    sql = """
        {% macro both(a) %}{% do return([a, 2]) %}{% endmacro %}
        {% do var('list').append(9) %}
        {{ log('said', info=true) }}
        {{ config({'tags': ['a']}) }}
        select
            {{ var('own') }} as own, {{ var('list') | length }} as n, {{ var('gone', 5) }} as gone,
            '{{ env_var('DBT_ESTATE_ONE') }}' as one, '{{ env_var('DBT_ESTATE_X', 'x') }}' as x,
            {{ both(1)[1] }} as two, {{ execute }} as run, '{{ config.get('tags')[0] }}' as tag,
            '{{ tojson({'a': fromjson('[1]')}) }}' as j, {{ var.has_var('gone') }} as has
    """
    variables = {"own": 1, "list": [1, 2], "shop": {"own": 7}}
    _, (found,) = run(project, tmp_path, sql, vars=variables)
    assert found.detail == (
        "own: 7, n: 2, gone: 5, one: one, x: x, two: 2, run: false, tag: a, "
        'j: {"a": [1]}, has: false'
    )
    assert variables["list"] == [1, 2]


def test_settings_of_file_properties_and_project(tmp_path: Path) -> None:
    files = {
        "checks/a.sql": "{{ config(severity='error', tags='file', meta={'a': 3}) }} select 1",
        "checks/strict/b.sql": "select 1",
        "checks/strict/c.sql": "{{ config(enabled=var('on', false)) }} {{ broken }}",
        "checks/strict/d.sql": "select 1",
        "checks/_checks.yml": "version: 2\nchecks:\n  - name: a\n    description: About a.\n"
        "    config: {severity: warn, tags: [yaml, all], meta: {a: 2, b: 2}}\n"
        "  - {name: b, config: {severity: WARN, selection_filter_on: [x, y]}}\n",
        "models/more.yml": "models: []\n"
        "checks: [{name: d, config: {enabled: \"{{ var('on') }}\"}}]",
    }
    tree = {
        "+tags": "all",
        "shop": {
            "+severity": "warn",
            "meta": {"a": 1, "c": 1},
            "strict": {"+severity": "error", "d": {"+selection_filter_on": "none"}},
        },
        "other_package": {"+enabled": False},
    }
    found = read(tmp_path, files, checks=tree, vars={"on": False})
    a, b, c, d = found.values()
    assert (a.severity, a.enabled, a.description) == ("error", True, "About a.")
    assert (a.tags, a.meta) == (("all", "yaml", "file"), {"a": 3, "b": 2, "c": 1})
    assert (b.severity, b.selection_filter_on, b.tags) == ("warn", ("x", "y"), ("all",))
    assert (c.severity, c.enabled, c.selection_filter_on) == ("error", False, None)
    assert (d.severity, d.enabled, d.selection_filter_on) == ("error", False, ())
    with load(write(tmp_path / "target", manifest=manifest())) as connection:
        for check in (c, d):
            assert run_check(connection, check, None)[0].status == "disabled"
    default = read(tmp_path / "plain", {"checks/a.sql": "select 1"})["a"]
    assert (default.severity, default.enabled, default.tags) == ("error", True, ())


def test_an_entry_without_a_check_is_a_note(tmp_path: Path) -> None:
    put(tmp_path, {"checks/a.sql": "select 1", "checks/a.yml": "checks: [{name: b}]"})
    put(tmp_path, {"models/m.yml": "checks: [{name: elsewhere}]", "checks/.hidden.sql": "x"})
    notes: list[str] = []
    folders = [tmp_path / "checks", tmp_path / "checks"]
    found = read_checks(folders, {"name": "shop"}, {}, project_dir=tmp_path, notes=notes)
    assert [check.name for check in found] == ["a"]
    assert notes == [f"{(tmp_path / 'checks/a.yml').as_posix()}: there is no check b.sql; "
                     "it has no effect"]  # fmt: skip
    assert read_checks([], {}, {}) == []


ONE = {"checks/a.sql": "select 1"}


@pytest.mark.parametrize(
    ("files", "tree", "problem"),
    [
        ({"checks/x/a.sql": ""} | ONE, {}, "/checks/a.sql"),
        ({"checks/a b.sql": ""}, {}, "no spaces"),
        ({"checks/a.yml": "checks: {a: 1}"} | ONE, {}, "must be a list"),
        ({"checks/a.yml": "checks: [a]"} | ONE, {}, "a mapping with a name, got: a"),
        (
            {"checks/a.yml": "checks: [{name: a, severity: warn}]"} | ONE,
            {},
            "check a: severity is unknown; allowed are name, description, config",
        ),
        (
            {"checks/a.yml": "checks: [{name: a, config: {level: warn}}]"} | ONE,
            {},
            "check a: config: level is unknown; allowed are severity, enabled, selection_filter_on",
        ),
        (
            {"checks/a.yml": "checks: [{name: a, config: {severity: high, tags: {}}}]"} | ONE,
            {},
            "tags must be a tag or a list of tags, got: {}",
        ),
        ({"checks/a.yml": "checks: [{name: a, config: 1}]"} | ONE, {}, "config must be a mapping"),
        ({"checks/a.yml": "checks: [{name: a}, {name: a}]"} | ONE, {}, "as well; keep one"),
        (
            {"checks/a.yml": "checks: [{name: a}]", "models/b.yml": "checks: [{name: a}]"} | ONE,
            {},
            "checks/a.yml as well",
        ),
        ({"checks/a.yml": "checks:\n - a: [\n"} | ONE, {}, "not valid YAML"),
        (ONE, {"+level": 1}, "checks: level is unknown"),
        (ONE, {"shop": {"x": {"+severity": "high"}}}, "checks: shop: x: severity must be"),
        (ONE, {"shop": {"owner": "me"}}, "checks: shop: owner must be a mapping, got: me"),
    ],
)
def test_wrong_properties_are_refused(
    tmp_path: Path, files: dict[str, str], tree: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, files, checks=tree)
    assert problem in str(error.value)


def test_two_checks_of_one_name_are_both_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, {"checks/x/a.sql": "", "checks/y/a.sql": ""})
    assert "checks/x/a.sql" in str(error.value)
    assert "checks/y/a.sql" in str(error.value)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--checks: must be a folder of checks"):
        read_checks([tmp_path / "gone"], {}, {})
