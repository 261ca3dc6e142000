"""The rows of each table of the Information Schema, from the artifacts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Raw

from dbt_estate.info_schema.artifacts import (
    Catalog,
    Config,
    Contract,
    Macro,
    Manifest,
    Node,
    RunResults,
    TestMetadata,
)

Row = dict[str, Any]

_TABLE_OF = {
    "model": "models",
    "seed": "seeds",
    "snapshot": "snapshots",
    "function": "functions",
    "analysis": "analyses",
    "operation": "hooks",
    "source": "sources",
    "test": "data_tests",
}
_config = msgspec.json.Decoder(Config)
_node = msgspec.json.Decoder(Node)


def project_rows(manifest: Manifest) -> dict[str, list[Row]]:
    """Return the rows of the namespace `dbt`, by table; a table without rows is absent."""
    rows: dict[str, list[Row]] = {}
    enabled = {**manifest.nodes, **manifest.sources, **manifest.functions}
    # A test of a disabled resource is among the nodes.
    active = {id_: node for id_, node in enabled.items() if _add_node(rows, node, True)}
    for versions in (manifest.disabled or {}).values():
        for raw in versions:
            _add_disabled(rows, raw)
    for name, found in (
        ("macros", map(_macro, manifest.macros.values())),
        ("docs_blocks", map(_doc, manifest.docs.values())),
        ("unit_tests", map(_unit_test, manifest.unit_tests.values())),
        ("groups", map(_group, manifest.groups.values())),
        ("exposures", map(_exposure, manifest.exposures.values())),
        ("metrics", map(_metric, manifest.metrics.values())),
        ("saved_queries", map(_saved_query, manifest.saved_queries.values())),
    ):
        rows[name] = list(found)
    _add_semantic_models(rows, manifest.semantic_models.values())
    _add_graph(rows, manifest, active)
    metadata = manifest.metadata
    rows["project"] = [
        {
            "project_name": metadata.project_name,
            "dbt_version": metadata.dbt_version,
            "adapter_type": metadata.adapter_type,
        }
    ]
    rows["packages"] = [{"package_name": name} for name in sorted(_packages(manifest, enabled))]
    rows["project_env_vars"] = [{"env_var_name": name} for name in metadata.env]
    return rows


def _packages(manifest: Manifest, enabled: Mapping[str, Node]) -> set[str]:
    """Name the project and what it has installed, without dbt's own macros."""
    found = {node.package_name for node in enabled.values()}
    found |= {macro.package_name for macro in manifest.macros.values()}
    adapter = manifest.metadata.adapter_type or ""
    own = {"dbt", f"dbt_{adapter}", "dbt_postgres" if adapter == "redshift" else "dbt"}
    return found - own - {""}


def _add_node(rows: dict[str, list[Row]], node: Node, is_enabled: bool) -> bool:
    """Add the rows of a node, and return whether it is enabled."""
    table = _TABLE_OF.get(node.resource_type)
    if table is None:
        return is_enabled
    config = _config_of(node.config)
    row = _test(node, config) if table == "data_tests" else _resource(node, config)
    row["enabled"] = is_enabled and config.enabled
    if table == "sources":
        row |= {
            "source_name": node.source_name,
            "source_description": node.source_description or "",
            "loader": node.loader,
            "loaded_at_field": node.loaded_at_field,
        }
    rows.setdefault(table, []).append(row)
    if node.columns:
        rows.setdefault("node_columns", []).extend(
            {
                "node_unique_id": node.unique_id,
                "column_name": column.name,
                "data_type_declared": column.data_type,
                "description": column.description or "",
                "tags": column.tags,
            }
            for column in node.columns.values()
        )
    if node.time_spine:
        spine = node.time_spine
        rows.setdefault("time_spines", []).append(
            {
                "unique_id": node.unique_id,
                "primary_column": (spine.get("standard_granularity_column")),
                "primary_granularity": _granularity(node, spine),
                "custom_granularities": spine.get("custom_granularities"),
                "node_relation": {
                    "database": node.database, "schema_name": node.schema, "alias": node.alias
                },
            }
        )  # fmt: skip
    return bool(row["enabled"])


