{% macro union_shards(
    table, shards=none, only=none, columns='union', types='promote', missing_table='error', options={}
) -%}
    {%- set settings = dbt_estate._union_settings(table, columns, types, missing_table, options) -%}
    {%- set registry = dbt_estate._registry(shards) -%}
    {%- set enabled = dbt_estate.get_shards(registry, only) -%}
    {%- if not execute -%}
        {{- return('') -}}
    {%- elif not enabled -%}
        {{- return(dbt_estate._empty_union(settings.shard_columns.values())) -}}
    {%- elif dbt_estate._is_mock(table) -%}
        {{- return(dbt_estate._union_of_mocks(table, registry, enabled, settings)) -}}
    {%- endif -%}
    {%- set shapes = dbt_estate._readable_shapes(table, enabled, settings) -%}
    {%- set target = dbt_estate._union_columns(shapes, settings) -%}
    {%- set branches = [] -%}
    {%- set carried = dbt_estate._carried_columns(enabled, settings) -%}
    {%- set unplaced = dbt_estate._unplaced(table) -%}
    {%- for shape in shapes -%}
        {%- set projection = dbt_estate._projection(shape, target, settings) -%}
        {%- for n in shape.shards -%}
            {%- set relation = dbt_estate._placed(unplaced, enabled[n], table) -%}
            {%- do branches.append(dbt_estate._branch(n, enabled[n], carried[n], projection, relation, settings)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(dbt_estate._marked_union(branches | sort(attribute='n'), settings.shard_columns['shard'])) -}}
{%- endmacro %}


{% macro _branch(n, shard, own, projection, relation, settings) -%}
    {%- set tail = '\nfrom ' ~ relation ~ ' as shard_rows' ~ ('\nwhere ' ~ settings.where if settings.where) -%}
    {{- return({
        'n': n,
        'shard': shard.shard,
        'sql': 'select\n    ' ~ own ~ projection.sql ~ tail,
        'fingerprint': local_md5(own ~ projection.own ~ tail),
        'lacks': projection.lacks
    }) -}}
{%- endmacro %}


{#- The columns that a branch carries from the registry, as literals of one type for all shards. -#}
{% macro _carried_columns(shards, settings) -%}
    {%- set texts = namespace(all=[]) -%}
    {%- for shard in shards -%}{%- do texts.all.append('') -%}{%- endfor -%}
    {%- for column, name in settings.shard_columns.items() -%}
        {%- if column not in shards[0] -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.union_shards: options.shard_columns names '" ~ column
                ~ "', which the registry does not have;"
                ~ " it has " ~ shards[0].keys() | join(', ')
            ) -%}
        {%- endif -%}
        {%- set type = dbt_estate._carried_type(shards | map(attribute=column) | list, column) -%}
        {%- set alias = dbt_estate.identifier(name) -%}
        {%- set extended = [] -%}
        {%- for value in dbt_estate._literals(shards | map(attribute=column) | list) -%}
            {%- do extended.append(
                texts.all[loop.index0] ~ 'cast(' ~ value ~ ' as ' ~ type ~ ') as ' ~ alias ~ ',\n    '
            ) -%}
        {%- endfor -%}
        {%- set texts.all = extended -%}
    {%- endfor -%}
    {{- return(texts.all) -}}
{%- endmacro %}


{% macro _carried_type(values, column) -%}
    {%- set given = values | reject('none') | list -%}
    {%- if column == 'shard' or not given or given | select('string') | list | length == given | length -%}
        {{- return(dbt_estate.data_type('name')) -}}
    {%- elif given | select('boolean') | list | length == given | length -%}
        {{- return(dbt_estate.data_type('boolean')) -}}
    {%- elif given | select('number') | list | length == given | length -%}
        {{- return(dbt_estate._carried_number_type(given, column)) -}}
    {%- endif -%}
    {%- set zoned = given | selectattr('tzinfo', 'defined') | selectattr('tzinfo') | list -%}
    {%- set hours = given | rejectattr('year', 'defined') | selectattr('hour', 'defined') | list -%}
    {%- if zoned or hours -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.union_shards: the registry's column '" ~ column ~ "' has a time zone or is a time of day,"
            ~ " which is not carried; cast it to text or to a timestamp in the registry, got: " ~ given[0]
        ) -%}
    {%- elif given | selectattr('hour', 'defined') | list | length == given | length -%}
        {{- return(dbt_estate.data_type('timestamp')) -}}
    {%- elif given | selectattr('year', 'defined') | rejectattr('hour', 'defined') | list | length == given | length -%}
        {{- return('date') -}}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate.union_shards: the registry's column '" ~ column ~ "' mixes types or has one that a literal cannot"
        ~ " carry, got: " ~ given | map('string') | unique | join(', ') | truncate(120)
    ) -%}
{%- endmacro %}


