{% macro shard_relation(shard, table) -%}
    {%- if shard is not mapping or 'shard' not in shard or table.identifier is not defined -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.shard_relation: 'shard' must be a shard of dbt_estate.get_shards() and 'table' a source() or a"
            ~ " ref(), got: " ~ shard ~ " and " ~ table
        ) -%}
    {%- endif -%}
    {#- A mock of a unit test keeps its own path. -#}
    {%- if dbt_estate._is_mock(table) or shard.get('dbt_estate placeholder') -%}
        {{- return(table) -}}
    {%- endif -%}
    {{- return(dbt_estate._placed(dbt_estate._unplaced(table), shard, table)) -}}
{%- endmacro %}


{#- The part that is alike for all shards: making a Relation anew costs more than moving one. -#}
{% macro _unplaced(table) -%}
    {{- return(table.incorporate(require_alias=false).quote(database=true, schema=true, identifier=true)) -}}
{%- endmacro %}


{#- dbt puts quotes around a name, and leaves those within it as they are. -#}
{% macro _placed(unplaced, shard, table) -%}
    {%- set quote = table.quote_character -%}
    {%- set database = shard.database_name if shard.database_name is not none else table.database -%}
    {%- set schema = shard.schema_name if shard.schema_name is not none else table.schema -%}
    {{- return(unplaced.replace_path(
        database=database | replace(quote, quote ~ quote) if database is not none else none,
        schema=schema | replace(quote, quote ~ quote) if schema is not none else none,
        identifier=table.identifier | replace(quote, quote ~ quote)
    )) -}}
{%- endmacro %}


{#- A mock and an ephemeral model look the same, and are not: the model would be read again for every shard. -#}
{% macro _is_mock(table) -%}
    {%- if table.is_cte and execute and model.resource_type != 'unit_test' -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: " ~ table.identifier | replace('__dbt__cte__', '')
            ~ " is an ephemeral model, and stands for no table"
            ~ " on a shard. Name a source(), or a model that is a table or a view on every shard."
        ) -%}
    {%- endif -%}
    {{- return(table.is_cte) -}}
{%- endmacro %}
