{% macro pick(columns, from_alias=none, if_empty=none) -%}
    {%- set parts = [] -%}
    {%- for name in dbt_estate._names(columns, 'pick') -%}
        {%- do parts.append((from_alias ~ '.' if from_alias else '') ~ dbt_estate.identifier(name)) -%}
    {%- endfor -%}
    {{- return(parts | join(',\n    ') if parts else dbt_estate._nothing_selected('pick', if_empty, '')) -}}
{%- endmacro %}
