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
    {%- if shards and shards[0].get('dbt_estate placeholder') -%}
        {{- return(shards) -}}
    {%- endif -%}
    {%- set wanted = [only] if only is string else only -%}
    {%- if wanted is mapping or wanted is not sequence -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.get_shards: 'only' must be the name of a shard or a list of names, got: " ~ only
        ) -%}
    {%- endif -%}
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


{#- A list that get_shards returned, perhaps filtered or extended since: looked at as the registry itself is. It is
    empty where the registry is not built yet, in the commands that go on then. -#}
{% macro _given_shards(shards) -%}
    {%- if shards is sequence and not shards and flags.WHICH in ['compile', 'generate'] -%}
        {{- return([]) -}}
    {%- elif shards is not sequence or shards is mapping or not shards
        or shards | select('mapping') | list != shards -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: 'shards' must be the ref() of a registry, a query, or a non-empty list from"
            ~ " dbt_estate.get_shards(), got: " ~ shards
        ) -%}
    {%- endif -%}
    {%- set problems = [] -%}
    {%- for shard in shards -%}
        {%- set where = 'row ' ~ loop.index -%}
        {%- set lacking = ['shard', 'database_name', 'schema_name'] | reject('in', shard) | list -%}
        {%- if lacking -%}
            {%- do problems.append(where ~ ": has no " ~ lacking | join(', no ')) -%}
        {%- endif -%}
        {#- A database or schema of none is the table's own, as where the settings name no column for it. -#}
        {%- set asked = {
            'shard': 'shard' if 'shard' in shard else none, 'database_name': shard.get('database_name'),
            'schema_name': shard.get('schema_name'), 'is_enabled': none
        } -%}
        {%- do dbt_estate._check_shard(dict(shard), asked, where, problems) -%}
    {%- endfor -%}
    {%- if not problems -%}
        {%- do dbt_estate._check_shard_keys(shards, problems) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems('the list of shards', problems) -%}
    {%- set enabled = [] -%}
    {%- for shard in shards if shard.get('is_enabled', true) -%}{%- do enabled.append(shard) -%}{%- endfor -%}
    {{- return(enabled) -}}
{%- endmacro %}
