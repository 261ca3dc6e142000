{#- What a setting may be; what is wrong goes into `problems`, for _raise_problems. -#}
{% macro _check_choice(argument, value, allowed, problems) -%}
    {%- if value not in allowed -%}
        {%- set choices = allowed | join(', ') | replace('None', 'none') -%}
        {%- do problems.append(argument ~ ": must be one of " ~ choices ~ ", got: " ~ value) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _check_whole_number(key, value, least, most, problems) -%}
    {%- if value is boolean or value is not integer or value < least or value > most -%}
        {%- do problems.append(key ~ ": must be a whole number from " ~ least ~ " to " ~ most ~ ", got: " ~ value) -%}
    {%- endif -%}
{%- endmacro %}
