{#- The distinct column lists of one table over all shards, from one query: each shape with its columns and the
    positions of the shards that have it. What cannot be read is an error; a missing table is one unless
    `missing_table` says not. -#}
{% macro _readable_shapes(table, shards, settings) -%}
    {%- set shapes = dbt_estate._shapes(table, shards) -%}
    {%- set reasons = {
        'no_database': 'the database does not exist or is not attached',
        'other_database': 'PostgreSQL cannot read another database than the one it is connected to',
        'offline': 'the database is offline or not accessible',
        'no_schema': 'the schema does not exist',
        'no_table': 'the table ' ~ table.identifier ~ ' does not exist'
    } -%}
    {%- set problems = [] -%}
    {%- set missing = [] -%}
    {%- for shape in shapes if shape.status != 'ok' -%}
        {%- for n in shape.shards -%}
            {%- set line = "shard '" ~ shards[n].shard ~ "' ("
                ~ dbt_estate.shard_relation(shards[n], table).render() ~ "): "
                ~ reasons[shape.status] ~ (': ' ~ shape.detail if shape.detail) -%}
            {%- do (
                missing if shape.status == 'no_table' and settings.missing_table != 'error' else problems
            ).append(line) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems(
        'the shards of ' ~ table.identifier, problems | sort,
        "What to do: mend or attach these shards, or set is_enabled to false in the registry"
        ~ (", or pass missing_table='warn' to go on without a table"
           if shapes | selectattr('status', 'equalto', 'no_table') | list)
    ) -%}
    {%- set readable = shapes | selectattr('status', 'equalto', 'ok') | list -%}
    {%- if not readable -%}
        {%- do dbt_estate._raise_problems('the shards of ' ~ table.identifier ~ ' (no shard has it)', missing) -%}
    {%- endif -%}
    {%- if missing and settings.missing_table == 'warn' -%}
        {%- do exceptions.warn("dbt_estate: left out of the union: " ~ missing | sort | join('; ')) -%}
    {%- endif -%}
    {{- return(readable) -}}
{%- endmacro %}


{% macro _shapes(table, shards) -%}
    {%- set places = [] -%}
    {%- for shard in shards -%}
        {%- do places.append({
            'n': loop.index0,
            'database_name': shard.database_name if shard.database_name is not none else table.database,
            'schema_name': shard.schema_name if shard.schema_name is not none else table.schema
        }) -%}
    {%- endfor -%}
    {%- set rows = run_query(adapter.dispatch('_shapes_sql', 'dbt_estate')(tojson(places), table.identifier)) -%}
    {%- set shapes = [] -%}
    {%- for row in rows.rows -%}
        {%- set positions = fromjson(row[2]) | sort -%}
        {%- set names = [] -%}
        {%- for n in positions -%}{%- do names.append(shards[n].shard) -%}{%- endfor -%}
        {%- do shapes.append({
            'status': row[0], 'columns': fromjson(row[1] or '[]'), 'shards': positions, 'names': names,
            'detail': row[3],
            'folds_case': row[4] | int == 1
        }) -%}
    {%- endfor -%}
    {{- return(shapes | sort(attribute='shards')) -}}
{%- endmacro %}


{% macro _place_columns() -%}
    {{- return({'n': 'integer', 'database_name': 'name', 'schema_name': 'name'}) -}}
{%- endmacro %}


{#- `folds_case` is 1 where the engine takes "Id" and "id" for one column.
    A shape's columns are a JSON list of objects: name, type (as it is written in
    a cast), base (without its size), and size, precision and scale where the type has them. -#}
{% macro default___shapes_sql(places, table_name) -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate.union_shards: not available on " ~ adapter.type() ~ "; it runs on duckdb, postgres and sqlserver"
    ) -%}
{%- endmacro %}


{% macro duckdb___shapes_sql(places, table_name) -%}
with places as (
    {{ dbt_estate.json_rows(places, dbt_estate._place_columns()) | indent(4) }}
),

found as (
    select
        places.n,
        max(catalogs.database_name) as database_name,
        max(schemas.schema_name) as schema_name,
        to_json(list({
            'name': fields.column_name,
            'type': fields.data_type,
            'base': lower(regexp_replace(fields.data_type, '[(][0-9, ]+[)]$', '')),
            'precision': fields.numeric_precision,
            'scale': fields.numeric_scale
        } order by fields.column_index) filter (where fields.column_name is not null)) as shape
    from places
    left join duckdb_databases() as catalogs
        on lower(catalogs.database_name) = lower(places.database_name)
    left join duckdb_schemas() as schemas
        on schemas.database_oid = catalogs.database_oid
        and lower(schemas.schema_name) = lower(places.schema_name)
    left join duckdb_columns() as fields
        on fields.database_oid = catalogs.database_oid
        and fields.schema_oid = schemas.oid
        and lower(fields.table_name) = lower({{ dbt_estate.literal(table_name) }})
    group by places.n
)

select
    case
        when shape is not null then 'ok'
        when schema_name is not null then 'no_table'
        when database_name is not null then 'no_schema'
        else 'no_database'
    end as status,
    shape,
    to_json(list(n order by n)) as shards,
    null as detail,
    1 as folds_case
from found
group by all
{%- endmacro %}


{% macro postgres___shapes_sql(places, table_name) -%}
with places as (
    {{ dbt_estate.json_rows(places, dbt_estate._place_columns()) | indent(4) }}
),

