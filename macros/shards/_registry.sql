{#- Where the registry is: a list of shards, a Relation, or the text of a query. A name becomes a ref of the caller's
    project, or of a package if it is written `package.name`. -#}
{% macro _registry(shards) -%}
    {%- set registry = shards if shards is not none else dbt_estate._settings()['shards']['registry'] -%}
    {%- if registry is not string -%}
        {{- return(registry) -}}
    {%- elif registry | trim == '' -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: the shard registry is blank. Name a seed or a model, or give a query, in"
            ~ " vars: dbt_estate: {shards: {registry: ...}} or as the argument 'shards'."
        ) -%}
    {%- elif registry | trim != registry or ' ' in registry or '\n' in registry -%}
        {{- return(registry) -}}
    {%- endif -%}
    {%- set parts = registry.split('.') -%}
    {{- return(ref(parts[0], parts[1]) if parts | length == 2 else ref(registry)) -}}
{%- endmacro %}


{#- The enabled shards, ordered by name, each a mapping of shard, database_name, schema_name and what else the registry
    carries. Under dbt's unit tests a registry is a mock that no query can reach: it stands for one shard. -#}
{% macro _enabled_shards(registry) -%}
    {%- if registry is not string and registry.is_cte -%}
        {%- if model.resource_type == 'unit_test' -%}
            {{- return([dbt_estate._placeholder_shard()]) -}}
        {%- endif -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: the shard registry " ~ registry.identifier | replace('__dbt__cte__', '')
            ~ " is an ephemeral model, which no query can read while a model is compiled."
            ~ " Materialize it as a table or a view."
        ) -%}
    {%- endif -%}
    {%- set rows = dbt_estate._registry_rows(registry) -%}
    {%- if rows is none -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- set name = 'the given query' if registry is string else registry.render() -%}
    {%- set shards = dbt_estate._shards_of_rows(rows, name) -%}
    {%- set enabled = shards | selectattr('is_enabled') | list -%}
    {%- if not enabled -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: all " ~ shards | length ~ " shards of the registry (" ~ name ~ ") are disabled."
            ~ " Set is_enabled to true for at least one."
        ) -%}
    {%- endif -%}
    {{- return(enabled | sort(attribute='shard', case_sensitive=true)) -}}
{%- endmacro %}


{% macro _placeholder_shard() -%}
    {{- return({
        'shard': 'shard', 'database_name': none, 'schema_name': none, 'is_enabled': true, 'dbt_estate placeholder': true
    }) -}}
{%- endmacro %}


