{% test shard_keys_unique(model) -%}
{%- set columns = dbt_estate._role_columns() -%}
{%- set shard = 'lower(' ~ dbt_estate.identifier(columns['shard']) ~ ')' -%}
select
    'shard' as repeated,
    {{ shard }} as value,
    count(*) as row_count
from {{ model }}
group by {{ shard }}
having count(*) > 1
{%- if columns['database_name'] is not none or columns['schema_name'] is not none -%}
    {%- set place = [] -%}
    {%- for role in ['database_name', 'schema_name'] if columns[role] is not none -%}
        {%- do place.append(adapter.dispatch('_place_key_sql', 'dbt_estate')(dbt_estate.identifier(columns[role]))) -%}
    {%- endfor %}
union all
select
    'place' as repeated,
    {{ place | last }} as value,
    count(*) as row_count
from {{ model }}
group by {{ place | join(', ') }}
having count(*) > 1
{%- endif -%}
{%- endtest %}


{#- As get_shards compares them. -#}
{% macro default___place_key_sql(name) -%}
    {{- return('lower(' ~ name ~ ')') -}}
{%- endmacro %}


{% macro postgres___place_key_sql(name) -%}
    {{- return(name) -}}
{%- endmacro %}
