{% macro set_union(columns, other) -%}
    {%- set names = dbt_estate._names(columns, 'set_union') -%}
    {{- return(names + dbt_estate._not_among(dbt_estate._names(other, 'set_union'), names)) -}}
{%- endmacro %}


{% macro _not_among(names, others) -%}
    {%- set lowered = others | map('lower') | list -%}
    {%- set kept = [] -%}
    {%- for name in names if name | lower not in lowered -%}{%- do kept.append(name) -%}{%- endfor -%}
    {{- return(kept) -}}
{%- endmacro %}
