{#- The type that holds every value of a column on all shards, {type, base}: widened in a family, never narrowed. -#}
{% macro _common_type(key, name, shapes, settings, problems) -%}
    {%- set fields = {} -%}
    {%- for shape in shapes if key in shape.fields -%}
        {%- do fields.setdefault(shape.fields[key].type, shape.fields[key]) -%}
    {%- endfor -%}
    {%- set types = fields.values() | list -%}
    {%- if types | length == 1 -%}
        {{- return(types[0]) -}}
    {%- endif -%}
    {%- set widest = dbt_estate._widest_type(types) if settings.types == 'promote' else none -%}
    {%- if widest is none -%}
        {%- set uses = [] -%}
        {%- for type in fields -%}
            {%- set users = [] -%}
            {%- for shape in shapes if key in shape.fields and shape.fields[key].type == type -%}
                {%- do users.append(shape) -%}
            {%- endfor -%}
            {%- do uses.append(type ~ ' on ' ~ dbt_estate._shard_names(users)) -%}
        {%- endfor -%}
        {%- do problems.append(
            "column '" ~ name ~ "' is " ~ uses | join(' and ')
            ~ (", and types='strict' allows one type" if settings.types == 'strict'
               else ", and no type holds them all without loss")
            ~ ". Name a type in options.column_types: {'" ~ name ~ "': ...}"
        ) -%}
        {{- return(types[0]) -}}
    {%- endif -%}
    {{- return(widest) -}}
{%- endmacro %}


{% macro _widest_type(types) -%}
    {%- set ladder = adapter.dispatch('_type_ladder', 'dbt_estate')() -%}
    {%- set bases = types | map(attribute='base') | unique | list -%}
    {%- for step in ladder -%}
        {%- if bases | reject('in', [step.base] + step.holds) | list | length == 0 -%}
            {{- return(dbt_estate._sized_type(step, types)) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(none) -}}
{%- endmacro %}


{#- The first step of the ladder that holds all, with the largest size that any of them has. -#}
{% macro _sized_type(step, types) -%}
    {%- if step.kind == 'decimal' -%}
        {{- return(dbt_estate._decimal_type(step, types)) -}}
    {%- elif step.kind == 'length' -%}
        {%- set lengths = types | map(attribute='size') | list -%}
        {%- set unlimited = none in lengths or lengths | max > step.most -%}
        {{- return({
            'base': step.base, 'type': step.unlimited if unlimited else step.base ~ '(' ~ lengths | max ~ ')'
        }) -}}
    {%- elif step.kind == 'fraction' -%}
        {%- set digits = types | rejectattr('base', 'in', ['date']) | map(attribute='scale') | reject('none') | list -%}
        {{- return({'base': step.base, 'type': step.pattern | replace('#', (digits + [0]) | max)}) -}}
    {%- endif -%}
    {{- return({'base': step.base, 'type': step.base}) -}}
{%- endmacro %}


{#- Digits before and after the point are kept apart: decimal(18, 2) with bigint is decimal(21, 2), not decimal(19,
    2). -#}
{% macro _decimal_type(step, types) -%}
    {%- set whole = [] -%}
    {%- set scale = [] -%}
    {%- for type in types -%}
        {%- if type.base in step.digits -%}
            {%- do whole.append(step.digits[type.base][0]) -%}
            {%- do scale.append(step.digits[type.base][1]) -%}
        {%- elif type.precision is none -%}
            {{- return({'base': step.base, 'type': step.base}) -}}
        {%- else -%}
            {%- do whole.append(type.precision - type.scale) -%}
            {%- do scale.append(type.scale) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set precision = whole | max + scale | max -%}
    {%- if precision > step.most -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return({'base': step.base, 'type': step.base ~ '(' ~ precision ~ ',' ~ scale | max ~ ')'}) -}}
{%- endmacro %}


{% macro default___type_ladder() -%}
    {{- return([]) -}}
{%- endmacro %}


{#- A ladder lists types from narrow to wide, each with those that it holds without loss. What is on no common step
    (text with numbers, a bigint with a double, a time zone with none) needs the user's word.
    https://duckdb.org/docs/stable/sql/data_types/overview -#}
{% macro duckdb___type_ladder() -%}
    {%- set small = ['tinyint', 'utinyint'] -%}
    {%- set medium = small + ['smallint', 'usmallint'] -%}
    {%- set int32 = medium + ['integer', 'uinteger'] -%}
    {%- set int64 = int32 + ['bigint', 'ubigint'] -%}
    {{- return([
        {'base': 'smallint', 'holds': small},
        {'base': 'usmallint', 'holds': ['utinyint']},
        {'base': 'integer', 'holds': medium},
        {'base': 'uinteger', 'holds': ['utinyint', 'usmallint']},
        {'base': 'bigint', 'holds': int32},
        {'base': 'ubigint', 'holds': ['utinyint', 'usmallint', 'uinteger']},
        {'base': 'hugeint', 'holds': int64},
        {'base': 'decimal', 'holds': int64, 'kind': 'decimal', 'most': 38, 'digits': {
            'tinyint': [3, 0], 'utinyint': [3, 0], 'smallint': [5, 0], 'usmallint': [5, 0], 'integer': [10, 0],
            'uinteger': [10, 0], 'bigint': [19, 0], 'ubigint': [20, 0]
        }},
        {'base': 'float', 'holds': medium},
        {'base': 'double', 'holds': int32 + ['float']},
        {'base': 'timestamp_ms', 'holds': ['timestamp_s', 'date']},
        {'base': 'timestamp', 'holds': ['timestamp_s', 'timestamp_ms', 'date']}
    ]) -}}
{%- endmacro %}


{#- https://www.postgresql.org/docs/current/datatype.html -#}
{% macro postgres___type_ladder() -%}
    {%- set integers = ['smallint', 'integer', 'bigint'] -%}
    {{- return([
        {'base': 'integer', 'holds': ['smallint']},
        {'base': 'bigint', 'holds': ['smallint', 'integer']},
        {'base': 'numeric', 'holds': integers, 'kind': 'decimal', 'most': 1000, 'digits': {
            'smallint': [5, 0], 'integer': [10, 0], 'bigint': [19, 0]
        }},
        {'base': 'double precision', 'holds': ['real', 'smallint', 'integer']},
        {'base': 'character varying', 'holds': ['character'], 'kind': 'length', 'most': 10485760,
            'unlimited': 'character varying'},
        {'base': 'text', 'holds': ['character varying', 'character', 'name']},
        {'base': 'time without time zone', 'holds': [], 'kind': 'fraction', 'pattern': 'time(#) without time zone'},
        {'base': 'timestamp without time zone', 'holds': ['date'], 'kind': 'fraction',
            'pattern': 'timestamp(#) without time zone'},
        {'base': 'timestamp with time zone', 'holds': [], 'kind': 'fraction', 'pattern': 'timestamp(#) with time zone'}
    ]) -}}
{%- endmacro %}


{#- What has a fixed length goes to what has none: a longer binary would be padded with zeros.
    https://learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql -#}
{% macro sqlserver___type_ladder() -%}
    {%- set integers = ['tinyint', 'smallint', 'int', 'bigint'] -%}
    {%- set digits = {
        'tinyint': [3, 0], 'smallint': [5, 0], 'int': [10, 0], 'bigint': [19, 0], 'smallmoney': [6, 4], 'money': [15, 4]
    } -%}
    {{- return([
        {'base': 'smallint', 'holds': ['tinyint']},
        {'base': 'int', 'holds': ['tinyint', 'smallint']},
        {'base': 'bigint', 'holds': integers},
        {'base': 'money', 'holds': ['smallmoney']},
        {'base': 'decimal', 'holds': integers + ['numeric', 'smallmoney', 'money'], 'kind': 'decimal', 'most': 38,
            'digits': digits},
        {'base': 'float', 'holds': ['real', 'tinyint', 'smallint', 'int']},
        {'base': 'varchar', 'holds': ['char'], 'kind': 'length', 'most': 8000, 'unlimited': 'varchar(max)'},
        {'base': 'nvarchar', 'holds': ['char', 'varchar', 'nchar'], 'kind': 'length', 'most': 4000,
            'unlimited': 'nvarchar(max)'},
        {'base': 'varbinary', 'holds': ['binary'], 'kind': 'length', 'most': 8000, 'unlimited': 'varbinary(max)'},
        {'base': 'time', 'holds': [], 'kind': 'fraction', 'pattern': 'time(#)'},
        {'base': 'datetime', 'holds': ['smalldatetime']},
        {'base': 'datetime2', 'holds': ['date', 'smalldatetime', 'datetime'], 'kind': 'fraction',
            'pattern': 'datetime2(#)'},
        {'base': 'datetimeoffset', 'holds': [], 'kind': 'fraction', 'pattern': 'datetimeoffset(#)'}
    ]) -}}
{%- endmacro %}
