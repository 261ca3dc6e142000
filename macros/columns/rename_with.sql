{% macro rename_with(relation, fn, columns=none, if_empty=none) -%}
    {%- set names = dbt_estate._names(relation, 'rename_with') -%}
    {%- set chosen = fn.keys() | list if fn is mapping and columns is none else columns -%}
    {%- if fn is mapping and columns is not none -%}
        {%- set lowered = dbt_estate._names(columns, 'rename_with') | map('lower') | list if columns is not string
            else [columns | lower] -%}
        {%- for old in fn if old | lower not in lowered -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.rename_with: 'fn' renames " ~ old ~ ", which 'columns' leaves out, got: " ~ columns
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set renamed = names if chosen is none else dbt_estate.all_of(chosen, names) -%}
    {%- set results = [] -%}
    {%- set parts = [] -%}
    {%- for name in names -%}
        {%- set new = dbt_estate._new_name(fn, name) if name in renamed else name -%}
        {%- do results.append(new) -%}
        {%- do parts.append(
            dbt_estate.identifier(name) ~ (' as ' ~ dbt_estate.identifier(new) if new != name else '')
        ) -%}
    {%- endfor -%}
    {%- do dbt_estate._check_distinct(results, 'rename_with', 'fn', fn) -%}
    {{- return(parts | join(',\n    ') if parts else dbt_estate._nothing_selected('rename_with', if_empty, '')) -}}
{%- endmacro %}


{% macro _new_name(fn, name) -%}
    {%- if fn is mapping -%}
        {%- for old, new in fn.items() if old | lower == name | lower -%}
            {{- return(new) -}}
        {%- endfor -%}
        {{- return(name) -}}
    {%- elif fn is string and '{col}' in fn -%}
        {{- return(fn | replace('{col}', name)) -}}
    {%- elif fn not in ['lower', 'upper'] -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.rename_with: 'fn' must be lower, upper, a text with {col} or a mapping of old names to new"
            ~ " ones, got: " ~ fn
        ) -%}
    {%- endif -%}
    {{- return(name | lower if fn == 'lower' else name | upper) -}}
{%- endmacro %}
