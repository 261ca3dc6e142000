"""The layer that the rules read: facts of SQL and of files, and its text on every engine."""

from __future__ import annotations

import json
import random
import subprocess
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from jinja2 import Environment, StrictUndefined

from dbt_estate.errors import InputError
from dbt_estate.info_schema.facts import LAST_SEMICOLON, PATTERN, found_in
from dbt_estate.info_schema.layer import LAYER, models_folder
from dbt_estate.info_schema.load import Artifacts, load
from tests.support.estate import REPOSITORY
from tests.support.rendering import Macros
from tests.unit.test_info_schema import manifest, node

Found = list[tuple[str, str | None, int]]
REFERENCE, STAR = "hard_coded_reference", "select_star"

CASES: list[tuple[str, Found]] = [
    ("select a from {{ ref('x') }}", []),
    ("select a from raw.orders", [(REFERENCE, "raw.orders", 1)]),
    ("select a\nfrom\n  db . raw.\n orders o", [(REFERENCE, "db . raw. orders", 3)]),
    ('select a from x join "my db"."t" on 1 = 1', [(REFERENCE, '"my db"."t"', 1)]),
    ("select a from `p.d.t`", [(REFERENCE, "`p.d.t`", 1)]),
    ("select a from my-project.d.t", [(REFERENCE, "my-project.d.t", 1)]),
    ("select a from [dbo].[t]", [(REFERENCE, "[dbo].[t]", 1)]),
    ("select a from db..t", [(REFERENCE, "db..t", 1)]),
    ("select a from x join sys.v$session on 1 = 1", [(REFERENCE, "sys.v$session", 1)]),
    ("select a from (raw.t) join only raw.u", [(REFERENCE, "raw.t", 1), (REFERENCE, "raw.u", 1)]),
    ("select a from {{ var('table') }}", [(REFERENCE, "{{ var('table') }}", 1)]),
    ("select a from {{ var('s') }}.t", [(REFERENCE, "{{ var('s') }}.t", 1)]),
    ("select a from {{ target.schema }}.t", [(REFERENCE, "{{ target.schema }}.t", 1)]),
    ("select a from cte", []),
    ("select a from raw.f(1)", []),
    ("select extract(year from o.day), trim(both from o.x) from o", []),
    ("select extract(epoch from o.a - coalesce(o.x, o.y)), trim(leading '(' from t.n) from o", []),
    ("select a is distinct from o.b from o", []),
    ("select i from {{ ref('o') }} as o cross join o.items as i", []),
    ("-- from raw.x\n/* join raw.y */ select 'from raw.z' {# from raw.w #} from cte", []),
    ('select x as "from a.b", "it\'s" as a, "a--b" from raw.x', [(REFERENCE, "raw.x", 1)]),
    ("select 'it''s', split_part(p, '\\', 1) from raw.x where k = ''", [(REFERENCE, "raw.x", 1)]),
    ('{{ config(meta={"n": "the one\'s"}) }} select a from raw.x', [(REFERENCE, "raw.x", 1)]),
    ('select a from raw."o\'brien" where b = 1', [(REFERENCE, 'raw."o\'brien"', 1)]),
    ("select * from {{ ref('x') }}", [(STAR, None, 1)]),
    ("select a,\n  b.*\nfrom x b", [(STAR, None, 2)]),
    ("select distinct on (a, b) * from {{ x }}", [(STAR, None, 1)]),
    ("select top 10 * from x", [(STAR, None, 1)]),
    ("select all x.* from x", [(STAR, None, 1)]),
    ("select count(*), a * b, 2 * 3, {{ f('x', *['a']) }} from x", []),
    ("with final as (select 1 as a) select * from final", []),
    ("with final  as materialized (select 1 as a)\nselect * from FINAL", []),
    ('with "o" as (select 1 as a), t(a) as (select 2) select *, 1 as b from "o"', []),
    ("with t(a) as (select 2) select * from t", []),
    ("with c as (select 1 as a) select * from c join {{ ref('x') }} on 1 = 1", [(STAR, None, 1)]),
    ("select * from final", [(STAR, None, 1)]),
    ("with f as (select 1 as a) select * from raw.t union all select a from f",
     [(STAR, None, 1), (REFERENCE, "raw.t", 1)]),
    ("with f as (select 1 as a) select * from a join b on 1 = 1 union all select a from f",
     [(STAR, None, 1)]),
    ("select i from {{ ref('o') }} t cross join t.items i", []),
    ("select i from orders o cross join o.items i", []),
    ("select 1 as a;\n", [("trailing_semicolon", None, 1)]),
    ("select 1 as a\n; -- done", [("trailing_semicolon", None, 2)]),
    ("select 1 as a\n-- the end;", []),
    ("select 1 as a -- ;\n;\n-- the; end;\n/* ; */", [("trailing_semicolon", None, 2)]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "wanted"), CASES, ids=[code[:40] for code, _ in CASES])