def _granularity(node: Node, spine: Mapping[str, Any]) -> str | None:
    """Return the granularity of the spine's column, which stands at the column."""
    name = spine.get("standard_granularity_column")
    return next((c.granularity for c in node.columns.values() if c.name == name), None)


def _add_disabled(rows: dict[str, list[Row]], raw: Raw) -> None:
    """Disabled exposures and metrics have no `config` of a node; they have no table of theirs."""
    try:
        node = _node.decode(raw)
    except msgspec.ValidationError:
        return
    if node.resource_type in _TABLE_OF:
        _add_node(rows, node, False)


def _config_of(raw: Raw) -> Config:
    return _config.decode(raw) if bytes(raw) != b"null" else Config()


def _resource(node: Node, config: Config) -> Row:
    contract = node.contract or config.contract or Contract()
    return {
        "unique_id": node.unique_id,
        "name": node.name,
        "resource_type": node.resource_type,
        "package_name": node.package_name,
        "original_file_path": node.original_file_path,
        "fqn": node.fqn,
        "alias": node.alias,
        "description": node.description or "",
        "node_language": node.language,
        "raw_code": node.raw_code,
        "database_name": node.database,
        "schema_name": node.schema,
        "relation_name": node.relation_name,
        "identifier": node.identifier or node.alias,
        "materialized": config.materialized,
        "config": _object(node.config),
        "access": node.access or config.access,
        "group": node.group or config.group,
        "contract_enforced": bool(contract.enforced),
        "version": _text(node.version),
        "latest_version": _text(node.latest_version),
        "deprecation_date": node.deprecation_date,
        "primary_key": node.primary_key or [],
        "properties_yml_file_path": _yml_path(node.patch_path),
        "tags": node.tags,
        "meta": _object(node.meta),
    }


def _test(node: Node, config: Config) -> Row:
    generic = node.test_metadata
    return {
        "unique_id": node.unique_id,
        "name": node.name,
        "package_name": node.package_name,
        "original_file_path": node.original_file_path,
        "fqn": node.fqn,
        "description": node.description or "",
        "database_name": node.database,
        "schema_name": node.schema,
        "relation_name": node.relation_name,
        "materialized": config.materialized,
        "config": _object(node.config),
        "tags": node.tags,
        "meta": _object(node.meta),
        "group": node.group or config.group,
        "properties_yml_file_path": _yml_path(node.patch_path)
        or (node.original_file_path if generic else None),
        "test_name": generic.name if generic else node.name,
        "test_definition_package": _definition(node, generic) if generic else node.package_name,
        "arguments": _object(generic.kwargs) if generic else {},
        "column_name": node.column_name,
        "node_unique_id": node.attached_node or _first(node),
        "severity": (config.severity or "error").lower(),
        "warn_if": config.warn_if,
        "error_if": config.error_if,
        "fail_calc": config.fail_calc,
        "store_failures": config.store_failures,
        "store_failures_as": config.store_failures_as,
    }


def _definition(node: Node, generic: TestMetadata) -> str:
    """Return the package of a generic test; dbt names it for those of other packages alone."""
    if generic.namespace or node.depends_on is None:
        return generic.namespace or "dbt"
    end = f".test_{generic.name}"
    return next((id_.split(".")[1] for id_ in node.depends_on.macros if id_.endswith(end)), "dbt")


def _first(node: Node) -> str | None:
    """Return what a generic test of a source is attached to; a singular test to nothing."""
    if node.test_metadata is None or node.depends_on is None:
        return None
    return next((id_ for id_ in node.depends_on.nodes if id_.startswith("source.")), None)


def _macro(macro: Macro) -> Row:
    return {
        "unique_id": macro.unique_id,
        "name": macro.name,
        "package_name": macro.package_name,
        "original_file_path": macro.original_file_path,
        "macro_sql": macro.macro_sql,
        "description": macro.description or "",
        "depends_on_macros": macro.depends_on.macros if macro.depends_on else [],
        "arguments": macro.arguments,
        "docs_show": (macro.docs or {}).get("show", True),
        "properties_yml_file_path": _yml_path(macro.patch_path),
        "meta": _object(macro.meta),
        "created_at": _time(macro.created_at),
    }


