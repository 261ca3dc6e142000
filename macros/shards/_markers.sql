{#- A union carries a comment before each branch, so that the estate_shards materialization can load it branch by branch
    from the same text that a view or a table runs at once. -#}
{% macro _marked_union(branches, shard_column) -%}
    {%- set texts = [] -%}
    {%- for branch in branches -%}
        {%- do texts.append(dbt_estate._marker('shard', [branch.shard, branch.fingerprint]) ~ '\n' ~ branch.sql) -%}
    {%- endfor -%}
    {%- do dbt_estate._warn_about_size(branches | length) -%}
    {{- return(
        dbt_estate._marker('begin', [shard_column]) ~ '\n' ~ texts | join('\nunion all\n') ~ '\n'
        ~ dbt_estate._marker('end', [])
    ) -}}
{%- endmacro %}


{#- What a comment could end at, and what a driver could take for a parameter or an escape, is written as a JSON escape:
    no name can leave its comment, and the text still reads back. -#}
{% macro _marker(kind, values) -%}
    {%- set escapes = {'*': '\\u002a', '/': '\\u002f', '?': '\\u003f', '{': '\\u007b', '}': '\\u007d', "'": '\\u0027',
        ';': '\\u003b', '%': '\\u0025'} -%}
    {%- set text = namespace(value=tojson(values)) -%}
    {%- if modules.re.search("[*/?{}';%]", text.value) -%}
        {%- for character, escape in escapes.items() -%}
            {%- set text.value = text.value | replace(character, escape) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return('/* estate_shards ' ~ kind ~ ' ' ~ text.value ~ ' */') -}}
{%- endmacro %}


{#- The marked union of a model's text: its shard column and its branches (shard, fingerprint, sql). Raises where
    the text is anything but one union, since a union cut out of a larger query gives another answer than the query.
    -#}
{% macro _read_markers(sql) -%}
    {%- set pattern = '(?m)^[ \\t]*/\\* estate_shards (begin|shard|end) (.*?) \\*/[ \\t]*$' -%}
    {%- set parts = modules.re.split(pattern, sql) -%}
    {%- set kinds = parts[1::3] -%}
    {%- set outside = modules.re.sub('(?s)/\\*.*?\\*/|--[^\\n]*', '', parts[0] ~ '\n' ~ parts[-1]) | trim -%}
    {%- if kinds | select('equalto', 'begin') | list | length != 1 or kinds[0] != 'begin' or kinds[-1] != 'end'
        or outside -%}
        {%- do exceptions.raise_compiler_error(
            "The materialization 'estate_shards' needs a model that is exactly one call of dbt_estate.union_shards or"
            ~ " dbt_estate.for_each_shard, and comments; " ~ this ~ " has "
            ~ (("other SQL around it: " ~ outside | truncate(80)) if outside else
               (kinds | select('equalto', 'begin') | list | length ~ " such calls"))
            ~ ". Put what comes after the union into a model downstream, what belongs to a shard into for_each_shard."
        ) -%}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for kind in kinds if kind == 'shard' -%}
        {%- set values = fromjson(parts[3 * loop.index + 2]) -%}
        {%- set body = parts[3 * loop.index + 3] | trim -%}
        {%- set sql = body if loop.last else modules.re.sub('union all$', '', body) | trim -%}
        {%- do branches.append({'shard': values[0], 'fingerprint': values[1], 'sql': sql}) -%}
    {%- endfor -%}
    {{- return({'shard_column': fromjson(parts[2])[0], 'branches': branches}) -}}
{%- endmacro %}


{% macro _warn_about_size(count) -%}
    {%- set limit = dbt_estate._settings()['shards']['warn_above'] -%}
    {%- if model.resource_type == 'model' and config.get('materialized') in ['view', 'table'] and count > limit -%}
        {%- do exceptions.warn(
            "dbt_estate: " ~ model.name ~ " unions " ~ count
            ~ " shards in one statement, and the time to plan it grows with"
            ~ " the square of that. materialized='estate_shards' loads the same text shard by shard."
            ~ " (vars: dbt_estate: {shards: {warn_above: " ~ limit ~ "}})"
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- What stands in for a union whose registry is not built: the right name and type of the shard columns, no rows. -#}
{% macro _empty_union(shard_columns) -%}
    {%- set lines = [] -%}
    {%- for column in shard_columns -%}
        {%- do lines.append(
            'cast(null as ' ~ dbt_estate.data_type('name') ~ ') as ' ~ dbt_estate.identifier(column)
        ) -%}
    {%- endfor -%}
    {{- return('select\n    ' ~ lines | join(',\n    ') ~ '\nwhere 1 = 0') -}}
{%- endmacro %}
