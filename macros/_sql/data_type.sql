{% macro data_type(kind) -%}
    {{- return(dbt_estate._data_types([kind])[kind]) -}}
{%- endmacro %}


{#- Looking up the adapter's macros costs more than what they do, so it is done once for many columns. -#}
{% macro _data_types(kinds) -%}
    {%- set types = adapter.dispatch('data_type', 'dbt_estate')() -%}
    {%- for kind in kinds if kind not in types -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.data_type: 'kind' must be one of " ~ types.keys() | join(', ') ~ ", got: " ~ kind
        ) -%}
    {%- endfor -%}
    {{- return(types) -}}
{%- endmacro %}


{% macro default__data_type() -%}
    {{- return({
        'key': 'varchar', 'name': 'varchar', 'text': 'varchar', 'integer': 'bigint', 'double': 'double',
        'boolean': 'boolean', 'timestamp': 'timestamp'
    }) -}}
{%- endmacro %}


{% macro postgres__data_type() -%}
    {{- return({
        'key': 'text', 'name': 'text', 'text': 'text', 'integer': 'bigint', 'double': 'double precision',
        'boolean': 'boolean', 'timestamp': 'timestamp'
    }) -}}
{%- endmacro %}


{#- A key of an index may take 1,700 bytes:
    https://learn.microsoft.com/sql/sql-server/maximum-capacity-specifications-for-sql-server -#}
{% macro sqlserver__data_type() -%}
    {{- return({
        'key': 'nvarchar(850)', 'name': 'nvarchar(256)', 'text': 'nvarchar(max)', 'integer': 'bigint',
        'double': 'float', 'boolean': 'bit', 'timestamp': 'datetime2(6)'
    }) -}}
{%- endmacro %}


{#- Its varchar has to have a length: https://spark.apache.org/docs/latest/sql-ref-datatypes.html -#}
{% macro spark__data_type() -%}
    {{- return({
        'key': 'string', 'name': 'string', 'text': 'string', 'integer': 'bigint', 'double': 'double',
        'boolean': 'boolean', 'timestamp': 'timestamp'
    }) -}}
{%- endmacro %}
