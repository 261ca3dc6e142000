"""The tables of the dbt Information Schema v1: columns and their types in DuckDB.

As dbt v2 documents them, https://docs.getdbt.com/reference/dbt-information-schema
"""

from __future__ import annotations

from collections.abc import Mapping

VERSION = 1

_TEXTS = "VARCHAR[]"

_NODE: dict[str, str] = {
    "unique_id": "VARCHAR",
    "name": "VARCHAR",
    "resource_type": "VARCHAR",
    "package_name": "VARCHAR",
    "original_file_path": "VARCHAR",
    "fqn": _TEXTS,
    "alias": "VARCHAR",
    "description": "VARCHAR",
    "node_language": "VARCHAR",
    "raw_code": "VARCHAR",
    "database_name": "VARCHAR",
    "schema_name": "VARCHAR",
    "relation_name": "VARCHAR",
    "identifier": "VARCHAR",
    "enabled": "BOOLEAN",
    "materialized": "VARCHAR",
    "config": "JSON",
    "access": "VARCHAR",
    "group": "VARCHAR",
    "contract_enforced": "BOOLEAN",
    "version": "VARCHAR",
    "latest_version": "VARCHAR",
    "deprecation_date": "VARCHAR",
    "primary_key": _TEXTS,
    "properties_yml_file_path": "VARCHAR",
    "tags": _TEXTS,
    "meta": "JSON",
}
_OWN = {"unique_id": "VARCHAR", "name": "VARCHAR"}
_PLACED = {"package_name": "VARCHAR", "original_file_path": "VARCHAR", "fqn": _TEXTS}
_LABELLED = {"description": "VARCHAR", "label": "VARCHAR", "expr": "VARCHAR"}


