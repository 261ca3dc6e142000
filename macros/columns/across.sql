{% macro across(var_list, script_string='{{var}}', final_comma=false, names=none, if_empty=none) -%}
    {%- set scripts = script_string if script_string is mapping else {'': script_string} -%}
    {%- set pattern = names if names is not none else '{col}_{fn}' if script_string is mapping else none -%}
    {%- for script in scripts.values() -%}{%- do dbt_estate._check_script(script, 'across') -%}{%- endfor -%}
    {%- do dbt_estate._check_pattern(pattern) -%}
    {%- set vocabulary = dbt_estate._vocabulary() if execute and '{renamed}' in (pattern or '') else none -%}
    {%- set parts = [] -%}
    {%- set aliases = [] -%}
    {%- for name in dbt_estate._names(var_list, 'across') -%}
        {%- for fn, script in scripts.items() -%}
            {%- set text = dbt_estate._filled(script, [name], 'across') -%}
            {%- if pattern is not none -%}
                {%- do aliases.append(dbt_estate._named(pattern, name, fn, vocabulary)) -%}
                {%- set text = text ~ ' as ' ~ dbt_estate.identifier(aliases[-1]) -%}
            {%- endif -%}
            {%- do parts.append(text) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do dbt_estate._check_distinct(aliases, 'across', 'names', pattern) -%}
    {%- if not parts -%}
        {{- return('' if final_comma else dbt_estate._nothing_selected('across', if_empty, '')) -}}
    {%- endif -%}
    {{- return(parts | join(',\n    ') ~ (',' if final_comma else '')) -}}
{%- endmacro %}


{#- The name of a result. {renamed} is what the vocabulary makes of it: the sum of an IND is an N, for example. -#}
{% macro _named(pattern, name, fn, vocabulary) -%}
    {#- While dbt parses, the vocabulary is not read, and any name will do. -#}
    {%- set renamed = dbt_estate._renamed_by_vocabulary(name, fn, vocabulary) if vocabulary is not none
        else name ~ '_' ~ fn -%}
    {{- return(pattern | replace('{fn}', fn) | replace('{renamed}', renamed) | replace('{col}', name)) -}}
{%- endmacro %}


{% macro _check_pattern(pattern) -%}
    {%- if pattern is not none and pattern is not string -%}
        {%- do exceptions.raise_compiler_error("dbt_estate.across: 'names' must be a text, got: " ~ pattern) -%}
    {%- endif -%}
    {%- for place in modules.re.findall('\\{.*?\\}', pattern or '') if place not in ['{col}', '{fn}', '{renamed}'] -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.across: 'names' may have {col}, {fn} and {renamed} in it, got: " ~ pattern
        ) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _check_distinct(names, verb, argument, value) -%}
    {%- set seen = {} -%}
    {%- for name in names -%}
        {%- if name | lower in seen -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate." ~ verb ~ ": '" ~ argument ~ "' gives two columns the name " ~ name ~ ", got: " ~ value
            ) -%}
        {%- endif -%}
        {%- do seen.update({name | lower: true}) -%}
    {%- endfor -%}
{%- endmacro %}
