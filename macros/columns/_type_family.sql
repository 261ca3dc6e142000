{#- What kind of type it is, by the name that the engine gives it. -#}
{% macro _type_family(data_type) -%}
    {%- set name = modules.re.sub('\\(.*\\)', '', data_type | lower | replace('"', '')) | trim -%}
    {%- set own = adapter.dispatch('_own_families', 'dbt_estate')() -%}
    {%- if name.endswith(']') or name in ['array', 'list'] -%}
        {{- return('array') -}}
    {%- elif name in own -%}
        {{- return(own[name]) -}}
    {%- endif -%}
    {%- for family, names in dbt_estate._families().items() if name in names -%}
        {{- return(family) -}}
    {%- endfor -%}
    {{- return('other') -}}
{%- endmacro %}


{% macro _families() -%}
    {{- return({
        'integer': [
            'tinyint', 'smallint', 'int', 'integer', 'bigint', 'hugeint', 'uhugeint', 'utinyint', 'usmallint',
            'uinteger', 'ubigint', 'int1', 'int2', 'int4', 'int8', 'int16', 'int32', 'int64', 'int128', 'uint8',
            'uint16', 'uint32', 'uint64', 'uint128', 'serial', 'bigserial', 'smallserial', 'short', 'long', 'byteint',
            'mediumint', 'bignum'
        ],
        'decimal': ['decimal', 'numeric', 'number', 'bignumeric', 'bigdecimal', 'money', 'smallmoney', 'dec'],
        'float': ['real', 'float', 'float4', 'float8', 'double', 'double precision', 'float64', 'float32'],
        'string': [
            'text', 'varchar', 'character varying', 'char', 'character', 'bpchar', 'nvarchar', 'nchar', 'ntext',
            'string', 'enum', 'citext', 'name', 'sysname'
        ],
        'boolean': ['boolean', 'bool'],
        'date': ['date'],
        'timestamp': [
            'timestamp', 'timestamp without time zone', 'timestamp with time zone', 'timestamptz', 'timestamp_ns',
            'timestamp_ms', 'timestamp_s', 'timestamp_ntz', 'timestamp_ltz', 'timestamp_tz', 'datetime', 'datetime2',
            'smalldatetime', 'datetimeoffset', 'timestamp_us'
        ],
        'time': ['time', 'time without time zone', 'time with time zone', 'timetz', 'time_ns'],
        'interval': ['interval'],
        'binary': ['blob', 'bytea', 'binary', 'varbinary', 'bytes', 'image', 'rowversion'],
        'json': ['json', 'jsonb', 'variant', 'super', 'object'],
        'uuid': ['uuid', 'uniqueidentifier'],
        'struct': ['struct', 'map', 'record', 'union', 'row']
    }) -}}
{%- endmacro %}


{% macro default___own_families() -%}
    {{- return({}) -}}
{%- endmacro %}


{#- A timestamp is the number of a row's version there:
    https://learn.microsoft.com/sql/t-sql/data-types/rowversion-transact-sql -#}
{% macro sqlserver___own_families() -%}
    {{- return({'bit': 'boolean', 'timestamp': 'binary'}) -}}
{%- endmacro %}


{% macro _type_groups() -%}
    {%- set groups = {'number': ['integer', 'decimal', 'float'], 'temporal': ['date', 'timestamp', 'time']} -%}
    {%- for family in dbt_estate._families().keys() | list + ['array', 'other'] -%}
        {%- do groups.update({family: [family]}) -%}
    {%- endfor -%}
    {{- return(groups) -}}
{%- endmacro %}
