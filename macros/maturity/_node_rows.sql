{#- The rows of one node of the graph. Each is a mapping of columns; JSON and lists are texts in it. -#}
{% macro _add_node(found, node) -%}
    {%- set tables = {
        'model': 'models', 'seed': 'seeds', 'snapshot': 'snapshots', 'function': 'functions',
        'analysis': 'analyses', 'operation': 'hooks', 'source': 'sources', 'test': 'data_tests'
    } -%}
    {%- set table = tables.get(node.resource_type) -%}
    {%- if table -%}
        {%- set row = dbt_estate._test_row(node) if table == 'data_tests' else dbt_estate._resource_row(node) -%}
        {%- if table == 'sources' -%}
            {%- do row.update({
                'source_name': node.source_name, 'source_description': node.source_description or '',
                'loader': node.loader, 'loaded_at_field': node.loaded_at_field
            }) -%}
        {%- endif -%}
        {%- do found.rows[table].append(row) -%}
        {%- for column in (node.get('columns') or {}).values() -%}
            {%- do found.rows.node_columns.append({
                'node_unique_id': node.unique_id, 'column_name': column.name,
                'data_type_declared': column.data_type, 'description': column.description or '',
                'tags': tojson(column.tags)
            }) -%}
        {%- endfor -%}
        {%- do dbt_estate._add_time_spine(found, node) -%}
        {%- do dbt_estate._add_settings(found, node) -%}
        {%- do dbt_estate._add_facts(found, node) -%}
    {%- endif -%}
    {%- do found.packages.update({node.package_name: true}) -%}
    {%- do found.nodes.update({node.unique_id: node.resource_type}) -%}
    {%- do found.parents.update({node.unique_id: (node.get('depends_on') or {}).get('nodes') or []}) -%}
{%- endmacro %}


{% macro _resource_row(node) -%}
    {%- set config = node.config -%}
    {%- set contract = node.get('contract') or config.get('contract') or {} -%}
    {%- set version = node.get('version') -%}
    {%- set latest = node.get('latest_version') -%}
    {%- set deprecated = node.get('deprecation_date') -%}
    {{- return({
        'unique_id': node.unique_id,
        'name': node.name,
        'resource_type': node.resource_type,
        'package_name': node.package_name,
        'original_file_path': node.original_file_path,
        'fqn': tojson(node.fqn),
        'alias': node.get('alias'),
        'description': node.description or '',
        'node_language': node.get('language'),
        'raw_code': node.get('raw_code'),
        'database_name': node.database,
        'schema_name': node.schema,
        'relation_name': node.get('relation_name'),
        'identifier': node.get('identifier') or node.get('alias'),
        'enabled': config.get('enabled', true),
        'materialized': config.get('materialized'),
        'config': dbt_estate._json(config),
        'access': node.get('access') or config.get('access'),
        'group': node.get('group') or config.get('group'),
        'contract_enforced': contract.get('enforced') or false,
        'version': none if version is none else version | string,
        'latest_version': none if latest is none else latest | string,
        'deprecation_date': deprecated.isoformat() if deprecated.isoformat is defined else deprecated,
        'primary_key': tojson(node.get('primary_key') or []),
        'properties_yml_file_path': dbt_estate._yml_path(node),
        'tags': tojson(node.tags),
        'meta': dbt_estate._json(node.meta)
    }) -}}
{%- endmacro %}


{% macro _test_row(node) -%}
    {%- set config = node.config -%}
    {%- set generic = node.get('test_metadata') -%}
    {%- set sources = [] -%}
    {%- if generic -%}
        {%- for parent in node.depends_on.nodes if parent.startswith('source.') -%}
            {%- do sources.append(parent) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return({
        'unique_id': node.unique_id,
        'name': node.name,
        'package_name': node.package_name,
        'original_file_path': node.original_file_path,
        'fqn': tojson(node.fqn),
        'description': node.description or '',
        'database_name': node.database,
        'schema_name': node.schema,
        'relation_name': node.get('relation_name'),
        'enabled': config.get('enabled', true),
        'materialized': config.get('materialized'),
        'config': dbt_estate._json(config),
        'tags': tojson(node.tags),
        'meta': dbt_estate._json(node.meta),
        'group': node.get('group') or config.get('group'),
        'properties_yml_file_path': dbt_estate._yml_path(node) or (node.original_file_path if generic else none),
        'test_name': generic.name if generic else node.name,
        'test_definition_package': (generic.namespace or 'dbt') if generic else node.package_name,
        'arguments': dbt_estate._json(generic.kwargs) if generic else '{}',
        'column_name': node.get('column_name'),
        'node_unique_id': node.get('attached_node') or (sources | first if sources else none),
        'severity': (config.get('severity') or 'error') | lower,
        'warn_if': config.get('warn_if'),
        'error_if': config.get('error_if'),
        'fail_calc': config.get('fail_calc'),
        'store_failures': config.get('store_failures'),
        'store_failures_as': config.get('store_failures_as')
    }) -}}
{%- endmacro %}


{#- `patch_path` is package://path. -#}
{% macro _yml_path(node) -%}
    {%- set path = node.get('patch_path') -%}
    {{- return(path.split('://')[1] if path else none) -}}
{%- endmacro %}


{% macro _add_time_spine(found, node) -%}
    {%- set spine = node.get('time_spine') -%}
    {%- if spine -%}
        {%- set granularities = [] -%}
        {%- for column in node.columns.values() if column.name == spine.standard_granularity_column -%}
            {%- do granularities.append(column.granularity) -%}
        {%- endfor -%}
        {%- do found.rows.time_spines.append({
            'unique_id': node.unique_id,
            'primary_column': spine.standard_granularity_column,
            'primary_granularity': granularities | first if granularities else none,
            'custom_granularities': dbt_estate._json(spine.custom_granularities),
            'node_relation': tojson({
                'database': node.database, 'schema_name': node.schema, 'alias': node.alias
            })
        }) -%}
    {%- endif -%}
{%- endmacro %}
