{% macro shards_on_target(pattern=none, by=none) -%}
    {%- if execute -%}
        {%- set found = [] -%}
        {%- for row in run_query(dbt_estate.discovered_shards(pattern, by)).rows -%}
            {%- do found.append({'shard': row[0], 'database_name': row[1], 'schema_name': row[2]}) -%}
        {%- endfor -%}
        {%- do print('dbt_estate:json ' ~ tojson({
            'by': dbt_estate._discovered_by(by), 'shards': found | sort(attribute='shard', case_sensitive=true)
        })) -%}
    {%- endif -%}
{%- endmacro %}
