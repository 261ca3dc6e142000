{#- dbt opens a transaction by itself before most statements, and tells nobody whether one is open: `adapter.commit()`
    fails where none is. So one is opened, if need be, by a statement that does nothing, and then committed. -#}
{% macro end_transaction() -%}
    {%- if execute -%}
        {%- call statement('dbt_estate_end_transaction', auto_begin=true) -%}
            select 1 as one
        {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}