def test_what_stands_in_the_sql(code: str, wanted: Found) -> None:
    assert found_in(code) == wanted
    assert found_by_the_pattern(code) == wanted


def found_by_the_pattern(code: str) -> Found:
    """Find the same by the macro of the package."""
    macros = Macros("duckdb")
    rows: list[dict[str, Any]] = []
    node = {
        "raw_code": code, "unique_id": "m", "resource_type": "model", "language": "sql",
    }  # fmt: skip
    macros._add_facts({"rows": {"node_facts": rows}}, [node])
    return [
        (row["fact"], row.get("value"), row["line_number"]) for row in rows if "line_number" in row
    ]


PIECES = (
    "select ", "distinct ", "* ", "a.* ", ", ", "from ", "join ", "x ", "raw.t ", "raw.t.u ",
    "`p.d.t` ", "-- ", "\n", "/* ", "*/ ", "'", "( ", ") ", "count(*) ", "extract(year from a.b) ",
    "distinct from a.b ", "with x as (", "as ", "{{ ref('m') }} ", "{{ var('m') }} ", "{# ", "#} ",
    "raw.f(1) ", "; ", "on a.b = 1 ", "\"q s\".t ", "[d].[t] ", "İ", "FROM ", "Select ", "\"",
    "as o ", "join o.items ", "distinct on (a) ", "top 5 ", "x as (", "x(a)  as (", "db..t ",
    "{{ target.x }}.t ",
)  # fmt: skip


def test_the_quick_way_finds_what_the_pattern_finds() -> None:
    rng = random.Random(7)
    found = 0
    for _ in range(1000):
        code = "".join(rng.choices(PIECES, k=rng.randrange(1, 16)))
        assert found_in(code) == found_by_the_pattern(code), repr(code)
        found += len(found_in(code))
    assert found > 200


def test_the_macro_has_the_same_pattern() -> None:
    assert Macros("duckdb")._code_pattern() == PATTERN
    assert Macros("duckdb")._last_semicolon_pattern() == LAST_SEMICOLON


LAYER_FILES = sorted((REPOSITORY / "models" / "maturity" / "facts").glob("*.sql"))


def rendered(path: Path, adapter: str) -> str:
    started = datetime(2026, 3, 1, tzinfo=timezone.utc)
    macros = Macros(adapter, run_started_at=started)
    package = {
        **vars(macros)["_macros"],
        "maturity_exceptions": lambda: "my_exceptions",
        "maturity_table": lambda: "",
    }
    environment = Environment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    template = environment.from_string(path.read_text(encoding="utf-8"))
    return template.render(
        dbt_estate=package, ref=lambda *names: f"s.{names[-1]}", project_name="shop"
    )


