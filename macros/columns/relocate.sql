{% macro relocate(relation, columns, before=none, after=none) -%}
    {%- set names = dbt_estate._names(relation, 'relocate') -%}
    {%- if before is not none and after is not none -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.relocate: only one of 'before' and 'after' may be given, got: " ~ before ~ " and " ~ after
        ) -%}
    {%- elif not names -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- set moved = dbt_estate.all_of(columns, names) -%}
    {%- set rest = dbt_estate._not_among(names, moved) -%}
    {%- set place = before if before is not none else after -%}
    {%- if place is none -%}
        {{- return(moved + rest) -}}
    {%- endif -%}
    {%- set places = [] -%}
    {%- for anchor in dbt_estate.all_of(place, names) -%}
        {%- if anchor in moved -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.relocate: a column cannot be moved next to itself, got: " ~ place
            ) -%}
        {%- endif -%}
        {%- do places.append(rest.index(anchor)) -%}
    {%- endfor -%}
    {#- Before the first of several, after the last, as in dplyr. -#}
    {%- set at = places | min if before is not none else places | max + 1 -%}
    {{- return(rest[:at] + moved + rest[at:]) -}}
{%- endmacro %}
