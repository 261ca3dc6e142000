{% macro where(fn, relation) -%}
    {%- set family = fn[3:] if fn is string and fn.startswith('is_') else fn -%}
    {%- set family = {'character': 'string', 'numeric': 'decimal'}.get(family, family) -%}
    {%- set types = dbt_estate._known_types() -%}
    {%- set groups = types.groups -%}
    {%- if family not in groups -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.where: 'fn' must be one of is_" ~ groups.keys() | join(', is_') ~ ", is_character, is_numeric,"
            ~ " got: " ~ fn
        ) -%}
    {%- endif -%}
    {%- set columns = dbt_estate._relation_columns(relation, 'where') if dbt_estate._is_relation(relation)
        else relation | list -%}
    {%- set found = [] -%}
    {%- for column in columns -%}
        {%- if column is string -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.where: a name has no type, got: " ~ column ~ ". Give the relation; set_intersect takes the"
                ~ " columns that are of a type and in a list"
            ) -%}
        {%- elif not column.dtype -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.where: the type of " ~ column.name ~ " is not known, since an ephemeral model is in no"
                ~ " catalog. Give its data_type in the properties"
            ) -%}
        {%- elif dbt_estate._type_family(column.dtype, types) in groups[family] -%}
            {%- do found.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}
