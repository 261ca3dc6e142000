{% macro shards_report(tables, shards=none, output='text') -%}
    {%- set problems = [] -%}
    {%- if tables is string or tables is mapping or not tables -%}
        {%- do problems.append("tables: must be a list of 'source.table' or 'model', got: " ~ tables) -%}
    {%- endif -%}
    {%- do dbt_estate._check_choice('output', output, ['text', 'json'], problems) -%}
    {%- do dbt_estate._raise_problems('shards_report', problems) -%}
    {%- if execute -%}
        {%- set enabled = dbt_estate.get_shards(shards) -%}
        {%- set report = [] -%}
        {%- for shard in enabled -%}
            {%- do report.append({
                'shard': shard.shard, 'database_name': shard.database_name, 'schema_name': shard.schema_name,
                'cells': []
            }) -%}
        {%- endfor -%}
        {%- for name in tables -%}
            {%- set parts = name.split('.') -%}
            {%- set table = source(parts[0], parts[1]) if parts | length == 2 else ref(name) -%}
            {%- do dbt_estate._add_cells(report, name, dbt_estate._shapes(table, enabled)) -%}
        {%- endfor -%}
        {%- if output == 'json' -%}
            {%- do print('dbt_estate:json ' ~ tojson({'tables': tables, 'shards': report})) -%}
        {%- else -%}
            {%- do dbt_estate._print_report(report) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- What one table looks like on each shard, beside what most shards have. -#}
{% macro _add_cells(report, name, shapes) -%}
    {%- set readable = shapes | selectattr('status', 'equalto', 'ok') | list -%}
    {%- set usual = namespace(shape=none) -%}
    {%- for shape in readable -%}
        {%- if usual.shape is none
            or [-(shape.shards | length), shape.shards[0]] < [-(usual.shape.shards | length), usual.shape.shards[0]] -%}
            {%- set usual.shape = shape -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for shape in shapes -%}
        {%- set cell = {
            'table': name, 'status': shape.status, 'missing': [], 'extra': [], 'types': [],
            'detail': shape.detail or ''
        } -%}
        {%- if shape.status == 'ok' -%}
            {%- do dbt_estate._compare_shapes(cell, shape, usual.shape) -%}
        {%- endif -%}
        {%- for n in shape.shards -%}{%- do report[n].cells.append(cell) -%}{%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _compare_shapes(cell, shape, usual) -%}
    {%- set expected = {} -%}
    {%- for column in usual.columns -%}
        {%- do expected.update({dbt_estate._key(column.name, shape.folds_case): column}) -%}
    {%- endfor -%}
    {%- set seen = [] -%}
    {%- for column in shape.columns -%}
        {%- set key = dbt_estate._key(column.name, shape.folds_case) -%}
        {%- do seen.append(key) -%}
        {%- if key not in expected -%}
            {%- do cell.extra.append(column.name) -%}
        {%- elif expected[key].type != column.type -%}
            {%- do cell.types.append({'column': column.name, 'type': column.type, 'expected': expected[key].type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for key, column in expected.items() if key not in seen -%}
        {%- do cell.missing.append(column.name) -%}
    {%- endfor -%}
    {%- if cell.extra or cell.missing or cell.types -%}{%- do cell.update({'status': 'drift'}) -%}{%- endif -%}
{%- endmacro %}


{% macro _print_report(report) -%}
    {%- set findings = namespace(count=0) -%}
    {%- for shard in report -%}
        {%- for cell in shard.cells if cell.status != 'ok' -%}
            {%- set findings.count = findings.count + 1 -%}
            {%- set texts = [] -%}
            {%- if cell.missing -%}{%- do texts.append('lacks ' ~ cell.missing | join(', ')) -%}{%- endif -%}
            {%- if cell.extra -%}{%- do texts.append('has ' ~ cell.extra | join(', ') ~ ' besides') -%}{%- endif -%}
            {%- for type in cell.types -%}
                {%- do texts.append(type.column ~ ' is ' ~ type.type ~ ', elsewhere ' ~ type.expected) -%}
            {%- endfor -%}
            {%- if cell.detail -%}{%- do texts.append(cell.detail) -%}{%- endif -%}
            {%- do print(
                shard.shard ~ '  ' ~ cell.table ~ '  ' ~ cell.status ~ ('  ' ~ texts | join('; ') if texts)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do print(report | length ~ ' shards, ' ~ findings.count ~ ' findings') -%}
{%- endmacro %}
