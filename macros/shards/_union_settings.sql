{#- The arguments of union_shards, checked as a whole: every problem is named in one error. -#}
{% macro _union_settings(table, columns, types, missing_table, options) -%}
    {%- set problems = [] -%}
    {%- if table is string or table.identifier is not defined -%}
        {%- do problems.append(
            "'table' must be a source() or a ref() that stands for the table on every shard, got: " ~ table
        ) -%}
    {%- endif -%}
    {%- do dbt_estate._check_choice('columns', columns, ['union', 'intersect', 'strict'], problems) -%}
    {%- do dbt_estate._check_choice('types', types, ['promote', 'strict'], problems) -%}
    {%- do dbt_estate._check_choice('missing_table', missing_table, ['error', 'warn', 'skip'], problems) -%}
    {%- set settings = {
        'columns': columns, 'types': types, 'missing_table': missing_table, 'include': [], 'exclude': [], 'rename': {},
        'column_types': {}, 'where': none, 'shard_columns': ['shard']
    } -%}
    {%- set known = ['include', 'exclude', 'rename', 'column_types', 'where', 'shard_columns'] -%}
    {%- if options is not mapping -%}
        {%- do problems.append("'options' must be a mapping, got: " ~ options) -%}
    {%- else -%}
        {%- for key, value in options.items() -%}
            {%- do dbt_estate._check_choice('options', key, known, problems) -%}
            {%- if value is not none -%}{%- do settings.update({key: value}) -%}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do dbt_estate._check_union_options(settings, problems) -%}
    {%- do dbt_estate._raise_problems('union_shards' ~ (' of ' ~ model.name if model), problems) -%}
    {{- return(settings) -}}
{%- endmacro %}


{% macro _check_union_options(settings, problems) -%}
    {%- for key in ['include', 'exclude'] -%}
        {%- if settings[key] is string -%}
            {%- do settings.update({key: [settings[key]]}) -%}
        {%- elif settings[key] is mapping or settings[key] is not sequence -%}
            {%- do problems.append("options." ~ key ~ " must be a list of column names, got: " ~ settings[key]) -%}
            {%- do settings.update({key: []}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for key in ['rename', 'column_types'] if settings[key] is not mapping -%}
        {%- do problems.append("options." ~ key ~ " must be a mapping by column name, got: " ~ settings[key]) -%}
        {%- do settings.update({key: {}}) -%}
    {%- endfor -%}
    {%- for column, type in settings.column_types.items() -%}
        {%- if type is not string
            or not modules.re.match('^[A-Za-z_][A-Za-z0-9_ ]*(\\([0-9a-zA-Z, ]+\\))?[A-Za-z ]*(\\[\\])*$', type) -%}
            {%- do problems.append("options.column_types." ~ column ~ " must be the name of a type, got: " ~ type) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if settings.where is not none and (settings.where is not string or settings.where | trim == '') -%}
        {%- do problems.append("options.where must be the text of a condition, got: " ~ settings.where) -%}
    {%- endif -%}
    {%- do dbt_estate._check_shard_columns(settings, problems) -%}
{%- endmacro %}


{#- A list of the registry's columns, or a mapping of them to other names. -#}
{% macro _check_shard_columns(settings, problems) -%}
    {%- set given = settings.shard_columns -%}
    {%- set mapping = {} -%}
    {%- if given is string or (given is not mapping and given is not sequence) -%}
        {%- do problems.append(
            "options.shard_columns must be a list of the registry's columns, or a mapping to other names, got: "
            ~ given
        ) -%}
    {%- elif given is mapping -%}
        {%- do mapping.update(given) -%}
    {%- else -%}
        {%- for column in given -%}{%- do mapping.update({column: column}) -%}{%- endfor -%}
    {%- endif -%}
    {%- if given is not string and 'shard' not in mapping -%}
        {%- do problems.append("options.shard_columns must have 'shard', got: " ~ given) -%}
    {%- endif -%}
    {%- if mapping.values() | map('lower') | unique | list | length < mapping | length -%}
        {%- do problems.append(
            "options.shard_columns gives one name to two columns: " ~ mapping.values() | join(', ')
        ) -%}
    {%- endif -%}
    {%- do settings.update({'shard_columns': mapping}) -%}
{%- endmacro %}
