{#- The levels in their order. -#}
{% macro maturity_levels() -%}
    {{- return(['Infancy', 'Toddlerhood', 'Childhood', 'Adolescence', 'Adulthood', 'Beyond']) -}}
{%- endmacro %}
