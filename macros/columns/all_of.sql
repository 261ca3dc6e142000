{% macro all_of(strings, relation) -%}
    {%- set names = dbt_estate._names(relation, 'all_of') -%}
    {%- set wanted = dbt_estate._wanted(strings, 'strings', 'all_of') -%}
    {%- set missing = wanted | reject('in', names) | list -%}
    {%- set lowered = names | map('lower') | list -%}
    {%- set missing = missing | map('lower') | reject('in', lowered) | list -%}
    {%- if missing and names -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.all_of: there is no column " ~ missing | join(', ') ~ "; there are " ~ names | join(', ')
            ~ ". Mend the name, or take any_of, which leaves out what is not there"
        ) -%}
    {%- endif -%}
    {{- return(dbt_estate._looked_up(wanted, names)) -}}
{%- endmacro %}
