{#- The rows of the nodes of the graph. Each is a mapping of columns; JSON and lists are texts in it. A call of a macro
    takes as long as ten of these lines, so what is done for every node stands in the loop. -#}
{% macro _add_nodes(found, nodes) -%}
    {%- set tables = {
        'model': 'models', 'seed': 'seeds', 'snapshot': 'snapshots', 'function': 'functions',
        'analysis': 'analyses', 'operation': 'hooks', 'source': 'sources', 'test': 'data_tests'
    } -%}
    {%- set listed, parents = found['rows']['node_columns'], found['parents'] -%}
    {%- for node in nodes.values() if node['resource_type'] in tables and node['config']['enabled'] != false -%}
        {%- set table, unique_id = tables[node['resource_type']], node['unique_id'] -%}
        {%- do found['rows'][table].append(
            dbt_estate._test_row(node) if table == 'data_tests' else dbt_estate._resource_row(node)
        ) -%}
        {%- for column in (node.get('columns') or {}).values() -%}
            {%- do listed.append({
                'node_unique_id': unique_id, 'column_name': column['name'],
                'data_type_declared': column['data_type'], 'description': column['description'] or '',
                'tags': tojson(column['tags'])
            }) -%}
        {%- endfor -%}
        {%- if node.get('time_spine') -%}{%- do dbt_estate._add_time_spine(found, node) -%}{%- endif -%}
        {%- if table != 'data_tests' or node['meta'] or node['tags'] -%}
            {%- do dbt_estate._add_settings(found, node) -%}
        {%- endif -%}
        {#- The SQL of a snapshot in YAML is dbt's own. -#}
        {%- if table in ['models', 'snapshots', 'hooks'] and node['package_name'] == project_name
            and not (table == 'snapshots' and node['original_file_path'].endswith('ml')) -%}
            {%- do dbt_estate._add_facts(found, node) -%}
        {%- endif -%}
        {%- do found['packages'].update({node['package_name']: true}) -%}
        {%- do found['nodes'].update({unique_id: node['resource_type']}) -%}
        {%- do parents.update({unique_id: (node.get('depends_on') or {}).get('nodes') or []}) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _resource_row(node) -%}
    {%- set config = node['config'] -%}
    {%- set version, latest = node['version'] | default(none), node['latest_version'] | default(none) -%}
    {%- set deprecated = node['deprecation_date'] | default(none) -%}
    {%- set path, alias = node['patch_path'] | default(none), node['alias'] | default(none) -%}
    {%- set row = {
        'unique_id': node['unique_id'],
        'name': node['name'],
        'resource_type': node['resource_type'],
        'package_name': node['package_name'],
        'original_file_path': node['original_file_path'],
        'fqn': tojson(node['fqn']),
        'alias': alias,
        'description': node['description'] or '',
        'node_language': node['language'] | default(none),
        'raw_code': node['raw_code'] | default(none),
        'database_name': node['database'],
        'schema_name': node['schema'],
        'relation_name': node['relation_name'] | default(none),
        'identifier': node['identifier'] or alias,
        'enabled': config['enabled'] | default(true),
        'materialized': config['materialized'] | default(none),
        'config': dbt_estate._json(config) if 'datetime.' in config | string else tojson(config),
        'access': node['access'] or config['access'] or none,
        'group': node['group'] or config['group'] or none,
        'contract_enforced': (node['contract'] or config['contract'] or {}).get('enforced') or false,
        'version': none if version is none else version | string,
        'latest_version': none if latest is none else latest | string,
        'deprecation_date': deprecated.isoformat() if deprecated.isoformat is defined else deprecated,
        'primary_key': tojson(node['primary_key'] or []),
        'properties_yml_file_path': path.split('://')[1] if path else none,
        'tags': tojson(node['tags']),
        'meta': dbt_estate._json(node['meta']) if 'datetime.' in node['meta'] | string else tojson(node['meta'])
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
    {%- set config = node['config'] -%}
    {%- set generic, path = node['test_metadata'] | default(none), node['patch_path'] | default(none) -%}
    {%- set parents = [node['attached_node']] if node['attached_node'] else [] -%}
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
        'relation_name': node['relation_name'] | default(none),
        'enabled': config['enabled'] | default(true),
        'materialized': config['materialized'] | default(none),
        'config': dbt_estate._json(config) if 'datetime.' in config | string else tojson(config),
        'tags': tojson(node['tags']),
        'meta': dbt_estate._json(node['meta']) if 'datetime.' in node['meta'] | string else tojson(node['meta']),
        'group': node['group'] or config['group'] or none,
        'properties_yml_file_path': path.split('://')[1] if path else node['original_file_path'] if generic else none,
        'test_name': generic['name'] if generic else node['name'],
        'test_definition_package': dbt_estate._test_package(node, generic) if generic else node['package_name'],
        'arguments': dbt_estate._json(generic['kwargs']) if generic else '{}',
        'column_name': node['column_name'] | default(none),
        'node_unique_id': parents[0] if parents else none,
        'severity': (config['severity'] | default(none) or 'error') | lower,
        'warn_if': config['warn_if'] | default(none),
        'error_if': config['error_if'] | default(none),
        'fail_calc': config['fail_calc'] | default(none),
        'store_failures': config['store_failures'] | default(none),
        'store_failures_as': config['store_failures_as'] | default(none)
    }) -}}
{%- endmacro %}


{#- dbt names the package of a generic test for those of other packages alone. -#}
{% macro _test_package(node, generic) -%}
    {%- set own = ['unique', 'not_null', 'accepted_values', 'relationships'] -%}
    {%- if not generic['namespace'] and generic['name'] not in own -%}
        {%- for macro in node['depends_on']['macros'] if macro.endswith('.test_' ~ generic['name']) -%}
            {{- return(macro.split('.')[1]) -}}
        {%- endfor -%}
    {%- endif -%}
    {{- return(generic['namespace'] or 'dbt') -}}
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
