{#- The parts of a procedure's name, none if it is not one. A bare word is folded as the engine folds it, since it is
    quoted in the call. -#}
{% macro _procedure_parts(name) -%}
    {%- set part = '([^\\W\\d][\\w$#]*|"([^"\x00]|"")+"|\\[[^\\]\x00]+\\])' -%}
    {%- if name is not string or not modules.re.match(part ~ '([.]' ~ part ~ '){0,2}\\Z', name) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set fold = adapter.dispatch('_folded', 'dbt_estate') -%}
    {%- set parts = [] -%}
    {%- for found in modules.re.findall(part, name) -%}
        {%- set text = found[0] -%}
        {%- if text[0] == '"' -%}
            {%- do parts.append(text[1:-1] | replace('""', '"')) -%}
        {%- else -%}
            {%- do parts.append(text[1:-1] if text[0] == '[' else fold(text)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(parts) -}}
{%- endmacro %}


{% macro default___folded(word) -%}
    {{- return(word) -}}
{%- endmacro %}


{% macro postgres___folded(word) -%}
    {{- return(word | lower) -}}
{%- endmacro %}


{% macro snowflake___folded(word) -%}
    {{- return(word | upper) -}}
{%- endmacro %}


{#- What stays the same from call to call. `placeholders` is none for a procedure, whose every column is a parameter;
    `pieces` of a statement are its texts with a placeholder between each two. -#}
{% macro _call_template(procedure, statement) -%}
    {%- if procedure is not none -%}
        {%- set parts = [] -%}
        {%- for part in dbt_estate._procedure_parts(procedure) -%}
            {%- do parts.append(dbt_estate.identifier(part)) -%}
        {%- endfor -%}
        {{- return({'procedure': parts | join('.'), 'placeholders': none, 'quoted': []}) -}}
    {%- endif -%}
    {%- set text = statement.strip().rstrip(';') | replace('\r\n', '\n') | replace('\r', '\n') -%}
    {%- set template = {'procedure': none, 'pieces': [], 'placeholders': [], 'quoted': []} -%}
    {%- set place = namespace(piece=0, token=0) -%}
    {%- set between = [] -%}
    {%- for match in modules.re.finditer(adapter.dispatch('_statement_tokens', 'dbt_estate')(), text) -%}
        {%- do between.append(text[place.token:match.start()]) -%}
        {%- set place.token = match.end() -%}
        {%- if match.group('name') -%}
            {%- do template.pieces.append(text[place.piece:match.start()]) -%}
            {%- do template.placeholders.append(match.group('name')) -%}
            {%- set place.piece = match.end() -%}
        {%- else -%}
            {%- do template.quoted.append(match.group(0)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do template.pieces.append(text[place.piece:]) -%}
    {%- do between.append(text[place.token:]) -%}
    {%- do dbt_estate._check_quotes(between, template.quoted) -%}
    {%- do template.update({'code': between | join(' ')}) -%}
    {%- do dbt_estate._space_out(template, text) -%}
    {{- return(template) -}}
{%- endmacro %}


{#- A value must not run into what stands beside it: a minus and -7 would be a comment. A comment at the end must not
    swallow what we write after it. -#}
{% macro _space_out(template, text) -%}
    {%- set pieces = [] -%}
    {%- for piece in template.pieces -%}
        {%- set left = '' if loop.first or modules.re.match('[\\s),;]|\\Z', piece) else ' ' -%}
        {%- set right = '' if loop.last or modules.re.search('[\\s(,]\\Z', piece) else ' ' -%}
        {%- do pieces.append(left ~ piece ~ right) -%}
    {%- endfor -%}
    {%- set last = template.quoted[-1] if template.quoted else '' -%}
    {%- if last.startswith('--') and text.endswith(last) -%}
        {%- do pieces.append(pieces.pop() ~ '\n') -%}
    {%- endif -%}
    {%- do template.update({'pieces': pieces}) -%}
{%- endmacro %}


{#- Texts, names and comments, in which nothing is replaced, and then placeholders: a colon and a word, but not after a
    word, a quote or a colon, as in a[1:n] and x::text. -#}
{% macro default___statement_tokens() -%}
    {{- return(
        "\\b[eE]'(?:[^'\\\\]|\\\\[\\s\\S]|'')*'(?:\\s*\\n\\s*'(?:[^'\\\\]|\\\\[\\s\\S]|'')*')*|"
        ~ dbt_estate._common_tokens()
        ~ "|(?<!\\w)\\$(?P<tag>\\w*)\\$[\\s\\S]*?\\$(?P=tag)\\$"
    ) -}}
{%- endmacro %}


{#- Brackets are names on SQL Server, arrays elsewhere. -#}
{% macro sqlserver___statement_tokens() -%}
    {{- return('\\[(?:[^\\]]|\\]\\])*\\]|' ~ dbt_estate._common_tokens()) -}}
{%- endmacro %}


{% macro _common_tokens() -%}
    {{- return(
        "'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\\n]*|/[*][\\s\\S]*?[*]/|"
        ~ "(?<![\\w:\\]'\"]):(?P<name>[A-Za-z_]\\w*)(?!['\".\\w])"
    ) -}}
{%- endmacro %}


{#- Where a quote or a comment ends otherwise than we think, a value could stand outside of its own quotes. -#}
{% macro _check_quotes(between, quoted) -%}
    {%- set rest = between | join(' ') -%}
    {%- set found = modules.re.search("'|\"|/[*]|[*]/|(?<!\\w)\\$\\w*\\$", rest) -%}
    {%- set inner = [] -%}
    {%- for text in quoted if text[:2] == '/*' and '/*' in text[2:] -%}{%- do inner.append(text) -%}{%- endfor -%}
    {%- if found or inner -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: statement: a quote or a comment is not closed, or a comment stands in another one, near: "
            ~ (inner[0] if inner else rest[found.start():]) | truncate(60)
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _check_placeholders(template, names, columns, problems) -%}
    {%- if template.placeholders is not none -%}
        {%- if not template.placeholders -%}
            {%- do problems.append(
                "statement: has no placeholder, so that all calls would be the same; write :name where a value of "
                ~ columns | join(', ') ~ " belongs, without quotes"
            ) -%}
        {%- endif -%}
        {%- for name in template.placeholders | unique(case_sensitive=true) if name not in names -%}
            {%- do problems.append(
                "statement: there is no parameter :" ~ name ~ "; there are " ~ names | join(', ')
            ) -%}
        {%- endfor -%}
        {%- for name in names if name not in template.placeholders -%}
            {%- do problems.append("statement: has no placeholder for the parameter " ~ name) -%}
        {%- endfor -%}
        {%- for text in template.quoted if text[1:2] == ':' and (text[2:-1] in names or text[2:-1] in columns) -%}
            {%- do problems.append("statement: write :" ~ text[2:-1] ~ " without quotes, got: " ~ text) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- The text of one call. -#}
{% macro _call_sql(template, values, texts, types) -%}
    {%- if template.procedure is not none -%}
        {{- return(adapter.dispatch('_procedure_call', 'dbt_estate')(template.procedure, values, texts, types)) -}}
    {%- endif -%}
    {%- set text = [] -%}
    {%- for piece in template.pieces -%}
        {%- do text.append(piece) -%}
        {%- if not loop.last -%}
            {%- do text.append(dbt_estate._typed(template.placeholders[loop.index0], texts, types)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(text | join) -}}
{%- endmacro %}


{% macro _typed(name, texts, types) -%}
    {%- if name not in types -%}
        {{- return(texts[name]) -}}
    {%- endif -%}
    {{- return(adapter.dispatch('_cast_to', 'dbt_estate')(texts[name], types[name])) -}}
{%- endmacro %}


{% macro default___cast_to(text, type) -%}
    {{- return('cast(' ~ text ~ ' as ' ~ type ~ ')') -}}
{%- endmacro %}


{#- A cast makes bytes of the characters, 0x and all; style 1 reads the hexadecimal:
    https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql#binary-styles -#}
{% macro sqlserver___cast_to(text, type) -%}
    {%- set type = dbt_estate._with_length(type) -%}
    {{- return(
        'convert(' ~ type ~ ', ' ~ text ~ ', 1)' if 'binary' in type | lower
        else dbt_estate.default___cast_to(text, type)
    ) -}}
{%- endmacro %}


{#- Without a length, SQL Server cuts a text off after 30 characters in a cast, and after one in a variable:
    https://learn.microsoft.com/sql/t-sql/data-types/char-and-varchar-transact-sql#remarks -#}
{% macro _with_length(type) -%}
    {%- if type | lower | trim in ['char', 'nchar', 'binary'] -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: param_types: " ~ type ~ " needs a length on SQL Server, such as " ~ type ~ "(10), got: " ~ type
        ) -%}
    {%- endif -%}
    {{- return(type ~ '(max)' if type | lower | trim in ['varchar', 'nvarchar', 'varbinary'] else type) -}}
{%- endmacro %}


{% macro default___procedure_call(procedure, values, texts, types) -%}
    {%- set arguments = [] -%}
    {%- for name in values -%}
        {%- do arguments.append(dbt_estate.identifier(name) ~ ' => ' ~ dbt_estate._typed(name, texts, types)) -%}
    {%- endfor -%}
    {{- return('call ' ~ procedure ~ '(' ~ arguments | join(', ') ~ ')') -}}
{%- endmacro %}


{#- An argument of EXECUTE is a constant or a variable, never an expression:
    https://learn.microsoft.com/sql/t-sql/language-elements/execute-transact-sql -#}
{% macro sqlserver___procedure_call(procedure, values, texts, types) -%}
    {%- set variables = [] -%}
    {%- set arguments = [] -%}
    {%- for name, value in values.items() -%}
        {%- set type = dbt_estate._with_length(types[name]) if name in types
            else dbt_estate._variable_type(value, texts[name]) -%}
        {%- if type is none -%}
            {%- do arguments.append('@' ~ name ~ ' = ' ~ texts[name]) -%}
        {%- else -%}
            {%- set variable = '@estate_value_' ~ loop.index -%}
            {%- set value_sql = dbt_estate._typed(name, texts, types) -%}
            {%- do variables.append('declare ' ~ variable ~ ' ' ~ type ~ ' = ' ~ value_sql ~ ';\n') -%}
            {%- do arguments.append('@' ~ name ~ ' = ' ~ variable) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(variables | join ~ ('exec ' ~ procedure ~ ' ' ~ arguments | join(', ')).strip()) -}}
{%- endmacro %}


{#- The type of a value whose literal is an expression; none for a constant. -#}
{% macro _variable_type(value, text) -%}
    {%- if text.startswith('(') -%}
        {{- return('nvarchar(max)') -}}
    {%- elif not text.startswith('cast(') -%}
        {{- return(none) -}}
    {%- elif value.year is not defined -%}
        {{- return('time(6)') -}}
    {%- elif value.hour is not defined -%}
        {{- return('date') -}}
    {%- endif -%}
    {{- return('datetime2(6)' if value.tzinfo is none else 'datetimeoffset(6)') -}}
{%- endmacro %}
