"""The rules: their files and pages, their text on every engine, what they find and what not."""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from jinja2 import Environment, StrictUndefined
from sqlglot import exp

from dbt_estate.check.engine import DECLARED, Rules, rule_files, run_rules
from dbt_estate.errors import InputError
from dbt_estate.info_schema.load import Artifacts, Project, load_project
from tests.support import rule_list
from tests.support.estate import REPOSITORY
from tests.support.rendering import Macros
from tests.unit.test_info_schema import manifest, node

Resource = dict[str, Any]
RULES = {rule["rule"]: rule for rule in rule_list.rules()}
PAGES = REPOSITORY / "docs" / "maturity" / "rules"
COLUMNS = ["unique_id", "resource_name", "file_path", "detail"]


# -- The files and pages


def csv_rows() -> list[dict[str, str]]:
    with rule_list.RULES_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_rule_has_a_file_in_its_area_and_every_file_a_rule() -> None:
    named = {f"{row['area']}/estate_{row['rule']}.sql" for row in csv_rows()}
    declared = {f"declared/estate_{kind}.sql" for kind in DECLARED}
    there = {path.relative_to(rule_list.RULES).as_posix() for path in rule_list.RULES.glob("*/*")}
    assert there == named | declared
    assert len(named) == len(csv_rows()) > 50
    assert set(rule_files()) == {*RULES, *DECLARED}


def test_every_value_of_the_list_is_an_allowed_one() -> None:
    for row in csv_rows():
        assert row["severity"] in ("warn", "error", "off"), row
        assert 1 <= int(row["level"]) <= 6, row
        assert 1 <= int(row["weight"]) <= 5, row
        assert set(row["needs"].split(";")) <= {"", "facts", "files", "macros", "unit_tests"}, row


SECTION = re.compile(
    r"^## (?P<name>\S+)\n\n(?P<what>\S.*?)\n\n"
    r"Severity: `(?P<severity>\w+)`\. Thresholds: (?P<thresholds>.+?)\. Needs: (?P<needs>.+?)\.\n\n"
    r"\*\*Example\*\*\n\n(?P<example>\S.*?)\n\n"
    r"\*\*Reason to flag\*\*\n\n(?P<reason>\S.*?)\n\n"
    r"\*\*How to remediate\*\*\n\n(?P<remedy>\S.*?)\n\Z",
    re.DOTALL,
)


def sections(page: Path) -> dict[str, str]:
    parts = re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.rstrip() + "\n" for part in parts}


@pytest.mark.parametrize("area", list(dict.fromkeys(rule["area"] for rule in RULES.values())))
def test_the_page_of_an_area_has_its_rules(area: str) -> None:
    found = sections(PAGES / f"{area}.md")
    assert list(found) == [name for name, rule in RULES.items() if rule["area"] == area]
    for name, text in found.items():
        section = SECTION.match(text)
        assert section is not None, text
        rule = RULES[name]
        assert section["severity"] == rule["severity"], name
        thresholds = ", ".join(f"`{k}` = {v or 'none'}" for k, v in rule["thresholds"].items())
        assert section["thresholds"] == (thresholds or "none"), name
        needs = " and ".join(need.replace("_", " ") for need in rule["needs"])
        assert section["needs"] == (f"[{needs}](index.md#needs)" if needs else "nothing"), name


def test_the_page_of_declared_rules_has_all_of_them() -> None:
    found = sections(PAGES / "declared.md")
    assert list(found) == [kind.replace("_", "-") for kind in DECLARED]
    for text in found.values():
        assert re.findall(r"^\*\*(.+)\*\*$", text, re.MULTILINE) == [
            "Example", "Reason to flag", "How to remediate",
        ]  # fmt: skip


def test_the_list_on_the_first_page_is_the_list() -> None:
    text = (PAGES / "index.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| \[`(\w+)`\]\((\w+)\.md#(\w+)\) \| (\w+) \| (\w+) \| (.*?) ?\| \S.* \|$", text, re.M
    )
    assert [(name, *rest) for name, _, _, *rest in rows] == [
        (name, rule["area"], rule["severity"], ", ".join(rule["needs"]).replace("_", " "))
        for name, rule in RULES.items()
    ]
    assert all(name == anchor and page == area for name, page, anchor, area, *_ in rows)


def drift() -> set[str]:
    """Return the names of the files that differ from what `make checks` writes."""
    made = rule_list.files()
    stray = {path.name for path in (REPOSITORY / "checks").iterdir() if path not in made}
    return stray | {
        path.name
        for path, text in made.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }


