{#- A pattern is a name or the beginning of one up to a separator, a glob, or a regular expression between slashes. One
    with a minus before it takes columns away; where the first has one, all columns are there to begin with. -#}
{% macro select_columns(relation, patterns=[], types=none, sep='_') -%}
    {%- set names = dbt_estate._names(relation, 'select_columns') -%}
    {%- set wanted = dbt_estate._wanted(patterns, 'patterns', 'select_columns') -%}
    {%- set chosen = [] -%}
    {%- if not wanted or wanted[0].startswith('-') -%}
        {%- do chosen.extend(names) -%}
    {%- endif -%}
    {%- for pattern in wanted -%}
        {%- set is_minus = pattern.startswith('-') -%}
        {%- set regex = dbt_estate._pattern_regex(pattern[1:] if is_minus else pattern, sep) -%}
        {%- for name in names if modules.re.search(regex, name, modules.re.IGNORECASE) -%}
            {%- if is_minus and name in chosen -%}
                {%- do chosen.remove(name) -%}
            {%- elif not is_minus and name not in chosen -%}
                {%- do chosen.append(name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if types is none -%}
        {{- return(chosen) -}}
    {%- endif -%}
    {%- set typed = [] -%}
    {%- for family in ([types] if types is string else types) -%}
        {%- do typed.extend(dbt_estate.where(family, relation)) -%}
    {%- endfor -%}
    {{- return(dbt_estate.set_intersect(chosen, typed)) -}}
{%- endmacro %}


{% macro _pattern_regex(pattern, sep) -%}
    {%- if pattern | length > 2 and pattern.startswith('/') and pattern.endswith('/') -%}
        {{- return(pattern[1:-1]) -}}
    {%- elif '*' in pattern or '?' in pattern -%}
        {{- return('(?s)\\A' ~ modules.re.escape(pattern) | replace('\\*', '.*') | replace('\\?', '.') ~ '\\Z') -}}
    {%- endif -%}
    {{- return('(?s)\\A' ~ modules.re.escape(pattern) ~ '(' ~ modules.re.escape(sep) ~ '.*)?\\Z') -}}
{%- endmacro %}
