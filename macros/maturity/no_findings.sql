{#- The rows of `estate_findings` of one rule. Its severity is the test's, and a rule that is off has no test. -#}
{% test no_findings(model, rule) %}
    {%- set severity = dbt_estate._severity_of(rule) -%}
    {{ config(severity=severity or 'warn', enabled=severity is not none) }}
select *
from {{ model }}
where rule_name = {{ dbt_estate.literal(rule) }}
{% endtest %}


{#- none for a rule that is off, or that dbt's graph is not enough for: it has unit tests from 1.12 on. -#}
{% macro _severity_of(name) -%}
    {%- set found = [dbt_estate._rule(name)] | select | list -%}
    {%- for kind in dbt_estate._declared_kinds() if not found -%}
        {%- for rule in dbt_estate.declared_rules(kind) if rule.name == name -%}
            {%- do found.append(rule) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not found -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.no_findings: 'rule' must be the name of a rule that is on, got: " ~ name
            ~ "; they are in docs/maturity/rules/index.md"
        ) -%}
    {%- endif -%}
    {%- set rule = found[0] -%}
    {%- set is_blind = 'unit_tests' in (rule.needs or []) and dbt_version.startswith(('1.10', '1.11')) -%}
    {{- return(none if is_blind or rule.severity in ['off', false] else rule.severity) -}}
{%- endmacro %}
