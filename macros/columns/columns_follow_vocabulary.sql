{% test columns_follow_vocabulary(model, columns=none, exclude=[]) %}
    {#- dbt knows one number of failures: of errors, or where there are none, of warnings. -#}
    {{ config(
        fail_calc="coalesce(nullif(sum(case when severity = 'error' then 1 else 0 end), 0), count(*))",
        warn_if="> 0",
        error_if="> 0 and min(test_severity) = 'error'"
    ) }}
    {%- if execute -%}
        {{- dbt_estate._vocabulary_test_sql(model, columns, exclude) -}}
    {%- endif -%}
{% endtest %}


{% macro _vocabulary_test_sql(tested, columns, exclude) -%}
    {%- set vocabulary = dbt_estate._vocabulary() -%}
    {%- if not dbt_estate._is_list_of_text(exclude) -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.columns_follow_vocabulary: 'exclude' must be a list of names or globs, got: " ~ exclude
        ) -%}
    {%- endif -%}
    {%- set rules = dbt_estate._column_rules(dbt_estate._tested_columns(tested, columns), vocabulary, exclude) -%}
    {{- return(dbt_estate._vocabulary_sql(tested, rules)) -}}
{%- endmacro %}


{#- Under a `where` the tested relation is the text of a subquery, and only the graph says of what. -#}
{% macro _tested_columns(tested, columns) -%}
    {%- set verb = 'columns_follow_vocabulary' -%}
    {%- if columns is not none -%}
        {{- return(dbt_estate._given_columns(columns)) -}}
    {%- elif dbt_estate._is_relation(tested) -%}
        {{- return(dbt_estate._relation_columns(tested, verb)) -}}
    {%- endif -%}
    {%- set id = model.attached_node or model.depends_on.nodes | first -%}
    {%- set node = graph.nodes[id] if id in graph.nodes else graph.sources[id] -%}
    {%- if node.config.materialized == 'ephemeral' and not node.columns -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate." ~ verb ~ ": " ~ node.name ~ " is an ephemeral model, which is in no catalog, and its"
            ~ " properties list no columns. List them in its YAML, or give the test's argument columns"
        ) -%}
    {%- elif node.config.materialized == 'ephemeral' -%}
        {{- return(dbt_estate._columns_of_node(node)) -}}
    {%- endif -%}
    {%- set identifier = node.identifier if node.resource_type == 'source' else node.alias -%}
    {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=identifier) -%}
    {{- return(dbt_estate._relation_columns(relation, verb)) -}}
{%- endmacro %}


{#- A list of names, or a mapping of names to types. -#}
{% macro _given_columns(columns) -%}
    {%- set found = [] -%}
    {%- if columns is mapping -%}
        {%- for name, type in columns.items() -%}
            {%- do found.append(api.Column.create(name, type or '')) -%}
        {%- endfor -%}
    {%- elif dbt_estate._is_list_of_text(columns) and columns -%}
        {%- for name in columns -%}{%- do found.append(api.Column.create(name, '')) -%}{%- endfor -%}
    {%- else -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.columns_follow_vocabulary: 'columns' must be a list of names or a mapping of names to types,"
            ~ " got: " ~ columns
        ) -%}
    {%- endif -%}
    {{- return(found) -}}
{%- endmacro %}
