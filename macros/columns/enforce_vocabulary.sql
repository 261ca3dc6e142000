{#- For a post-hook. What this raises ends the transaction, if tables are made in one: the old table stays. -#}
{% macro enforce_vocabulary(relation, exclude=[]) -%}
    {%- if not execute -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    {%- if not columns -%}
        {%- do dbt_estate._report_no_columns(relation, 'enforce_vocabulary') -%}
    {%- endif -%}
    {%- set rules = dbt_estate._column_rules(columns, dbt_estate._vocabulary(), exclude) -%}
    {%- set failed = {'error': [], 'warn': []} -%}
    {%- for row in run_query(dbt_estate._vocabulary_sql(relation, rules)).rows -%}
        {%- do failed[row[2]].append(row[0] ~ ': ' ~ row[1] ~ ' fails in ' ~ row[3] ~ ' rows: ' ~ row[4]) -%}
    {%- endfor -%}
    {%- if failed.warn -%}
        {%- do exceptions.warn(
            "dbt_estate: " ~ relation ~ " does not follow the vocabulary:\n  - " ~ failed.warn | join('\n  - ')
        ) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems("the columns of " ~ relation ~ " by the vocabulary", failed.error) -%}
    {{- return('') -}}
{%- endmacro %}
