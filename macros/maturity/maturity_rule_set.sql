{#- What a level and a score mean: two of them compare where this is the same. -#}
{% macro maturity_rule_set() -%}
    {%- set settings = dbt_estate._maturity_settings() -%}
    {%- set parts = [] -%}
    {%- for feature in dbt_estate.maturity_features() -%}
        {%- do parts.append([feature.feature, feature.level, feature.weight, feature.needs | join(' '),
            feature.applicable, feature.evidence, feature.depth] | join('|')) -%}
    {%- endfor -%}
    {%- for rule in dbt_estate.maturity_rules() -%}
        {%- do parts.append([rule.rule, rule.feature, rule.severity or 'off', rule.include | join(' '),
            rule.exclude | join(' ')] | join('|')) -%}
        {%- for name in rule.thresholds | sort -%}
            {%- set value = rule.thresholds[name] -%}
            {%- do parts.append(name ~ '=' ~ (value if value is number else value | join(' '))) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name in ['level_completeness', 'exclude_paths', 'exclude_packages', 'naming'] -%}
        {%- do parts.append(name ~ '=' ~ dbt_estate._as_text(settings[name])) -%}
    {%- endfor -%}
    {{- return(local_md5(parts | join('\n'))[:12]) -}}
{%- endmacro %}


{#- The same text of the same settings, in whatever order their keys are. -#}
{% macro _as_text(value) -%}
    {%- if value is mapping -%}
        {%- set parts = [] -%}
        {%- for key in value | sort -%}
            {%- do parts.append(key ~ ':' ~ dbt_estate._as_text(value[key])) -%}
        {%- endfor -%}
        {{- return('{' ~ parts | join(',') ~ '}') -}}
    {%- elif value is string or value is number or value is none -%}
        {{- return(tojson(value)) -}}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- for item in value -%}{%- do parts.append(dbt_estate._as_text(item)) -%}{%- endfor -%}
    {{- return('[' ~ parts | join(',') ~ ']') -}}
{%- endmacro %}