@pytest.mark.parametrize("path", LAYER_FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("adapter", "dialect"),
    [("sqlserver", "tsql"), ("spark", "spark"), ("postgres", "postgres"), ("duckdb", "duckdb")],
)
def test_the_layer_is_sql_on_every_engine(path: Path, adapter: str, dialect: str) -> None:
    text = rendered(path, adapter)
    (tree,) = sqlglot.parse(text, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert tree is not None
    assert isinstance(tree, sqlglot.exp.Query)
    # Spark reads "x" as a text, T-SQL has no booleans, and no engine needs an order here.
    assert not (adapter == "spark" and '"' in text)
    assert not list(tree.find_all(sqlglot.exp.Boolean, sqlglot.exp.Order))


def test_the_layer_is_in_the_order_of_its_parts() -> None:
    assert {f"estate_rule_{name}" for name in LAYER} == {path.stem for path in LAYER_FILES}
    assert models_folder().is_dir()


def loaded(folder: Path, document: dict[str, Any], **variables: Any) -> Any:
    path = folder / "target" / "manifest.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return load(Artifacts(path), {"dbt_estate": variables}, folder)


def shop(*nodes: dict[str, Any]) -> dict[str, Any]:
    document = manifest()
    document["metadata"]["project_name"] = "shop"
    document["nodes"].update({item["unique_id"]: item for item in nodes})
    return document


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    code = "select *\nfrom raw.x"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "late.sql").write_text(f"\n\n\n{code}\n", encoding="utf-8")
    late = node("model", "late", raw_code=code, language="sql")
    query = (
        "select fact, fact_value, line_number from (select name as fact, * from estate.rule_facts) "
        "where unique_id = 'model.shop.late' and line_number is not null order by line_number"
    )
    with loaded(tmp_path, shop(late)) as connection:
        assert connection.execute(query).fetchall() == [
            (STAR, None, 4),
            (REFERENCE, "raw.x", 5),
        ]


