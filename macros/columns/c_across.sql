{% macro c_across(var_list, script_string, if_empty=none) -%}
    {%- do dbt_estate._check_script(script_string, 'c_across') -%}
    {%- set names = dbt_estate._names(var_list, 'c_across') -%}
    {%- if not names -%}
        {{- return(dbt_estate._nothing_selected('c_across', if_empty, 'null')) -}}
    {%- endif -%}
    {%- set filled = dbt_estate._filled(script_string, names, 'c_across') -%}
    {%- if filled != script_string -%}
        {{- return(filled) -}}
    {%- endif -%}
    {#- No place for the columns: it is an operator that stands between them. -#}
    {%- set parts = [] -%}
    {%- for name in names -%}{%- do parts.append(dbt_estate.identifier(name)) -%}{%- endfor -%}
    {%- set text = parts | join(' ' ~ script_string | trim ~ ' ') -%}
    {{- return(text if script_string | trim == ',' else '(' ~ text ~ ')') -}}
{%- endmacro %}