found as (
    select
        places.n,
        case
            when places.database_name <> current_database() then 'other_database'
            when namespaces.oid is null then 'no_schema'
            when tables.oid is null then 'no_table'
            else 'ok'
        end as status,
        tables.oid as table_oid
    from places
    left join pg_catalog.pg_namespace as namespaces on namespaces.nspname = places.schema_name
    left join pg_catalog.pg_class as tables
        on tables.relnamespace = namespaces.oid
        and tables.relname = {{ dbt_estate.literal(table_name) }}
        and tables.relkind in ('r', 'v', 'm', 'p', 'f')
),

shaped as (
    select
        found.n,
        found.status,
        jsonb_agg(jsonb_build_object(
            'name', fields.attname,
            'type', format_type(fields.atttypid, fields.atttypmod),
            'base', format_type(fields.atttypid, null),
            'size', information_schema._pg_char_max_length(fields.atttypid, fields.atttypmod),
            'precision', information_schema._pg_numeric_precision(fields.atttypid, fields.atttypmod),
            'scale', coalesce(
                information_schema._pg_numeric_scale(fields.atttypid, fields.atttypmod),
                information_schema._pg_datetime_precision(fields.atttypid, fields.atttypmod)
            )
        ) order by fields.attnum) filter (where fields.attname is not null) as shape
    from found
    left join pg_catalog.pg_attribute as fields
        on fields.attrelid = found.table_oid
        and found.status = 'ok'
        and fields.attnum > 0
        and not fields.attisdropped
    group by found.n, found.status
)

select
    status,
    cast(shape as text) as shape,
    cast(jsonb_agg(n order by n) as text) as shards,
    null as detail,
    0 as folds_case
from shaped
group by status, shape
{%- endmacro %}


{#- One round trip for all databases. A database that fails gives a row, not an end: what is offline is known before
    anything is loaded. Names are compared by each database's own collation, column names by the target's. -#}
{% macro sqlserver___shapes_sql(places, table_name) -%}
set nocount on;
drop table if exists #estate_shapes;
create table #estate_shapes (n bigint, status varchar(20), shape nvarchar(max), detail nvarchar(2000));
declare
    @table sysname = {{ dbt_estate.literal(table_name) }}, @n bigint, @database sysname, @schema sysname,
    @query nvarchar(max);
declare places cursor local fast_forward for
    {{ dbt_estate.json_rows(places, dbt_estate._place_columns()) | indent(4) }};
open places;
fetch next from places into @n, @database, @schema;
while @@fetch_status = 0
begin
    begin try
        if db_id(@database) is null
            insert into #estate_shapes values (@n, 'no_database', null, null);
        else if isnull(has_dbaccess(@database), 0) = 0
            insert into #estate_shapes values (
                @n, 'offline', null, cast(databasepropertyex(@database, 'Status') as nvarchar(60))
            );
        else
        begin
            set @query = replace({{
                dbt_estate.literal(dbt_estate._sqlserver_shape_query() | trim)
            }}, N'{database}', quotename(@database));
            exec sp_executesql @query, N'@n bigint, @schema sysname, @table sysname', @n, @schema, @table;
        end
    end try
    begin catch
        insert into #estate_shapes values (@n, 'offline', null, error_message());
    end catch
    fetch next from places into @n, @database, @schema;
end
close places;
deallocate places;

select
    status,
    shape,
    '[' + string_agg(cast(n as nvarchar(max)), ',') + ']' as shards,
    detail,
    case when N'a' = N'A' collate database_default then 1 else 0 end as folds_case
from #estate_shapes
group by status, shape, detail
{%- endmacro %}


{#- Sizes come from sys.columns: the adapter's own data_type drops them for binary types and says -1 for max. -#}
{% macro _sqlserver_shape_query() -%}
insert into #estate_shapes (n, status, shape, detail)
select
    @n,
    case
        when not exists (select 1 from {database}.sys.schemas where name = @schema) then 'no_schema'
        when tables.object_id is null then 'no_table'
        else 'ok'
    end,
    (
        select
            fields.name as [name],
            bases.name as [base],
            bases.name + case
                when bases.name in ('nvarchar', 'nchar', 'varchar', 'char', 'varbinary', 'binary') then
                    '(' + case
                        when fields.max_length = -1 then 'max'
                        when bases.name in ('nvarchar', 'nchar') then cast(fields.max_length / 2 as varchar(10))
                        else cast(fields.max_length as varchar(10))
                    end + ')'
                when bases.name in ('decimal', 'numeric') then
                    '(' + cast(fields.[precision] as varchar(10)) + ',' + cast(fields.scale as varchar(10)) + ')'
                when bases.name in ('datetime2', 'datetimeoffset', 'time') then
                    '(' + cast(fields.scale as varchar(10)) + ')'
                else ''
            end as [type],
            case
                when fields.max_length = -1 then null
                when bases.name in ('nvarchar', 'nchar') then fields.max_length / 2
                when bases.name in ('varchar', 'char', 'varbinary', 'binary') then fields.max_length
            end as [size],
            fields.[precision] as [precision],
            fields.scale as [scale]
        from {database}.sys.columns as fields
        join {database}.sys.types as bases
            on bases.user_type_id = case
                when fields.system_type_id = 240 then fields.user_type_id else fields.system_type_id
            end
        where fields.object_id = tables.object_id
        order by fields.column_id
        for json path, include_null_values
    ),
    null
from (select 1 as one) as once
left join (
    select objects.object_id
    from {database}.sys.objects as objects
    join {database}.sys.schemas as schemas on schemas.schema_id = objects.schema_id
    where objects.name = @table and schemas.name = @schema and objects.type in ('U', 'V')
) as tables on 1 = 1
{%- endmacro %}