def test_the_files_of_a_project_are_facts(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    project = repository / "transform"
    for name in (
        "transform/dbt_project.yml", "README.md", ".git/HEAD", ".github/Pull_Request_Template.md",
        ".github/workflows/ci.yml", "transform/selectors.yml", "docs/CONTRIBUTING.md",
        "transform/.sqlfluff", ".pre-commit-config.yaml", "estate/dbt_project.yml",
    ):  # fmt: skip
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        name_of = "dbt_estate" if "estate/" in name else "shop"
        path.write_text(f"name: {name_of}\n", encoding="utf-8")
    packages = {"packages": [{"package": "dbt-labs/dbt_utils"}, {"local": "../estate/"}]}
    (project / "packages.yml").write_text(json.dumps(packages), encoding="utf-8")
    query = "select fact, value from estate.node_facts where unique_id = 'project.shop' order by 1"
    with loaded(project, shop()) as connection:
        found = dict(connection.execute(query).fetchall())
    assert found == {
        "ci_workflow": ".github/workflows/ci.yml",
        "contribution_guide": "docs/CONTRIBUTING.md",
        "files_read": None,
        "macro_folder": "macros",
        "macros_read": None,
        "model_folder": "models",
        "package": "dbt-labs/dbt_utils",
        "packages_file": "packages.yml",
        "pre_commit": ".pre-commit-config.yaml",
        "pull_request_template": ".github/Pull_Request_Template.md",
        "readme": "README.md",
        "repository": "..",
        "selectors": "selectors.yml",
        "style_guide": ".sqlfluff",
        "test_folder": "tests",
        "unit_tests_read": None,
    }


WORKFLOW = """\
name: dbt build of everything
jobs:
  run:
    steps:
      - name: dbt seed
      # dbt snapshot
      - run: dbt deps && dbt --no-use-colors build --select state:modified+
      - run: |
          dbt run-operation \\
            grant_all
          cd dbt runner  # dbt test
      - run: dbt build --select state:modified+
"""


def test_the_commands_of_a_workflow_are_facts(tmp_path: Path) -> None:
    path = tmp_path / ".github" / "workflows" / "ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOW, encoding="utf-8")
    (tmp_path / "dbt_project.yml").write_text("name: shop", encoding="utf-8")
    query = "select value from estate.node_facts where fact = 'workflow_command' order by 1"
    with loaded(tmp_path, shop()) as connection:
        assert connection.execute(query).fetchall() == [
            ("build --select state:modified+",),
            ("run-operation grant_all",),
        ]


def test_calls_and_hooks_are_facts(tmp_path: Path) -> None:
    hooks = [{"sql": "{{ dbt_estate.enforce_vocabulary(this) }}"}, {"sql": "grant select"}]
    macros = ["macro.dbt.is_incremental", "macro.dbt_estate.now", "macro.dbt.run_query"]
    config = {"pre-hook": [], "post-hook": hooks}
    one = node("model", "one", depends_on={"macros": macros}, config=config, language="sql")
    config = {"pre-hook": [], "post-hook": hooks[:1]}
    two = node("model", "two", depends_on={"macros": macros[1:2]}, config=config, language="sql")
    query = (
        "select unique_id, fact, value from estate.node_facts "
        "where fact in ('macro_call', 'node_hook') order by all"
    )
    wanted = [
        ("model.shop.one", "macro_call", "dbt"),
        ("model.shop.one", "node_hook", None),
    ]
    with loaded(tmp_path, shop(one, two)) as connection:
        assert connection.execute(query).fetchall() == wanted
    rows: list[dict[str, Any]] = []
    Macros("duckdb")._add_facts({"rows": {"node_facts": rows}}, [one, two])
    found = sorted((row["unique_id"], row["fact"], row.get("value")) for row in rows)
    assert [row for row in found if row[1] in ("macro_call", "node_hook")] == wanted


def test_what_git_says(tmp_path: Path) -> None:
    query = "select git_sha, git_branch, git_uncommitted_changes from dbt.project"
    with loaded(tmp_path, shop()) as connection:
        assert connection.execute(query).fetchall() == [(None, None, None)]

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@x.org")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-b", "main")
    (tmp_path / "a.txt").write_text("1")
    git("add", ".")
    git("commit", "-m", "one")
    with loaded(tmp_path, shop()) as connection:
        assert connection.execute(query).fetchall() == [(git("rev-parse", "HEAD"), "main", False)]
    (tmp_path / "a.txt").write_text("2")
    git("checkout", "--detach")
    with loaded(tmp_path, shop()) as connection:
        assert connection.execute(query).fetchall() == [(git("rev-parse", "HEAD"), None, True)]


