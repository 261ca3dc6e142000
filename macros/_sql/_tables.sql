{#- A table beside the model's. PostgreSQL cuts a name off at 63 bytes, and two long names may begin alike:
    https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS -#}
{% macro _side_table(target, suffix) -%}
    {%- set name = target.identifier -%}
    {%- set stem = name if tojson(name) | length <= 42 else 'estate_' ~ local_md5(name) -%}
    {{- return(target.incorporate(path={'identifier': stem ~ suffix}, type='table')) -}}
{%- endmacro %}


{% macro _quoted_names(columns) -%}
    {%- set names = [] -%}
    {%- for column in columns -%}{%- do names.append(dbt_estate.identifier(column.name)) -%}{%- endfor -%}
    {{- return(names | join(', ')) -}}
{%- endmacro %}


{#- A table of a query's rows. -#}
{% macro _create_as(relation, query) -%}
    {%- do drop_relation_if_exists(load_cached_relation(relation)) -%}
    {%- for text in adapter.dispatch('_create_as', 'dbt_estate')(relation, query) -%}
        {%- call statement('estate_create_as') -%}
            {{- text -}}
        {%- endcall -%}
    {%- endfor -%}
    {%- do adapter.cache_added(relation) -%}
{%- endmacro %}


{% macro default___create_as(relation, query) -%}
    {{- return(['create table ' ~ relation ~ ' as\n' ~ query]) -}}
{%- endmacro %}


{#- SELECT INTO takes no query that begins with WITH; a view does:
    https://learn.microsoft.com/sql/t-sql/queries/select-into-clause-transact-sql -#}
{% macro sqlserver___create_as(relation, query) -%}
    {%- set view = dbt_estate.identifier(relation.schema) ~ '.' ~ dbt_estate.identifier(relation.identifier ~ '_v') -%}
    {{- return([
        'drop view if exists ' ~ view,
        'declare @estate_view nvarchar(max) = ' ~ dbt_estate.literal('create view ' ~ view ~ ' as\n' ~ query)
        ~ ';\nexec (@estate_view)',
        'select * into ' ~ relation ~ ' from ' ~ view,
        'drop view ' ~ view
    ]) -}}
{%- endmacro %}
