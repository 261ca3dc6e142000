{#- A row for each column and rule that fails. One scan counts for all rules, as far as the engine takes so many
    expressions in a select. -#}
{% macro _vocabulary_sql(tested, rules) -%}
    {%- set parts = [] -%}
    {%- set counted = rules | selectattr('count', 'defined') | list -%}
    {%- for group in counted | batch(adapter.dispatch('_most_expressions', 'dbt_estate')()) -%}
        {%- do parts.append(dbt_estate._scan_sql(tested, group)) -%}
    {%- endfor -%}
    {%- for rule in rules if rule['count'] is not defined -%}
        {%- do parts.append('    select ' ~ dbt_estate._rule_literals(rule) ~ ', 1 as failures') -%}
    {%- endfor -%}
    {%- if not parts -%}
        {%- do parts.append(
            '    select ' ~ dbt_estate._rule_literals({'column': '', 'rule': '', 'severity': '', 'detail': ''})
            ~ ', 0 as failures where 1 = 0'
        ) -%}
    {%- endif -%}
select
    findings.column_name,
    findings.rule_name,
    findings.severity,
    findings.failures,
    findings.detail,
    min(findings.severity) over () as test_severity
from (
{{ parts | join('\n    union all\n') }}
) as findings
{%- endmacro %}


{% macro _scan_sql(tested, rules) -%}
    {%- set counts = [] -%}
    {%- set rows = [] -%}
    {%- for rule in rules -%}
        {%- do counts.append(rule['count'] ~ ' as failures_' ~ loop.index) -%}
        {%- do rows.append(
            '(' ~ dbt_estate._rule_values(rule) | join(', ') ~ ', scanned.failures_' ~ loop.index ~ ')'
        ) -%}
    {%- endfor -%}
    {{- '    ' }}select
        counted.column_name, counted.rule_name, counted.severity, counted.detail, counted.failures
    from (
        select
            {{ counts | join(',\n            ') }}
        from {{ tested }}
    ) as scanned
    {{ adapter.dispatch('_each_row', 'dbt_estate')() }} (
        values
        {{ rows | join(',\n        ') }}
    ) as counted (column_name, rule_name, severity, detail, failures)
    where counted.failures > 0
{%- endmacro %}


{% macro _rule_values(rule) -%}
    {{- return(dbt_estate._literals([rule.column, rule.rule, rule.severity, rule.detail])) -}}
{%- endmacro %}


{% macro _rule_literals(rule) -%}
    {%- set values = dbt_estate._rule_values(rule) -%}
    {{- return(
        values[0] ~ ' as column_name, ' ~ values[1] ~ ' as rule_name, ' ~ values[2] ~ ' as severity, ' ~ values[3]
        ~ ' as detail'
    ) -}}
{%- endmacro %}


{% macro default___each_row() -%}
    {{- return('cross join lateral') -}}
{%- endmacro %}


{% macro sqlserver___each_row() -%}
    {{- return('cross apply') -}}
{%- endmacro %}


{% macro default___most_expressions() -%}
    {{- return(5000) -}}
{%- endmacro %}


{#- 1,664: https://www.postgresql.org/docs/current/limits.html -#}
{% macro postgres___most_expressions() -%}
    {{- return(1600) -}}
{%- endmacro %}


{#- 4,096: https://learn.microsoft.com/sql/sql-server/maximum-capacity-specifications-for-sql-server -#}
{% macro sqlserver___most_expressions() -%}
    {{- return(4000) -}}
{%- endmacro %}
