{#- On estate_level: it fails while the project is below the level, or below the score where one is given. Of several
    rows, as a history has, every one has to be there. -#}
{% test maturity_at_least(model, level, score=none) %}
    {%- set problems = [] -%}
    {%- set levels = dbt_estate.maturity_levels() -%}
    {%- if level is boolean or level is not integer or level < 1 or level > levels | length -%}
        {%- do problems.append("'level' must be a whole number from 1 (" ~ levels[0] ~ ") to " ~ levels | length
            ~ " (" ~ levels[-1] ~ "), got: " ~ level) -%}
    {%- endif -%}
    {%- if score is not none and (score is boolean or score is not number or score < 0 or score > 100) -%}
        {%- do problems.append("'score' must be a number from 0 to 100, or left out, got: " ~ score) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems("dbt_estate.maturity_at_least", problems) -%}
select
    level_number,
    score
from (
    select
        min(level_number) as level_number,
        min(score) as score
    from {{ model }}
) as found
where
    level_number is null
    or level_number < {{ dbt_estate.literal(level) }}
{%- if score is not none %}
    or score < {{ dbt_estate.literal(score) }}
{%- endif %}
{% endtest %}