def test_a_repository_of_its_own_has_no_files_above(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("Of another.")
    project = tmp_path / "inner"
    (project / ".git").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: shop")
    with loaded(project, shop()) as connection:
        facts = connection.execute("select distinct fact from estate.node_facts").fetchall()
    assert ("readme",) not in facts


def test_without_its_files_nothing_is_said_of_them(tmp_path: Path) -> None:
    with loaded(tmp_path, shop()) as connection:
        facts = connection.execute("select distinct fact from estate.node_facts").fetchall()
    assert ("files_read",) not in facts


def test_exceptions_of_the_seed_and_of_meta(tmp_path: Path) -> None:
    ignored = [{"rule": "root_models", "reason": "by design", "until": "2030-01-01"}, "stray"]
    model = node("model", "m", meta={"dbt_estate_ignore": ignored}, language="sql")
    seed = node("seed", "our_exceptions", original_file_path="seeds/our_exceptions.csv")
    (tmp_path / "seeds").mkdir()
    path = tmp_path / "seeds" / "our_exceptions.csv"
    path.write_text("unique_id,rule_name,reason,valid_until,owner\nmodel.shop.*,x,why,,me\n")
    query = (
        "select id_pattern, like_pattern, rule_name, reason, valid_until, owner_name, origin, "
        "is_expired, is_active from estate.rule_exceptions order by origin, rule_name"
    )
    maturity = {"exceptions": "our_exceptions"}
    with loaded(tmp_path, shop(model, seed), maturity=maturity) as connection:
        assert connection.execute(query).fetchall() == [
            (
                "model.shop.m",
                "model.shop.m",
                "root_models",
                "by design",
                "2030-01-01",
                None,
                "meta",
                0,
                1,
            ),
            ("model.shop.m", "model.shop.m", "stray", None, None, None, "meta", 0, 0),
            ("model.shop.*", "model.shop.%", "x", "why", None, "me", "seed", 0, 1),
        ]
    path.write_text("unique_id,rule\n")
    with pytest.raises(InputError, match="it lacks rule_name, reason, valid_until, owner"):
        loaded(tmp_path, shop(seed), maturity=maturity)
    with pytest.raises(InputError, match="must be the name of a seed of the project, got: none"):
        loaded(tmp_path, shop(seed), maturity={"exceptions": "none"})


def test_what_is_ours_or_installed_is_marked(tmp_path: Path) -> None:
    own = node("model", "estate_models", package_name="dbt_estate")
    own["unique_id"] = "model.dbt_estate.estate_models"
    other = node("model", "other", package_name="utils")
    other["unique_id"] = "model.utils.other"
    test = node("test", "of_utils", package_name="utils", tags=["nightly"])
    hooks = [
        {**node("operation", f"hook_{n}", raw_code=code), "package_name": "shop"}
        for n, code in enumerate(
            ("insert into audit_dbt_estate.mine", "{{ dbt_estate.now() }}", "  ")
        )
    ]
    query = (
        "select resource_name, is_own, is_installed from estate.rule_nodes "
        "where resource_type = 'model' order by 1"
    )
    with loaded(tmp_path, shop(own, other, test, *hooks)) as connection:
        facts = "select is_installed, resource_type from estate.rule_facts where name = 'nightly'"
        assert connection.execute(facts).fetchall() == [(1, "test")]
        marks = {name: marks for name, *marks in connection.execute(query).fetchall()}
        hook = "select unique_id from estate.node_facts where fact = 'hook'"
        assert connection.execute(hook).fetchall() == [("operation.shop.hook_0",)]
    assert marks["orders.v2"] == [0, 0]
    assert marks["estate_models"] == [1, 1]
    assert marks["other"] == [0, 1]


def test_the_wheel_has_the_layer(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(REPOSITORY)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {f"dbt_estate/models/maturity/facts/{path.name}" for path in LAYER_FILES}
    assert wanted <= names


@pytest.mark.parametrize(
    "damage",
    [
        {
            "nodes": {
                "model.shop.a": {"unique_id": "a", "resource_type": "model", "config": [1]},
            }
        },
        {"nodes": {"model.shop.a": {"unique_id": "a", "resource_type": "model", "time_spine": 4}}},
        {"exposures": {"exposure.shop.a": 5}},
        {"exposures": {"exposure.shop.a": {}}},
        {"exposures": {"exposure.shop.a": {"unique_id": "a", "owner": "ann"}}},
    ],
)
def test_a_damaged_manifest_is_bad_input(tmp_path: Path, damage: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"manifest\.json: not "):
        loaded(tmp_path, {**shop(), **damage})


def test_a_unit_test_of_a_disabled_twin_is_one(tmp_path: Path) -> None:
    model = node("model", "twin")
    off = {**node("model", "twin"), "original_file_path": "models/other/twin.sql"}
    off["config"] = {**off["config"], "enabled": False}
    document = shop(model)
    document["disabled"] = {"model.shop.twin": [off]}
    document["unit_tests"] = {
        "unit_test.shop.twin.ut": {
            "unique_id": "unit_test.shop.twin.ut",
            "name": "ut",
            "model": "twin",
            "depends_on": {"nodes": ["model.shop.twin"]},
        }
    }
    query = "select unique_id from estate.rule_tests where kind = 'unit'"
    with loaded(tmp_path, document) as connection:
        assert connection.execute(query).fetchall() == [("unit_test.shop.twin.ut",)]