{#- One type whatever the shards: a column whose type follows its values would change with the registry. -#}
{% macro _carried_number_type(values, column) -%}
    {%- if not values | reject('integer') | list -%}
        {{- return(dbt_estate.data_type('integer')) -}}
    {%- endif -%}
    {%- for value in values -%}
        {%- set digits = '{:f}'.format(value).strip('-').split('.') -%}
        {%- if digits[0] | length > 29 or (digits[1:] | join).rstrip('0') | length > 9 -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate.union_shards: the registry's column '" ~ column
                ~ "' has a number of more than 29 digits before or 9"
                ~ " after the point, got: " ~ '{:f}'.format(value) ~ ". Round it, or cast it to text, in the registry"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return('decimal(38, 9)') -}}
{%- endmacro %}


{#- Under dbt's unit tests the table and the registry are mocks that only the tested query can read: every enabled shard
    of the mocked registry has the mocked rows. -#}
{% macro _union_of_mocks(table, registry, enabled, settings) -%}
    {%- set configured = dbt_estate._role_columns() -%}
    {%- if (settings.exclude or settings.rename) and not settings.include -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.union_shards: in a unit test the columns of the mocked " ~ table.identifier
            ~ " are not known, so 'exclude' and 'rename' need 'include' beside them"
        ) -%}
    {%- endif -%}
    {%- set lines = [] -%}
    {%- if registry.is_cte -%}
        {%- for column, name in settings.shard_columns.items() -%}
            {%- do lines.append(
                'registry.' ~ dbt_estate.identifier(configured.get(column, column))
                ~ ' as ' ~ dbt_estate.identifier(name)
            ) -%}
        {%- endfor -%}
        {%- set source = registry ~ ' as registry\ncross join ' ~ table ~ ' as shard_rows' -%}
        {%- set enabled_column = configured['is_enabled'] -%}
    {%- else -%}
        {%- for column, name in settings.shard_columns.items() -%}
            {%- do lines.append(dbt_estate.literal(enabled[0][column]) ~ ' as ' ~ dbt_estate.identifier(name)) -%}
        {%- endfor -%}
        {%- set source = table ~ ' as shard_rows' -%}
        {%- set enabled_column = none -%}
    {%- endif -%}
    {%- do lines.extend(dbt_estate._mock_projection(settings)) -%}
    {%- set conditions = ['(' ~ settings.where ~ ')'] if settings.where else [] -%}
    {%- if enabled_column -%}
        {%- do conditions.append(
            'lower(cast(registry.' ~ dbt_estate.identifier(enabled_column) ~ ' as ' ~ dbt_estate.data_type('name')
            ~ ")) in ('true', 't', 'yes', 'y', '1')"
        ) -%}
    {%- endif -%}
    {{- return(
        'select\n    ' ~ lines | join(',\n    ') ~ '\nfrom ' ~ source
        ~ ('\nwhere ' ~ conditions | join('\n    and ') if conditions)
    ) -}}
{%- endmacro %}


{#- Where the columns are listed, the mock has those, under the names that the table on a shard has. -#}
{% macro _mock_projection(settings) -%}
    {%- if not settings.include -%}
        {{- return(['shard_rows.*']) -}}
    {%- endif -%}
    {%- set old_names = {} -%}
    {%- for old, new in settings.rename.items() -%}
        {%- do old_names.setdefault(new, old) -%}
    {%- endfor -%}
    {%- set lines = [] -%}
    {%- for name in settings.include if name not in settings.exclude -%}
        {%- set column = 'shard_rows.' ~ dbt_estate.identifier(old_names.get(name, name)) -%}
        {%- set type = settings.column_types.get(name) -%}
        {%- do lines.append(
            ('cast(' ~ column ~ ' as ' ~ type ~ ')' if type else column) ~ ' as ' ~ dbt_estate.identifier(name)
        ) -%}
    {%- endfor -%}
    {{- return(lines) -}}
{%- endmacro %}
