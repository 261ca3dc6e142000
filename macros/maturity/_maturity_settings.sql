{#- `maturity:` of the settings, each value looked at. scripts/dbt_estate/check/settings.py says the same of it. -#}
{% macro _maturity_settings() -%}
    {%- set settings = dbt_estate._settings().maturity -%}
    {%- set problems = [] -%}
    {%- for name in ['exclude_paths', 'exclude_packages', 'primary_key_node_types'] -%}
        {%- do dbt_estate._check_texts(settings[name], name, problems) -%}
    {%- endfor -%}
    {%- if not problems -%}
        {%- for kind in settings.primary_key_node_types if kind not in ['model', 'source', 'snapshot', 'seed'] -%}
            {%- do problems.append(
                "primary_key_node_types: must be of model, source, snapshot, seed, got: " ~ kind
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if settings.checks is not boolean -%}
        {%- do problems.append("checks must be true or false, got: " ~ settings.checks) -%}
    {%- endif -%}
    {%- for kind, given in settings.naming.items() -%}
        {%- if given is not mapping -%}
            {%- do problems.append("naming." ~ kind ~ " must be a mapping of folder and prefixes, got: " ~ given) -%}
        {%- else -%}
            {%- for key in given if key not in ['folder', 'prefixes'] -%}
                {%- do problems.append("naming." ~ kind ~ ": the settings are folder and prefixes, got: " ~ key) -%}
            {%- endfor -%}
            {%- do dbt_estate._check_texts(given.prefixes or [], 'naming.' ~ kind ~ '.prefixes', problems) -%}
            {%- if given.folder is defined and given.folder is not none and given.folder is not string -%}
                {%- do problems.append("naming." ~ kind ~ ".folder must be a name, got: " ~ given.folder) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if settings.primary_key_tests is string or settings.primary_key_tests is mapping
        or settings.primary_key_tests is not iterable -%}
        {%- do problems.append(
            "primary_key_tests must be a list of lists of tests, got: " ~ settings.primary_key_tests
        ) -%}
    {%- else -%}
        {%- for tests in settings.primary_key_tests -%}
            {%- do dbt_estate._check_texts(tests, 'primary_key_tests', problems) -%}
            {%- for test in tests or [''] if not problems and '.' not in test -%}
                {%- do problems.append(
                    "primary_key_tests: a set has tests with their package, such as dbt.unique, got: " ~ tests
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set least = settings.level_completeness -%}
    {%- if least is boolean or least is not integer or least < 1 or least > 100 -%}
        {%- do problems.append("level_completeness must be a whole number from 1 to 100, got: " ~ least) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems("vars: dbt_estate: maturity", problems) -%}
    {{- return(settings) -}}
{%- endmacro %}


{% macro _check_texts(given, name, problems) -%}
    {%- if given is string or given is mapping or given is not iterable -%}
        {%- do problems.append(name ~ " must be a list, got: " ~ given) -%}
    {%- else -%}
        {%- for value in given if value is not string or value == '' -%}
            {%- do problems.append(name ~ " must be a list of texts, got: " ~ value) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
