{% macro get_shard_relations(table, shards=none) -%}
    {%- set relations = [] -%}
    {%- for shard in dbt_estate.get_shards(shards) -%}
        {%- do relations.append(dbt_estate.shard_relation(shard, table)) -%}
    {%- endfor -%}
    {{- return(relations) -}}
{%- endmacro %}
