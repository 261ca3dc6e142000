{#- Exposures, metrics, groups and the semantic layer. -#}
{% macro _add_other_resources(found) -%}
    {%- for item in graph.exposures.values() -%}
        {%- do found.rows.exposures.append(dbt_estate._described_row(item, {
            'exposure_type': item.type, 'url': item.url, 'maturity': item.maturity,
            'depends_on': tojson(item.depends_on.nodes)
        }, dbt_estate._owner(item))) -%}
        {%- do dbt_estate._add_resource(found, item) -%}
        {%- do dbt_estate._add_settings(found, [item]) -%}
        {%- if found['excluded'] -%}{%- do dbt_estate._add_exclusion(found, item) -%}{%- endif -%}
    {%- endfor -%}
    {%- for item in graph.metrics.values() -%}
        {%- do found.rows.metrics.append(dbt_estate._described_row(item, {
            'metric_type': item.type, 'type_params': dbt_estate._json(item.type_params),
            'metric_filter': dbt_estate._json(item.filter), 'time_granularity': item.time_granularity,
            'input_metric_names': tojson(dbt_estate._used_metrics(item)), 'group': item.group,
            'meta': dbt_estate._json(item.meta), 'config': dbt_estate._json(item.config)
        })) -%}
        {%- do dbt_estate._add_resource(found, item) -%}
        {%- do dbt_estate._add_settings(found, [item]) -%}
        {%- if found['excluded'] -%}{%- do dbt_estate._add_exclusion(found, item) -%}{%- endif -%}
    {%- endfor -%}
    {%- for item in graph.get('saved_queries', {}).values() -%}
        {%- do found.rows.saved_queries.append(dbt_estate._described_row(item, {
            'query_params': dbt_estate._json(item.query_params), 'exports': dbt_estate._json(item.exports),
            'depends_on': tojson(item.depends_on.nodes), 'group': item.group
        })) -%}
        {%- do dbt_estate._add_resource(found, item) -%}
    {%- endfor -%}
    {%- for item in graph.get('groups', {}).values() -%}
        {%- do found.rows.groups.append(dict(
            dbt_estate._owner(item), unique_id=item.unique_id, name=item.name, description=item.description or ''
        )) -%}
    {%- endfor -%}
    {%- for item in graph.get('unit_tests', {}).values() -%}
        {%- do found.rows.unit_tests.append(dbt_estate._described_row(item, {
            'model': item.model, 'given': dbt_estate._json(item.given), 'expect': dbt_estate._json(item.expect),
            'overrides': dbt_estate._json(item.overrides), 'versions': dbt_estate._json(item.versions)
        })) -%}
        {%- do dbt_estate._add_resource(found, item) -%}
    {%- endfor -%}
    {%- if graph.get('semantic_models') -%}{%- do dbt_estate._add_semantic_models(found) -%}{%- endif -%}
    {%- do found.rows.project.append({
        'project_name': project_name, 'dbt_version': dbt_version, 'adapter_type': adapter.type()
    }) -%}
    {%- if graph.unit_tests is defined -%}
        {%- do found.rows.node_facts.append({'unique_id': 'project.' ~ project_name, 'fact': 'unit_tests_read'}) -%}
    {%- endif -%}
    {%- for name in found.packages -%}{%- do found.rows.packages.append({'package_name': name}) -%}{%- endfor -%}
{%- endmacro %}


{% macro _described_row(item, row, more={}) -%}
    {%- set moment = item.get('created_at') -%}
    {%- do row.update({
        'unique_id': item.unique_id, 'name': item.name, 'label': item.get('label'),
        'description': item.description or '', 'package_name': item.package_name,
        'original_file_path': item.original_file_path, 'fqn': tojson(item.fqn), 'tags': tojson(item.get('tags') or []),
        'created_at': modules.datetime.datetime.utcfromtimestamp(moment).isoformat() if moment else none
    }) -%}
    {%- do row.update(more) -%}
    {{- return(row) -}}
{%- endmacro %}


{% macro _add_resource(found, item) -%}
    {%- do found.packages.update({item.package_name: true}) -%}
    {%- do found.rows.dag_nodes.append({'unique_id': item.unique_id, 'resource_type': item.resource_type}) -%}
    {%- do found.parents.update({item.unique_id: (item.get('depends_on') or {}).get('nodes') or []}) -%}
{%- endmacro %}


{% macro _owner(item) -%}
    {%- set email = (item.get('owner') or {}).get('email') -%}
    {{- return({
        'owner_name': (item.get('owner') or {}).get('name'),
        'owner_email': email if email is string or email is none else email | join(', ')
    }) -}}
{%- endmacro %}


{% macro _used_metrics(item) -%}
    {%- set params = item.type_params or {} -%}
    {%- set used = {} -%}
    {%- for metric in (params.get('metrics') or []) + (params.get('input_metrics') or [])
        + [params.get('numerator'), params.get('denominator')] if metric -%}
        {%- do used.update({metric.name: true}) -%}
    {%- endfor -%}
    {{- return(used | sort) -}}
{%- endmacro %}


{% macro _add_semantic_models(found) -%}
    {%- for item in graph.get('semantic_models', {}).values() -%}
        {%- do dbt_estate._add_resource(found, item) -%}
        {%- if found['excluded'] -%}{%- do dbt_estate._add_exclusion(found, item) -%}{%- endif -%}
        {%- set row = dbt_estate._described_row(item, {
            'model': item.model, 'node_relation': dbt_estate._json(item.node_relation),
            'primary_entity': item.primary_entity, 'defaults': dbt_estate._json(item.defaults), 'group': item.group
        }) -%}
        {%- do found.rows.semantic_models.append(row) -%}
        {%- for part in item.entities or [] -%}
            {%- do found.rows.semantic_entities.append(dict(
                dbt_estate._semantic_row(item, part), entity_type=part.type, entity_role=part.role
            )) -%}
        {%- endfor -%}
        {%- for part in item.measures or [] -%}
            {%- do found.rows.semantic_measures.append(dict(
                dbt_estate._semantic_row(item, part), agg=part.agg, create_metric=part.create_metric,
                agg_time_dimension=part.agg_time_dimension, agg_params=dbt_estate._json(part.agg_params),
                non_additive_dimension=dbt_estate._json(part.non_additive_dimension)
            )) -%}
        {%- endfor -%}
        {%- for part in item.dimensions or [] -%}
            {%- set params = part.type_params or {} -%}
            {%- do found.rows.semantic_dimensions.append(dict(
                dbt_estate._semantic_row(item, part), dimension_type=part.type, is_partition=part.is_partition,
                time_granularity=params.get('time_granularity'),
                validity_params=dbt_estate._json(params.get('validity_params'))
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _semantic_row(item, part) -%}
    {{- return({
        'unique_id': item.unique_id, 'name': part.name, 'description': part.description or '', 'label': part.label,
        'expr': part.expr
    }) -}}
{%- endmacro %}


{#- The direct edges of the DAG: tests and hooks are resources of it as well. -#}
{% macro _add_edges(found) -%}
    {%- set rows, known = found['rows']['edges'], found['parents'] -%}
    {%- for child, parents in known.items() -%}
        {%- for parent in parents | unique(true) if parent in known -%}
            {%- do rows.append({'parent_unique_id': parent, 'child_unique_id': child}) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
