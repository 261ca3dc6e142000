{% macro error_text() -%}
    {{- return(adapter.dispatch('error_text', 'dbt_estate')()) -}}
{%- endmacro %}


{% macro default__error_text() -%}
    {{- return("sqlstate || ' ' || sqlerrm") -}}
{%- endmacro %}


{% macro sqlserver__error_text() -%}
    {{- return("concat(error_number(), ' ', error_message())") -}}
{%- endmacro %}