def _doc(doc: Any) -> Row:
    return {
        "unique_id": doc.unique_id,
        "name": doc.name,
        "package_name": doc.package_name,
        "original_file_path": doc.original_file_path,
        "content": doc.block_contents,
    }


def _picked(item: Mapping[str, Any], *names: str, **others: str) -> Row:
    """Take values over as they are, some under the schema's own name."""
    row = {name: item.get(name) for name in names}
    return {**row, **{ours: item.get(theirs) for ours, theirs in others.items()}}


def _unit_test(test: Mapping[str, Any]) -> Row:
    row = _picked(
        test, "unique_id", "name", "model", "package_name", "original_file_path", "fqn", "given",
        "expect", "overrides", "versions",
    )  # fmt: skip
    return {**row, "description": test.get("description") or ""}


def _owner(item: Mapping[str, Any]) -> Row:
    owner = item.get("owner") or {}
    email = owner.get("email")
    return {
        "owner_name": owner.get("name"),
        "owner_email": ", ".join(email) if isinstance(email, list) else email,
    }


def _group(group: Mapping[str, Any]) -> Row:
    description = group.get("description") or ""
    return {**_picked(group, "unique_id", "name"), **_owner(group), "description": description}


def _exposure(item: Mapping[str, Any]) -> Row:
    row = _picked(
        item, "unique_id", "name", "label", "url", "maturity", "package_name",
        "original_file_path", "fqn", "tags", exposure_type="type",
    )  # fmt: skip
    return {
        **row,
        **_owner(item),
        "description": item.get("description") or "",
        "depends_on": _parents(item),
        "created_at": _time(item.get("created_at")),
    }


def _metric(item: Mapping[str, Any]) -> Row:
    row = _picked(
        item, "unique_id", "name", "label", "package_name", "original_file_path", "fqn",
        "type_params", "time_granularity", "group", "tags", "meta", "config",
        metric_type="type", metric_filter="filter",
    )  # fmt: skip
    params = item.get("type_params") or {}
    used = [*(params.get("metrics") or []), *(params.get("input_metrics") or [])]
    used += [params.get("numerator"), params.get("denominator")]
    return {
        **row,
        "description": item.get("description") or "",
        "input_metric_names": sorted({metric["name"] for metric in used if metric}),
        "created_at": _time(item.get("created_at")),
    }


def _saved_query(item: Mapping[str, Any]) -> Row:
    row = _picked(
        item, "unique_id", "name", "label", "package_name", "original_file_path", "fqn",
        "query_params", "exports", "group", "tags",
    )  # fmt: skip
    return {
        **row,
        "description": item.get("description") or "",
        "depends_on": _parents(item),
        "created_at": _time(item.get("created_at")),
    }


def _add_semantic_models(rows: dict[str, list[Row]], models: Iterable[Mapping[str, Any]]) -> None:
    for model in models:
        row = _picked(
            model, "unique_id", "name", "model", "label", "fqn", "node_relation",
            "primary_entity", "defaults", "group",
        )  # fmt: skip
        row["description"] = model.get("description") or ""
        row["created_at"] = _time(model.get("created_at"))
        rows.setdefault("semantic_models", []).append(row)
        for kind, names, renamed in (
            ("entities", (), {"entity_type": "type", "entity_role": "role"}),
            (
                "measures",
                ("agg", "create_metric", "agg_time_dimension", "agg_params",
                 "non_additive_dimension"),
                {},
            ),
            ("dimensions", ("is_partition", "type_params"), {"dimension_type": "type"}),
        ):  # fmt: skip
            for item in model.get(kind) or []:
                found = _picked(item, "name", "label", "expr", *names, **renamed)
                found["unique_id"] = model["unique_id"]
                found["description"] = item.get("description") or ""
                if kind == "dimensions":
                    params = found.pop("type_params") or {}
                    found["time_granularity"] = params.get("time_granularity")
                    found["validity_params"] = params.get("validity_params")
                rows.setdefault(f"semantic_{kind}", []).append(found)