{#- Rendered without dbt's --empty or --sample: a registry of no rows would be an estate of no shards. -#}
{% macro _registry_rows(registry) -%}
    {%- if registry is string -%}
        {{- return(run_query(registry)) -}}
    {%- endif -%}
    {%- if load_relation(registry) is none -%}
        {%- set problem = "the shard registry " ~ registry.render()
            ~ " is not built yet. Build it first: dbt build --select "
            ~ registry.identifier -%}
        {%- if flags.WHICH in ['compile', 'generate'] -%}
            {%- do exceptions.warn(
                "dbt_estate: " ~ problem ~ ". A placeholder without rows stands in for the union."
            ) -%}
            {{- return(none) -}}
        {%- endif -%}
        {%- do exceptions.raise_compiler_error("dbt_estate: " ~ problem) -%}
    {%- endif -%}
    {{- return(run_query('select * from ' ~ registry.render())) -}}
{%- endmacro %}


{% macro _shards_of_rows(rows, name) -%}
    {%- set columns = dbt_estate._registry_columns(rows.column_names, name) -%}
    {%- if rows | length == 0 -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate: the shard registry (" ~ name ~ ") is empty. Add a row for each shard."
        ) -%}
    {%- endif -%}
    {%- set names = rows.column_names | map('lower') | list -%}
    {#- Roles whose column has another name, or that have none. -#}
    {%- set moved = {} -%}
    {%- for role, index in columns.items() if index is none or names[index] != role -%}
        {%- do moved.update({role: index}) -%}
    {%- endfor -%}
    {%- set shards = [] -%}
    {%- set problems = [] -%}
    {%- for row in rows.rows -%}
        {%- set shard = dict(zip(names, row)) -%}
        {%- for role, index in moved.items() -%}
            {%- do shard.update({role: row[index] if index is not none else none}) -%}
        {%- endfor -%}
        {%- do dbt_estate._check_shard(shard, columns, 'row ' ~ loop.index, problems) -%}
        {%- do shards.append(shard) -%}
    {%- endfor -%}
    {%- do dbt_estate._check_shard_keys(shards, problems) -%}
    {%- do dbt_estate._raise_problems('the shard registry (' ~ name ~ ')', problems) -%}
    {{- return(shards) -}}
{%- endmacro %}


{#- Role to the registry's column of it, none where the settings say there is none. -#}
{% macro _role_columns() -%}
    {%- set columns = dbt_estate._settings()['shards']['columns'] -%}
    {%- if columns['shard'] is none -%}
        {%- do exceptions.raise_compiler_error(
            "vars: dbt_estate: {shards: {columns: {shard: none}}}: a shard needs a name. Give the registry's column"
            ~ " of it"
        ) -%}
    {%- endif -%}
    {{- return(columns) -}}
{%- endmacro %}


{#- Position of each role's column in the registry, none where the settings say there is none. -#}
{% macro _registry_columns(names, name) -%}
    {%- set configured = dbt_estate._role_columns() -%}
    {%- set lowered = names | map('lower') | list -%}
    {%- set problems = [] -%}
    {%- set found = {} -%}
    {%- for role, column in configured.items() -%}
        {%- if column is none -%}
            {%- do found.update({role: none}) -%}
        {%- elif column | lower in lowered -%}
            {%- do found.update({role: lowered.index(column | lower)}) -%}
        {%- else -%}
            {%- do problems.append(
                "column " ~ column ~ " (" ~ role ~ ") is missing; the registry has " ~ names | join(', ')
                ~ ". Name yours in vars: dbt_estate: {shards: {columns: {" ~ role ~ ": ...}}}"
                ~ (", or none if it has no such column" if role != 'shard')
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if lowered | unique | list | length < lowered | length -%}
        {%- do problems.append("two columns differ only in case: " ~ names | join(', ')) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems('the shard registry (' ~ name ~ ')', problems) -%}
    {{- return(found) -}}
{%- endmacro %}


{% macro _check_shard(shard, columns, where, problems) -%}
    {%- for role in ['shard', 'database_name', 'schema_name'] if columns[role] is not none -%}
        {#- Nothing but printable characters, no white space at an end. -#}
        {%- set value = shard[role] -%}
        {%- if value is not string or not modules.re.match('(?!\\s)[^\x00-\x1f\x7f]+(?<!\\s)\\Z', value) -%}
            {%- do dbt_estate._name_problem(role, value, where, problems) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if columns['is_enabled'] is none -%}
        {%- do shard.update({'is_enabled': true}) -%}
    {%- else -%}
        {%- set value = shard['is_enabled'] | string | lower | trim -%}
        {%- do shard.update({'is_enabled': value in ['true', 't', 'yes', 'y', '1']}) -%}
        {%- if value not in ['true', 't', 'yes', 'y', '1', 'false', 'f', 'no', 'n', '0'] -%}
            {%- do problems.append(
                where ~ ": is_enabled must be true or false (or yes/no, t/f, y/n, 1/0), got: '" ~ value ~ "'"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- A database or a schema that is NULL would silently read the one the run is connected to. -#}
{% macro _name_problem(role, value, where, problems) -%}
    {%- if value is none or (value is string and value | trim == '') -%}
        {%- do problems.append(where ~ ": " ~ role ~ " is blank") -%}
    {%- elif value is not string -%}
        {%- do problems.append(
            where ~ ": " ~ role ~ " is not text but " ~ value ~ "; leading zeros may be lost."
            ~ " Declare the seed's column as varchar (+column_types) or cast it"
        ) -%}
    {%- elif value | trim != value -%}
        {%- do problems.append(where ~ ": " ~ role ~ " begins or ends with white space: '" ~ value ~ "'") -%}
    {%- else -%}
        {%- do problems.append(where ~ ": " ~ role ~ " has a control character: " ~ tojson(value)) -%}
    {%- endif -%}
{%- endmacro %}


{#- Names are compared without case: an engine may do so when rows of one shard are deleted. -#}
{% macro _check_shard_keys(shards, problems) -%}
    {%- set places = {} -%}
    {%- set names = {} -%}
    {%- set folds = adapter.dispatch('_folds_places', 'dbt_estate')() -%}
    {%- for shard in shards -%}
        {%- set name = shard.shard | string | lower -%}
        {%- set path = shard.database_name ~ '\n' ~ shard.schema_name -%}
        {%- set place = path | lower if folds else path -%}
        {%- if shard.shard is not none and name in names -%}
            {%- do problems.append(
                "row " ~ loop.index ~ ": shard '" ~ shard.shard ~ "' is already in row " ~ names[name]
            ) -%}
        {%- endif -%}
        {%- if shard.database_name is none and shard.schema_name is none -%}
        {%- elif place in places -%}
            {%- do problems.append(
                "row " ~ loop.index ~ ": (" ~ shard.database_name ~ ", " ~ shard.schema_name
                ~ ") is already the place of row " ~ places[place]
            ) -%}
        {%- endif -%}
        {%- do names.setdefault(name, loop.index) -%}
        {%- do places.setdefault(place, loop.index) -%}
    {%- endfor -%}
{%- endmacro %}


{#- Whether names that differ in case are one database or schema to the engine. -#}
{% macro default___folds_places() -%}
    {{- return(true) -}}
{%- endmacro %}


{#- A quoted name keeps its case:
    https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS -#}
{% macro postgres___folds_places() -%}
    {{- return(false) -}}
{%- endmacro %}
