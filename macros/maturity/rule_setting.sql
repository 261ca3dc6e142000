{% macro rule_setting(rule, name) -%}
    {%- set found = dbt_estate._rule(rule) -%}
    {%- if found is none or name not in found.thresholds -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.rule_setting: there is no threshold " ~ name ~ " of a rule " ~ rule
            ~ "; they are in docs/maturity/rules/index.md"
        ) -%}
    {%- endif -%}
    {{- return(found.thresholds[name]) -}}
{%- endmacro %}


{#- One rule with its settings, none if there is none. Every rule and test asks for its own while dbt parses, so the
    others are not looked at. -#}
{% macro _rule(name) -%}
    {%- for rule in dbt_estate._rule_list() if rule.rule == name -%}
        {%- set given = dbt_estate._settings().maturity.rules -%}
        {%- set problems = [] -%}
        {%- set found = dbt_estate._rule_with_settings(rule, given.get(name, {}), problems) -%}
        {#- Whatever dbt parses first, it says all that is wrong at once. -#}
        {%- if problems -%}{%- do dbt_estate.maturity_rules() -%}{%- endif -%}
        {{- return(found) -}}
    {%- endfor -%}
    {{- return(none) -}}
{%- endmacro %}
