{% macro create_table_once(relation, columns, unique=[]) -%}
    {%- if execute and columns -%}
        {%- set definitions = [] -%}
        {%- for column, kind in columns.items() -%}
            {%- do definitions.append(dbt_estate.identifier(column) ~ ' ' ~ dbt_estate.data_type(kind)) -%}
        {%- endfor -%}
        {%- if unique -%}
            {%- set key = [] -%}
            {%- for column in unique -%}{%- do key.append(dbt_estate.identifier(column)) -%}{%- endfor -%}
            {%- do definitions.append('unique (' ~ key | join(', ') ~ ')') -%}
        {%- endif -%}
        {%- do adapter.dispatch('create_table_once', 'dbt_estate')(relation, '(' ~ definitions | join(', ') ~ ')') -%}
    {%- endif -%}
{%- endmacro %}


{#- Two threads that create one table at a time conflict, `if not exists` or not, and the second one fails. The first
    thread to enter its name creates the table, the others wait until they see it. dbt's threads share `graph`, and
    entering a name there is one step of Python's. -#}
{% macro default__create_table_once(relation, definitions) -%}
    {%- set here = relation.database ~ '.' ~ relation.schema ~ '.' ~ relation.identifier -%}
    {%- if graph.setdefault is not defined
        or graph.setdefault('dbt_estate creates ' ~ here, model.unique_id) == model.unique_id -%}
        {%- do dbt_estate.run_atomically(
            ['create table if not exists ' ~ relation ~ ' ' ~ definitions], 'estate_create_table'
        ) -%}
    {%- else -%}
        {%- set seen = namespace(table=false) -%}
        {%- for attempt in range(5000) if not seen.table -%}
            {%- set query -%}
                select count(*) as tables from information_schema.tables
                where table_catalog = {{ dbt_estate.literal(relation.database) }}
                    and table_schema = {{ dbt_estate.literal(relation.schema) }}
                    and table_name = {{ dbt_estate.literal(relation.identifier) }}
            {%- endset -%}
            {%- set seen.table = run_query(query).rows[0][0] > 0 -%}
        {%- endfor -%}
        {%- if not seen.table -%}
            {%- do exceptions.raise_compiler_error(
                "dbt_estate: another thread was to create " ~ here ~ " and did not; see its error, then run again."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- `if not exists` looks before it locks, so that two sessions can both pass it:
    https://www.postgresql.org/message-id/CA%2BTgmoZAdYVtwBfp1FL2sMZbiHCWT4UPrzRLNnX1Nb30Ku3-gg%40mail.gmail.com -#}
{% macro postgres__create_table_once(relation, definitions) -%}
    {%- do dbt_estate.run_atomically([
        'select pg_advisory_xact_lock(hashtextextended('
        ~ dbt_estate.literal('dbt_estate creates ' ~ relation) ~ ', 0))',
        'create table if not exists ' ~ relation ~ ' ' ~ definitions
    ], 'estate_create_table') -%}
{%- endmacro %}


{% macro sqlserver__create_table_once(relation, definitions) -%}
    {%- set resource = dbt_estate.literal('dbt_estate creates ' ~ local_md5(relation | string)) -%}
    {%- do dbt_estate.run_atomically([
        "exec sp_getapplock @Resource = " ~ resource
        ~ ", @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 60000",
        'if object_id(' ~ dbt_estate.literal(relation | string) ~ ') is null create table ' ~ relation
        ~ ' ' ~ definitions
    ], 'estate_create_table') -%}
{%- endmacro %}
