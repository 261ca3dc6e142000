"""The Information Schema out of artifacts: rows, types, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from dbt_estate.cli import cli
from dbt_estate.errors import InputError
from dbt_estate.info_schema import tables
from dbt_estate.info_schema.load import NAMESPACES, Artifacts, artifacts_in, load, write_parquet


def schema(kind: str, number: int) -> dict[str, str]:
    return {"dbt_schema_version": f"https://schemas.getdbt.com/dbt/{kind}/v{number}.json"}


def node(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "unique_id": f"{kind}.shop.{name}",
        "name": name,
        "resource_type": kind,
        "package_name": "shop",
        "original_file_path": f"models/{name}.sql",
        "fqn": ["shop", name],
        "alias": name,
        "depends_on": {"nodes": [], "macros": []},
        "config": {"enabled": True, "materialized": "view", "tags": ["daily"], "own": {"x": 1}},
        "tags": ["daily"],
        **more,
    }


def manifest(number: int = 12) -> dict[str, Any]:
    orders = node(
        "model",
        "orders",
        description="All\norders: 'x' \"y\" ü",
        raw_code="select 1 as {{ x }}",
        patch_path="shop://models/orders.yml",
        columns={"id": {"name": "id", "description": "", "data_type": "int", "tags": ["k"]}},
        depends_on={"nodes": ["source.shop.app.raw", "seed.shop.kinds", "seed.shop.kinds"]},
        contract={"enforced": True},
        version=2,
        access="public",
        primary_key=["id"],
        meta={"owner": "anna"},
    )
    test = node(
        "test",
        "not_null_orders_id",
        test_metadata={"name": "not_null", "namespace": None, "kwargs": {"column_name": "id"}},
        attached_node="model.shop.orders",
        column_name="id",
        depends_on={"nodes": ["model.shop.orders"]},
        config={"severity": "WARN", "where": None},
    )
    on_source = node(
        "test",
        "unique_raw",
        test_metadata={"name": "unique", "namespace": "dbt_utils", "kwargs": {}},
        depends_on={"nodes": ["source.shop.app.raw"]},
    )
    source = node("source", "raw", unique_id="source.shop.app.raw", source_name="app")
    nodes = [
        orders, node("seed", "kinds"), test, on_source, node("test", "singular"),
        node("operation", "shop-on-run-end-0"), node("snapshot", "kept"), node("analysis", "look"),
    ]  # fmt: skip
    return {
        "metadata": {
            **schema("manifest", number), "project_name": "shop", "adapter_type": "duckdb",
            "dbt_version": "1.11.0", "env": {"DBT_ENV_CUSTOM_ENV_X": "1"},
        },
        "nodes": {item["unique_id"]: item for item in nodes},
        "sources": {"source.shop.app.raw": source},
        "macros": {
            f"macro.{package}.m": {
                "unique_id": f"macro.{package}.m", "name": "m", "package_name": package,
                "macro_sql": "x", "created_at": 1.5, "depends_on": {"macros": ["macro.dbt.n"]},
                "arguments": [{"name": "a", "type": "string"}],
            }
            for package in ("shop", "dbt", "dbt_duckdb", "dbt_utils")
        },
        "docs": {"doc.shop.d": {"unique_id": "doc.shop.d", "name": "d", "block_contents": "text"}},
        "exposures": {
            "exposure.shop.board": {
                "unique_id": "exposure.shop.board", "name": "board", "type": "dashboard",
                "owner": {"name": "Anna", "email": ["a@x", "b@x"]},
                "depends_on": {"nodes": ["model.shop.orders"]},
            }
        },
        "groups": {"group.shop.g": {"unique_id": "group.shop.g", "name": "g", "owner": {}}},
        "metrics": {
            "metric.shop.m": {
                "unique_id": "metric.shop.m", "name": "m", "type": "ratio",
                "type_params": {"numerator": {"name": "a"}, "denominator": {"name": "b"}},
                "depends_on": {"nodes": ["metric.shop.gone"]},
            }
        },
        "semantic_models": {
            "semantic_model.shop.s": {
                "unique_id": "semantic_model.shop.s", "name": "s", "model": "ref('orders')",
                "entities": [{"name": "id", "type": "primary", "role": None}],
                "measures": [{"name": "n", "agg": "sum"}],
                "dimensions": [
                    {"name": "at", "type": "time", "type_params": {"time_granularity": "day"}}
                ],
            }
        },
        "unit_tests": {
            "unit_test.shop.u": {
                "unique_id": "unit_test.shop.u", "name": "u", "model": "orders",
                "given": [{"input": "ref('kinds')", "rows": [{"a": 1}]}], "expect": {"rows": []},
                "depends_on": {"nodes": ["model.shop.orders"]},
            }
        },
        "disabled": {"model.shop.off": [node("model", "off", config={"enabled": False})]},
    }  # fmt: skip


def write(folder: Path, **artifacts: Any) -> Artifacts:
    folder.mkdir(exist_ok=True)
    for name, content in artifacts.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return artifacts_in(folder)


@pytest.mark.parametrize("number", [10, 11, 12])
def test_every_table_is_there_with_its_columns(tmp_path: Path, number: int) -> None:
    with load(write(tmp_path, manifest=manifest(number)), {"a": {"b": 1}, "c": "x"}) as connection:
        for namespace, definitions in NAMESPACES.items():
            for name, columns in definitions.items():
                found = connection.execute(f"describe {namespace}.{name}").fetchall()
                assert {row[0]: row[1] for row in found} == columns, name
        variables = connection.execute(
            "select var_name, var_value from dbt.project_vars"
        ).fetchall()
    assert variables == [("a", '{"b":1}'), ("c", '"x"')]


@pytest.fixture
def project(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    return load(write(tmp_path, manifest=manifest()))


def test_models_have_their_values_and_types(project: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "name, description, raw_code, enabled, materialized, config->'own'->>'x', tags, "
        'contract_enforced, version, access, "group", primary_key, properties_yml_file_path, '
        "meta->>'owner', identifier, fqn"
    )
    rows = project.execute(f"select {columns} from dbt.models order by name").fetchall()
    assert rows[0][:6] == ("off", "", None, False, None, None)
    assert rows[1] == (
        "orders", "All\norders: 'x' \"y\" ü", "select 1 as {{ x }}", True, "view", "1", ["daily"],
        True, "2", "public", None, ["id"], "models/orders.yml", "anna", "orders",
        ["shop", "orders"],
    )  # fmt: skip
    counts = {
        name: project.execute(f"select count(*) from dbt.{name}").fetchall()[0][0]
        for name in tables.PROJECT
    }
    assert {name for name, count in counts.items() if not count} == {
        "functions", "checks", "saved_queries", "time_spines", "project_vars",
    }  # fmt: skip


def test_tests_say_what_they_test(project: duckdb.DuckDBPyConnection) -> None:
    rows = project.execute(
        "select name, test_name, test_definition_package, node_unique_id, column_name, severity "
        "from dbt.data_tests order by name"
    ).fetchall()
    assert rows == [
        ("not_null_orders_id", "not_null", "dbt", "model.shop.orders", "id", "warn"),
        ("singular", "singular", "shop", None, None, "error"),
        ("unique_raw", "unique", "dbt_utils", "source.shop.app.raw", None, "error"),
    ]


def test_edges_are_direct_distinct_and_between_what_is_there(
    project: duckdb.DuckDBPyConnection,
) -> None:
    edges = project.execute(
        "select parent_unique_id, child_unique_id from dbt.edges order by all"
    ).fetchall()
    assert edges == [
        ("model.shop.orders", "exposure.shop.board"),
        ("model.shop.orders", "test.shop.not_null_orders_id"),
        ("model.shop.orders", "unit_test.shop.u"),
        ("seed.shop.kinds", "model.shop.orders"),
        ("source.shop.app.raw", "model.shop.orders"),
        ("source.shop.app.raw", "test.shop.unique_raw"),
    ]
    kinds = dict(project.execute("select unique_id, resource_type from dbt.dag_nodes").fetchall())
    assert kinds["exposure.shop.board"] == "exposure"
    assert "model.shop.off" not in kinds


def test_the_rarer_resources(project: duckdb.DuckDBPyConnection) -> None:
    def one(query: str) -> tuple[Any, ...]:
        (row,) = project.execute(query).fetchall()
        return tuple(row)

    assert one("select owner_name, owner_email, depends_on from dbt.exposures") == (
        "Anna", "a@x, b@x", ["model.shop.orders"],
    )  # fmt: skip
    assert one("select metric_type, input_metric_names from dbt.metrics") == ("ratio", ["a", "b"])
    assert one("select given->0->>'input' from dbt.unit_tests") == ("ref('kinds')",)
    assert one("select entity_type from dbt.semantic_entities") == ("primary",)
    assert one("select time_granularity from dbt.semantic_dimensions") == ("day",)
    assert one("select content from dbt.docs_blocks") == ("text",)
    assert one("select adapter_type, git_sha from dbt.project") == ("duckdb", None)
    assert one("select env_var_name from dbt.project_env_vars") == ("DBT_ENV_CUSTOM_ENV_X",)
    packages = project.execute("select package_name from dbt.packages order by 1").fetchall()
    assert packages == [("dbt_utils",), ("shop",)]
    macro = "select created_at::varchar, arguments->0->>'name', depends_on_macros from dbt.macros"
    assert project.execute(macro).fetchall()[0] == (
        "1970-01-01 00:00:01.5", "a", ["macro.dbt.n"],
    )  # fmt: skip


RUN_RESULTS = {
    "metadata": {
        **schema("run-results", 6), "invocation_id": "i", "generated_at": "2026-01-01T00:00:00Z",
    },
    "args": {"which": "build"},
    "elapsed_time": 2.5,
    "results": [
        {
            "unique_id": "model.shop.orders", "status": "success", "execution_time": 1.25,
            "failures": None, "adapter_response": {"rows": 3},
            "timing": [
                {"name": "compile", "started_at": "2026-01-01T00:00:01.5Z", "completed_at": None},
                {"name": "execute", "started_at": None, "completed_at": "2026-01-01T00:00:03Z"},
            ],
        }
    ],
}  # fmt: skip
CATALOG = {
    "metadata": schema("catalog", 1),
    "nodes": {"model.shop.orders": {"columns": {"ID": {"name": "ID", "type": "INT", "index": 1}}}},
    "sources": {},
}


def test_what_ran_and_what_the_catalog_knows(tmp_path: Path) -> None:
    artifacts = write(tmp_path, manifest=manifest(), run_results=RUN_RESULTS, catalog=CATALOG)
    with load(artifacts) as connection:
        row = connection.execute(
            "select command, elapsed_time, status, execution_time, adapter_response->>'rows', "
            "compile_started_at::varchar from dbt_rt.run_results join dbt_rt.invocations "
            "using (invocation_id)"
        ).fetchall()
        columns = connection.execute(
            "select node_unique_id, column_name, data_type from dbt_rt.catalog_columns"
        ).fetchall()
    assert row == [("build", 2.5, "success", 1.25, "3", "2026-01-01 00:00:01.5")]
    assert columns == [("model.shop.orders", "ID", "INT")]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ('{"metadata": {', "not valid JSON, perhaps cut off: "),
        ("[]", "must be a manifest of dbt (v10 or v11 or v12), and is no artifact of dbt"),
        ("{}", "and is no artifact of dbt"),
        ('{"metadata": 3}', "and is no artifact of dbt"),
        (json.dumps(CATALOG), "and is a catalog of dbt"),
        (
            json.dumps(manifest(9)),
            "must be a manifest v10 or v11 or v12, got: v9, of another version of dbt",
        ),
        (
            json.dumps(manifest(13)),
            "must be a manifest v10 or v11 or v12, got: v13, of another version of dbt",
        ),
        (
            json.dumps({"metadata": schema("manifest", 12), "nodes": []}),
            "not what a manifest of dbt looks like: ",
        ),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: str, error: str) -> None:
    with pytest.raises(InputError) as raised:
        load(write(tmp_path, manifest=content))
    assert str(raised.value).startswith(f"{tmp_path.as_posix()}/manifest.json: ")
    assert error in str(raised.value)


def test_parquet_as_dbt_v2_writes_it(project: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    out = tmp_path / "it's out"
    written = write_parquet(project, out)
    assert sorted(path.name for path in written) == sorted(
        f"{namespace}.{name}.parquet" for namespace, found in NAMESPACES.items() for name in found
    )
    with duckdb.connect() as other:
        other.execute((out / "views.sql").read_text(encoding="utf-8"))
        assert other.execute("select name from dbt.models order by 1").fetchall() == [
            ("off",),
            ("orders",),
        ]
        assert other.execute("select schema_version from dbt.project").fetchall() == [("1",)]
        path = str(out / "v1" / "dbt.models.parquet")
        keys = other.execute(
            "select decode(key), decode(value) from parquet_kv_metadata(?)", [path]
        ).fetchall()
        assert ("dbt:info-schema-version", "1") in keys
    assert not list(out.rglob("*.tmp"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_a_number_that_is_none_is_null(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    document = manifest()
    query = "select meta from dbt.models where name = 'nan'"
    for given, text in (({"a": float("nan")}, '{"a":null}'), ([float("-inf")], "[null]")):
        document["nodes"]["model.shop.nan"] = node("model", "nan", meta=given)
        path.write_text(json.dumps(document))
        with load(Artifacts(path)) as connection:
            assert connection.execute(query).fetchall() == [(text,)]


@pytest.mark.parametrize("content", [{"indent": 2}, {"separators": (",\r\n", ":\t")}])
def test_an_artifact_that_somebody_formatted(tmp_path: Path, content: dict[str, Any]) -> None:
    document = manifest()
    document["nodes"]["model.shop.deep"] = node("model", "deep", meta={"a": ["b\n", {"c": 1}]})
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(document, **content) + "\n")
    with load(Artifacts(path)) as connection:
        query = "select meta from dbt.models where name = 'deep'"
        assert connection.execute(query).fetchall() == [('{"a":["b\\n",{"c":1}]}',)]


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nvars: {x: [1]}\ntarget-path: out\n")
    write(tmp_path / "out", manifest=manifest())
    query = "select name, tags, version from models order by name desc"
    document = json.loads(run("sql", query, "--format", "json").output)
    assert document[0] == {"name": "orders", "tags": ["daily"], "version": "2"}
    rows = list(csv.reader(run("sql", query, "--format", "csv").output.splitlines()))
    assert rows == [
        ["name", "tags", "version"],
        ["orders", '["daily"]', "2"],
        ["off", '["daily"]', ""],
    ]
    assert "orders" in run("sql", query).output
    assert (
        json.loads(run("sql", "from project_vars", "--format", "json").output)[0]["var_value"]
        == "[1]"
    )
    result = run("sql", "select nothing")
    assert result.exit_code == 2
    assert "QUERY: Binder Error" in result.output
    result = run("info-schema", "--out", "is")
    assert result.output == "32 tables are written in is/v1\n"
    assert (tmp_path / "is" / "v1" / "dbt.edges.parquet").is_file()
    (tmp_path / "blocked").write_text("")
    assert run("info-schema", "--out", "blocked").exit_code == 2
    elsewhere = run("sql", "from models", "--manifest", "nowhere/manifest.json")
    assert elsewhere.exit_code == 2
    assert "nowhere/manifest.json: no such file. Run dbt parse." in elsewhere.output


def test_a_query_that_is_none_or_has_a_name_twice_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "target", manifest=manifest())
    for query in ("", ";"):
        result = run("sql", query)
        assert result.exit_code == 2
        assert "QUERY: must be a query" in result.output
    twice = "select 1 as name, 2 as name"
    result = run("sql", "--format", "json", twice)
    assert result.exit_code == 2
    assert "two columns are called name; give one an alias" in result.output
    assert run("sql", "--format", "csv", twice).output == "name,name\n1,2\n"


def test_values_are_printed_as_json_and_sql_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "target", manifest=manifest())
    query = (
        "select true as yes, ['we''re', null] as listed, {'a': [1], 'b': false} as given,"
        " 1.50::decimal(9, 2) as amount, date '2026-01-31' as day, null as nothing"
    )
    (row,) = csv.reader(run("sql", "--format", "csv", query).output.splitlines()[1:])
    texts = ["true", '["we\'re",null]', '{"a":[1],"b":false}', "1.50", "2026-01-31", ""]
    assert row == texts
    printed = run("sql", query).output
    assert all(text in printed for text in texts)
    (found,) = json.loads(run("sql", "--format", "json", query).output)
    assert found == {
        "yes": True, "listed": ["we're", None], "given": {"a": [1], "b": False}, "amount": 1.5,
        "day": "2026-01-31", "nothing": None,
    }  # fmt: skip


def test_the_target_folder_is_that_of_dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's goes before the project's, and is relative to the project as well."""
    project = tmp_path / "shop"
    project.mkdir()
    write(project / "old", manifest=manifest())
    (project / "dbt_project.yml").write_text("name: shop\ntarget-path: old\n")
    monkeypatch.setenv("DBT_TARGET_PATH", "new")
    arguments = ("sql", "select count(*) as n from models", "--project-dir", str(project))
    result = run(*arguments)
    assert result.exit_code == 2
    assert f"{project.as_posix()}/new/manifest.json: no such file" in result.output
    document = manifest()
    document["nodes"] = {}
    write(project / "new", manifest=document)
    assert json.loads(run(*arguments, "--format", "json").output) == [{"n": 1}]  # a disabled one
    monkeypatch.setenv("DBT_TARGET_PATH", "")
    assert json.loads(run(*arguments, "--format", "json").output) == [{"n": 2}]


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    result = run("sql", "from models", "--project-dir", str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert f"--project-dir: no such folder: {tmp_path.as_posix()}/nowhere" in result.output


def test_a_place_that_cannot_be_written_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "target", manifest=manifest())
    (tmp_path / "out" / "views.sql").mkdir(parents=True)
    result = run("info-schema", "--out", "out")
    assert result.exit_code == 2
    assert "views.sql: cannot be written: " in result.output
