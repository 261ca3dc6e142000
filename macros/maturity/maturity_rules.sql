{#- The rules of models/maturity/rules/rules.csv with what `vars: dbt_estate: maturity: rules` sets of them. -#}
{% macro maturity_rules() -%}
    {%- set given = dbt_estate.maturity_setting('rules') -%}
    {%- set problems = [] -%}
    {%- set found = [] -%}
    {%- set names = dbt_estate._rule_list() | map(attribute='rule') | list -%}
    {%- for name in given if name not in names -%}
        {%- do problems.append(name ~ ": no such rule; the rules are " ~ names | join(', ')) -%}
    {%- endfor -%}
    {%- for rule in dbt_estate._rule_list() -%}
        {%- do found.append(dbt_estate._rule_with_settings(rule, given.get(rule.rule, {}), problems)) -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems("vars: dbt_estate: maturity: rules", problems) -%}
    {{- return(found) -}}
{%- endmacro %}


{% macro _rule_with_settings(rule, given, problems) -%}
    {%- set allowed = ['severity', 'include', 'exclude'] + rule.thresholds.keys() | list -%}
    {%- set merged = dict(rule, include=[], exclude=[], thresholds=dict(rule.thresholds)) -%}
    {%- if given is not mapping -%}
        {%- do problems.append(rule.rule ~ ": must be a mapping of " ~ allowed | join(', ') ~ ", got: " ~ given) -%}
        {{- return(merged) -}}
    {%- endif -%}
    {%- for key, value in given.items() -%}
        {%- if key not in allowed -%}
            {%- do problems.append(
                rule.rule ~ "." ~ key ~ ": no such setting; the settings are " ~ allowed | join(', ')
            ) -%}
        {%- elif key == 'severity' -%}
            {%- do dbt_estate._check_severity(value, rule.rule, problems) -%}
            {%- do merged.update({'severity': value}) -%}
        {%- elif key in ['include', 'exclude'] -%}
            {%- do dbt_estate._check_texts(value, rule.rule ~ '.' ~ key, problems) -%}
            {%- do merged.update({key: value}) -%}
        {%- else -%}
            {%- do dbt_estate._check_threshold(value, rule.thresholds[key], rule.rule ~ '.' ~ key, problems) -%}
            {%- do merged.thresholds.update({key: value}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(merged) -}}
{%- endmacro %}


{% macro _check_severity(value, name, problems) -%}
    {#- YAML 1.1 reads a bare `off` as false. -#}
    {%- if value is not false and value not in ['warn', 'error', 'off'] -%}
        {%- do problems.append(name ~ ".severity: must be warn, error or off, got: " ~ value) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _check_threshold(value, default, name, problems) -%}
    {%- if default is not number -%}
        {%- do dbt_estate._check_texts(value, name, problems) -%}
    {%- elif value is boolean or value is not integer or value < 0 -%}
        {%- do problems.append(name ~ ": must be a whole number from 0 on, got: " ~ value) -%}
    {%- endif -%}
{%- endmacro %}
