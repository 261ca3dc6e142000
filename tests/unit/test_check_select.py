"""The selection of `dbt-estate check`: what dbt's own `ls` chooses, on a project made by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from dbt_estate.check.select import METHODS, select, selected
from dbt_estate.errors import InputError
from dbt_estate.info_schema.artifacts import DependsOn, Manifest, Node

KINDS = {"model": "sql", "seed": "csv", "snapshot": "sql", "test": "sql"}


def resource(kind: str, path: str, parents: str = "", **more: Any) -> dict[str, Any]:
    """A resource `kind` of a path `folder/.../name`, in the package `shop` unless it is said."""
    package = more.pop("package_name", "shop")
    folders, name = path.split("/")[1:-1], path.rpartition("/")[2]
    fqn = more.pop("fqn", [package, *folders, name])
    return {
        "unique_id": ".".join([kind, package, *fqn[fqn.index(name) :]]),
        "name": name,
        "resource_type": kind,
        "package_name": package,
        "original_file_path": f"{path}.{KINDS.get(kind, 'yml')}",
        "fqn": fqn,
        "raw_code": "" if kind == "seed" else "select 1",
        "depends_on": {"nodes": parents.split(), "macros": more.pop("macros", [])},
        "config": {"enabled": True, **more.pop("config", {})},
        **more,
    }


def project() -> dict[str, Any]:
    """The manifest, as JSON would give it.

    app.orders -> stg_orders -> orders -> revenue -> dim (v1 to v3), and -> board;
    erp.orders -> stg_erp; kinds (a seed) -> revenue; stg_kit is of the package kit.
    """
    staging = {"patch_path": "shop://models/staging/_app.yml"}
    view, table = {"materialized": "view"}, {"materialized": "table", "group": "fin"}
    nodes = [
        resource(
            "model",
            "models/staging/stg_orders",
            "source.shop.app.orders",
            tags=["stg"],
            config={**view, "meta": {"owner": "ann"}, "tags": ["stg"]},
            macros=["macro.shop.one"],
            columns={"id": {"name": "id", "description": "key"}},
            **staging,
        ),
        resource("model", "models/staging/stg_erp", "source.shop.erp.orders", config=view),
        resource(
            "model",
            "models/marts/orders",
            "model.shop.stg_orders",
            access="public",
            config={**table, "contract": {"enforced": True}},
        ),
        resource(
            "model",
            "models/marts/fin/revenue",
            "model.shop.orders seed.shop.kinds",
            tags=["daily"],
            access="private",
            config=table,
        ),
        resource("model", "models/a.b", "model.shop.dim.v1"),
        resource("model", "models/staging/stg_kit", package_name="kit", config=view),
        resource("model", "models/only_kit/deep", package_name="kit"),
        resource("seed", "seeds/kinds", tags=["raw-data"], checksum={"name": "a", "checksum": "1"}),
        resource("snapshot", "snapshots/snap_a", "model.shop.stg_orders"),
        resource("test", "tests/no_negative", "model.shop.orders"),
    ]
    nodes += [
        resource(
            "model",
            "models/marts/fin/dim",
            "model.shop.revenue",
            fqn=["shop", "marts", "fin", "dim", f"v{version}"],
            version=version,
            latest_version=2,
        )
        for version in (1, 2, 3)
    ]
    unique = resource("test", "models/staging/unique_id", "model.shop.stg_orders")
    unique |= {
        "original_file_path": "models/staging/_app.yml",
        "test_metadata": {"name": "unique"},
        "config": {"severity": "warn", "enabled": True, "materialized": "test"},
        "group": "fin",
    }
    sources = [
        resource(
            "source",
            "models/staging/orders",
            fqn=["shop", "staging", name, "orders"],
            unique_id=f"source.shop.{name}.orders",
            original_file_path="models/staging/_app.yml",
            source_name=name,
            schema=name,
        )
        for name in ("app", "erp")
    ]
    rare: dict[str, list[dict[str, Any]]] = {
        "exposures": [
            resource(
                "exposure",
                "models/marts/board",
                "model.shop.revenue model.shop.orders",
                tags=["daily"],
                created_at=1.0,
                owner={"email": "x@y.z"},
                unrendered_config={},
            )
        ],
        "metrics": [
            resource(
                "metric",
                "models/marts/n_orders",
                "model.shop.orders",
                config={"group": "fin"},
                metadata={"file_slice": {"start_line_number": 3}},
            )
        ],
        "unit_tests": [
            resource("unit_test", "models/marts/unit_orders", "model.shop.orders", schema="dev")
        ],
    }
    macros = {
        f"macro.shop.{name}": {
            "unique_id": f"macro.shop.{name}",
            "macro_sql": name,
            "depends_on": {"macros": calls},
        }
        for name, calls in (("one", ["macro.shop.two"]), ("two", []))
    }
    return {
        "metadata": {"project_name": "shop", "dbt_version": "1.11.2"},
        "nodes": {node["unique_id"]: node for node in [*nodes, unique]},
        "sources": {node["unique_id"]: node for node in sources},
        "macros": macros,
        **{section: {one["unique_id"]: one for one in of} for section, of in rare.items()},
    }


def chosen(
    include: Sequence[str], exclude: Sequence[str] = (), state: Manifest | None = None
) -> set[str]:
    ids = selected(MANIFEST, include, exclude, state)
    assert ids is not None
    return set(ids)


def manifest(content: dict[str, Any]) -> Manifest:
    return msgspec.json.decode(json.dumps(content), type=Manifest)


MANIFEST = manifest(project())
ALL = {
    *MANIFEST.nodes,
    *MANIFEST.sources,
    *MANIFEST.exposures,
    *MANIFEST.metrics,
    *MANIFEST.unit_tests,
}
DIMS = "model.shop.dim.v1 model.shop.dim.v2 model.shop.dim.v3"
STAGING = "model.shop.stg_orders model.shop.stg_erp"
MARTS = f"model.shop.orders model.shop.revenue {DIMS}"
SOURCES = "source.shop.app.orders source.shop.erp.orders"
IN_APP_YML = f"model.shop.stg_orders test.shop.unique_id {SOURCES}"
UPSTREAM = "source.shop.app.orders model.shop.stg_orders"
OF_ORDERS = "test.shop.no_negative metric.shop.n_orders unit_test.shop.unit_orders"
BELOW_ORDERS = (
    f"model.shop.orders model.shop.revenue {DIMS} model.shop.a.b exposure.shop.board {OF_ORDERS}"
)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ("orders", "model.shop.orders"),
        ("shop.marts.fin.revenue", "model.shop.revenue"),
        ("fqn:marts.fin", f"model.shop.revenue {DIMS}"),
        ("fqn:marts.f*", f"model.shop.revenue {DIMS}"),
        ("stg_*", f"{STAGING} model.kit.stg_kit"),
        ("stg_[e]r?", "model.shop.stg_erp"),
        ("kit", "model.kit.stg_kit model.kit.deep"),
        ("kit.staging", "model.kit.stg_kit"),
        ("a.b", "model.shop.a.b"),
        ("dim", DIMS),
        ("dim.v1", "model.shop.dim.v1"),
        ("dim_v2", "model.shop.dim.v2"),
        ("di?", DIMS),
        ("v1", ""),
        ("board", "exposure.shop.board"),
        ("app", ""),
        # Graph
        ("+orders", f"model.shop.orders {UPSTREAM}"),
        ("1+orders", "model.shop.orders model.shop.stg_orders"),
        ("0+orders", "model.shop.orders"),
        ("orders+", BELOW_ORDERS),
        ("kinds+1", "seed.shop.kinds model.shop.revenue"),
        (
            "2+revenue+1",
            f"model.shop.revenue model.shop.orders seed.shop.kinds "
            f"model.shop.stg_orders {DIMS} exposure.shop.board",
        ),
        (
            "@kinds",
            f"seed.shop.kinds model.shop.revenue {DIMS} model.shop.a.b "
            f"exposure.shop.board model.shop.orders {UPSTREAM}",
        ),
        ("source:app+1", "source.shop.app.orders model.shop.stg_orders"),
        ("1+exposure:board", "exposure.shop.board model.shop.revenue model.shop.orders"),
        # Files
        ("path:models/staging", f"{STAGING} model.kit.stg_kit test.shop.unique_id {SOURCES}"),
        ("models/marts/fin/", f"model.shop.revenue {DIMS}"),
        ("./models/staging/stg_erp.sql", "model.shop.stg_erp"),
        ("models\\staging\\stg_erp.sql", "model.shop.stg_erp"),
        ("models/staging/*.sql", STAGING),
        ("models/**/re*.sql", "model.shop.revenue"),
        ("models/**/fin", f"model.shop.revenue {DIMS}"),
        ("models/staging/_app.yml", IN_APP_YML),
        ("path:models/only_kit", ""),
        ("path:seeds", "seed.shop.kinds"),
        ("kinds.csv", "seed.shop.kinds"),
        ("_app.yml", f"test.shop.unique_id {SOURCES}"),
        ("file:stg_erp", "model.shop.stg_erp"),
        ("file:re*.sql", "model.shop.revenue"),
        # Properties and configs
        ("tag:stg", "model.shop.stg_orders"),
        ("tag:d*", "model.shop.revenue exposure.shop.board"),
        ("package:kit", "model.kit.stg_kit model.kit.deep"),
        ("package:this,resource_type:seed", "seed.shop.kinds"),
        ("resource_type:unit_test", "unit_test.shop.unit_orders"),
        ("resource_type:source", SOURCES),
        ("source:*", SOURCES),
        ("source:app.orders", "source.shop.app.orders"),
        ("source:shop.*.orders", SOURCES),
        ("source:kit.app.orders", ""),
        ("exposure:b*", "exposure.shop.board"),
        ("exposure:shop.board", "exposure.shop.board"),
        ("config.materialized:table", "model.shop.orders model.shop.revenue"),
        ("config.materialized:t*", ""),
        ("config.severity:WARN", "test.shop.unique_id"),
        ("config.meta.owner:ann", "model.shop.stg_orders"),
        ("config.tags:stg", "model.shop.stg_orders"),
        ("config.contract.enforced:True", "model.shop.orders"),
        ("config.contract.enforced:1", ""),
        ("config.enabled:true,source:*", SOURCES),
        ("config.meta.owner.name:ann", ""),
        ("group:f*", "model.shop.orders model.shop.revenue metric.shop.n_orders"),
        ("access:public", "model.shop.orders"),
        ("test_type:generic", "test.shop.unique_id"),
        ("test_type:singular", "test.shop.no_negative"),
        ("test_type:data", "test.shop.unique_id test.shop.no_negative"),
        ("test_type:unit", "unit_test.shop.unit_orders"),
        ("test_name:*", "test.shop.unique_id unit_test.shop.unit_orders"),
        ("version:latest", "model.shop.dim.v2"),
        ("version:old", "model.shop.dim.v1"),
        ("version:prerelease", "model.shop.dim.v3"),
        ("version:none,marts", "model.shop.orders model.shop.revenue"),
        # Sets
        ("stg_erp  revenue", "model.shop.stg_erp model.shop.revenue"),
        ("+orders,stg_*", "model.shop.stg_orders"),
        (
            "marts,tag:daily source:erp",
            "model.shop.revenue exposure.shop.board source.shop.erp.orders",
        ),
    ],
)
def test_a_criterion_chooses_what_dbt_chooses(criterion: str, expected: str) -> None:
    assert chosen([criterion]) == set(expected.split())


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["+orders"], ["stg_orders"], {"model.shop.orders", "source.shop.app.orders"}),
        (["kinds", "dim.v1 dim.v2"], [], {"seed.shop.kinds", *DIMS.split()[:2]}),
        ([], ["kinds", "source:* tag:none"], ALL - {"seed.shop.kinds", *SOURCES.split()}),
        (["kinds"], ["*"], set()),
        ([""], [], set()),
        ([], [""], ALL),
    ],
)
def test_arguments_add_up_and_exclusions_win(
    include: list[str], exclude: list[str], expected: set[str]
) -> None:
    assert chosen(include, exclude) == expected


def test_without_options_there_is_no_selection() -> None:
    assert select(MANIFEST, [], []).unique_ids is None
    assert selected(MANIFEST, (), (), MANIFEST) is None


def test_parts_that_choose_nothing_are_named_as_written() -> None:
    found = select(MANIFEST, ["orders tag:nightli", "stg_erp,tag:stg+"], ["+gone", "kinds"])
    assert set(found.unique_ids or ()) == {ORDERS}
    assert found.unmatched == (
        "--select tag:nightli",
        "--select stg_erp,tag:stg+",
        "--exclude +gone",
    )
    assert select(MANIFEST, [" "], []).unmatched == ("--select ''",)


@pytest.mark.parametrize(
    ("criterion", "problem"),
    [
        ("owner:ann", "the method must be one of fqn, path, .*got: owner$"),
        ("tag.x:y", "got: tag.x$"),
        ("config:view", "must name the config, as in config.materialized:view"),
        ("config.:view", "got: config.$"),
        ("orders,", "must have a name or a value; got: nothing, before or after a comma"),
        ("+", r"must have a name or a value; got: \+"),
        ("tag:", "must have a name or a value; got: tag:"),
        ("@orders+", "leave out the [+] at its end"),
        ("/srv/shop/models/a.sql", "relative to the project's folder"),
        ("path:../models", "relative to the project's folder"),
        ("resource_type:modle", "must be one of analysis, .*, unit_test; got: modle"),
        ("source:a.b.c.d", "must be a source, source.table or package.source.table"),
        ("exposure:a.b.c", "must be an exposure or package.exposure"),
        ("access:secret", "must be one of private, protected, public; got: secret"),
        ("test_type:odd", "must be one of generic, singular, unit, .*; got: odd"),
        ("version:newest", "must be one of latest, prerelease, old, none; got: newest"),
        ("state:newer", "must be one of new, old, modified, unmodified; got: newer"),
        ("state:modified", "give the folder it is in as --state DIR"),
    ],
)
@pytest.mark.parametrize("option", ["--select", "--exclude"])
def test_what_cannot_be_chosen_by_is_an_error(criterion: str, problem: str, option: str) -> None:
    options = ([criterion], []) if option == "--select" else ([], [criterion])
    with pytest.raises(InputError, match=problem) as raised:
        select(MANIFEST, *options)
    assert raised.value.where == option


def test_an_unknown_method_is_told_every_method() -> None:
    with pytest.raises(InputError) as raised:
        select(MANIFEST, ["owner:ann"], [])
    assert all(method in str(raised.value) for method in METHODS)


Change = Callable[[dict[str, Any]], object]


def node(content: dict[str, Any], name: str) -> dict[str, Any]:
    for section in ("nodes", "sources", "exposures", "metrics", "unit_tests", "macros"):
        if name in content[section]:
            return dict.__getitem__(content[section], name)
    raise KeyError(name)


def setting(name: str, key: str, value: object) -> Change:
    return lambda content: node(content, name).update({key: value})


def config(name: str, key: str, value: object) -> Change:
    return lambda content: node(content, name)["config"].update({key: value})


ORDERS, STG, TEST = "model.shop.orders", "model.shop.stg_orders", "test.shop.unique_id"
APP, BOARD, METRIC = "source.shop.app.orders", "exposure.shop.board", "metric.shop.n_orders"
UNIT = "unit_test.shop.unit_orders"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (setting(ORDERS, "raw_code", "select 2"), ORDERS),
        (setting(ORDERS, "description", "All of them"), ORDERS),
        (setting(ORDERS, "fqn", ["shop", "orders"]), ORDERS),
        (setting(ORDERS, "access", "protected"), ORDERS),
        (setting(ORDERS, "group", "ops"), ORDERS),
        (setting(ORDERS, "contract", {"enforced": True}), ORDERS),
        (setting(ORDERS, "deprecation_date", "2030-01-01"), ORDERS),
        (setting(STG, "columns", {"id": {"name": "id", "description": "the key"}}), STG),
        (setting(STG, "columns", {}), STG),
        (setting("model.shop.dim.v3", "latest_version", 3), "model.shop.dim.v3"),
        (setting("seed.shop.kinds", "checksum", {"name": "a", "checksum": "2"}), "seed.shop.kinds"),
        (setting("seed.shop.kinds", "checksum", {"checksum": "1", "name": "a"}), ""),
        (config(ORDERS, "materialized", "view"), ORDERS),
        (config(ORDERS, "meta", {"metadata": 1}), ORDERS),
        (config(ORDERS, "alias", "all_orders"), ORDERS),
        (config(ORDERS, "quote", False), ORDERS),
        (config(ORDERS, "grants", {}), ""),
        (config(ORDERS, "tags", ["x"]), ""),
        (config(ORDERS, "schema", "dev_x"), ""),
        (setting(ORDERS, "schema", "dev"), ""),
        (setting(ORDERS, "relation_name", "dev.orders"), ""),
        (setting(ORDERS, "tags", ["x"]), ""),
        (setting(ORDERS, "original_file_path", "x"), ""),
        (config(TEST, "severity", "error"), TEST),
        (config(TEST, "meta", {"a": 1}), ""),
        (setting(TEST, "group", "ops"), ""),
        (setting(APP, "schema", "other"), APP),
        (setting(APP, "freshness", {"warn_after": {"count": 1}}), APP),
        (setting(APP, "freshness", {"warn_after": {"count": None}}), ""),
        (setting(APP, "meta", {"a": 1}), APP),
        (setting(APP, "original_file_path", "x"), ""),
        (setting(BOARD, "owner", {"email": "z@y.z"}), BOARD),
        (setting(BOARD, "depends_on", {"nodes": [ORDERS]}), BOARD),
        (setting(BOARD, "depends_on", {"nodes": [ORDERS, "model.shop.revenue"]}), ""),
        (setting(BOARD, "unrendered_config", {"meta": {"a": 1}}), BOARD),
        (setting(BOARD, "created_at", 2.0), ""),
        (config(BOARD, "enabled", None), ""),
        (setting(METRIC, "label", "Orders"), METRIC),
        (setting(METRIC, "metadata", {"file_slice": {"start_line_number": 9}}), ""),
        (setting(UNIT, "checksum", "2"), UNIT),
        (setting(UNIT, "schema", "prod"), ""),
        (setting("macro.shop.two", "macro_sql", "other"), STG),
        (setting("macro.shop.two", "description", "other"), ""),
        (lambda content: content["macros"].pop("macro.shop.two"), STG),
        (lambda content: content["nodes"].pop(ORDERS), ORDERS),
        (lambda content: content["sources"].pop(APP), APP),
        (lambda content: content["exposures"].pop(BOARD), BOARD),
    ],
)
def test_modified_is_what_differs_from_the_state(change: Change, expected: str) -> None:
    content = project()
    change(content)
    state, ids = manifest(content), set(expected.split())
    assert chosen(["state:modified"], [], state) == ids
    assert chosen(["state:unmodified"], [], state) == ALL - ids


def test_new_and_old_go_by_the_name_alone() -> None:
    content = project()
    del content["nodes"][ORDERS], content["exposures"][BOARD]
    content["nodes"][STG]["raw_code"] = "select 2"
    content["nodes"]["model.shop.gone"] = resource("model", "models/gone")
    state = manifest(content)
    assert chosen(["state:new"], [], state) == {ORDERS, BOARD}
    assert chosen(["state:old"], [], state) == ALL - {ORDERS, BOARD}
    assert chosen(["1+state:new,resource_type:model"], [], state) == {
        ORDERS,
        STG,
        "model.shop.revenue",
    }
    assert select(MANIFEST, ["state:new"], [], MANIFEST).unmatched == ("--select state:new",)


@pytest.mark.parametrize(("version", "expected"), [("1.11.9", {ORDERS, METRIC}), ("1.9.1", set())])
def test_a_key_that_another_version_of_dbt_writes_is_no_change(
    version: str, expected: set[str]
) -> None:
    content = project()
    content["metadata"]["dbt_version"] = version
    content["nodes"][ORDERS]["config"]["lookback"] = 1
    content["metrics"][METRIC]["type_params"] = {"measure": "n", "is_private": False}
    content["metrics"][METRIC]["type_params"] |= {"joined": [{"name": "n", "filled": 0}]}
    now = project()
    now["metrics"][METRIC]["type_params"] = {"measure": "n", "joined": [{"name": "n"}]}
    found = select(manifest(now), ["state:modified"], [], manifest(content))
    assert set(found.unique_ids or ()) == expected


def test_ten_thousand_models_take_a_moment() -> None:
    names = [f"model.shop.m{number}" for number in range(10_000)]
    nodes = {
        name: Node(
            unique_id=name,
            resource_type="model",
            package_name="shop",
            original_file_path=f"models/marts/m{number}.sql",
            fqn=["shop", "marts", f"m{number}"],
            depends_on=DependsOn([names[number - 1]] if number % 10 else []),
        )
        for number, name in enumerate(names)
    }
    big = Manifest(metadata=MANIFEST.metadata, nodes=nodes)
    for criterion, count in (("*9", 1_000), ("m90+", 10), ("path:models/marts", 10_000)):
        started = time.process_time()
        found = select(big, [criterion], []).unique_ids or ()
        assert len(found) == count
        assert time.process_time() - started < 0.5  # measured 0.05; a loaded machine is slower
