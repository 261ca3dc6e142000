{% macro any_of(strings, relation) -%}
    {%- set names = dbt_estate._names(relation, 'any_of') -%}
    {{- return(dbt_estate._looked_up(dbt_estate._wanted(strings, 'strings', 'any_of'), names)) -}}
{%- endmacro %}


{#- The names as the relation spells them, in the order in which they are asked for. -#}
{% macro _looked_up(wanted, names) -%}
    {%- set found = {} -%}
    {%- for text in wanted -%}
        {%- set exact = [text] if text in names else names -%}
        {%- for name in exact if name | lower == text | lower -%}{%- do found.update({name: true}) -%}{%- endfor -%}
    {%- endfor -%}
    {{- return(found.keys() | list) -}}
{%- endmacro %}
