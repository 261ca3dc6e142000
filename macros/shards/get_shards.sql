{% macro get_shards(shards=none, only=none) -%}
    {#- Before the guard: a reference made after it would be lost to lineage. -#}
    {%- set registry = dbt_estate._registry(shards) -%}
    {%- if not execute -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- if registry is string or registry.identifier is defined -%}
        {%- set enabled = dbt_estate._enabled_shards(registry) -%}
    {%- else -%}
        {%- set enabled = dbt_estate._given_shards(registry) -%}
    {%- endif -%}
    {{- return(dbt_estate._only_shards(enabled, only)) -}}
{%- endmacro %}


{% macro _only_shards(shards, only) -%}
    {%- if only is none -%}
        {{- return(shards) -}}
    {%- endif -%}
    {%- set wanted = [only] if only is string else only -%}
    {%- set known = shards | map(attribute='shard') | list -%}
    {%- set unknown = wanted | reject('in', known) | list -%}
    {%- if unknown or not wanted -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.get_shards: 'only' must name enabled shards (" ~ known | join(', ') ~ "), got: "
            ~ wanted | join(', ') ~ (". Not enabled or not in the registry: " ~ unknown | join(', ') if unknown)
        ) -%}
    {%- endif -%}
    {{- return(shards | selectattr('shard', 'in', wanted) | list) -}}
{%- endmacro %}


{#- A list that get_shards returned, perhaps filtered since. -#}
{% macro _given_shards(shards) -%}
    {%- set wrong = shards | rejectattr('shard', 'defined') | list if shards is sequence else [shards] -%}
    {%- if wrong or not shards -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: 'shards' must be the ref() of a registry, a query, or a non-empty list from"
            ~ " dbt_estate.get_shards(), got: " ~ shards
        ) -%}
    {%- endif -%}
    {{- return(shards) -}}
{%- endmacro %}
