{#- The rows of the nodes of the graph. Each is a mapping of columns; JSON and lists are texts in it. A call of a macro
    takes as long as ten of these lines and one of a method as long as four, so what is done for every node stands in
    loops. On dbt 1.12 a look at a node turns it into a dictionary anew: each is looked at once, in a batch. -#}
{% macro _add_nodes(found, nodes) -%}
    {%- for some in nodes.values() | batch(1000) -%}
        {%- set enabled, own = [], [] -%}
        {%- for node in some if node['config']['enabled'] != false
            and (node['resource_type'] in found['tables'] or node['resource_type'] == 'test') -%}
            {%- do enabled.append(node) -%}
            {#- The SQL of a snapshot in YAML is dbt's own. -#}
            {%- if node['resource_type'] in ['model', 'snapshot', 'operation'] and node['package_name'] == project_name
                and not (node['resource_type'] == 'snapshot' and node['original_file_path'].endswith('ml')) -%}
                {%- do own.append(node) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do dbt_estate._add_resources(found, enabled) -%}
        {%- do dbt_estate._add_tests(found, enabled) -%}
        {%- do dbt_estate._add_details(found, enabled) -%}
        {%- do dbt_estate._add_settings(found, enabled) -%}
        {%- do dbt_estate._add_facts(found, own) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _add_resources(found, nodes) -%}
    {%- set tables, configs = found['tables'], found['configs'] -%}
    {%- for node in nodes if node['resource_type'] in tables -%}
        {%- set config, meta, config_text = node['config'], node['meta'], node['config'] | string -%}
        {%- if config_text not in configs -%}
            {%- do configs.update({config_text: dbt_estate._json(config)}) -%}
        {%- endif -%}
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
            'config': configs[config_text],
            'access': node['access'] or config['access'] or none,
            'group': node['group'] or config['group'] or none,
            'contract_enforced': (node['contract'] or config['contract'] or {})['enforced'] or false,
            'version': none if version is none else version | string,
            'latest_version': none if latest is none else latest | string,
            'deprecation_date': deprecated.isoformat() if deprecated.isoformat is defined else deprecated,
            'primary_key': tojson(node['primary_key']) if node['primary_key'] else '[]',
            'properties_yml_file_path': path.split('://')[1] if path else none,
            'tags': tojson(node['tags']) if node['tags'] else '[]',
            'meta': dbt_estate._json(meta) if meta else '{}'
        } -%}
        {%- if node['resource_type'] == 'source' -%}
            {%- do row.update({
                'source_name': node['source_name'], 'source_description': node['source_description'] or '',
                'loader': node['loader'], 'loaded_at_field': node['loaded_at_field']
            }) -%}
        {%- endif -%}
        {%- do found['rows'][tables[node['resource_type']]].append(row) -%}
    {%- endfor -%}
{%- endmacro %}


{#- A generic test of a source is attached to no node; the source is its parent then. -#}
{% macro _add_tests(found, nodes) -%}
    {%- set rows, configs = found['rows']['data_tests'], found['configs'] -%}
    {%- for node in nodes if node['resource_type'] == 'test' -%}
        {%- set config, meta, config_text = node['config'], node['meta'], node['config'] | string -%}
        {%- if config_text not in configs -%}
            {%- do configs.update({config_text: dbt_estate._json(config)}) -%}
        {%- endif -%}
        {%- set generic, path = node['test_metadata'] | default(none), node['patch_path'] | default(none) -%}
        {%- set given = generic['kwargs'] if generic else {} -%}
        {%- set parents = [node['attached_node']] if node['attached_node'] else [] -%}
        {%- if generic and not parents -%}
            {%- for parent in node['depends_on']['nodes'] if parent.startswith('source.') -%}
                {%- do parents.append(parent) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do rows.append({
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
            'config': configs[config_text],
            'tags': tojson(node['tags']) if node['tags'] else '[]',
            'meta': dbt_estate._json(meta) if meta else '{}',
            'group': node['group'] or config['group'] or none,
            'properties_yml_file_path': path.split('://')[1] if path
                else node['original_file_path'] if generic else none,
            'test_name': generic['name'] if generic else node['name'],
            'test_definition_package': node['package_name'] if not generic else generic['namespace']
                or ('dbt' if (node['depends_on']['macros'] | first) == 'macro.dbt.test_' ~ generic['name']
                    else dbt_estate._test_package(node, generic['name'])),
            'arguments': dbt_estate._json(given) if 'datetime.' in given | string else tojson(given),
            'column_name': node['column_name'] | default(none),
            'node_unique_id': parents[0] if parents else none,
            'severity': (config['severity'] or 'error') | lower,
            'warn_if': config['warn_if'] | default(none),
            'error_if': config['error_if'] | default(none),
            'fail_calc': config['fail_calc'] | default(none),
            'store_failures': config['store_failures'] | default(none),
            'store_failures_as': config['store_failures_as'] | default(none)
        }) -%}
    {%- endfor -%}
{%- endmacro %}


{#- dbt names the package of a generic test for those of other packages alone. -#}
{% macro _test_package(node, name) -%}
    {%- for macro in node['depends_on']['macros'] if macro.endswith('.test_' ~ name) -%}
        {{- return(macro.split('.')[1]) -}}
    {%- endfor -%}
    {{- return('dbt') -}}
{%- endmacro %}


{#- What nodes of every kind have, each in tables of its own. -#}
{% macro _add_details(found, nodes) -%}
    {%- set rows, packages, parents = found['rows'], found['packages'], found['parents'] -%}
    {%- set listed, in_dag = rows['node_columns'], rows['dag_nodes'] -%}
    {%- for node in nodes -%}
        {%- set unique_id = node['unique_id'] -%}
        {%- do in_dag.append({'unique_id': unique_id, 'resource_type': node['resource_type']}) -%}
        {%- do parents.update({unique_id: (node['depends_on'] or {})['nodes'] or []}) -%}
        {%- if node['package_name'] not in packages -%}
            {%- do packages.update({node['package_name']: true}) -%}
        {%- endif -%}
        {%- if node['columns'] -%}
            {%- for column in node['columns'].values() -%}
                {%- do listed.append({
                    'node_unique_id': unique_id, 'column_name': column['name'],
                    'data_type_declared': column['data_type'], 'description': column['description'] or '',
                    'tags': tojson(column['tags']) if column['tags'] else '[]'
                }) -%}
                {%- if column['constraints']
                    and column['constraints'] | selectattr('type', 'equalto', 'not_null') | list -%}
                    {%- do rows['node_settings'].append({
                        'node_unique_id': unique_id, 'kind': 'not_null', 'name': column['name'], 'value': none
                    }) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
        {%- if node['time_spine'] -%}{%- do dbt_estate._add_time_spine(found, node) -%}{%- endif -%}
        {%- if found['excluded'] -%}{%- do dbt_estate._add_exclusion(found, node) -%}{%- endif -%}
    {%- endfor -%}
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
