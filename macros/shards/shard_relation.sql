{% macro shard_relation(shard, table) -%}
    {%- if shard is not mapping or 'shard' not in shard or table.identifier is not defined -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.shard_relation: 'shard' must be a shard of dbt_estate.get_shards() and 'table' a source() or a"
            ~ " ref(), got: " ~ shard ~ " and " ~ table
        ) -%}
    {%- endif -%}
    {#- A mock of a unit test keeps its own path. -#}
    {%- if table.is_cte or shard.is_placeholder -%}
        {{- return(table) -}}
    {%- endif -%}
    {#- dbt puts quotes around a name, and leaves those within it as they are. -#}
    {%- set quote = table.quote_character -%}
    {%- set path = {} -%}
    {%- if shard.database_name is not none -%}
        {%- do path.update({'database': shard.database_name | replace(quote, quote ~ quote)}) -%}
    {%- endif -%}
    {%- if shard.schema_name is not none -%}
        {%- do path.update({'schema': shard.schema_name | replace(quote, quote ~ quote)}) -%}
    {%- endif -%}
    {{- return(table.incorporate(path=path, require_alias=false).quote(database=true, schema=true, identifier=true)) -}}
{%- endmacro %}
