{#- Written by `make checks` from models/maturity/rules/rules.csv. -#}
{% macro _rule_list() -%}
    {%- set rules = [] -%}
    {%- set rows = dbt_estate._rules_of_modeling()
        + dbt_estate._rules_of_testing()
        + dbt_estate._rules_of_documentation()
        + dbt_estate._rules_of_structure()
        + dbt_estate._rules_of_performance()
        + dbt_estate._rules_of_governance() -%}
    {%- for row in rows -%}
        {%- do rules.append({
            'rule': row[0], 'area': row[1], 'feature': row[2], 'level': row[3], 'severity': row[4], 'weight': row[5],
            'needs': row[6], 'thresholds': row[7], 'place': row[8]
        }) -%}
    {%- endfor -%}
    {{- return(rules) -}}
{%- endmacro %}


{% macro _rules_of_modeling() -%}
    {{- return([
        ['root_models', 'modeling', 'refs', 2, 'warn', 3, [], {}, 'code'],
        ['source_fanout', 'modeling', 'layers', 3, 'warn', 2, [], {}, 'properties'],
        ['model_fanout', 'modeling', 'layers', 3, 'warn', 1, [], {'leaf_children': 3}, 'code'],
        ['direct_join_to_source', 'modeling', 'layers', 3, 'warn', 2, [], {}, 'code'],
        ['multiple_sources_joined', 'modeling', 'layers', 3, 'warn', 2, [], {}, 'code'],
        ['duplicate_sources', 'modeling', 'sources', 2, 'warn', 2, [], {}, 'properties'],
        ['hard_coded_references', 'modeling', 'refs', 2, 'warn', 5, ['facts'], {}, 'hard_coded_reference'],
        ['marts_or_intermediate_dependent_on_source', 'modeling', 'layers', 3, 'warn', 2, [], {}, 'code'],
        ['rejoining_of_upstream_concepts', 'modeling', 'layers', 3, 'warn', 1, [], {}, 'code'],
        ['staging_dependent_on_staging', 'modeling', 'layers', 3, 'warn', 2, [], {}, 'code'],
        ['staging_dependent_on_marts_or_intermediate', 'modeling', 'layers', 3, 'warn', 3, [], {}, 'code'],
        ['too_many_joins', 'modeling', 'layers', 3, 'warn', 1, [], {'parents': 7}, 'code'],
        ['unused_sources', 'modeling', 'sources', 2, 'warn', 1, [], {}, 'properties'],
        ['dead_models', 'modeling', 'layers', 3, 'warn', 1, [], {}, 'code'],
        ['duplicate_model_sql', 'modeling', 'layers', 3, 'warn', 2, ['facts'], {}, 'code'],
        ['seeds_in_marts', 'modeling', 'layers', 3, 'warn', 1, [], {}, 'code'],
        ['large_seeds', 'modeling', 'layers', 3, 'warn', 2, ['files'], {'bytes': 1000000}, 'code']
    ]) -}}
{%- endmacro %}


{% macro _rules_of_testing() -%}
    {{- return([
        ['missing_primary_key_tests', 'testing', 'tests', 3, 'warn', 4, [], {}, 'properties'],
        ['test_coverage', 'testing', 'tests', 3, 'warn', 3, [], {'percent': 100}, 'project'],
        ['sources_without_freshness', 'testing', 'freshness', 4, 'warn', 3, [], {}, 'properties'],
        ['snapshots_with_untested_keys', 'testing', 'tests', 3, 'warn', 3, [], {}, 'properties'],
        ['test_severity_mix', 'testing', 'tests', 3, 'warn', 1, [], {'percent_of_warnings': 50}, 'project'],
        ['complex_models_without_unit_tests', 'testing', 'unit_tests', 6, 'warn', 1,
            ['facts', 'unit_tests'], {'lines': 150}, 'properties']
    ]) -}}
{%- endmacro %}


{% macro _rules_of_documentation() -%}
    {{- return([
        ['undocumented_models', 'documentation', 'descriptions', 3, 'warn', 3, [], {}, 'properties'],
        ['documentation_coverage', 'documentation', 'descriptions', 3, 'warn', 2, [], {'percent': 100}, 'project'],
        ['undocumented_sources', 'documentation', 'descriptions', 3, 'warn', 2, [], {}, 'properties'],
        ['undocumented_source_tables', 'documentation', 'descriptions', 3, 'warn', 1, [], {}, 'properties'],
        ['undocumented_columns', 'documentation', 'column_docs', 4, 'warn', 1, [], {}, 'properties'],
        ['undocumented_inherited_columns', 'documentation', 'column_docs', 4, 'warn', 1, [], {}, 'properties'],
        ['inconsistent_column_descriptions', 'documentation', 'column_docs', 4, 'warn', 1, [], {}, 'properties'],
        ['undocumented_macros', 'documentation', 'macros', 4, 'warn', 1, ['macros'], {}, 'macro'],
        ['undocumented_macro_arguments', 'documentation', 'macros', 4, 'warn', 1, ['macros'], {}, 'macro']
    ]) -}}
{%- endmacro %}


{% macro _rules_of_structure() -%}
    {{- return([
        ['model_naming_conventions', 'structure', 'naming', 3, 'warn', 2, [], {}, 'code'],
        ['model_directories', 'structure', 'layers', 3, 'warn', 1, [], {}, 'code'],
        ['source_directories', 'structure', 'layers', 3, 'warn', 1, [], {}, 'properties'],
        ['test_directories', 'structure', 'tests', 3, 'warn', 1, [], {}, 'properties'],
        ['models_without_properties', 'structure', 'descriptions', 3, 'warn', 2, [], {}, 'code'],
        ['unused_macros', 'structure', 'macros', 4, 'warn', 1, ['macros'], {}, 'macro'],
        ['trailing_semicolons', 'structure', 'naming', 3, 'warn', 3, ['facts'], {}, 'trailing_semicolon']
    ]) -}}
{%- endmacro %}


{% macro _rules_of_performance() -%}
    {{- return([
        ['chained_views_dependencies', 'performance', 'tables', 3, 'warn', 2, [], {'views': 5}, 'code'],
        ['exposure_parents_materializations', 'performance', 'exposures', 5, 'warn', 1, [], {}, 'properties'],
        ['incremental_without_unique_key', 'performance', 'incremental', 4, 'warn', 2, [], {}, 'code'],
        ['incremental_without_is_incremental', 'performance', 'incremental', 4, 'warn', 2, ['facts'], {}, 'code'],
        ['select_star_in_marts', 'performance', 'layers', 3, 'warn', 1, ['facts'], {}, 'select_star']
    ]) -}}
{%- endmacro %}


{% macro _rules_of_governance() -%}
    {{- return([
        ['public_models_without_contract', 'governance', 'contracts', 6, 'warn', 3, [], {}, 'properties'],
        ['exposures_dependent_on_private_models', 'governance', 'access', 6, 'warn', 1, [], {}, 'properties'],
        ['undocumented_public_models', 'governance', 'access', 6, 'warn', 2, [], {}, 'properties'],
        ['models_without_owner', 'governance', 'access', 6, 'off', 1, [], {}, 'properties'],
        ['missing_required_meta', 'governance', 'access', 6, 'warn', 2, [], {'keys': []}, 'properties'],
        ['exposures_without_owner', 'governance', 'exposures', 5, 'warn', 1, [], {}, 'properties'],
        ['marts_without_contract', 'governance', 'contracts', 6, 'off', 2, [], {}, 'properties'],
        ['old_versions_without_deprecation_date', 'governance', 'versions', 6, 'warn', 1, [], {}, 'properties'],
        ['deprecated_parents', 'governance', 'versions', 6, 'warn', 3, [], {}, 'code'],
        ['vocabulary_not_declared', 'governance', 'naming', 3, 'off', 1, [], {}, 'project'],
        ['invalid_exceptions', 'governance', 'exceptions', 3, 'error', 3, [], {}, 'properties'],
        ['expired_exceptions', 'governance', 'exceptions', 3, 'warn', 2, [], {}, 'properties'],
        ['unused_exceptions', 'governance', 'exceptions', 3, 'warn', 1, [], {}, 'properties']
    ]) -}}
{%- endmacro %}
