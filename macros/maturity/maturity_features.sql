{#- The features of models/maturity/score/features.csv with the weights of `vars: dbt_estate: maturity: features`. -#}
{% macro maturity_features() -%}
    {%- set given = dbt_estate.maturity_setting('features') -%}
    {%- set problems = [] -%}
    {%- set names = dbt_estate._feature_list() | map(attribute='feature') | list -%}
    {%- set found = [] -%}
    {%- for name, settings in given.items() -%}
        {%- if name not in names -%}
            {%- do problems.append(name ~ ": no such feature; the features are " ~ names | join(', ')) -%}
        {%- elif settings is not mapping or settings.keys() | list != ['weight'] -%}
            {%- do problems.append(name ~ ": must be {weight: <number>}, got: " ~ settings) -%}
        {%- elif settings.weight is boolean or settings.weight is not integer or settings.weight < 0
            or settings.weight > 100 -%}
            {%- do problems.append(name ~ ".weight: must be a whole number from 0 to 100, got: " ~ settings.weight) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems("vars: dbt_estate: maturity: features", problems) -%}
    {%- for feature in dbt_estate._feature_list() -%}
        {%- do found.append(dict(feature, weight=given.get(feature.feature, {}).get('weight', feature.weight))) -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
