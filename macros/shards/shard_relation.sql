{% macro shard_relation(shard, table) -%}
    {%- if shard is not mapping or 'shard' not in shard or table.identifier is not defined -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.shard_relation: 'shard' must be a shard of dbt_estate.get_shards() and 'table' a source() or a"
            ~ " ref(), got: " ~ shard ~ " and " ~ table
        ) -%}
    {%- endif -%}
    {#- A mock of a unit test keeps its own path. -#}
    {%- if dbt_estate._is_mock(table) or shard.is_placeholder -%}
        {{- return(table) -}}
    {%- endif -%}
    {%- set path = {
        'database': shard.database_name if shard.database_name is not none else table.database,
        'schema': shard.schema_name if shard.schema_name is not none else table.schema,
        'identifier': table.identifier
    } -%}
    {#- dbt puts quotes around a name, and leaves those within it as they are. -#}
    {%- set quote = table.quote_character -%}
    {%- for part, name in path.items() if name is not none -%}
        {%- do path.update({part: name | replace(quote, quote ~ quote)}) -%}
    {%- endfor -%}
    {{- return(table.incorporate(path=path, require_alias=false).quote(database=true, schema=true, identifier=true)) -}}
{%- endmacro %}


{#- A mock and an ephemeral model look the same, and are not: the model would be read again for every shard. -#}
{% macro _is_mock(table) -%}
    {%- if table.is_cte and execute and model.resource_type != 'unit_test' -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ table.identifier | replace('__dbt__cte__', '') ~ " is an ephemeral model, and stands for no table"
            ~ " on a shard. Name a source(), or a model that is a table or a view on every shard."
        ) -%}
    {%- endif -%}
    {{- return(table.is_cte) -}}
{%- endmacro %}
