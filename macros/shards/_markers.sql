{#- A union carries a comment before each branch, so that the estate_shards materialization can load it branch by branch
    from the same text that a view or a table runs at once. The comments of one union carry the hash of its branches:
    a value of the registry that looks like such a comment cannot contain the hash of a text that it is a part of. -#}
{% macro _marked_union(branches, shard_column, kind='named') -%}
    {%- set token = local_md5(branches | map(attribute='sql') | join('\n')) -%}
    {%- set texts = [] -%}
    {%- for branch in branches -%}
        {%- do texts.append(
            dbt_estate._marker('shard ' ~ token, [branch.shard, branch.fingerprint, branch.lacks]) ~ '\n' ~ branch.sql
        ) -%}
    {%- endfor -%}
    {%- do dbt_estate._warn_about_size(branches | length) -%}
    {{- return(
        dbt_estate._marker('begin ' ~ token, [shard_column, kind]) ~ '\n' ~ texts | join('\nunion all\n') ~ '\n'
        ~ dbt_estate._marker('end ' ~ token, [])
    ) -}}
{%- endmacro %}


{% macro _marker(kind, values) -%}
    {{- return('/* estate_shards ' ~ kind ~ ' ' ~ dbt_estate._comment_json(values) ~ ' */') -}}
{%- endmacro %}


{#- The marked union of a model's text: its shard column, its branches (shard, fingerprint, lacks: the columns that are
    NULL on it, none if that is not known, and sql) and `shape`, a query of its columns and types. Raises where
    the text is anything but one union, since a union cut out of a larger query gives another answer than the query.
    -#}
{% macro _read_markers(sql) -%}
    {%- set tokens = modules.re.findall('(?m)^[ \\t]*/\\* estate_shards begin ([0-9a-f]{32}) ', sql) -%}
    {%- set pattern = '(?m)^[ \\t]*/\\* estate_shards (begin|shard|end) ' ~ (tokens + ['none'])[0] ~ ' (.*?) \\*/' -%}
    {%- set parts = modules.re.split(pattern, sql) -%}
    {%- set kinds = parts[1::3] -%}
    {%- set outside = modules.re.sub('(?s)/\\*.*?\\*/|--[^\\n]*', '', parts[0] ~ '\n' ~ parts[-1]) | trim -%}
    {%- if kinds | select('equalto', 'begin') | list | length != 1 or kinds[0] != 'begin' or kinds[-1] != 'end'
        or outside -%}
        {%- do exceptions.raise_compiler_error(
            "The materialization 'estate_shards' needs a model that is exactly one call of dbt_estate.union_shards or"
            ~ " dbt_estate.for_each_shard, and comments; " ~ this ~ " has "
            ~ (("other SQL around it: " ~ tojson(outside | truncate(80))) if outside else
               (kinds | select('equalto', 'begin') | list | length ~ " such calls"))
            ~ ". Put what comes after the union into a model downstream, what belongs to a shard into for_each_shard."
        ) -%}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for kind in kinds if kind == 'shard' -%}
        {%- set values = fromjson(parts[3 * loop.index + 2]) -%}
        {%- set body = parts[3 * loop.index + 3] | trim -%}
        {%- set sql = body if loop.last else modules.re.sub('union all$', '', body) | trim -%}
        {%- do branches.append({
            'shard': values[0], 'fingerprint': values[1], 'lacks': values[2], 'sql': sql
        }) -%}
    {%- endfor -%}
    {%- set begin = fromjson(parts[2]) -%}
    {#- Branches of union_shards have the same types; those of the user's own have what UNION ALL makes of them. -#}
    {%- set shape = [] -%}
    {%- for branch in (branches if begin[1] == 'free' else branches[:1]) -%}
        {%- do shape.append(branch.sql) -%}
    {%- endfor -%}
    {%- if begin[1] == 'free' -%}{%- do dbt_estate._align_branches(branches) -%}{%- endif -%}
    {{- return({'shard_column': begin[0], 'branches': branches, 'shape': shape | join('\nunion all\n')}) -}}
{%- endmacro %}


{#- UNION ALL goes by position, takes the names of its first branch, and refuses one with more columns or fewer. A body
    of the user's own may write its columns in any order, so each is joined to the first, of which no row is read. -#}
{% macro _align_branches(branches) -%}
    {%- set first = 'select * from (\n' ~ branches[0].sql ~ '\n) as first_shard\nwhere 1 = 0\nunion all\n' -%}
    {%- for branch in branches[1:] -%}
        {%- do branch.update({'sql': first ~ branch.sql}) -%}
    {%- endfor -%}
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
