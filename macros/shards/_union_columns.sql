{#- The columns of a union over shapes: name, key and type of each, in an order that no shard decides: that of `include`
    where it is given, else by name. Adds `fields` (key to column) to every shape. -#}
{% macro _union_columns(shapes, settings) -%}
    {%- set folds = shapes[0].folds_case -%}
    {%- set problems = [] -%}
    {%- set names = {} -%}
    {%- for shape in shapes -%}
        {%- do dbt_estate._resolve_fields(shape, settings, folds, problems) -%}
        {%- for key, field in shape.fields.items() -%}
            {%- do names.update({key: [names.get(key, field.name), field.name] | sort(case_sensitive=true) | first}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do dbt_estate._check_named_columns(shapes, names, settings, folds, problems) -%}
    {%- set keys = dbt_estate._chosen_keys(shapes, names, settings, folds, problems) -%}
    {%- set overrides = dbt_estate._by_key(settings.column_types, folds) -%}
    {%- set columns = [] -%}
    {%- for key, name in keys.items() -%}
        {%- set type = {'type': overrides[key], 'base': none} if key in overrides
            else dbt_estate._common_type(key, name, shapes, settings, problems) -%}
        {%- do columns.append({'key': key, 'name': name, 'type': type.type, 'base': type.base}) -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems('the columns of ' ~ shapes | length ~ ' shapes over the shards', problems) -%}
    {{- return(columns) -}}
{%- endmacro %}


{% macro _key(name, folds) -%}
    {{- return(name | lower if folds else name) -}}
{%- endmacro %}


{% macro _by_key(mapping, folds) -%}
    {%- set result = {} -%}
    {%- for name, value in mapping.items() -%}
        {%- do result.update({dbt_estate._key(name, folds): value}) -%}
    {%- endfor -%}
    {{- return(result) -}}
{%- endmacro %}


{#- What each column of a shape is called in the union. Two columns of one table under one name are an error. -#}
{% macro _resolve_fields(shape, settings, folds, problems) -%}
    {%- set renames = dbt_estate._by_key(settings.rename, folds) -%}
    {%- set fields = {} -%}
    {%- for column in shape.columns -%}
        {%- set name = renames.get(dbt_estate._key(column.name, folds), column.name) -%}
        {%- set key = dbt_estate._key(name, folds) -%}
        {%- if key in fields -%}
            {%- do problems.append(
                "columns '" ~ fields[key].source ~ "' and '" ~ column.name ~ "' of one table would both be '" ~ name
                ~ "'; see options.rename"
            ) -%}
        {%- endif -%}
        {%- do fields.update({key: dict(column, name=name, source=column.name)}) -%}
    {%- endfor -%}
    {%- do shape.update({'fields': fields}) -%}
{%- endmacro %}


{#- A name in an option that no shard has is a typing mistake, and would do nothing without a word. -#}
{% macro _check_named_columns(shapes, names, settings, folds, problems) -%}
    {%- set available = names.values() | sort | join(', ') -%}
    {%- for option in ['include', 'exclude', 'column_types'] -%}
        {%- for name in settings[option] if dbt_estate._key(name, folds) not in names -%}
            {%- do problems.append(
                "options." ~ option ~ ": no shard has a column '" ~ name ~ "'; there is " ~ available
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set sources = [] -%}
    {%- for shape in shapes -%}
        {%- for column in shape.columns -%}{%- do sources.append(dbt_estate._key(column.name, folds)) -%}{%- endfor -%}
    {%- endfor -%}
    {%- for name in settings.rename if dbt_estate._key(name, folds) not in sources -%}
        {%- do problems.append("options.rename: no shard has a column '" ~ name ~ "'; there is " ~ available) -%}
    {%- endfor -%}
{%- endmacro %}


{#- Keys of the columns that the policies leave, in order, with their names. -#}
{% macro _chosen_keys(shapes, names, settings, folds, problems) -%}
    {%- set excluded = dbt_estate._by_key(dict.fromkeys(settings.exclude), folds) -%}
    {%- set ordered = {} -%}
    {%- if settings.include -%}
        {%- for name in settings.include -%}
            {%- do ordered.update({dbt_estate._key(name, folds): name}) -%}
        {%- endfor -%}
    {%- else -%}
        {%- for key, name in names | dictsort(case_sensitive=true) -%}
            {%- do ordered.update({key: name}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set chosen = {} -%}
    {%- set shard_keys = dbt_estate._by_key(dict.fromkeys(settings.shard_columns.values()), folds) -%}
    {%- for key, name in ordered.items() if key not in excluded -%}
        {%- set lacking = [] -%}
        {%- for shape in shapes if key not in shape.fields -%}{%- do lacking.append(shape) -%}{%- endfor -%}
        {%- if key in shard_keys -%}
            {%- do problems.append(
                "column '" ~ name ~ "' has the name of a shard column; rename or exclude it, or name the shard column"
                ~ " otherwise in options.shard_columns"
            ) -%}
        {%- elif lacking and settings.columns == 'strict' -%}
            {%- do problems.append(
                "columns='strict': column '" ~ name ~ "' is missing on "
                ~ lacking | sum(attribute='shards', start=[]) | length
                ~ " shards (" ~ dbt_estate._shard_names(lacking) ~ ")"
            ) -%}
        {%- elif not lacking or settings.columns == 'union' -%}
            {%- do chosen.update({key: name}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not chosen and not problems -%}
        {%- do problems.append("no column is left; columns='" ~ settings.columns ~ "' and the options leave none of "
            ~ names.values() | sort | join(', ')) -%}
    {%- endif -%}
    {{- return(chosen) -}}
{%- endmacro %}


{#- Up to five names of the shards of some shapes, for a message. -#}
{% macro _shard_names(shapes) -%}
    {%- set names = shapes | sum(attribute='names', start=[]) | sort(case_sensitive=true) -%}
    {{- return(names[:5] | join(', ') ~ (', ...' if names | length > 5)) -}}
{%- endmacro %}


{#- The select list of one shape. `own` is the part that its tables have themselves: a column that only other shards
    have changes no row of these. -#}
{% macro _projection(shape, columns, settings) -%}
    {%- set lines = [] -%}
    {%- set own = [] -%}
    {%- set lacks = [] -%}
    {%- for column in columns -%}
        {%- set field = shape.fields.get(column.key) -%}
        {%- set value = dbt_estate.identifier(field.source) if field else 'null' -%}
        {%- set cast = value if field and field.type | lower == column.type | lower
            else 'cast(' ~ value ~ ' as ' ~ column.type ~ ')' -%}
        {%- set line = adapter.dispatch('_collated', 'dbt_estate')(cast, column) -%}
        {%- set named = line if field and line == dbt_estate.identifier(column.name)
            else line ~ ' as ' ~ dbt_estate.identifier(column.name) -%}
        {%- do lines.append(named) -%}
        {%- if field -%}{%- do own.append(named) -%}{%- else -%}{%- do lacks.append(column.name) -%}{%- endif -%}
    {%- endfor -%}
    {{- return({'sql': lines | join(',\n    '), 'own': own | join(','), 'lacks': lacks}) -}}
{%- endmacro %}


{% macro default___collated(expression, column) -%}
    {{- return(expression) -}}
{%- endmacro %}


{#- UNION ALL refuses columns of different collations, and each database may have its own:
    https://learn.microsoft.com/sql/t-sql/statements/collation-precedence-transact-sql -#}
{% macro sqlserver___collated(expression, column) -%}
    {%- set base = (column.base or column.type).split('(')[0] | trim | lower -%}
    {{- return(
        expression
        ~ (' collate database_default' if base in ['char', 'varchar', 'nchar', 'nvarchar', 'text', 'ntext'])
    ) -}}
{%- endmacro %}
