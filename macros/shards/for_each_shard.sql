{% macro for_each_shard(shards=none) -%}
    {%- set enabled = dbt_estate.get_shards(shards) -%}
    {%- if not enabled -%}
        {%- if execute -%}
            {{- return(dbt_estate._empty_union(['shard'])) -}}
        {%- endif -%}
        {#- While dbt parses, the body runs once so that its references are seen. -#}
        {%- set discarded = caller(dbt_estate._placeholder_shard()) -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for shard in enabled -%}
        {%- set body = caller(shard) | trim -%}
        {%- if body == '' -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.for_each_shard: the body is blank for shard '" ~ shard.shard ~ "'; it must be a select"
            ) -%}
        {%- endif -%}
        {%- do branches.append({'shard': shard.shard, 'sql': body, 'fingerprint': local_md5(body), 'lacks': none}) -%}
    {%- endfor -%}
    {{- return(dbt_estate._marked_union(branches, 'shard', 'free')) -}}
{%- endmacro %}
