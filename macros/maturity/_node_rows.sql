{#- The rows of the nodes of the graph. Each is a mapping of columns; JSON and lists are texts in it. A call of a macro
    takes as long as ten of these lines, so what is done for every node stands in the loop. -#}
{% macro _add_nodes(found, nodes) -%}
    {%- set tables = {
        'model': 'models', 'seed': 'seeds', 'snapshot': 'snapshots', 'function': 'functions',
        'analysis': 'analyses', 'operation': 'hooks', 'source': 'sources', 'test': 'data_tests'
    } -%}
    {%- for node in nodes.values() if node['resource_type'] in tables -%}
        {%- set table = tables[node['resource_type']] -%}
        {%- do found['rows'][table].append(
            dbt_estate._test_row(node) if table == 'data_tests' else dbt_estate._resource_row(node)
        ) -%}
        {%- for column in (node.get('columns') or {}).values() -%}
            {%- do found['rows']['node_columns'].append({
                'node_unique_id': node['unique_id'], 'column_name': column['name'],
                'data_type_declared': column['data_type'], 'description': column['description'] or '',
                'tags': tojson(column['tags'])
            }) -%}
        {%- endfor -%}
        {%- if node.get('time_spine') -%}{%- do dbt_estate._add_time_spine(found, node) -%}{%- endif -%}
        {%- if table != 'data_tests' or node['meta'] or node['tags'] -%}
            {%- do dbt_estate._add_settings(found, node) -%}
        {%- endif -%}
        {%- if table in ['models', 'snapshots', 'hooks'] and node['package_name'] == project_name -%}
            {%- do dbt_estate._add_facts(found, node) -%}
        {%- endif -%}
        {%- do found['packages'].update({node['package_name']: true}) -%}
        {%- do found['nodes'].update({node['unique_id']: node['resource_type']}) -%}
        {%- do found['parents'].update({node['unique_id']: (node.get('depends_on') or {}).get('nodes') or []}) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _resource_row(node) -%}
    {%- set config = node['config'] -%}
    {%- set version, latest = node.get('version'), node.get('latest_version') -%}
    {%- set deprecated = node.get('deprecation_date') -%}
    {%- set path, alias = node.get('patch_path'), node.get('alias') -%}
    {%- set row = {
        'unique_id': node['unique_id'],
        'name': node['name'],
        'resource_type': node['resource_type'],
        'package_name': node['package_name'],
        'original_file_path': node['original_file_path'],
        'fqn': tojson(node['fqn']),
        'alias': alias,
        'description': node['description'] or '',
        'node_language': node.get('language'),
        'raw_code': node.get('raw_code'),
        'database_name': node['database'],
        'schema_name': node['schema'],
        'relation_name': node.get('relation_name'),
        'identifier': node.get('identifier') or alias,
        'enabled': config.get('enabled', true),
        'materialized': config.get('materialized'),
        'config': tojson(config) or dbt_estate._json(config),
        'access': node.get('access') or config.get('access'),
        'group': node.get('group') or config.get('group'),
        'contract_enforced': (node.get('contract') or config.get('contract') or {}).get('enforced') or false,
        'version': none if version is none else version | string,
        'latest_version': none if latest is none else latest | string,
        'deprecation_date': deprecated.isoformat() if deprecated.isoformat is defined else deprecated,
        'primary_key': tojson(node.get('primary_key') or []),
        'properties_yml_file_path': path.split('://')[1] if path else none,
        'tags': tojson(node['tags']),
        'meta': tojson(node['meta']) or dbt_estate._json(node['meta'])
    } -%}
    {%- if node['resource_type'] == 'source' -%}
        {%- do row.update({
            'source_name': node['source_name'], 'source_description': node['source_description'] or '',
            'loader': node['loader'], 'loaded_at_field': node['loaded_at_field']
        }) -%}
    {%- endif -%}
    {{- return(row) -}}
{%- endmacro %}


{#- A generic test of a source is attached to no node; the source is its parent then. -#}
{% macro _test_row(node) -%}
    {%- set config, generic, path = node['config'], node.get('test_metadata'), node.get('patch_path') -%}
    {%- set parents = [node.get('attached_node')] if node.get('attached_node') else [] -%}
    {%- if generic and not parents -%}
        {%- for parent in node['depends_on']['nodes'] if parent.startswith('source.') -%}
            {%- do parents.append(parent) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return({
        'unique_id': node['unique_id'],
        'name': node['name'],
        'package_name': node['package_name'],
        'original_file_path': node['original_file_path'],
        'fqn': tojson(node['fqn']),
        'description': node['description'] or '',
        'database_name': node['database'],
        'schema_name': node['schema'],
        'relation_name': node.get('relation_name'),
        'enabled': config.get('enabled', true),
        'materialized': config.get('materialized'),
        'config': tojson(config) or dbt_estate._json(config),
        'tags': tojson(node['tags']),
        'meta': tojson(node['meta']) or dbt_estate._json(node['meta']),
        'group': node.get('group') or config.get('group'),
        'properties_yml_file_path': path.split('://')[1] if path else node['original_file_path'] if generic else none,
        'test_name': generic['name'] if generic else node['name'],
        'test_definition_package': (generic['namespace'] or 'dbt') if generic else node['package_name'],
        'arguments': (tojson(generic['kwargs']) or dbt_estate._json(generic['kwargs'])) if generic else '{}',
        'column_name': node.get('column_name'),
        'node_unique_id': parents[0] if parents else none,
        'severity': (config.get('severity') or 'error') | lower,
        'warn_if': config.get('warn_if'),
        'error_if': config.get('error_if'),
        'fail_calc': config.get('fail_calc'),
        'store_failures': config.get('store_failures'),
        'store_failures_as': config.get('store_failures_as')
    }) -}}
{%- endmacro %}


{% macro _add_time_spine(found, node) -%}
    {%- set spine = node['time_spine'] -%}
    {%- set granularities = [] -%}
    {%- for column in node['columns'].values() if column['name'] == spine['standard_granularity_column'] -%}
        {%- do granularities.append(column['granularity']) -%}
    {%- endfor -%}
    {%- do found['rows']['time_spines'].append({
        'unique_id': node['unique_id'],
        'primary_column': spine['standard_granularity_column'],
        'primary_granularity': granularities | first if granularities else none,
        'custom_granularities': dbt_estate._json(spine['custom_granularities']),
        'node_relation': tojson({
            'database': node['database'], 'schema_name': node['schema'], 'alias': node['alias']
        })
    }) -%}
{%- endmacro %}
