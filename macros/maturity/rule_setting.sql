{% macro rule_setting(rule, name) -%}
    {%- for item in dbt_estate.maturity_rules() if item.rule == rule and name in item.thresholds -%}
        {{- return(item.thresholds[name]) -}}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate.rule_setting: there is no threshold " ~ name ~ " of a rule " ~ rule
        ~ "; they are in docs/maturity/rules/index.md"
    ) -%}
{%- endmacro %}
