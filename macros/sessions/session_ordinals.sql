{% macro session_ordinals(relation, entity, order_by='started_at', name='session_number') -%}
    {%- set problems = [] -%}
    {%- set by = [entity] if entity is string else entity -%}
    {%- set order = [order_by] if order_by is string else order_by -%}
    {%- for key, value in {'entity': by, 'order_by': order, 'name': [name]}.items() -%}
        {%- if value is mapping or value is not sequence or not value or value | reject('string') | list -%}
            {%- do problems.append(key ~ ": must be a column or a list of columns, got: " ~ value) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems('session_ordinals', problems) -%}
select
    sessions.*,
    row_number() over (
        partition by {{ dbt_estate._quoted(by) }}
        order by {{ dbt_estate._quoted(order) }}, session_id
    ) as {{ dbt_estate.identifier(name) }}
from {{ relation }} as sessions
{%- endmacro %}
