{#- Every setting of the package, with its default. A project overrides any of them in
    `vars: dbt_estate: {...}` of its dbt_project.yml; nothing else reads `var`. -#}
{% macro _default_settings() -%}
    {{- return({
        'shards': {
            'registry': 'shards',
            'columns': {
                'shard': 'shard',
                'database_name': 'database_name',
                'schema_name': 'schema_name',
                'is_enabled': 'is_enabled'
            },
            'warn_above': 200,
            'sources': {},
            'discover': {'pattern': '%', 'by': none}
        },
        'procedures': {},
        'vocabulary': {},
        'maturity': {
            'exceptions': none,
            'exclude_paths': [],
            'exclude_packages': ['all'],
            'naming': {
                'base': {'folder': 'base', 'prefixes': ['base_']},
                'staging': {'folder': 'staging', 'prefixes': ['stg_']},
                'intermediate': {'folder': 'intermediate', 'prefixes': ['int_']},
                'marts': {'folder': 'marts', 'prefixes': ['fct_', 'dim_']},
                'other': {'folder': none, 'prefixes': ['rpt_']}
            },
            'primary_key_tests': [['dbt.unique', 'dbt.not_null'], ['dbt_utils.unique_combination_of_columns']],
            'primary_key_node_types': ['model'],
            'rules': {},
            'declared': [],
            'features': {},
            'level_completeness': 60,
            'checks': false
        }
    }) -}}
{%- endmacro %}


{% macro _settings() -%}
    {%- set problems = [] -%}
    {%- set settings = dbt_estate._merged(
        dbt_estate._default_settings(), var('dbt_estate', {}), 'dbt_estate', problems
    ) -%}
    {%- set limit = settings['shards']['warn_above'] -%}
    {%- if limit is boolean or limit is not integer or limit < 0 -%}
        {%- do problems.append("dbt_estate.shards.warn_above must be a whole number from 0 on, got: " ~ limit) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems("vars: dbt_estate in dbt_project.yml", problems) -%}
    {{- return(settings) -}}
{%- endmacro %}


{#- A mapping that is empty by default has no fixed keys: `sources`, which the Python tool alone reads, `procedures`,
    which is checked when a dispatch is called, `vocabulary`, when a test asks for it, `rules` and `features`. A project
    may name kinds of models of its own. -#}
{% macro _merged(defaults, given, path, problems) -%}
    {%- if given is not mapping -%}
        {%- do problems.append(path ~ " must be a mapping, got: " ~ given) -%}
        {{- return(defaults) -}}
    {%- endif -%}
    {%- set merged = dict(defaults) -%}
    {%- for key, value in given.items() -%}
        {%- if defaults and key not in defaults and path != 'dbt_estate.maturity.naming' -%}
            {%- do problems.append(
                path ~ "." ~ key ~ " is not a setting; the settings are " ~ defaults.keys() | join(', ')
            ) -%}
        {%- elif defaults[key] is mapping -%}
            {%- do merged.update({key: dbt_estate._merged(defaults[key], value, path ~ '.' ~ key, problems)}) -%}
        {%- else -%}
            {%- do merged.update({key: value}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(merged) -}}
{%- endmacro %}