def test_the_tree_has_what_is_made_from_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drift()
    text = rule_list.RULES_FILE.read_text(encoding="utf-8")
    other = tmp_path / "rules.csv"
    for old, new in (
        ("parents=7", "parents=8"),
        ("governance,exceptions,3,warn,2", "governance,exceptions,3,error,2"),
        ("dead_models,modeling,layers,3,warn,1,,,", "dead_models,modeling,layers,3,warn,1,files,,"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    other.write_text(text, encoding="utf-8")
    monkeypatch.setattr(rule_list, "RULES_FILE", other)
    assert drift() - before == {
        "_rule_list.sql", "_findings.yml", "README.md", "estate_dead_models.sql",
        "estate_expired_exceptions.sql", "estate_too_many_joins.sql",
    }  # fmt: skip
    assert before == set(), "run `make checks`"


# -- The text on every engine

ENGINES = [
    ("sqlserver", "tsql"), ("spark", "spark"), ("postgres", "postgres"), ("duckdb", "duckdb"),
]  # fmt: skip
DECLARATIONS: list[dict[str, Any]] = [
    {"rule": "has-meta-keys", "name": "owned", "keys": ["owner", "it's"], "exclude": ["*_tmp"]},
    {"rule": "name-matches", "name": "named", "patterns": ["stg_*", "b?_[x]*"],
     "resource_types": ["model", "seed"]},
    {"rule": "has-test", "name": "tested", "tests": ["unique", "dbt_utils.eq*"], "minimum": 2},
    {"rule": "max-parents", "name": "few_parents", "maximum": 3, "include": ["models/a_b/*"]},
    {"rule": "max-children", "name": "few_children", "maximum": 0},
    {"rule": "max-children", "name": "fewer_children", "maximum": 1, "resource_types": ["source"]},
]  # fmt: skip
SETTINGS = {
    "none": {},
    "many": {
        "declared": DECLARATIONS,
        "exclude_packages": ["a", "b"],
        "primary_key_node_types": ["model", "seed"],
        "rules": {
            "missing_required_meta": {"keys": ["owner", "it's"]},
            "root_models": {"include": ["models/a!_b%/*"], "exclude": ["model.x.*"]},
        },
    },
}
SQL_FILES = [
    *sorted(rule_list.RULES.rglob("*.sql")),
    REPOSITORY / "models" / "maturity" / "score" / "estate_findings.sql",
]


@cache
def macros_of(adapter: str, settings: str) -> dict[str, Any]:
    started = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
    given = {"maturity": SETTINGS[settings]}
    macros = Macros(adapter, run_started_at=started, settings=given)
    others = {"maturity_exceptions": lambda: "my_exceptions", "maturity_table": lambda: ""}
    return {**vars(macros)["_macros"], **others}


def sql_of(path: Path, adapter: str, settings: str) -> str:
    environment = Environment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    template = environment.from_string(path.read_text(encoding="utf-8"))
    return template.render(
        dbt_estate=macros_of(adapter, settings),
        ref=lambda *names: f"s.{names[-1]}",
        project_name="shop",
    )


def columns_of(path: Path) -> list[str] | None:
    """Return the columns that a file has to give; None for those that are no rule."""
    if path.parent.name == "declared":
        return ["rule_name", *COLUMNS]
    return COLUMNS if path.parent.parent == rule_list.RULES else None


def parsed(text: str, dialect: str) -> exp.Query:
    (tree,) = sqlglot.parse(text, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert isinstance(tree, exp.Query), text
    return tree


def problems_of(text: str, tree: exp.Query, adapter: str) -> list[str]:
    """Return what of a text is not SQL of every engine."""
    kinds = (
        exp.Boolean, exp.Array, exp.Unnest, exp.Explode, exp.Bracket, exp.RegexpLike,
        exp.RegexpILike, exp.RegexpReplace, exp.RegexpExtract, exp.ILike, exp.DPipe,
    )  # fmt: skip
    found = [type(item).__name__ for item in tree.find_all(*kinds)]
    orders = tree.find_all(exp.Order)
    found += ["Order" for order in orders if not isinstance(order.parent, exp.Window)]
    found += ["recursive" for part in tree.find_all(exp.With) if part.args.get("recursive")]
    for like in tree.find_all(exp.Like):
        escape = like.parent.expression.name if isinstance(like.parent, exp.Escape) else ""
        if escape != "!" and (escape or "!" in like.expression.sql()):
            found.append(like.sql())
    if adapter == "spark" and '"' in text:
        found.append('"')
    return found + re.findall(r"(?i)regexp\w*", text)


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize(("adapter", "dialect"), ENGINES)
def test_a_rule_is_sql_on_every_engine(path: Path, adapter: str, dialect: str) -> None:
    for text in {sql_of(path, adapter, settings) for settings in SETTINGS}:
        tree = parsed(text, dialect)
        assert problems_of(text, tree, adapter) == []
        wanted = columns_of(path)
        assert wanted is None or tree.named_selects == wanted


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("select true as a", "Boolean"),
        ("select a from b order by a", "Order"),
        ("with recursive a as (select 1 as b) select b from a", "recursive"),
        ("select [1] as a", "Array"),
        ("select unnest(a) as b from c", "Explode"),
        ("select a from b where regexp_matches(a, 'x')", "RegexpLike"),
        ("select a || b as c from d", "DPipe"),
        ("select a from b where a like 'x!_y'", "a LIKE 'x!_y'"),
        ("select a from b where a like 'x\\_y' escape '\\'", "a LIKE 'x\\_y'"),
    ],
)
def test_what_is_no_sql_of_every_engine_is_seen(text: str, problem: str) -> None:
    assert problem in problems_of(text, parsed(text, "duckdb"), "duckdb")
    fine = "select row_number() over (order by a) as b from c where a like 'x!_' escape '!'"
    assert problems_of(fine, parsed(fine, "duckdb"), "duckdb") == []


@pytest.mark.parametrize("kind", DECLARED)
def test_a_declared_rule_is_in_the_text_once_for_each_declaration(kind: str) -> None:
    (path,) = [path for path in SQL_FILES if path.stem == f"estate_{kind}"]
    names = [item["name"] for item in DECLARATIONS if item["rule"] == kind.replace("_", "-")]
    text = sql_of(path, "duckdb", "many")
    assert re.findall(r"'(\w+)' as rule_name", text) == names
    assert re.findall(r"'(\w+)' as rule_name", sql_of(path, "duckdb", "none")) == []


# -- Projects made by hand


def _id(text: str) -> str:
    """Return the unique id of `name`, a model, or of `kind:name`."""
    kind, _, name = text.rpartition(":")
    return f"{kind or 'model'}.shop.{name}"


def model(name: str, reads: str = "", folder: str = "models", **more: Any) -> Resource:
    """A table with the parents `reads`; `config` adds to its config."""
    kind, package = more.pop("kind", "model"), more.pop("package_name", "shop")
    config = {"enabled": True, "materialized": "table", **more.pop("config", {})}
    found = node(
        kind,
        name,
        original_file_path=f"{folder}/{name}.{'csv' if kind == 'seed' else 'sql'}",
        depends_on={"nodes": [_id(part) for part in reads.split()], "macros": []},
        config=config,
        language="sql",
        tags=[],
        package_name=package,
    )
    return {**found, "unique_id": f"{kind}.{package}.{name}", **more}


def version(name: str, number: int, latest: int, **more: Any) -> Resource:
    found = model(f"{name}.v{number}", version=number, latest_version=latest, **more)
    return {**found, "name": name}


def seed(name: str, folder: str = "seeds", **more: Any) -> Resource:
    return model(name, folder=folder, kind="seed", **more)


def snapshot(name: str, reads: str = "", **more: Any) -> Resource:
    return model(name, reads, "snapshots", kind="snapshot", **more)


def source(name: str, path: str = "models/staging/app/_app.yml", **more: Any) -> Resource:
    """A table `source.table`."""
    first, table = name.split(".")
    found = node("source", table, unique_id=_id(f"source:{name}"), original_file_path=path)
    return {
        **found, "source_name": first, "schema": first, "identifier": table, "config": {},
        "tags": [], **more,
    }  # fmt: skip


def data_test(
    name: str, of: str, column: str | None = None, package: str | None = None, **more: Any
) -> Resource:
    """The generic test `name` of a resource; a singular one where `name` begins with `assert`."""
    is_generic = not name.startswith("assert")
    unique = f"{name}_{of}_{column}".replace(":", "_").replace(".", "_")
    found = node(
        "test",
        unique,
        original_file_path="models/_models.yml",
        depends_on={"nodes": [_id(of)], "macros": []},
        config={"enabled": True, "severity": more.pop("severity", "ERROR")},
        column_name=column,
        tags=[],
    )
    if is_generic:
        found["test_metadata"] = {"name": name, "namespace": package, "kwargs": {}}
        found["attached_node"] = _id(of)
    return {**found, **more}


def unit_test(of: str) -> Resource:
    found = node("unit_test", f"{of}.works", original_file_path="models/_models.yml")
    return {**found, "model": of, "depends_on": {"nodes": [_id(of)], "macros": []}}


def exposure(name: str, reads: str = "", email: str | None = "a@x.org", **more: Any) -> Resource:
    found = node("exposure", name, original_file_path="models/_exposures.yml", type="dashboard")
    parents = [_id(part) for part in reads.split()]
    found |= {"depends_on": {"nodes": parents, "macros": []}, "owner": {"email": email}}
    return {**found, **more}


def macro(name: str, calls: str = "", package: str = "shop", **more: Any) -> Resource:
    return {
        "unique_id": f"macro.{package}.{name}", "name": name, "package_name": package,
        "resource_type": "macro", "original_file_path": f"macros/{name}.sql",
        "macro_sql": f"{{% {_block_of(name)} {name}() %}}",
        "depends_on": {"macros": [f"macro.shop.{part}" for part in calls.split()]}, **more,
    }  # fmt: skip


def _block_of(name: str) -> str:
    """Return with what a block begins that dbt keeps as a macro of this name."""
    found = [block for block in ("test", "materialization") if name.startswith(f"{block}_")]
    return found[0] if found and "helper" not in name else "macro"


def columns(**descriptions: str) -> dict[str, Any]:
    return {
        name: {"name": name, "description": description}
        for name, description in descriptions.items()
    }


def ignored(rule: str, reason: str | None = "because", until: str | None = None) -> dict[str, Any]:
    return {"dbt_estate_ignore": [{"rule": rule, "reason": reason, "until": until}]}


PLACES = {
    "source": "sources", "exposure": "exposures", "macro": "macros", "metric": "metrics",
    "unit_test": "unit_tests",
}  # fmt: skip


def document(resources: Sequence[Resource]) -> dict[str, Any]:
    """A manifest of nothing else than the resources."""
    found: dict[str, Any] = {"metadata": manifest()["metadata"], "nodes": {}}
    for item in resources:
        place = found.setdefault(PLACES.get(item["resource_type"], "nodes"), {})
        assert item["unique_id"] not in place, item["unique_id"]
        place[item["unique_id"]] = item
    return found


def project_of(
    folder: Path, resources: Sequence[Resource], maturity: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None, **estate: Any,
) -> Project:  # fmt: skip
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(document(resources)), encoding="utf-8")
    variables = {"dbt_estate": {"maturity": dict(maturity or {}), **estate}}
    return load_project(Artifacts(folder / "manifest.json"), variables, folder)


def ran(folder: Path, resources: Sequence[Resource], **given: Any) -> Rules:
    project = project_of(folder, resources, **given)
    with project.connection:
        return run_rules(project)


