{% macro cents(column) %}
    {{ column }} / 100
{% endmacro %}


{% macro euros(column, digits=2) %}
    round({{ cents(column) }}, {{ digits }})
{% endmacro %}


{% macro never_called() %}
    select 1
{% endmacro %}


{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
