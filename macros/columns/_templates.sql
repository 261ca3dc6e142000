{#- A text with {{var}} (or {col}) for the column. The name is an identifier with what it touches: of {{var}}_total one
    is made of both. Inside quotes of the text it is text. -#}
{% macro _filled(script, names, verb) -%}
    {%- set hole = '(?:\\{\\{\\s*var\\s*\\}\\}|\\{col\\})' -%}
    {%- set word = '(?:[\\w$]|' ~ hole ~ ')*' -%}
    {%- set token = "('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|" ~ word ~ hole ~ word ~ ')' -%}
    {%- set parts = [] -%}
    {%- for part in modules.re.split(token, script) -%}
        {%- set pieces = modules.re.split(hole, part) -%}
        {%- if pieces | length == 1 -%}
            {%- do parts.append(part) -%}
        {%- elif part.startswith("'") -%}
            {%- do parts.append(pieces | join(names | join(', ') | replace("'", "''"))) -%}
        {%- elif names | length > 1 and pieces != ['', ''] -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate." ~ verb ~ ": {{var}} stands for several columns and must stand alone, got: " ~ part
            ) -%}
        {%- elif part.startswith('"') -%}
            {%- do parts.append(pieces | join(names[0] | replace('"', '""'))) -%}
        {%- else -%}
            {%- do parts.append(dbt_estate._identifiers(pieces, names)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(parts | join) -}}
{%- endmacro %}


{#- What stands around the name would have been folded by the engine without the quotes. -#}
{% macro _identifiers(pieces, names) -%}
    {%- set fold = adapter.dispatch('_as_unquoted', 'dbt_estate') -%}
    {%- set folded = [] -%}
    {%- for piece in pieces -%}{%- do folded.append(fold(piece)) -%}{%- endfor -%}
    {%- set identifiers = [] -%}
    {%- for name in names -%}{%- do identifiers.append(dbt_estate.identifier(folded | join(name))) -%}{%- endfor -%}
    {{- return(identifiers | join(', ')) -}}
{%- endmacro %}


{% macro default___as_unquoted(text) -%}
    {{- return(text) -}}
{%- endmacro %}


{% macro postgres___as_unquoted(text) -%}
    {{- return(text | lower) -}}
{%- endmacro %}


{% macro snowflake___as_unquoted(text) -%}
    {{- return(text | upper) -}}
{%- endmacro %}


{% macro _check_script(script, verb) -%}
    {%- if script is not string or script | trim == '' -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate." ~ verb ~ ": 'script_string' must be a text with {" ~ "{var}} for the column, got: " ~ script
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#- What stands where no column was selected: nothing would make SQL that the engine refuses, or reads otherwise. -#}
{% macro _nothing_selected(verb, if_empty, identity) -%}
    {%- if if_empty is not none -%}
        {{- return(identity if if_empty == 'identity' else if_empty) -}}
    {%- elif not execute -%}
        {{- return('') -}}
    {%- elif dbt_estate._only_compiles() -%}
        {{- return('null') -}}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate." ~ verb ~ ": no column was selected. Mend the selection, or say with if_empty what is to stand"
        ~ " there: a text, or 'identity' for " ~ (identity or 'nothing')
    ) -%}
{%- endmacro %}


{% macro _condition_of(columns, script, if_empty, verb, operator, identity) -%}
    {%- do dbt_estate._check_script(script, verb) -%}
    {%- set conditions = [] -%}
    {%- for name in dbt_estate._names(columns, verb) -%}
        {%- do conditions.append('(' ~ dbt_estate._filled(script, [name], verb) ~ ')') -%}
    {%- endfor -%}
    {%- if not conditions -%}
        {{- return(dbt_estate._nothing_selected(verb, if_empty, identity)) -}}
    {%- endif -%}
    {{- return('(' ~ conditions | join('\n    ' ~ operator ~ ' ') ~ ')') -}}
{%- endmacro %}