def only(*rules: str, **settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with which no other rules are on, since they take their time."""
    found: dict[str, Any] = {name: {"severity": "off"} for name in RULES}
    for name in (*rules, *settings):
        is_off = RULES[name]["severity"] == "off"
        found[name] = {**({"severity": "warn"} if is_off else {}), **settings.get(name, {})}
    return found


def found_by(rules: Rules, rule: str) -> list[str]:
    return [item.unique_id for item in rules.found if item.rule == rule]


def status_of(rules: Rules, rule: str) -> str:
    (result,) = [result for result in rules.results if result.rule == rule]
    return result.status


# -- What each rule finds, and what it does not


@dataclass(frozen=True)
class Case:
    """A project of the resources, in which the rule finds these and no others.

    `on` are rules that have to be on for this one.
    """

    rule: str
    resources: Sequence[Resource]
    found: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    maturity: Mapping[str, Any] = field(default_factory=dict)
    estate: Mapping[str, Any] = field(default_factory=dict)
    on: Sequence[str] = ()


PROJECT = "project.shop"
KEY = {"unique_key": "id", "materialized": "incremental"}
VIEW = {"materialized": "view"}
PUBLIC = {"access": "public"}
FAR = "2999-12-31"

MODELING = [
    Case("root_models", [
        model("rooted", "source:app.a"), model("on_a_model", "rooted"), model("root"),
        model("calendar", time_spine={"standard_granularity_column": "day"}),
        model("theirs", package_name="utils"), seed("kinds"), source("app.a"),
        model("on_what_is_gone", "gone"), model("off", config={"enabled": False}),
    ], ["model.shop.on_what_is_gone", "model.shop.root"]),
    Case("source_fanout", [
        source("app.twice"), source("app.once"), source("app.mixed"), source("app.theirs"),
        model("a", "source:app.twice source:app.once source:app.mixed source:app.theirs"),
        model("b", "source:app.twice"), snapshot("c", "source:app.mixed"),
        exposure("d", "source:app.once"),
        {**model("e", package_name="utils"), "depends_on": {"nodes": [_id("source:app.theirs")]}},
    ], ["source.shop.app.twice"]),
    Case("model_fanout", [
        model("three"), model("l1", "three"), model("l2", "three"), model("l3", "three"),
        exposure("board", "l3"),
        model("two"), model("l4", "two"), model("l5", "two"), model("read", "two"),
        model("l6", "read"), snapshot("kept", "two"), data_test("unique", "l1", "id"),
        model("mixed"), model("l7", "mixed"), model("l8", "mixed"),
        model("theirs", "mixed", package_name="utils"),
    ], ["model.shop.three"]),
    Case("direct_join_to_source", [
        source("app.a"), source("app.b"), model("x", "source:app.a"),
        model("joined", "x source:app.a"), model("sources", "source:app.a source:app.b"),
        model("with_seed", "source:app.a seed:kinds"), seed("kinds"),
        snapshot("kept", "x source:app.a"),
    ], ["model.shop.joined"]),
    Case("multiple_sources_joined", [
        source("app.a"), source("app.b"), model("joined", "source:app.a source:app.b"),
        snapshot("kept", "source:app.a source:app.b"), model("single", "source:app.a"),
        model("mixed", "source:app.a single"), exposure("board", "source:app.a source:app.b"),
    ], ["model.shop.joined", "snapshot.shop.kept"]),
    Case("duplicate_sources", [
        source("app.a", schema="raw"), source("erp.a", schema="raw"),
        source("app.b", schema="raw"), source("erp.b", schema="other"),
        source("crm.a", schema="other"),
        source("app.c", schema="raw", database="one"),
        source("erp.c", schema="raw", database="two"),
        source("app.d", schema="raw", identifier="t"),
        source("app.e", schema="raw", identifier="t"),
    ], [
        "source.shop.app.a", "source.shop.app.d", "source.shop.app.e", "source.shop.erp.a",
    ]),
    Case("hard_coded_references", [
        model("bad", raw_code="select a from raw.orders join raw.items on 1 = 1"),
        model("good", raw_code="-- from raw.x\nselect a from {{ ref('bad') }}"),
        model("python", raw_code="# from raw.orders", language="python"),
        model("theirs", raw_code="select a from raw.orders", package_name="utils"),
    ], ["model.shop.bad"]),
    Case("marts_or_intermediate_dependent_on_source", [
        source("app.a"), model("fct_a", "source:app.a"), model("int_a", "source:app.a"),
        model("a", "source:app.a", "models/marts"), model("stg_a", "source:app.a"),
        model("rpt_a", "source:app.a"), model("dim_a", "stg_a"),
        model("base_a", "source:app.a", "models/marts"),
    ], ["model.shop.a", "model.shop.fct_a", "model.shop.int_a"]),
    Case("rejoining_of_upstream_concepts", [
        model("a"), model("detour", "a"), model("rejoined", "a detour"),
        model("useful", "a"), model("fine", "a useful"), model("other", "useful"),
        model("two_steps", "far a"), model("far", "near"), model("near", "a"),
        model("shown", "a"), exposure("board", "a shown"),
    ], ["model.shop.rejoined"]),
    Case("staging_dependent_on_staging", [
        model("stg_a"), model("stg_b", "stg_a"), model("base_a"), model("stg_c", "base_a"),
        model("int_a", "stg_a"), model("c", "stg_a", "models/staging/app"),
        snapshot("stg_kept", "stg_a"), exposure("stg_board", "stg_a"),
    ], ["model.shop.c", "model.shop.stg_b", "snapshot.shop.stg_kept"]),
    Case("staging_dependent_on_marts_or_intermediate", [
        model("int_a"), model("fct_a"), model("rpt_a"), model("stg_a", "int_a"),
        model("stg_b", "fct_a"), model("stg_c", "rpt_a"), model("int_b", "fct_a"),
        model("stg_d", "stg_a"), snapshot("stg_kept", "int_a"),
    ], ["model.shop.stg_a", "model.shop.stg_b"]),
    Case("too_many_joins", [
        *(model(f"m{n}") for n in range(5)), seed("s"), source("app.a"),
        model("seven", "m0 m1 m2 m3 m4 seed:s source:app.a"),
        model("six", "m0 m1 m2 m3 m4 seed:s seed:s"),
        exposure("board", "m0 m1 m2 m3 m4 seven six"),
    ], ["model.shop.seven"]),
    Case("too_many_joins", [
        model("m0"), model("m1"), model("two", "m0 m1"), model("one", "m0"),
    ], ["model.shop.two"], {"parents": 2}),
    Case("unused_sources", [
        source("app.unused"), source("app.used"), source("app.tested"), source("app.analysed"),
        source("app.shown"), model("a", "source:app.used"),
        {**data_test("unique", "source:app.tested", "id"), "attached_node": None},
        model("look", "source:app.analysed", "analyses", kind="analysis"),
        exposure("board", "source:app.shown"),
    ], ["source.shop.app.analysed", "source.shop.app.tested", "source.shop.app.unused"]),
    Case("dead_models", [
        model("stg_dead"), model("stg_read"), model("fct_end", "stg_read"),
        model("end", folder="models/marts"), model("stg_shown"), exposure("board", "stg_shown"),
        model("stg_tested"), data_test("unique", "stg_tested", "id"), unit_test("stg_tested"),
        model("rpt_end"), model("stg_mart", folder="models/marts"),
        model("calendar", time_spine={"standard_granularity_column": "day"}),
    ], ["model.shop.rpt_end", "model.shop.stg_dead", "model.shop.stg_tested"]),
    Case("duplicate_model_sql", [
        model("a", raw_code="select 1 as x"), model("b", raw_code="SELECT  1\nas x\n"),
        model("c", raw_code="select 1 as y"), snapshot("d", raw_code="select 1 as x"),
        model("theirs", raw_code="select 1 as y", package_name="utils"),
    ], ["model.shop.a", "model.shop.b"]),
    Case("seeds_in_marts", [
        seed("dim_kinds"), seed("kinds", "seeds/marts"), seed("dimmed"),
        seed("more", "seeds/smarts"), seed("fctory"), model("fct_a"),
    ], ["seed.shop.dim_kinds", "seed.shop.kinds"]),
    Case("large_seeds", [seed("large"), seed("small"), seed("gone"), model("long")],
         ["seed.shop.large"], {"bytes": 10}, files={
             "dbt_project.yml": "name: shop", "seeds/large.csv": "x" * 11,
             "seeds/small.csv": "x" * 10, "models/long.sql": "x" * 99,
         }),
]  # fmt: skip

TESTING = [
    Case("missing_primary_key_tests", [
        model("none"), model("half"), data_test("unique", "half", "id"),
        model("apart"), data_test("unique", "apart", "a"), data_test("not_null", "apart", "b"),
        model("key"), data_test("unique", "key", "ID"), data_test("not_null", "key", "id"),
        model("both"), data_test("unique_combination_of_columns", "both", None, "dbt_utils"),
        model("other"), data_test("unique_combination_of_columns", "other", None, "own"),
        model("kept", columns={"id": {"name": "id", "constraints": [{"type": "not_null"}]}}),
        data_test("unique", "kept", "id"), seed("kinds"), source("app.a"),
    ], [
        "model.shop.apart", "model.shop.half", "model.shop.none", "model.shop.other",
    ]),
    Case("missing_primary_key_tests", [
        model("none"), seed("kinds"), source("app.a"), snapshot("kept"), seed("tested"),
        data_test("unique", "seed:tested", "id"), data_test("not_null", "seed:tested", "id"),
    ], ["seed.shop.kinds", "snapshot.shop.kept", "source.shop.app.a"],
        maturity={"primary_key_node_types": ["seed", "source", "snapshot"]}),
    Case("missing_primary_key_tests", [
        model("unique"), data_test("unique", "unique", "id"),
        model("own"), data_test("is_key", "own", "id", "tests"),
        model("not_null"), data_test("not_null", "not_null", "id"),
    ], ["model.shop.not_null"],
        maturity={"primary_key_tests": [["dbt.test_unique"], ["tests.is_key"]]}),
    Case("test_coverage", [
        model("a"), data_test("unique", "a", "id"), model("b"), unit_test("b"),
        model("off", config={"enabled": False}),
    ], [PROJECT]),
    Case("test_coverage", [
        model("a"), data_test("unique", "a", "id"), model("b"), data_test("assert_b", "b"),
        model("off", config={"enabled": False}), model("theirs", package_name="utils"),
    ], []),
    Case("test_coverage", [model("a"), data_test("unique", "a", "id"), model("b")], [],
         {"percent": 50}),
    Case("test_coverage", [model("a"), data_test("unique", "a", "id"), model("b")], [PROJECT],
         {"percent": 51}),
    Case("sources_without_freshness", [
        source("app.none"), source("app.empty", freshness={"warn_after": {"count": None}}),
        source("app.warned", freshness={"warn_after": {"count": 12, "period": "hour"}}),
        source("app.failed", freshness={"error_after": {"count": 1, "period": "day"}}),
        model("a"),
    ], ["source.shop.app.empty", "source.shop.app.none"]),
    Case("snapshots_with_untested_keys", [
        model("a"), data_test("unique", "a", "ID"), model("b"),
        data_test("unique_combination_of_columns", "b", None, "dbt_utils"),
        snapshot("tested", "a", config={"unique_key": "id"}),
        snapshot("other", "a", config={"unique_key": "a_id"}),
        snapshot("several", "b", config={"unique_key": ["a", "b"]}),
        snapshot("untested", "c", config={"unique_key": "id"}), model("c"), model("d", "c"),
    ], ["snapshot.shop.other", "snapshot.shop.untested"]),
    Case("test_severity_mix", [
        model("a"), data_test("unique", "a", "x", severity="warn"),
        data_test("not_null", "a", "x", severity="WARN"), data_test("unique", "a", "y"),
        unit_test("a"),
    ], [PROJECT]),
    Case("test_severity_mix", [
        model("a"), data_test("unique", "a", "x", severity="warn"), data_test("unique", "a", "y"),
    ], []),
    Case("test_severity_mix", [
        model("a"), data_test("unique", "a", "x", severity="warn"), data_test("unique", "a", "y"),
    ], [PROJECT], {"percent_of_warnings": 49}),
    Case("complex_models_without_unit_tests", [
        model("long", raw_code="select\n1 as a,\n2 as b"),
        model("tested", raw_code="select\n1 as a,\n3 as b"), unit_test("tested"),
        model("short", raw_code="select\n1 as a\n\n-- one\n/* two\nthree */"),
        snapshot("kept", raw_code="select\n1 as a,\n4 as b"),
    ], ["model.shop.long"], {"lines": 3}),
]  # fmt: skip

DOCUMENTATION = [
    Case("undocumented_models", [
        model("none"), model("empty", description=""), model("told", description="All of them."),
        seed("kinds"), model("theirs", package_name="utils"),
    ], ["model.shop.empty", "model.shop.none"]),
    Case("documentation_coverage", [model("a", description="x"), model("b")], [PROJECT]),
    Case("documentation_coverage", [model("a", description="x"), seed("b")], []),
    Case("documentation_coverage", [model("a", description="x"), model("b")], [], {"percent": 50}),
    Case("undocumented_sources", [
        source("app.a"), source("app.b"), source("erp.a", source_description="The ERP."),
        source("crm.a", description="A table.", source_description=""),
    ], ["source.shop.app", "source.shop.crm"]),
    Case("undocumented_source_tables", [
        source("app.a"), source("app.b", description="Told."),
        source("erp.a", source_description="The ERP."),
    ], ["source.shop.app.a", "source.shop.erp.a"]),
    Case("undocumented_columns", [
        model("some", columns=columns(a="Told.", b="")), model("all", columns=columns(a="Told.")),
        model("none"), seed("kinds", columns=columns(a="")),
        source("app.a", columns=columns(a="")),
    ], ["model.shop.some"]),
    Case("undocumented_inherited_columns", [
        model("a", columns=columns(id="The key.", x="")),
        model("lost", "a", columns=columns(ID="")), model("kept", "a", columns=columns(id="Key.")),
        model("never", "a", columns=columns(x="", y="")),
        model("far", "kept2", columns=columns(id="")), model("kept2", "a"),
    ], ["model.shop.lost"]),
    Case("inconsistent_column_descriptions", [
        model("a", columns=columns(id="The key.", x="one")),
        model("b", columns=columns(ID="The key.")), model("c", columns=columns(id="A number.")),
        model("d", columns=columns(id="")), seed("e", columns=columns(x="two")),
        model("theirs", columns=columns(x="three"), package_name="utils"),
    ], ["model.shop.c"]),
    Case("undocumented_macros", [
        macro("none"), macro("blank", description=" "), macro("told", description="Told."),
        macro("theirs", package="utils"), macro("test_is_key"), macro("default__none"),
        macro("materialization_own_default"), macro("test_helper", description="Helps."),
    ], ["macro.shop.blank", "macro.shop.none"]),
    Case("undocumented_macro_arguments", [
        macro("none", arguments=[{"name": "a", "description": ""}, {"name": "b"}],
              patch_path="shop://macros/_m.yml"),
        macro("unlisted", arguments=[{"name": "a"}]),
        macro("told", arguments=[{"name": "a", "description": "Told."}]),
        macro("without", arguments=[]), macro("theirs", package="utils", arguments=[{"name": "a"}]),
    ], ["macro.shop.none"]),
]  # fmt: skip

STRUCTURE = [
    Case("model_naming_conventions", [
        model("orders"), model("orders2", folder="models/marts"), model("stg_a"), model("rpt_a"),
        model("stgs"), model("base_a"), model("fct_a"), seed("kinds"),
        model("calendar", time_spine={"standard_granularity_column": "day"}),
    ], ["model.shop.orders", "model.shop.orders2", "model.shop.stgs"]),
    Case("model_directories", [
        source("app.a"), source("a_b.a"), model("int_a", folder="models/marts"),
        model("int_b", folder="models/marts/intermediate"),
        model("int_c", folder="models/intermediate/marts"), model("fct_a", folder="models/marts"),
        model("fct_b", folder="models"), model("orders", folder="models/marts"),
        model("stg_right", "source:app.a", "models/staging/app"),
        model("stg_wrong", "source:app.a", "models/staging/erp"),
        model("stg_far", "stg_right", "models/staging/erp"),
        model("stg_like", "source:a_b.a", "models/staging/axb"),
        model("int_d", "source:app.a", "models/intermediate"),
        model("stg_beyond", "int_d", "models/staging/erp"),
    ], [
        "model.shop.int_a", "model.shop.int_c", "model.shop.stg_far", "model.shop.stg_like",
        "model.shop.stg_wrong",
    ]),
    Case("source_directories", [
        source("app.a", "models/staging/app/_x.yml"), source("app.b", "models/staging/_app.yml"),
        source("a_b.a", "models/a_b/x.yml"), source("a_b.b", "models/axb/x.yml"),
    ], ["source.shop.a_b.b", "source.shop.app.b"]),
    Case("test_directories", [
        model("here"), data_test("unique", "here", "id"), model("there", folder="models/marts"),
        data_test("unique", "there", "id"), data_test("assert_there", "there"),
        seed("kinds"), data_test("unique", "seed:kinds", "id"), snapshot("kept"),
        data_test("unique", "snapshot:kept", "id"),
    ], ["test.shop.unique_there_id"]),
    Case("models_without_properties", [
        model("none"), model("told", patch_path="shop://models/_models.yml"), seed("kinds"),
    ], ["model.shop.none"]),
    Case("unused_macros", [
        macro("unused"), macro("recursive", "recursive"), macro("by_macro"),
        macro("caller", "by_macro"), macro("by_model"), macro("test_is_key"),
        macro("materialization_own_default"), macro("generate_schema_name"),
        macro("generate_schema_name", package="dbt"), macro("default__unused"),
        {**model("a"), "depends_on": {
            "nodes": [], "macros": ["macro.shop.by_model", "macro.shop.caller"],
        }},
    ], ["macro.shop.recursive", "macro.shop.unused"]),
    Case("trailing_semicolons", [
        model("bad", raw_code="select 1 as a;\n"), model("good", raw_code="select ';' as a"),
        model("commented", raw_code="select 1 as a -- ;"), model("python", language="python",
        raw_code="a = 1;"), snapshot("kept", raw_code="select 1 as a ; -- done"),
    ], ["model.shop.bad", "snapshot.shop.kept"]),
]  # fmt: skip

PERFORMANCE = [
    Case("chained_views_dependencies", [
        model("v1", config=VIEW), model("v2", "v1", config={"materialized": "ephemeral"}),
        model("v3", "v2", config=VIEW), model("on_three", "v3"), model("on_two", "v2"),
        model("t1"), model("v4", "t1 v1", config=VIEW), model("on_four", "v4"),
        model("v5", "on_three", config=VIEW), snapshot("kept", "v3"), exposure("board", "v3"),
    ], ["model.shop.on_three"], {"views": 2}),
    Case("chained_views_dependencies", [
        model("v1", config=VIEW), *(model(f"v{n}", f"v{n - 1}", config=VIEW) for n in range(2, 8)),
    ], ["model.shop.v7"]),
    Case("exposure_parents_materializations", [
        model("view", config=VIEW), model("table"), model("rows", config=KEY), source("app.a"),
        model("cte", config={"materialized": "ephemeral"}), exposure("on_view", "view table"),
        exposure("on_cte", "cte"), exposure("on_source", "source:app.a"),
        exposure("on_table", "table rows seed:kinds"), seed("kinds"), model("reads", "view"),
        exposure("ours", "view", package_name="dbt_estate"),
    ], ["exposure.shop.on_cte", "exposure.shop.on_source", "exposure.shop.on_view"]),
    Case("incremental_without_unique_key", [
        model("bad", config={"materialized": "incremental"}), model("good", config=KEY),
        model("merged", config={"materialized": "incremental", "incremental_strategy": "merge"}),
        model("empty", config={"materialized": "incremental", "unique_key": []}),
        model("rows", config={"materialized": "incremental", "incremental_strategy": "append"}),
        model("table"), snapshot("kept"),
    ], ["model.shop.bad", "model.shop.empty", "model.shop.merged"]),
    Case("incremental_without_is_incremental", [
        model("bad", config=KEY, raw_code="select 1 as a"), model("table", raw_code="select 2"),
        model("good", config=KEY, raw_code="select 3 {% if is_incremental() %}{% endif %}"),
        model("micro", config={**KEY, "incremental_strategy": "microbatch"}, raw_code="select 4"),
        model("python", config=KEY, raw_code="a = 1", language="python"),
    ], ["model.shop.bad"]),
    Case("select_star_in_marts", [
        model("fct_a", raw_code="select * from {{ ref('stg_a') }}"),
        model("a", folder="models/marts", raw_code="select x.* from {{ ref('stg_a') }} as x"),
        model("stg_a", raw_code="select * from {{ source('app', 'a') }}"),
        model("fct_b", raw_code="with a as (select 1 as b) select * from a"),
        model("fct_c", raw_code="select count(*) as rows from {{ ref('stg_a') }}"),
        snapshot("fct_kept", raw_code="select * from {{ ref('fct_a') }}"),
    ], ["model.shop.a", "model.shop.fct_a"]),
]  # fmt: skip

GOVERNANCE = [
    Case("public_models_without_contract", [
        model("bad", **PUBLIC), model("good", **PUBLIC, contract={"enforced": True}),
        model("off", **PUBLIC, contract={"enforced": False}), model("protected"),
    ], ["model.shop.bad", "model.shop.off"]),
    Case("exposures_dependent_on_private_models", [
        model("hidden", access="protected"), model("open", **PUBLIC), seed("kinds"),
        exposure("bad", "hidden open"), exposure("good", "open"), exposure("seeded", "seed:kinds"),
        node("metric", "sum"), exposure("measured", "metric:sum"),
        exposure("ours", "hidden", package_name="dbt_estate"),
    ], ["exposure.shop.bad", "exposure.shop.seeded"]),
    Case("undocumented_public_models", [
        model("none", **PUBLIC, columns=columns(a="x")), model("bare", **PUBLIC, description="x"),
        model("some", **PUBLIC, description="x", columns=columns(a="x", b="")),
        model("good", **PUBLIC, description="x", columns=columns(a="x")), model("protected"),
    ], ["model.shop.bare", "model.shop.none", "model.shop.some"]),
    Case("models_without_owner", [
        model("none"), model("grouped", group="finance"), model("owned", meta={"owner": "anna"}),
        model("empty", meta={"owner": ""}), model("null", meta={"owner": None}), seed("kinds"),
        model("other", meta={"contact": "anna"}),
    ], ["model.shop.empty", "model.shop.none", "model.shop.null", "model.shop.other"]),
    Case("missing_required_meta", [
        model("none"), model("some", meta={"owner": "anna"}), seed("kinds"),
        model("all", meta={"owner": "anna", "tier": 1}),
        model("null", meta={"owner": None, "tier": 1}),
        model("tagged", meta={"tier": 1}, tags=["owner"]),
    ], [
        "model.shop.none", "model.shop.null", "model.shop.some", "model.shop.tagged",
    ], {"keys": ["owner", "tier"]}),
    Case("missing_required_meta", [model("none")], []),
    Case("exposures_without_owner", [
        exposure("none", email=None), exposure("empty", email=""), exposure("owned"),
        exposure("named", owner={"name": "Anna"}), exposure("several", owner={"email": ["a", "b"]}),
    ], ["exposure.shop.empty", "exposure.shop.named", "exposure.shop.none"]),
    Case("marts_without_contract", [
        model("fct_a"), model("a", folder="models/marts"), model("stg_a"),
        model("fct_b", contract={"enforced": True}),
    ], ["model.shop.a", "model.shop.fct_a"]),
    Case("old_versions_without_deprecation_date", [
        version("a", 1, 10),
        version("a", 9, 10, deprecation_date="2999-01-01"),
        version("a", 10, 10),
        version("a", 11, 10), model("b"),
        version("c", 2, 10),
    ], ["model.shop.a.v1", "model.shop.c.v2"]),
    Case("deprecated_parents", [
        model("old", deprecation_date="2020-01-01T00:00:00+00:00"),
        model("soon", deprecation_date="2999-01-01"), model("bad", "old"), model("good", "soon"),
        exposure("board", "old"), model("far", "bad"),
    ], ["exposure.shop.board", "model.shop.bad"]),
    Case("vocabulary_not_declared", [model("a")], [PROJECT]),
    Case("vocabulary_not_declared", [model("a")], [],
         estate={"vocabulary": {"_at": {"type": "timestamp"}}}),
    Case("invalid_exceptions", [
        model("silent", meta=ignored("root_models", None)),
        model("blank", meta=ignored("root_models", " ")),
        model("dated", meta=ignored("root_models", until="31.12.2030")),
        model("unknown", meta=ignored("no_such_rule")), model("short", meta={
            "dbt_estate_ignore": "root_models",
        }),
        model("good", meta=ignored("root_models", until=FAR)), model("all", meta=ignored("*")),
    ], [
        "model.shop.blank", "model.shop.dated", "model.shop.short", "model.shop.silent",
        "model.shop.unknown",
    ]),
    Case("expired_exceptions", [
        model("old", meta=ignored("root_models", until="2020-12-31")),
        model("good", meta=ignored("root_models", until=FAR)),
        model("ever", meta=ignored("root_models")),
    ], ["model.shop.old"]),
    Case("unused_exceptions", [
        model("needed", meta=ignored("root_models")), model("all", meta=ignored("*")),
        model("unused", "needed", meta=ignored("root_models")),
        model("off", "needed", meta=ignored("dead_models")),
        model("old", "needed", meta=ignored("root_models", until="2020-12-31")),
    ], ["model.shop.unused"], on=("root_models",)),
]  # fmt: skip
CASES = [*MODELING, *TESTING, *DOCUMENTATION, *STRUCTURE, *PERFORMANCE, *GOVERNANCE]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_finds_what_it_should_and_no_more(tmp_path: Path, case: Case) -> None:
    settings = {**case.maturity, "rules": only(*case.on, **{case.rule: case.settings})}
    rules = ran(tmp_path, case.resources, maturity=settings, files=case.files, **case.estate)
    assert found_by(rules, case.rule) == sorted(case.found)
    errors = [item for item in rules.results if item.status == "error"]
    assert errors == []
    (result,) = [item for item in rules.results if item.rule == case.rule]
    severity = "error" if case.rule == "invalid_exceptions" else "warn"
    ended = "failed" if severity == "error" else "warned"
    assert (result.status, result.findings) == (ended if case.found else "passed", len(case.found))
    for item in rules.found:
        if item.rule == case.rule:
            assert item.resource_name
            assert item.detail
            assert (item.area, item.severity) == (RULES[case.rule]["area"], severity)


def has_a_near_miss(case: Case) -> bool:
    """Whether something of a kind that the rule finds is there, and not found."""
    kinds = {unique_id.partition(".")[0] for unique_id in case.found}
    return not case.found or any(
        item["resource_type"] in kinds and item["unique_id"] not in case.found
        for item in case.resources
    )


def test_every_rule_has_a_case_and_a_near_miss() -> None:
    assert {case.rule for case in CASES if case.found} == set(RULES)
    assert {case.rule for case in CASES if has_a_near_miss(case)} == set(RULES)


# What of a finding is another resource: without it there is none.
OF_EDGES = {
    "direct_join_to_source", "exposure_parents_materializations",
    "exposures_dependent_on_private_models", "marts_or_intermediate_dependent_on_source",
    "multiple_sources_joined", "rejoining_of_upstream_concepts",
    "staging_dependent_on_marts_or_intermediate", "staging_dependent_on_staging",
}  # fmt: skip


def in_packages(case: Case, number: int, moves_found: bool) -> tuple[list[Resource], list[str]]:
    """Put a case into a package, and what is found, or all but that, into another one.

    Return the resources, and the unique ids of what is found.
    """
    found = {unique_id for unique_id in case.found if unique_id.count(".") > 1}
    packages = {
        item["unique_id"]: f"{'x' if (item['unique_id'] in found) == moves_found else 'p'}{number}"
        for item in case.resources
    }
    moved = []
    for item in case.resources:
        text = json.dumps({**item, "package_name": packages[item["unique_id"]]})
        for unique_id, package in packages.items():
            kind, _, name = unique_id.split(".", 2)
            text = text.replace(f'"{unique_id}"', f'"{kind}.{package}.{name}"')
        moved.append(json.loads(text))
    where = "x" if moves_found else "p"
    return moved, [unique_id.replace(".shop.", f".{where}{number}.") for unique_id in found]


@pytest.mark.parametrize("moves_found", [True, False])
def test_what_is_of_a_package_that_is_left_out_is_not_found(
    tmp_path: Path, moves_found: bool
) -> None:
    settings: dict[str, Any] = {name: {} for name in RULES if not RULES[name]["needs"]}
    off = [name for name, rule in RULES.items() if rule["severity"] == "off"]
    settings |= {name: {"severity": "warn"} for name in off}
    settings |= {"missing_required_meta": {"keys": ["owner"]}}
    cases = [case for case in CASES if settings.get(case.rule) is not None and not case.maturity]
    # Exceptions are looked at wherever they stand.
    cases = [case for case in cases if not case.rule.endswith("_exceptions")]
    resources: list[Resource] = []
    wanted: set[tuple[str, str]] = set()
    for number, case in enumerate(cases):
        if moves_found or case.rule in OF_EDGES:
            moved, found = in_packages(case, number, moves_found)
            resources += moved
            wanted |= {(case.rule, unique_id) for unique_id in found}
    packages = [f"x{number}" for number in range(len(cases))]
    maturity = {"exclude_packages": packages, "rules": settings}
    rules = ran(tmp_path, resources, maturity=maturity)
    there = {(item.rule, item.unique_id) for item in rules.found}
    assert len(wanted) > 10
    assert len(there) > 30
    assert wanted & there == set()


FACTS = [case for case in CASES if {"facts", "files"} & set(RULES[case.rule]["needs"])]


@pytest.mark.parametrize("case", FACTS, ids=lambda case: case.rule)
def test_facts_of_what_is_left_out_are_not_found(tmp_path: Path, case: Case) -> None:
    settings = {"exclude_paths": [".sql", ".csv"], "rules": only(**{case.rule: case.settings})}
    rules = ran(tmp_path, case.resources, maturity=settings, files=case.files)
    assert (list(rules.found), status_of(rules, case.rule)) == ([], "passed")


def test_nothing_is_found_in_a_project_without_anything(tmp_path: Path) -> None:
    rules = ran(tmp_path, [])
    assert rules.found == []
    assert {result.status for result in rules.results} == {"passed", "disabled", "not_evaluated"}


# -- Settings


@pytest.mark.parametrize(
    ("given", "status", "severity"),
    [
        ("warn", "warned", "warn"),
        ("error", "failed", "error"),
        ("off", "disabled", None),
        (False, "disabled", None),  # what YAML reads a bare `off` as
    ],
)
def test_the_severity_of_a_rule(
    tmp_path: Path, given: Any, status: str, severity: str | None
) -> None:
    settings = {**only("dead_models"), "root_models": {"severity": given}}
    rules = ran(tmp_path, [model("stg_a"), model("fct_b")], maturity={"rules": settings})
    wanted = ["model.shop.fct_b", "model.shop.stg_a"] if severity else []
    assert found_by(rules, "root_models") == wanted
    assert {item.severity for item in rules.found if item.rule == "root_models"} <= {severity}
    assert status_of(rules, "root_models") == status
    assert found_by(rules, "dead_models") == ["model.shop.stg_a"]


A, B, C = "model.shop.a", "model.shop.b", "model.shop.marts_c"
SCOPES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [A, B, C]),
    ({"include": ["models/marts/*"]}, [B, C]),
    ({"include": ["models/?.sql"]}, [A]),
    ({"include": ["model.shop.a", "*.marts_?"]}, [A, C]),
    ({"include": ["models/marts"]}, []),
    ({"include": ["model.shop.martsxc", "model.shop.%"]}, []),
    ({"exclude": ["*/marts/*"]}, [A]),
    ({"exclude": ["model.shop._"]}, [A, B, C]),
    ({"include": ["models/marts/*"], "exclude": ["*_c"]}, [B]),
    ({"include": ["models/*"], "exclude": ["*"]}, []),
]


# Each of them finds every model of the test, so that one run tries a scope for each.
FIND_ALL = (
    "root_models", "undocumented_models", "models_without_properties", "model_naming_conventions",
    "missing_primary_key_tests", "models_without_owner", "missing_required_meta",
    "incremental_without_unique_key", "public_models_without_contract",
    "undocumented_public_models",
)  # fmt: skip


def test_the_scope_of_a_rule(tmp_path: Path) -> None:
    config = {"materialized": "incremental"}
    resources = [
        model("a", **PUBLIC, config=config),
        model("b", folder="models/marts", **PUBLIC, config=config),
        model("marts_c", folder="models/marts", **PUBLIC, config=config),
    ]
    scopes = dict(zip(FIND_ALL, SCOPES, strict=True))
    given = {rule: scope for rule, (scope, _) in scopes.items()}
    given["missing_required_meta"] = {**given["missing_required_meta"], "keys": ["owner"]}
    rules = ran(tmp_path, resources, maturity={"rules": only(**given)})
    for rule, (scope, wanted) in scopes.items():
        assert found_by(rules, rule) == wanted, scope


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ([], {"model.shop.a", "model.shop.b", "source.shop.app.a", "source.shop.app.b"}),
        (["^MODELS/OLD/"], {"model.shop.a", "source.shop.app.a", "source.shop.app.b"}),
        ([":app\\.b$", "/a\\.sql"], {"model.shop.b", "source.shop.app.a"}),
        (["old", "_app"], {"model.shop.a"}),
    ],
)
def test_paths_that_no_rule_looks_at(tmp_path: Path, patterns: list[str], wanted: set[str]) -> None:
    resources = [model("a"), model("b", folder="models/old"), source("app.a"), source("app.b")]
    settings = {"exclude_paths": patterns, "rules": only("root_models", "unused_sources")}
    rules = ran(tmp_path, resources, maturity=settings)
    assert {item.unique_id for item in rules.found} == wanted


@pytest.mark.parametrize(
    ("packages", "wanted"),
    [
        (["all"], ["model.shop.ours"]),
        ([], ["model.kit.theirs", "model.shop.ours", "model.utils.theirs"]),
        (["utils"], ["model.kit.theirs", "model.shop.ours"]),
        (["shop", "kit", "utils"], ["model.shop.ours"]),
    ],
)
def test_packages_that_no_rule_looks_at(
    tmp_path: Path, packages: list[str], wanted: list[str]
) -> None:
    resources = [
        model("ours"), model("theirs", package_name="utils"), model("theirs", package_name="kit"),
        model("own", package_name="dbt_estate"),
    ]  # fmt: skip
    settings = {"exclude_packages": packages, "rules": only("root_models")}
    assert found_by(ran(tmp_path, resources, maturity=settings), "root_models") == wanted


@pytest.mark.parametrize(
    ("naming", "wanted"),
    [
        ({}, ["model.shop.exp_a", "model.shop.raw_a"]),
        ({"staging": {"prefixes": ["raw_", "stg_"]}}, ["model.shop.exp_a"]),
        ({"staging": {"prefixes": ["raw_"]}},
         ["model.shop.exp_a", "model.shop.stg_a"]),
        ({"exports": {"folder": "exports", "prefixes": ["exp_"]}}, ["model.shop.raw_a"]),
        ({"exports": {"prefixes": ["exp_"]}}, ["model.shop.raw_a"]),
        ({"exports": {"folder": "exports"}}, ["model.shop.exp_a", "model.shop.raw_a"]),
        ({"staging": {"folder": "landing", "prefixes": None}},
         ["model.shop.exp_a", "model.shop.raw_a", "model.shop.stg_a"]),
    ],
)  # fmt: skip
def test_prefixes_are_settings(tmp_path: Path, naming: dict[str, Any], wanted: list[str]) -> None:
    resources = [model("stg_a"), model("raw_a"), model("exp_a"), model("fct_a")]
    settings = {"naming": naming, "rules": only("model_naming_conventions")}
    rules = ran(tmp_path, resources, maturity=settings)
    assert found_by(rules, "model_naming_conventions") == wanted


def test_folders_are_settings(tmp_path: Path) -> None:
    resources = [
        model("a", folder="models/landing"), model("b", folder="models/landing"),
        model("c", "a", "models/landing"), model("d", "b", "models/staging"),
    ]  # fmt: skip
    settings = {
        "naming": {"staging": {"folder": "landing"}}, "rules": only("staging_dependent_on_staging"),
    }  # fmt: skip
    rules = ran(tmp_path, resources, maturity=settings)
    assert found_by(rules, "staging_dependent_on_staging") == ["model.shop.c"]


DECLARED_CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"rule": "has-meta-keys", "keys": ["owner", "tier"]},
     ["model.shop.fct_none", "model.shop.fct_some", "model.shop.stg_a"]),
    ({"rule": "has-meta-keys", "keys": ["owner"], "include": ["models/marts/*"]},
     ["model.shop.fct_none"]),
    ({"rule": "has-meta-keys", "keys": ["owner"], "resource_types": ["seed", "source"]},
     ["seed.shop.kinds", "source.shop.app.a"]),
    ({"rule": "name-matches", "patterns": ["stg_*", "fct_??*l"]},
     ["model.shop.fct_none", "model.shop.fct_some"]),
    ({"rule": "name-matches", "patterns": ["app.?"], "resource_types": ["source"]}, []),
    ({"rule": "name-matches", "patterns": ["fctxall"], "include": ["*fct_all"]},
     ["model.shop.fct_all"]),
    ({"rule": "has-test", "tests": ["unique"]}, ["model.shop.fct_none", "model.shop.stg_a"]),
    ({"rule": "has-test", "tests": ["unique", "not_null"], "minimum": 2},
     ["model.shop.fct_none", "model.shop.fct_some", "model.shop.stg_a"]),
    ({"rule": "has-test", "tests": ["dbt_utils.*"], "exclude": ["*.fct_none"]},
     ["model.shop.fct_all", "model.shop.fct_some"]),
    ({"rule": "has-test", "tests": ["equal*"]},
     ["model.shop.fct_all", "model.shop.fct_none", "model.shop.fct_some"]),
    ({"rule": "max-parents", "maximum": 1}, ["model.shop.fct_all"]),
    ({"rule": "max-parents", "maximum": 2}, []),
    ({"rule": "max-children", "maximum": 2}, ["model.shop.stg_a"]),
    ({"rule": "max-children", "maximum": 3}, []),
    ({"rule": "max-children", "maximum": 0, "resource_types": ["source", "seed"]},
     ["seed.shop.kinds", "source.shop.app.a"]),
]  # fmt: skip


def declared_shop() -> list[Resource]:
    marts = "models/marts"
    return [
        source("app.a"), seed("kinds"), model("stg_a", "source:app.a"),
        model("fct_none", "stg_a", marts),
        model("fct_some", "stg_a", marts, meta={"owner": "anna"}),
        model("fct_all", "stg_a seed:kinds", marts, meta={"owner": "ben", "tier": 1}),
        data_test("unique", "fct_all", "id"), data_test("not_null", "fct_all", "id"),
        data_test("unique", "fct_some", "id"), unit_test("fct_none"),
        data_test("equal_rowcount", "stg_a", None, "dbt_utils"),
        model("theirs", package_name="utils"),
    ]  # fmt: skip


def test_declared_rules(tmp_path: Path) -> None:
    declared = [{"name": f"ours_{n}", **rule} for n, (rule, _) in enumerate(DECLARED_CASES)]
    settings = {"declared": declared, "rules": only()}
    rules = ran(tmp_path, declared_shop(), maturity=settings)
    for rule, (_, wanted) in zip(declared, DECLARED_CASES, strict=True):
        assert found_by(rules, rule["name"]) == wanted, rule
        assert status_of(rules, rule["name"]) == ("warned" if wanted else "passed")
    assert {(item.area, item.severity) for item in rules.found} == {("declared", "warn")}
    assert all(item.detail and item.resource_name and item.file_path for item in rules.found)


def test_a_rule_may_be_declared_many_times_with_severities_of_its_own(tmp_path: Path) -> None:
    declared = [
        {"rule": "max-children", "name": "few", "maximum": 2, "severity": "error"},
        {"rule": "max-children", "name": "fewer", "maximum": 0, "exclude": ["*.stg_a"]},
        {"rule": "max-children", "name": "none", "maximum": 0, "severity": "off"},
        {"rule": "max-parents", "name": "parents", "maximum": 1},
    ]
    resources = [*declared_shop(), model("last", "fct_all", meta=ignored("parents"))]
    resources[5]["meta"] |= ignored("parents")
    rules = ran(tmp_path, resources, maturity={"declared": declared, "rules": only()})
    assert {(item.rule, item.unique_id, item.severity) for item in rules.found} == {
        ("few", "model.shop.stg_a", "error"), ("fewer", "model.shop.fct_all", "warn"),
    }  # fmt: skip
    found = {item.rule: item.status for item in rules.results if item.area == "declared"}
    found.pop("none", None)
    assert found == {"few": "failed", "fewer": "warned", "parents": "passed"}


def test_the_name_of_a_declared_rule_is_no_sql(tmp_path: Path) -> None:
    name = "it's 100% {{ ours }}; --"
    declared = [
        {"rule": "name-matches", "name": name, "patterns": ["it's_%"]},
        {"rule": "has-meta-keys", "name": f"{name}2", "keys": ["it's"]},
        {"rule": "has-test", "name": f"{name}3", "tests": ["it's"]},
    ]
    rules = ran(tmp_path, [model("a")], maturity={"declared": declared, "rules": only()})
    assert [(item.rule, item.unique_id) for item in rules.found] == [
        (name, A), (f"{name}2", A), (f"{name}3", A),
    ]  # fmt: skip


SEED = """unique_id,rule_name,reason,valid_until,owner
model.shop.named,root_models,why,,
model.shop.many_*,root_models,why,2999-12-31,anna
*.all,*,why,,
model.shop.x_y,root_models,why,,
model.shop.?,root_models,why,,
model.shop.of_another_rule,dead_models,why,,
model.shop.no_reason,root_models,,,
model.shop.blank_reason,root_models, ,,
model.shop.past,root_models,why,2020-12-31,
model.shop.no_date,root_models,why,tomorrow,
"""


def test_exceptions_of_the_seed(tmp_path: Path) -> None:
    hidden = ["named", "many_1", "many_2", "all", "x_y"]
    found = [
        "a", "blank_reason", "manyx1", "named2", "no_date", "no_reason", "of_another_rule", "past",
        "x1y",
    ]  # fmt: skip
    resources = [*map(model, [*hidden, *found]), seed("ours")]
    settings = {"exceptions": "ours", "rules": only("root_models")}
    rules = ran(tmp_path, resources, maturity=settings, files={"seeds/ours.csv": SEED})
    assert found_by(rules, "root_models") == [_id(name) for name in found]


META: dict[str, tuple[dict[str, Any], bool]] = {
    "active": (ignored("root_models"), False),
    "until": (ignored("root_models", until=FAR), False),
    "every_rule": (ignored("*"), False),
    "no_list": ({"dbt_estate_ignore": {"rule": "root_models", "reason": "why"}}, False),
    "active_2": ({}, True),
    "of_another_rule": (ignored("dead_models"), True),
    "no_reason": (ignored("root_models", None), True),
    "past": (ignored("root_models", until="2020-12-31"), True),
    "a_name": ({"dbt_estate_ignore": "root_models"}, True),
    "empty": ({"dbt_estate_ignore": []}, True),
    "null": ({"dbt_estate_ignore": None}, True),
}


def test_exceptions_beside_the_resource(tmp_path: Path) -> None:
    resources = [model(name, meta=meta) for name, (meta, _) in META.items()]
    # It counts for the resource beside which it stands, whatever is in its name.
    resources += [model("per_cent", meta=ignored("root_models")), model("perxcent")]
    rules = ran(tmp_path, resources, maturity={"rules": only("root_models")})
    wanted = [_id(name) for name, (_, is_found) in META.items() if is_found]
    assert found_by(rules, "root_models") == sorted([*wanted, "model.shop.perxcent"])


def test_a_rule_of_which_all_findings_have_an_exception_has_passed(tmp_path: Path) -> None:
    resources = [model("a", meta=ignored("root_models")), model("b", "a")]
    rules = ran(tmp_path, resources, maturity={"rules": only("root_models")})
    assert (list(rules.found), status_of(rules, "root_models")) == ([], "passed")


def one(rule: str, name: str = "ours", **given: Any) -> dict[str, Any]:
    return {"declared": [{"rule": rule, "name": name, **given}]}


WHOLE = "must be a whole number from 0 on, got: "
SEVERITIES = "must be warn, error or off, got: "
KINDS = "has-meta-keys, name-matches, has-test, max-parents, max-children"
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"rules": {"no_such": {}}}, "no_such: no such rule; the rules are root_models, "),
    ({"rules": {"root_models": 5}},
     "root_models: must be a mapping of severity, include, exclude, got: 5"),
    ({"rules": ["root_models"]}, "maturity.rules must be a mapping, got: ['root_models']"),
    ({"rules": {"root_models": {"sevrity": "warn"}}},
     "root_models.sevrity: no such setting; the settings are severity, include, exclude"),
    ({"rules": {"too_many_joins": {"joins": 1}}},
     "too_many_joins.joins: no such setting; the settings are severity, include, exclude, parents"),
    ({"rules": {"root_models": {"severity": "bad"}}}, f"root_models.severity: {SEVERITIES}bad"),
    ({"rules": {"root_models": {"severity": True}}}, f"root_models.severity: {SEVERITIES}True"),
    ({"rules": {"root_models": {"severity": None}}}, f"root_models.severity: {SEVERITIES}None"),
    ({"rules": {"too_many_joins": {"parents": "7"}}}, f"too_many_joins.parents: {WHOLE}7"),
    ({"rules": {"too_many_joins": {"parents": -1}}}, f"too_many_joins.parents: {WHOLE}-1"),
    ({"rules": {"too_many_joins": {"parents": 1.5}}}, f"too_many_joins.parents: {WHOLE}1.5"),
    ({"rules": {"too_many_joins": {"parents": True}}}, f"too_many_joins.parents: {WHOLE}True"),
    ({"rules": {"missing_required_meta": {"keys": "owner"}}},
     "missing_required_meta.keys must be a list, got: owner"),
    ({"rules": {"root_models": {"include": "models/*"}}},
     "root_models.include must be a list, got: models/*"),
    ({"rules": {"root_models": {"exclude": [5]}}},
     "root_models.exclude must be a list of texts, got: 5"),
    ({"exclude_paths": "models"}, "exclude_paths must be a list, got: models"),
    ({"exclude_paths": ["("]}, "must be regular expressions, got: '('"),
    ({"exclude_packages": "all"}, "exclude_packages must be a list, got: all"),
    ({"exclude_packages": [None]}, "exclude_packages must be a list of texts, got: None"),
    ({"primary_key_node_types": ["test"]},
     "primary_key_node_types: must be of model, source, snapshot, seed, got: test"),
    ({"primary_key_tests": "dbt.unique"},
     "primary_key_tests must be a list of lists of tests, got: dbt.unique"),
    ({"primary_key_tests": ["dbt.unique"]}, "primary_key_tests must be a list, got: dbt.unique"),
    ({"primary_key_tests": [["dbt.unique", 1]]},
     "primary_key_tests must be a list of texts, got: 1"),
    ({"naming": {"staging": "stg_"}}, "naming.staging must be a mapping, got: stg_"),
    ({"naming": {"staging": {"prefixes": "stg_"}}},
     "naming.staging.prefixes must be a list, got: stg_"),
    ({"naming": {"staging": {"folder": 5}}}, "naming.staging.folder must be a name, got: 5"),
    ({"naming": {"staging": {"folders": "x"}}},
     "naming.staging.folders is not a setting; the settings are folder, prefixes"),
    ({"naming": {"exports": {"folders": "x"}}},
     "naming.exports: the settings are folder and prefixes, got: folders"),
    ({"declared": {}}, "must be a list of rules, got: {}"),
    ({"declared": ["max-parents"]}, f"as rule one of {KINDS}, got: max-parents"),
    (one("no-such"), f"as rule one of {KINDS}, got: "),
    ({"declared": [{"rule": "has-test"}]}, "each must have a name"),
    (one("has-test"), "ours: needs tests"),
    (one("has-meta-keys", keys=[]), "ours: needs keys"),
    (one("name-matches", patterns="a*"), "ours.patterns must be a list, got: a*"),
    (one("has-test", tests=["a"], minimum="1"), f"ours.minimum: {WHOLE}1"),
    (one("max-parents", maximum=True), f"ours.maximum: {WHOLE}True"),
    (one("max-children", maximum=1, severity="bad"), f"ours.severity: {SEVERITIES}bad"),
    (one("max-children", maximum=1, most=1), "ours.most: no such setting; the settings are rule"),
    (one("max-children", maximum=1, resource_types="model"),
     "ours.resource_types must be a list, got: model"),
    (one("max-children", "root_models", maximum=1), "root_models: the name is taken"),
    ({"declared": 2 * one("max-children", maximum=1)["declared"]}, "ours: the name is taken"),
    ({"exceptions": 5}, "must be the name of a seed, got: 5"),
    ({"exceptions": "gone"}, "must be the name of a seed of the project, got: gone"),
    ({"exclude_path": []}, "maturity.exclude_path is not a setting; the settings are exceptions, "),
]  # fmt: skip


@pytest.mark.parametrize(("maturity", "problem"), WRONG, ids=[text[:50] for _, text in WRONG])
def test_wrong_settings(tmp_path: Path, maturity: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        ran(tmp_path, [model("a")], maturity=maturity)
    text = str(caught.value)
    assert problem in text
    assert "dbt_estate" in text


# -- What a rule needs


NEEDED = {"macros": "macros_read", "unit_tests": "unit_tests_read", "files": "files_read"}


def test_a_rule_without_what_it_needs_is_not_evaluated_and_never_passed(tmp_path: Path) -> None:
    resources = [model("a", raw_code="select\n1 as a;"), macro("unused"), seed("large")]
    settings = {"complex_models_without_unit_tests": {"lines": 1}, "large_seeds": {"bytes": 0}}
    files = {"dbt_project.yml": "name: shop", "seeds/large.csv": "x"}
    project = project_of(tmp_path, resources, {"rules": settings}, files)
    project.connection.execute(
        f"delete from estate.rule_facts where name in {tuple(NEEDED.values())}"
    )
    with project.connection:
        rules = run_rules(project)
    needy = {name for name, rule in RULES.items() if set(rule["needs"]) & set(NEEDED)}
    results = {result.rule: result for result in rules.results}
    assert {name for name, item in results.items() if item.status == "not_evaluated"} == needy
    assert len(needy) == 5
    for name in needy:
        assert found_by(rules, name) == []
        assert (results[name].findings, results[name].seconds) == (0, 0.0)
        assert results[name].message.startswith("needs "), name
    assert "model.shop.a" in found_by(rules, "trailing_semicolons")


def test_the_same_rules_find_it_where_they_can_be_evaluated(tmp_path: Path) -> None:
    resources = [model("a", raw_code="select\n1 as a;"), macro("unused"), seed("large")]
    settings = {"complex_models_without_unit_tests": {"lines": 1}, "large_seeds": {"bytes": 0}}
    files = {"dbt_project.yml": "name: shop", "seeds/large.csv": "x"}
    rules = ran(tmp_path, resources, maturity={"rules": settings}, files=files)
    assert found_by(rules, "large_seeds") == ["seed.shop.large"]
    assert found_by(rules, "unused_macros") == ["macro.shop.unused"]
    assert found_by(rules, "complex_models_without_unit_tests") == ["model.shop.a"]
    assert "not_evaluated" not in {result.status for result in rules.results}


# -- Many paths


def test_more_than_a_billion_paths(tmp_path: Path) -> None:
    layers, width = 60, 20
    reads = {
        f"m_{layer}_{n}": [f"m_{layer - 1}_{k}" for k in range(width)] if layer else []
        for layer in range(layers)
        for n in range(width)
    }
    paths: dict[str, int] = {}
    for name, parents in reads.items():
        paths[name] = sum(paths[parent] for parent in parents) or 1
    assert len(reads) == 1200
    assert sum(paths.values()) > 10**9
    resources = [model(name, " ".join(parents), config=VIEW) for name, parents in reads.items()]
    rules = ran(tmp_path, [*resources, exposure("board", f"m_{layers - 1}_0")])
    assert not [result for result in rules.results if result.status == "error"]
    chained = {name for name in reads if int(name.split("_")[1]) > 5}
    found = found_by(rules, "chained_views_dependencies")
    assert sorted(found) == sorted(_id(name) for name in chained)
    assert len(found_by(rules, "too_many_joins")) == 1200 - width
    assert len(found_by(rules, "root_models")) == width
    assert found_by(rules, "rejoining_of_upstream_concepts") == []


def test_an_exception_to_everything_hides_nothing_about_exceptions(tmp_path: Path) -> None:
    settings = only("root_models", "unused_exceptions")
    resources = [model("r"), model("a", "r", meta=ignored("*")), model("b", meta=ignored("*"))]
    rules = ran(tmp_path, resources, maturity={"rules": settings})
    assert found_by(rules, "root_models") == ["model.shop.r"]
    assert found_by(rules, "unused_exceptions") == ["model.shop.a"]


def test_of_a_rule_in_error_no_exception_is_unused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.sql"
    broken.write_text("select nothing")
    files = {**rule_files(), "root_models": broken}
    monkeypatch.setattr("dbt_estate.check.engine.rule_files", lambda: files)
    settings = only("root_models", "unused_exceptions")
    rules = ran(tmp_path, [model("a", meta=ignored("root_models"))], maturity={"rules": settings})
    assert {item.rule: item.status for item in rules.results if item.status != "disabled"} == {
        "root_models": "error",
        "unused_exceptions": "passed",
    }


def test_paths_of_windows_are_paths(tmp_path: Path) -> None:
    resources = [
        model("fct_a", folder="models\\marts", original_file_path="models\\marts\\fct_a.sql"),
        model("odd", original_file_path="models\\marts\\odd.sql"),
        model("x", original_file_path="models\\staging\\x.sql"),
    ]
    settings = only("dead_models", undocumented_models={"include": ["models/marts/*"]})
    maturity = {"rules": settings, "exclude_paths": ["marts/odd"]}
    rules = ran(tmp_path, resources, maturity=maturity)
    assert [(item.rule, item.file_path) for item in rules.found] == [
        ("dead_models", "models/staging/x.sql"),
        ("undocumented_models", "models/marts/fct_a.sql"),
    ]


def test_globs_are_of_the_model_and_of_its_properties(tmp_path: Path) -> None:
    resources = [
        model("a", folder="models/staging", patch_path="shop://models/_all.yml"),
        model("b", folder="models/marts", patch_path="shop://models/_all.yml"),
    ]
    for scope, wanted in (
        ({"exclude": ["models/staging/*"]}, ["model.shop.b"]),
        ({"include": ["models/staging/*"]}, ["model.shop.a"]),
        ({"include": ["models/_all.yml"]}, ["model.shop.a", "model.shop.b"]),
        ({"include": ["model.shop.b"]}, ["model.shop.b"]),
    ):
        rules = ran(tmp_path, resources, maturity={"rules": only(undocumented_models=scope)})
        assert found_by(rules, "undocumented_models") == wanted


@pytest.mark.parametrize("until", ["2027-13-45", "soon-is-ok", "2027-1-1"])
def test_a_day_that_is_none_hides_nothing(tmp_path: Path, until: str) -> None:
    settings = only("root_models", "invalid_exceptions")
    resources = [model("r", meta=ignored("root_models", until=until))]
    rules = ran(tmp_path, resources, maturity={"rules": settings})
    assert [item.rule for item in rules.found] == ["invalid_exceptions", "root_models"]


def test_exceptions_stand_beside_macros_and_sources(tmp_path: Path) -> None:
    noted = ignored("undocumented_sources")
    resources = [
        source("app.a", meta=noted), source("app.b", meta=noted),
        macro("plain", meta=ignored("unused_macros")), macro("other"),
    ]  # fmt: skip
    settings = only("undocumented_sources", "unused_macros", "unused_exceptions")
    rules = ran(tmp_path, resources, maturity={"rules": settings})
    assert [item.unique_id for item in rules.found] == ["macro.shop.other"]


def test_a_declared_rule_that_is_off_is_listed(tmp_path: Path) -> None:
    declared = [{"rule": "max-parents", "name": "none", "maximum": 0, "severity": "off"}]
    maturity = {"rules": only(), "declared": declared}
    rules = ran(tmp_path, [model("r"), model("a", "r")], maturity=maturity)
    (result,) = [item for item in rules.results if item.rule == "none"]
    assert (result.status, result.findings) == ("disabled", 0)


@pytest.mark.parametrize(
    ("maturity", "message"),
    [
        ({"declared": [{"rule": ["x"], "name": "n"}]}, "as rule one of has-meta-keys"),
        (
            {"declared": [{"rule": "max-parents", "name": "n", "maximum": 1,
                           "resource_types": ["modle"]}]},
            r"n\.resource_types: must be of model, seed.*got: \['modle'\]",
        ),
        (
            {"declared": [{"rule": "max-parents", "name": "n", "maximum": 1,
                           "resource_types": []}]},
            r"n\.resource_types: must be of model",
        ),
        ({"primary_key_tests": [[]]}, r"such as dbt\.unique, got: \[\]"),
        ({"primary_key_tests": [["unique"]]}, r"such as dbt\.unique, got: \['unique'\]"),
        ({"primary_key_node_types": "model"}, "must be a list, got: model"),
        ({"checks": "maybe"}, "checks must be true or false, got: maybe"),
    ],
)  # fmt: skip
def test_more_wrong_settings(tmp_path: Path, maturity: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ran(tmp_path, [model("a")], maturity=maturity)
