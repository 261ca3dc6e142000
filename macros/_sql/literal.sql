{% macro literal(value) -%}
    {{- return(dbt_estate._literals([value])[0]) -}}
{%- endmacro %}


{#- Looking up the adapter's macros costs more than writing a literal, so it is done once for many. The engines
    differ in how they write text, booleans and times; the order of the type tests (a boolean is an integer in
    Python) stands once. -#}
{% macro _literals(values) -%}
    {%- set style = adapter.dispatch('_literal_style', 'dbt_estate')() -%}
    {%- set write_text = adapter.dispatch('_text_literal', 'dbt_estate') -%}
    {%- set texts = [] -%}
    {%- for value in values -%}
        {%- do texts.append(dbt_estate._literal(value, style, write_text)) -%}
    {%- endfor -%}
    {{- return(texts) -}}
{%- endmacro %}


{% macro default___literal_style() -%}
    {{- return({
        'true': 'true', 'false': 'false', 'date': 'date', 'time': 'time', 'timestamp': 'timestamp',
        'timestamp_tz': 'timestamp with time zone', 'separator': ' '
    }) -}}
{%- endmacro %}


{% macro sqlserver___literal_style() -%}
    {{- return({
        'true': '1', 'false': '0', 'date': 'date', 'time': 'time(6)', 'timestamp': 'datetime2(6)',
        'timestamp_tz': 'datetimeoffset(6)', 'separator': 'T'
    }) -}}
{%- endmacro %}


{% macro _literal(value, style, write_text) -%}
    {%- if value is undefined and not execute -%}
        {#- The columns of a registry are not known while dbt parses. -#}
        {{- return('null') -}}
    {%- elif value is undefined -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.literal: the value is undefined: is its name misspelt? Pass none for NULL"
        ) -%}
    {%- elif value is none -%}
        {{- return('null') -}}
    {%- elif value is boolean -%}
        {{- return(style['true'] if value else style['false']) -}}
    {%- elif value is number -%}
        {{- return(dbt_estate._number_literal(value)) -}}
    {%- elif value is string -%}
        {%- if '\x00' in value -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.literal: text with a NUL character cannot be written in SQL; remove it first"
            ) -%}
        {%- endif -%}
        {{- return(write_text(value)) -}}
    {%- elif value.isoformat is defined -%}
        {%- set has_date = value.year is defined -%}
        {%- set has_time = value.hour is defined -%}
        {%- set type = 'time' if not has_date else 'date' if not has_time
            else 'timestamp_tz' if value.tzinfo is not none else 'timestamp' -%}
        {%- set text = value.isoformat(style['separator']) if has_date and has_time else value.isoformat() -%}
        {{- return("cast('" ~ text ~ "' as " ~ style[type] ~ ")") -}}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate.literal: the value must be text, a number, a boolean, a date, a time or none, got: "
        ~ value ~ ". Pass bytes as hexadecimal text and cast them in SQL."
    ) -%}
{%- endmacro %}


{#- Decimals are written digit by digit (never as 1E+5), floats as Python writes them, which is the shortest text
    that reads back as the same double. -#}
{% macro _number_literal(value) -%}
    {%- set text = value | string if value is integer or value is float else '{:f}'.format(value) -%}
    {%- if text | lower | replace('-', '') in ['nan', 'snan', 'inf', 'infinity'] -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.literal: a number must be finite, got: " ~ value ~ ". Pass none for NULL."
        ) -%}
    {%- endif -%}
    {#- DuckDB counts a zero before the point as a digit, so where there is no room for it, it goes. -#}
    {%- set text = text | replace('0.', '.', 1)
        if text.lstrip('-').startswith('0.') and text | length > dbt_estate._max_digits() else text -%}
    {%- set digits = text | replace('-', '') | replace('.', '') -%}
    {%- if value is not float and digits | length > dbt_estate._max_digits() -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.literal: a number of " ~ digits | length ~ " digits does not fit the engine's decimal ("
            ~ dbt_estate._max_digits() ~ " digits) and would be rounded, got: " ~ text
        ) -%}
    {%- endif -%}
    {{- return(text) -}}
{%- endmacro %}


{#- DuckDB reads a longer number as a double, without a word: https://duckdb.org/docs/stable/sql/data_types/numeric -#}
{% macro _max_digits() -%}
    {{- return(adapter.dispatch('_max_digits', 'dbt_estate')()) -}}
{%- endmacro %}


{% macro default___max_digits() -%}
    {{- return(38) -}}
{%- endmacro %}


{#- https://www.postgresql.org/docs/current/datatype-numeric.html: 131,072 digits before the point, 16,383 after -#}
{% macro postgres___max_digits() -%}
    {{- return(16383) -}}
{%- endmacro %}


{% macro default___text_literal(value) -%}
    {{- return("'" ~ value | replace("'", "''") ~ "'") -}}
{%- endmacro %}


{#- With standard_conforming_strings off, a backslash escapes in a plain text; in this one it does always:
    https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE -#}
{% macro postgres___text_literal(value) -%}
    {%- if '\\' not in value -%}
        {{- return(dbt_estate.default___text_literal(value)) -}}
    {%- endif -%}
    {{- return("E'" ~ value | replace('\\', '\\\\') | replace("'", "''") ~ "'") -}}
{%- endmacro %}


{#- A backslash before a line break continues the line inside a T-SQL string, so both disappear:
    https://learn.microsoft.com/sql/t-sql/language-elements/sql-server-utilities-statements-backslash
    The text is cut there. The first piece is nvarchar(max), since a sum of shorter ones is cut off at 4,000. -#}
{% macro sqlserver___text_literal(value) -%}
    {%- set text = "N'" ~ value | replace("'", "''") ~ "'" -%}
    {%- if '\\\n' not in value and '\\\r' not in value -%}
        {{- return(text) -}}
    {%- endif -%}
    {%- set pieces = text | replace('\\\r', "\\' + N'\r") | replace('\\\n', "\\' + N'\n") -%}
    {{- return("(cast(N'' as nvarchar(max)) + " ~ pieces ~ ")") -}}
{%- endmacro %}


{#- A backslash escapes inside a string of these three engines. -#}
{% macro snowflake___text_literal(value) -%}
    {{- return("'" ~ value | replace('\\', '\\\\') | replace("'", "''") ~ "'") -}}
{%- endmacro %}


{% macro spark___text_literal(value) -%}
    {{- return("'" ~ value | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") -}}
{%- endmacro %}


{% macro bigquery___text_literal(value) -%}
    {%- set escaped = value | replace('\\', '\\\\') | replace("'", "\\'") -%}
    {{- return("'" ~ escaped | replace('\n', '\\n') | replace('\r', '\\r') ~ "'") -}}
{%- endmacro %}
