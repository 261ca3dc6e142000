{#- Names in order, each once, of whatever a verb is given: a relation, a list of names, or dbt's own columns. -#}
{% macro _names(columns, verb) -%}
    {%- if dbt_estate._is_relation(columns) -%}
        {{- return(dbt_estate.get_column_names(columns)) -}}
    {%- elif columns is string or columns is mapping or columns is not iterable -%}
        {%- if not execute -%}
            {{- return([]) -}}
        {%- endif -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate." ~ verb ~ ": the columns must be a relation, a list of names or a list of dbt's columns, got: "
            ~ columns ~ ". A CTE has no catalog: give the list of its columns"
        ) -%}
    {%- endif -%}
    {%- set names = {} -%}
    {%- for column in columns -%}
        {%- do names.update({(column if column is string else column.name): true}) -%}
    {%- endfor -%}
    {{- return(names.keys() | list) -}}
{%- endmacro %}


{% macro _is_relation(value) -%}
    {{- return(value is not string and value.identifier is defined and value.database is defined) -}}
{%- endmacro %}


{#- dbt's columns of a relation. They are kept in the node that is compiled, so that a model asks once for each relation
    whatever verbs it uses; its own table may change while it runs, and is asked each time. -#}
{% macro _relation_columns(relation, verb) -%}
    {%- if not execute -%}
        {{- return([]) -}}
    {%- elif relation.is_cte -%}
        {{- return(dbt_estate._columns_of_cte(relation, verb)) -}}
    {%- endif -%}
    {%- set key = relation.render() -%}
    {%- set is_kept = model is defined and model is mapping and (this is undefined or this.render() != key) -%}
    {%- set kept = model.setdefault('estate_columns', {}) if is_kept else {} -%}
    {%- if key not in kept -%}
        {%- do kept.update({key: adapter.get_columns_in_relation(relation) | list}) -%}
    {%- endif -%}
    {%- if not kept[key] -%}
        {%- do dbt_estate._report_no_columns(relation, verb) -%}
    {%- endif -%}
    {{- return(kept[key]) -}}
{%- endmacro %}


{#- dbt compiles all models for `compile` and `docs generate`, and runs none, so that a table may be missing yet. -#}
{% macro _report_no_columns(relation, verb) -%}
    {%- set text = "dbt_estate." ~ verb ~ ": " ~ relation ~ " has no columns: there is no such table or view" -%}
    {%- if dbt_estate._only_compiles() -%}
        {%- do exceptions.warn(text ~ " yet, so nothing is selected") -%}
    {%- else -%}
        {%- do exceptions.raise_compiler_error(text ~ ". Build it first, or give a list of names") -%}
    {%- endif -%}
{%- endmacro %}


{% macro _only_compiles() -%}
    {{- return(flags.WHICH in ['compile', 'generate', 'list', 'parse']) -}}
{%- endmacro %}


{#- An ephemeral model is in no catalog. Neither is the input of a unit test, which stands for a table that is. -#}
{% macro _columns_of_cte(relation, verb) -%}
    {%- set name = relation.identifier | replace('__dbt__cte__', '') -%}
    {%- if model.resource_type == 'unit_test' -%}
        {{- return(dbt_estate._columns_of_mock(name, verb)) -}}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for unique_id in model.depends_on.nodes if unique_id in graph.nodes -%}
        {%- set node = graph.nodes[unique_id] -%}
        {#- dbt calls the CTE by the model's alias. -#}
        {%- if node.config.materialized == 'ephemeral' and node.alias == name and node.columns -%}
            {%- do found.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if found | length == 1 -%}
        {{- return(dbt_estate._columns_of_node(found[0])) -}}
    {%- elif found -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate." ~ verb ~ ": two ephemeral models are called " ~ name ~ ": "
            ~ found | map(attribute='unique_id') | join(' and ') ~ ". Give one of them another alias"
        ) -%}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        "dbt_estate." ~ verb ~ ": " ~ name ~ " is an ephemeral model, which is in no catalog, and its properties list"
        ~ " no columns. List them in its YAML, or give a list of names"
    ) -%}
{%- endmacro %}


{#- dbt leaves out where the table is; most often it is beside the tested model. -#}
{% macro _columns_of_mock(name, verb) -%}
    {%- set columns = adapter.get_columns_in_relation(
        api.Relation.create(database=model.database, schema=model.schema, identifier=name)
    ) | list -%}
    {%- if not columns -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate." ~ verb ~ ": the unit test does not know the columns of " ~ name ~ ". Give them in the unit"
            ~ " test, as overrides: {macros: {dbt_estate.get_column_names: [...]}}"
        ) -%}
    {%- endif -%}
    {{- return(columns) -}}
{%- endmacro %}


{% macro _columns_of_node(node) -%}
    {%- set columns = [] -%}
    {%- for column in node.columns.values() -%}
        {%- do columns.append(api.Column.create(column.name, column.data_type or '')) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}


{#- Names by which to look, in a list, without their case. -#}
{% macro _wanted(strings, argument, verb) -%}
    {%- set list = [strings] if strings is string else strings -%}
    {%- if list is mapping or list is not iterable or list | reject('string') | list or '' in list -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate." ~ verb ~ ": '" ~ argument ~ "' must be a text that is not empty, or a list of such, got: "
            ~ strings
        ) -%}
    {%- endif -%}
    {{- return(list | list) -}}
{%- endmacro %}


{#- Those names that meet one of the regular expressions; `is_kept` false turns it round. -#}
{% macro _matching(columns, patterns, verb, ignore_case=true, is_kept=true) -%}
    {%- set options = modules.re.IGNORECASE if ignore_case else 0 -%}
    {%- set found = [] -%}
    {%- for name in dbt_estate._names(columns, verb) -%}
        {%- set hits = [] -%}
        {%- for pattern in patterns if modules.re.match(pattern, name, options) -%}
            {%- do hits.append(pattern) -%}
        {%- endfor -%}
        {%- if (hits | length > 0) == is_kept -%}{%- do found.append(name) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{%- endmacro %}


{#- Literal texts as regular expressions, with something before and after. -#}
{% macro _escaped(before, strings, after) -%}
    {%- set patterns = [] -%}
    {%- for text in strings -%}
        {%- do patterns.append('(?s)' ~ before ~ modules.re.escape(text) ~ after) -%}
    {%- endfor -%}
    {{- return(patterns) -}}
{%- endmacro %}
