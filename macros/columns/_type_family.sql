{#- What kind of type it is, by the name that the engine gives it. `types` is what _known_types returns: it takes longer
    to make than to look at. -#}
{% macro _type_family(data_type, types=none) -%}
    {%- set known = dbt_estate._known_types() if types is none else types -%}
    {%- set name = modules.re.sub('\\(.*\\)', '', data_type | lower | replace('"', '')) | trim -%}
    {{- return('array' if name.endswith(']') else known.family_of.get(name, 'other')) -}}
{%- endmacro %}


{#- The family of each name of a type, and which families a word of the vocabulary means. -#}
{% macro _known_types() -%}
    {%- set family_of = {'array': 'array', 'list': 'array'} -%}
    {%- set groups = {'number': ['integer', 'decimal', 'float'], 'temporal': ['date', 'timestamp', 'time']} -%}
    {%- for family, names in dbt_estate._families().items() -%}
        {%- do groups.update({family: [family]}) -%}
        {%- for name in names -%}{%- do family_of.update({name: family}) -%}{%- endfor -%}
    {%- endfor -%}
    {%- do groups.update({'array': ['array'], 'other': ['other']}) -%}
    {%- do family_of.update(adapter.dispatch('_own_families', 'dbt_estate')()) -%}
    {{- return({'family_of': family_of, 'groups': groups}) -}}
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
            'smalldatetime', 'datetimeoffset', 'timestamp_us', 'timestampntz',
            'timestampltz'
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
