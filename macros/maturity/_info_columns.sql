{#- The columns of a table of the Information Schema, each with its kind. JSON and lists are text in a warehouse, since
    its engines agree on neither. dbt v2 documents the tables: https://docs.getdbt.com/reference/dbt-information-schema -#}
{% macro _info_columns(table) -%}
    {%- set kinds = {
        'unique_id': 'key', 'node_unique_id': 'key', 'parent_unique_id': 'key', 'child_unique_id': 'key',
        'enabled': 'boolean', 'contract_enforced': 'boolean', 'store_failures': 'boolean', 'create_metric': 'boolean',
        'is_partition': 'boolean', 'line_number': 'integer', 'created_at': 'timestamp', 'ingested_at': 'timestamp'
    } -%}
    {%- set columns = {} -%}
    {%- for name in dbt_estate._info_column_names(table) + ['ingested_at'] -%}
        {%- do columns.update({name: kinds.get(name, 'text')}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}


{% macro _info_column_names(table) -%}
    {%- set node = [
        'unique_id', 'name', 'resource_type', 'package_name', 'original_file_path', 'fqn', 'alias', 'description',
        'node_language', 'raw_code', 'database_name', 'schema_name', 'relation_name', 'identifier', 'enabled',
        'materialized', 'config', 'access', 'group', 'contract_enforced', 'version', 'latest_version',
        'deprecation_date', 'primary_key', 'properties_yml_file_path', 'tags', 'meta'
    ] -%}
    {%- set resources = ['models', 'seeds', 'snapshots', 'functions', 'analyses', 'hooks'] -%}
    {%- if table in resources -%}
        {{- return(node) -}}
    {%- elif table == 'sources' -%}
        {{- return(node + ['source_name', 'source_description', 'loader', 'loaded_at_field']) -}}
    {%- elif table.startswith('semantic_') -%}
        {{- return(dbt_estate._info_semantic_columns(table)) -}}
    {%- endif -%}
    {{- return({
        'data_tests': ['unique_id', 'name', 'package_name', 'original_file_path', 'fqn', 'description', 'database_name',
            'schema_name', 'relation_name', 'enabled', 'materialized', 'config', 'tags', 'meta', 'group',
            'properties_yml_file_path', 'test_name', 'test_definition_package', 'arguments', 'column_name',
            'node_unique_id', 'severity', 'warn_if', 'error_if', 'fail_calc', 'store_failures', 'store_failures_as'],
        'unit_tests': ['unique_id', 'name', 'model', 'description', 'package_name', 'original_file_path', 'fqn',
            'given', 'expect', 'overrides', 'versions'],
        'node_columns': ['node_unique_id', 'column_name', 'data_type_declared', 'description', 'tags'],
        'dag_nodes': ['unique_id', 'resource_type'],
        'edges': ['parent_unique_id', 'child_unique_id'],
        'groups': ['unique_id', 'name', 'description', 'owner_name', 'owner_email'],
        'exposures': ['unique_id', 'name', 'exposure_type', 'label', 'owner_name', 'owner_email', 'url', 'maturity',
            'description', 'package_name', 'original_file_path', 'fqn', 'depends_on', 'tags', 'created_at'],
        'metrics': ['unique_id', 'name', 'label', 'metric_type', 'description', 'package_name', 'original_file_path',
            'fqn', 'type_params', 'metric_filter', 'time_granularity', 'input_metric_names', 'group', 'tags', 'meta',
            'config', 'created_at'],
        'saved_queries': ['unique_id', 'name', 'label', 'description', 'package_name', 'original_file_path', 'fqn',
            'query_params', 'exports', 'depends_on', 'group', 'tags', 'created_at'],
        'time_spines': ['unique_id', 'primary_column', 'primary_granularity', 'custom_granularities', 'node_relation'],
        'project': ['project_name', 'dbt_version', 'adapter_type', 'git_sha', 'git_branch', 'git_uncommitted_changes'],
        'packages': ['package_name'],
        'node_settings': ['node_unique_id', 'kind', 'name', 'value'],
        'node_exceptions': ['unique_id', 'rule_name', 'reason', 'valid_until', 'owner'],
        'node_facts': ['unique_id', 'fact', 'value', 'line_number', 'resource_name', 'file_path']
    }[table]) -}}
{%- endmacro %}


{% macro _info_semantic_columns(table) -%}
    {%- set labelled = ['description', 'label', 'expr'] -%}
    {{- return({
        'semantic_models': ['unique_id', 'name', 'model', 'label', 'description', 'fqn', 'node_relation',
            'primary_entity', 'defaults', 'group', 'created_at'],
        'semantic_entities': ['unique_id', 'name', 'entity_type', 'entity_role'] + labelled,
        'semantic_measures': ['unique_id', 'name', 'agg', 'create_metric', 'agg_time_dimension', 'agg_params',
            'non_additive_dimension'] + labelled,
        'semantic_dimensions': ['unique_id', 'name', 'dimension_type', 'is_partition', 'time_granularity',
            'validity_params'] + labelled
    }[table]) -}}
{%- endmacro %}
