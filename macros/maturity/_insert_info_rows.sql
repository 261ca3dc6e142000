{#- One JSON list in several statements, as a statement has a size, too: SQL Server's batch 256 MB at most, and a
    literal of some megabytes is slow to parse anywhere. -#}
{% macro _insert_info_rows() -%}
    {%- set table = model.name.removeprefix('estate_') -%}
    {%- set chunks = dbt_estate._graph_rows()[table] if execute else [] -%}
    {%- if chunks -%}
        {%- set columns, names, quote = {}, [], adapter.dispatch('identifier', 'dbt_estate') -%}
        {%- for name, kind in dbt_estate._info_columns(table).items() if name != 'ingested_at' -%}
            {%- do columns.update({name: kind}) -%}
            {%- do names.append(quote(name)) -%}
        {%- endfor -%}
        {%- set moment = dbt_estate.literal(run_started_at.strftime('%Y-%m-%d %H:%M:%S')) -%}
        {%- for chunk in chunks -%}
            {%- set query -%}
insert into {{ this }} ({{ names | join(', ') }}, {{ quote('ingested_at') }})
select {{ names | join(', ') }}, cast({{ moment }} as {{ dbt_estate.data_type('timestamp') }})
from (
    {{ dbt_estate.json_rows(chunk, columns) }}
) as given_rows
            {%- endset -%}
            {#- As dbt loads a seed: the whole text is not for the log. -#}
            {%- do adapter.add_query(query, abridge_sql_log=true) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- All rows of the graph by table, in lists of JSON of at most 2 MB. They are made once an invocation: where dbt keeps
    `graph` as a dictionary, its threads share it. On dbt 1.12 a look at a node turns it into a dictionary anew. -#}
{% macro _graph_rows() -%}
    {%- if graph.setdefault is not defined -%}
        {{- return(dbt_estate._make_graph_rows()) -}}
    {%- endif -%}
    {%- set key = 'dbt_estate rows ' ~ invocation_id -%}
    {%- if key not in graph -%}
        {%- do graph.setdefault(key, dbt_estate._make_graph_rows()) -%}
    {%- endif -%}
    {{- return(graph[key]) -}}
{%- endmacro %}


{% macro _make_graph_rows() -%}
    {%- set rows = {} -%}
    {%- for table in [
        'models', 'seeds', 'snapshots', 'functions', 'analyses', 'hooks', 'sources', 'data_tests', 'unit_tests',
        'node_columns', 'dag_nodes', 'edges', 'groups', 'exposures', 'metrics', 'saved_queries', 'semantic_models',
        'semantic_entities', 'semantic_measures', 'semantic_dimensions', 'time_spines', 'project', 'packages',
        'node_settings', 'node_exceptions', 'node_facts'
    ] -%}
        {%- do rows.update({table: []}) -%}
    {%- endfor -%}
    {%- set found = {
        'rows': rows, 'packages': {}, 'parents': {}, 'configs': {},
        'tables': {
            'model': 'models', 'seed': 'seeds', 'snapshot': 'snapshots', 'function': 'functions',
            'analysis': 'analyses', 'operation': 'hooks', 'source': 'sources'
        },
        'excluded': []
    } -%}
    {%- for pattern in dbt_estate.maturity_setting('exclude_paths') -%}
        {%- do found['excluded'].append(modules.re.compile(pattern, modules.re.IGNORECASE)) -%}
    {%- endfor -%}
    {%- for nodes in [graph.nodes, graph.sources, graph.get('functions', {})] -%}
        {%- do dbt_estate._add_nodes(found, nodes) -%}
    {%- endfor -%}
    {%- do dbt_estate._add_other_resources(found) -%}
    {%- do dbt_estate._add_edges(found) -%}
    {%- set chunks = {} -%}
    {%- for table, given in rows.items() -%}
        {%- do chunks.update({table: dbt_estate._chunks(given)}) -%}
    {%- endfor -%}
    {{- return(chunks) -}}
{%- endmacro %}


{#- Many rows are written as JSON by one call, and one by one where they are large. -#}
{% macro _chunks(rows, limit=2000000) -%}
    {%- set open = namespace(texts=[], size=0) -%}
    {%- set chunks = [] -%}
    {%- for some in rows | batch(100) -%}
        {%- set texts = [tojson(some)[1:-1]] -%}
        {%- if texts[0] | length > limit -%}
            {%- set texts = [] -%}
            {%- for row in some -%}{%- do texts.append(tojson(row)) -%}{%- endfor -%}
        {%- endif -%}
        {%- for text in texts -%}
            {%- if open.texts and open.size + text | length > limit -%}
                {%- do chunks.append('[' ~ ', '.join(open.texts) ~ ']') -%}
                {%- set open.texts = [] -%}
                {%- set open.size = 0 -%}
            {%- endif -%}
            {%- do open.texts.append(text) -%}
            {%- set open.size = open.size + text | length + 2 -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if open.texts -%}{%- do chunks.append('[' ~ ', '.join(open.texts) ~ ']') -%}{%- endif -%}
    {{- return(chunks) -}}
{%- endmacro %}


{#- What JSON has no form for, such as a date in `meta`, as text; a number that is none as null. -#}
{% macro _plain(value) -%}
    {%- if value is mapping -%}
        {%- set found = {} -%}
        {%- for key, item in value.items() -%}
            {%- do found.update({key | string: dbt_estate._plain(item)}) -%}
        {%- endfor -%}
        {{- return(found) -}}
    {%- elif value is float and value | string in ['nan', 'inf', '-inf'] -%}
        {{- return(none) -}}
    {%- elif value is string or value is number or value is none -%}
        {{- return(value) -}}
    {%- elif value is iterable -%}
        {%- set found = [] -%}
        {%- for item in value -%}{%- do found.append(dbt_estate._plain(item)) -%}{%- endfor -%}
        {{- return(found) -}}
    {%- endif -%}
    {{- return(value.isoformat() if value.isoformat is defined else value | string) -}}
{%- endmacro %}


{#- A value as the text of JSON, none as NULL. -#}
{% macro _json(value) -%}
    {%- if value is none -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set is_plain = value is defined and 'datetime.' not in value | string -%}
    {%- set text = tojson(value if is_plain else dbt_estate._plain(value)) -%}
    {#- As Python writes a number that is none. -#}
    {{- return(tojson(dbt_estate._plain(value)) if 'NaN' in text or 'Infinity' in text else text) -}}
{%- endmacro %}