def _add_graph(rows: dict[str, list[Row]], manifest: Manifest, enabled: Mapping[str, Node]) -> None:
    """Add every enabled resource of the DAG, and the direct edges between them."""
    nodes = {id_: node.resource_type for id_, node in enabled.items()}
    parents = {
        id_: node.depends_on.nodes for id_, node in enabled.items() if node.depends_on is not None
    }
    for kind, items in (
        ("exposure", manifest.exposures),
        ("metric", manifest.metrics),
        ("saved_query", manifest.saved_queries),
        ("semantic_model", manifest.semantic_models),
        ("unit_test", manifest.unit_tests),
    ):
        for id_, item in items.items():
            nodes[id_] = kind
            parents[id_] = _parents(item)
    rows["dag_nodes"] = [{"unique_id": id_, "resource_type": kind} for id_, kind in nodes.items()]
    rows["edges"] = [
        {"parent_unique_id": parent, "child_unique_id": child}
        for child, found in parents.items()
        for parent in dict.fromkeys(found)
        if parent in nodes
    ]


def _parents(item: Mapping[str, Any]) -> list[str]:
    found = item.get("depends_on") or {}
    return list(found.get("nodes") or [])


def variable_rows(variables: Mapping[str, Any]) -> list[Row]:
    """Return the rows of `project_vars`."""
    return [{"var_name": str(name), "var_value": value} for name, value in variables.items()]


def runtime_rows(results: RunResults | None, catalog: Catalog | None) -> dict[str, list[Row]]:
    """Return the rows of the namespace `dbt_rt`: of one invocation, and of the catalog."""
    rows: dict[str, list[Row]] = {}
    if results is not None:
        metadata = results.metadata
        arguments = msgspec.json.decode(results.args) or {}
        rows["invocations"] = [
            {
                "invocation_id": metadata.invocation_id,
                "command": arguments.get("which"),
                "dbt_version": metadata.dbt_version,
                "generated_at": _plain_time(metadata.generated_at),
                "elapsed_time": results.elapsed_time,
                "args": arguments,
            }
        ]
        found = [_result(item, metadata.invocation_id) for item in results.results]
        rows["run_results"] = rows["run_results_latest"] = found
    if catalog is not None:
        rows["catalog_columns"] = list(_catalog_columns(catalog))
    return rows


def _result(item: Mapping[str, Any], invocation_id: str | None) -> Row:
    row = _picked(
        item, "unique_id", "status", "execution_time", "failures", "message", "thread_id",
        "relation_name", "adapter_response",
    )  # fmt: skip
    timing = {part["name"]: part for part in item.get("timing") or []}
    execute = timing.get("execute", {})
    return {
        **row,
        "invocation_id": invocation_id,
        "compile_started_at": _plain_time(timing.get("compile", {}).get("started_at")),
        "execute_started_at": _plain_time(execute.get("started_at")),
        "execute_completed_at": _plain_time(execute.get("completed_at")),
    }


def _catalog_columns(catalog: Catalog) -> Iterator[Row]:
    for unique_id, node in {**catalog.nodes, **catalog.sources}.items():
        for column in node.get("columns", {}).values():
            yield {
                "node_unique_id": unique_id,
                "column_name": column.get("name"),
                "data_type": column.get("type"),
                "column_index": column.get("index"),
                "comment": column.get("comment"),
            }


def _object(raw: Raw) -> Raw | dict[str, Any]:
    """Return JSON as it stands; `{}` where dbt has nothing, as dbt v2 has it."""
    return raw if bytes(raw) != b"null" else {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _yml_path(patch_path: str | None) -> str | None:
    """Return the path without the package, of `package://models/x.yml`."""
    return patch_path.partition("://")[2] if patch_path else None


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.replace(tzinfo=None).isoformat()


def _plain_time(text: str | None) -> str | None:
    return text.rstrip("Z") if text else None