def _table(*parts: Mapping[str, str], **columns: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        found |= part
    return {**found, **columns, "ingested_at": "TIMESTAMP"}


PROJECT: dict[str, dict[str, str]] = {
    **{
        name: _table(_NODE)
        for name in (
            "models", "seeds", "snapshots", "functions", "analyses", "hooks", "checks",
        )
    },
    "sources": _table(
        _NODE,
        source_name="VARCHAR",
        source_description="VARCHAR",
        loader="VARCHAR",
        loaded_at_field="VARCHAR",
    ),
    "data_tests": _table(
        _OWN,
        _PLACED,
        description="VARCHAR",
        database_name="VARCHAR",
        schema_name="VARCHAR",
        relation_name="VARCHAR",
        enabled="BOOLEAN",
        materialized="VARCHAR",
        config="JSON",
        tags=_TEXTS,
        meta="JSON",
        group="VARCHAR",
        properties_yml_file_path="VARCHAR",
        test_name="VARCHAR",
        test_definition_package="VARCHAR",
        arguments="JSON",
        column_name="VARCHAR",
        node_unique_id="VARCHAR",
        severity="VARCHAR",
        warn_if="VARCHAR",
        error_if="VARCHAR",
        fail_calc="VARCHAR",
        store_failures="BOOLEAN",
        store_failures_as="VARCHAR",
    ),
    "unit_tests": _table(
        _OWN,
        {"model": "VARCHAR", "description": "VARCHAR"},
        _PLACED,
        given="JSON",
        expect="JSON",
        overrides="JSON",
        versions="JSON",
    ),
    "node_columns": _table(
        node_unique_id="VARCHAR",
        column_name="VARCHAR",
        data_type_declared="VARCHAR",
        description="VARCHAR",
        tags=_TEXTS,
    ),
    "dag_nodes": _table(unique_id="VARCHAR", resource_type="VARCHAR"),
    "edges": _table(parent_unique_id="VARCHAR", child_unique_id="VARCHAR"),
    "macros": _table(
        _OWN,
        package_name="VARCHAR",
        original_file_path="VARCHAR",
        macro_sql="VARCHAR",
        description="VARCHAR",
        depends_on_macros=_TEXTS,
        arguments="JSON",
        docs_show="BOOLEAN",
        properties_yml_file_path="VARCHAR",
        meta="JSON",
        created_at="TIMESTAMP",
    ),
    "docs_blocks": _table(
        _OWN, package_name="VARCHAR", original_file_path="VARCHAR", content="VARCHAR"
    ),
    "groups": _table(_OWN, description="VARCHAR", owner_name="VARCHAR", owner_email="VARCHAR"),
    "exposures": _table(
        _OWN,
        exposure_type="VARCHAR",
        label="VARCHAR",
        owner_name="VARCHAR",
        owner_email="VARCHAR",
        url="VARCHAR",
        maturity="VARCHAR",
        description="VARCHAR",
        package_name="VARCHAR",
        original_file_path="VARCHAR",
        fqn=_TEXTS,
        depends_on=_TEXTS,
        tags=_TEXTS,
        created_at="TIMESTAMP",
    ),
    "metrics": _table(
        _OWN,
        {"label": "VARCHAR", "metric_type": "VARCHAR", "description": "VARCHAR"},
        _PLACED,
        type_params="JSON",
        metric_filter="JSON",
        time_granularity="VARCHAR",
        input_metric_names=_TEXTS,
        group="VARCHAR",
        tags=_TEXTS,
        meta="JSON",
        config="JSON",
        created_at="TIMESTAMP",
    ),
    "saved_queries": _table(
        _OWN,
        {"label": "VARCHAR", "description": "VARCHAR"},
        _PLACED,
        query_params="JSON",
        exports="JSON",
        depends_on=_TEXTS,
        group="VARCHAR",
        tags=_TEXTS,
        created_at="TIMESTAMP",
    ),
    "semantic_models": _table(
        _OWN,
        model="VARCHAR",
        label="VARCHAR",
        description="VARCHAR",
        fqn=_TEXTS,
        node_relation="JSON",
        primary_entity="VARCHAR",
        defaults="JSON",
        group="VARCHAR",
        created_at="TIMESTAMP",
    ),
    "semantic_entities": _table(_OWN, entity_type="VARCHAR", entity_role="VARCHAR", **_LABELLED),
    "semantic_measures": _table(
        _OWN,
        agg="VARCHAR",
        create_metric="BOOLEAN",
        agg_time_dimension="VARCHAR",
        agg_params="JSON",
        non_additive_dimension="JSON",
        **_LABELLED,
    ),
    "semantic_dimensions": _table(
        _OWN,
        dimension_type="VARCHAR",
        is_partition="BOOLEAN",
        time_granularity="VARCHAR",
        validity_params="JSON",
        **_LABELLED,
    ),
    "time_spines": _table(
        unique_id="VARCHAR",
        primary_column="VARCHAR",
        primary_granularity="VARCHAR",
        custom_granularities="JSON",
        node_relation="JSON",
    ),
    "project": _table(
        project_name="VARCHAR",
        dbt_version="VARCHAR",
        adapter_type="VARCHAR",
        git_sha="VARCHAR",
        git_branch="VARCHAR",
        git_uncommitted_changes="BOOLEAN",
    ),
    "packages": _table(package_name="VARCHAR"),
    "project_vars": _table(var_name="VARCHAR", var_value="JSON"),
    "project_env_vars": _table(env_var_name="VARCHAR"),
}  # fmt: skip

# What ran. dbt v2 does not document these columns; they are named after run_results.json.
_RESULT = {
    "invocation_id": "VARCHAR",
    "unique_id": "VARCHAR",
    "status": "VARCHAR",
    "execution_time": "DOUBLE",
    "failures": "BIGINT",
    "message": "VARCHAR",
    "thread_id": "VARCHAR",
    "compile_started_at": "TIMESTAMP",
    "execute_started_at": "TIMESTAMP",
    "execute_completed_at": "TIMESTAMP",
    "relation_name": "VARCHAR",
    "adapter_response": "JSON",
}
RUNTIME: dict[str, dict[str, str]] = {
    "invocations": _table(
        invocation_id="VARCHAR",
        command="VARCHAR",
        dbt_version="VARCHAR",
        generated_at="TIMESTAMP",
        elapsed_time="DOUBLE",
        args="JSON",
    ),
    "run_results": _table(_RESULT),
    "run_results_latest": _table(_RESULT),
    "catalog_columns": _table(
        node_unique_id="VARCHAR",
        column_name="VARCHAR",
        data_type="VARCHAR",
        column_index="BIGINT",
        comment="VARCHAR",
    ),
}

# Ours, for the rules: what has no column there, as rows.
ESTATE: dict[str, dict[str, str]] = {
    "node_settings": _table(
        node_unique_id="VARCHAR", kind="VARCHAR", name="VARCHAR", value="VARCHAR"
    ),
    "node_exceptions": _table(
        unique_id="VARCHAR",
        rule_name="VARCHAR",
        reason="VARCHAR",
        valid_until="VARCHAR",
        owner="VARCHAR",
    ),
    "node_facts": _table(
        unique_id="VARCHAR",
        fact="VARCHAR",
        value="VARCHAR",
        line_number="BIGINT",
        resource_name="VARCHAR",
        file_path="VARCHAR",
    ),
}
