{#- Written by `make checks` from models/maturity/score/features.csv. -#}
{% macro _feature_list() -%}
    {%- set features = [] -%}
    {%- set rows = dbt_estate._features_of_level_1()
        + dbt_estate._features_of_level_2()
        + dbt_estate._features_of_level_3()
        + dbt_estate._features_of_level_4()
        + dbt_estate._features_of_level_5()
        + dbt_estate._features_of_level_6() -%}
    {%- for row in rows -%}
        {%- do features.append({
            'feature': row[0], 'level': row[1], 'title': row[2], 'weight': row[3], 'effort': row[4], 'needs': row[5],
            'applicable': row[6], 'evidence': row[7], 'depth': row[8], 'do': row[9], 'deepen': row[10]
        }) -%}
    {%- endfor -%}
    {{- return(features) -}}
{%- endmacro %}


{% macro _features_of_level_1() -%}
    {{- return([
        ['models', 1, 'Models', 1, 1, [], 'always', 'a model', '1', 'Write a first model', ''],
        ['commands', 1, 'Commands', 1, 1, ['run_results'], 'always',
            'run_results.json with a resource of the project', '1', 'Run dbt build', '']
    ]) -}}
{%- endmacro %}


{% macro _features_of_level_2() -%}
    {{- return([
        ['refs', 2, 'ref', 2, 1, ['facts'], 'from two models on', 'a model that reads another by ref',
            'models without a hard-coded table / models', 'Read models by ref',
            'Replace names of tables in the SQL by ref'],
        ['sources', 2, 'source', 2, 1, ['facts'], 'where a source is declared or a table is hard-coded',
            'a model that reads a source', 'models that read data by source alone / models that read data',
            'Declare the tables that are read and read them by source', ''],
        ['builtin_macros', 2, 'Macros of dbt', 1, 1, ['facts'], 'from one model on',
            'a model that calls config(), or a macro of dbt', '5 x models that do / models; at most 1',
            'Set configs in the models that need them and use the macros of dbt for what engines write differently',
            ''],
        ['key_docs', 2, 'Docs of what is used', 1, 1, [],
            'where there are end points: marts, what an exposure reads and what no model reads',
            'an end point with a description', 'end points with a description / end points',
            'Describe the models that people read', ''],
        ['last_mile_tests', 2, 'Tests of the last mile', 1, 1, [], 'where there are end points',
            'an end point with a data test', 'end points with a data test / end points',
            'Test the models that people read', '']
    ]) -}}
{%- endmacro %}


{% macro _features_of_level_3() -%}
    {{- return([
        ['readme', 3, 'README', 1, 1, ['files'], 'always', 'a README of the project or its repository', '1',
            'Write a README.md: what the project is for and how it is run', ''],
        ['style_guide', 3, 'Style guide', 1, 1, ['files'], 'always', 'a style guide or the settings of an SQL linter',
            '1', 'Add STYLE_GUIDE.md or the settings of an SQL linter', ''],
        ['contribution_guide', 3, 'Contribution guide', 1, 1, ['files'], 'always', 'CONTRIBUTING.md', '1',
            'Write CONTRIBUTING.md: how a change is made and what has to pass', ''],
        ['pull_request_template', 3, 'Template of pull requests', 1, 1, ['files'], 'always',
            'a template of pull or merge requests', '1',
            'Add .github/pull_request_template.md with what a reviewer wants to know', ''],
        ['tests', 3, 'Tests everywhere', 2, 2, [], 'from one model on', 'a data test of half of the models',
            'models with a data test / models', 'Give every model a test of its key',
            'Give the other models a test of their key'],
        ['descriptions', 3, 'Descriptions of models', 2, 2, [], 'from one model on',
            'a description of half of the models', 'models with a description / models', 'Describe every model',
            'Describe the other models'],
        ['docs_deployed', 3, 'Docs deployed', 1, 2, ['files'], 'always', 'a workflow that runs dbt docs generate',
            '1', 'Let a workflow run dbt docs generate and publish what it writes', ''],
        ['tables', 3, 'Tables', 1, 1, [], 'from one model on', 'a model that is neither a view nor ephemeral',
            'end points that are neither / end points', 'Build the models that people read as tables',
            'Build the other models that people read as tables'],
        ['deployment', 3, 'Deployment', 1, 3, ['files'], 'always', 'a workflow of a CI service',
            '1 where it runs dbt; else 1 / 2', 'Let a workflow build the project for each change',
            'Let a workflow run dbt for each change'],
        ['naming', 3, 'Names by layer', 1, 2, [], 'from three models on',
            'half of the models have the prefix of a layer or stand in the folder of marts',
            'models that do / models', 'Give models the prefix of their layer',
            'Give the other models the prefix of their layer'],
        ['layers', 3, 'Layers', 1, 4, [], 'from three models on', 'models of two layers',
            'models of a layer / models', 'Split the models into staging, intermediate and marts', '']
    ]) -}}
{%- endmacro %}


{% macro _features_of_level_4() -%}
    {{- return([
        ['freshness', 4, 'Freshness of sources', 1, 1, [], 'where a source is declared',
            'a source table with a threshold of freshness', 'source tables with one / source tables',
            'Set freshness and loaded_at_field for the sources', 'Set freshness for the other source tables'],
        ['packages', 4, 'Packages', 1, 1, ['files'], 'always', 'another package than this one',
            '1 where one brings models or its macros or tests are used; else 1 / 2',
            'Install a package for what others have solved, and use it',
            'Use the macros, the models or the tests of the packages'],
        ['incremental', 4, 'Incremental and ephemeral models', 1, 3, [],
            'from twenty models on or where there is one', 'an incremental or ephemeral model',
            'ephemeral models and incremental ones with a key or a strategy / both',
            'Build the largest models incrementally', 'Give each incremental model a unique_key or a strategy'],
        ['column_docs', 4, 'Docs of columns', 1, 3, [], 'from one model on',
            'a described column in a tenth of the models',
            'models of which every listed column is described / models', 'Describe the columns that people use', ''],
        ['macros', 4, 'Macros of your own', 1, 2, ['facts'], 'from one model on',
            'a model that calls a macro of the project, other than ref and source',
            '5 x models that do / models; at most 1', 'Make a macro of the SQL that is repeated',
            'Use the macros of your own in more models'],
        ['jobs', 4, 'Jobs of your own', 1, 2, ['files'], 'always', 'a workflow that runs dbt with a selection', '1',
            'Give what is built at other times a job with a selection', '']
    ]) -}}
{%- endmacro %}


{% macro _features_of_level_5() -%}
    {{- return([
        ['operations', 5, 'Operations', 1, 3, ['files'], 'always', 'a workflow that runs dbt run-operation', '1',
            'Write an operation for what has to be managed, such as grants and clean-up', ''],
        ['selectors', 5, 'Selectors and tags', 1, 1, ['files'], 'from one model on',
            'selectors.yml or a tag on a model',
            'half for selectors.yml; half for 2 x models with a tag / models; at most 1',
            'Name what is built together in selectors.yml, and tag its models',
            'Tag the models that are built together, and name them in selectors.yml'],
        ['custom_naming', 5, 'Schemas or databases of your own', 1, 2, ['macros'], 'from one model on',
            'models in several schemas or databases, or a macro that names them', '1 with a macro; else 1 / 2',
            'Split schemas by layer or by audience, by generate_schema_name',
            'Name schemas in one place, by generate_schema_name'],
        ['custom_tests', 5, 'Generic tests of your own', 1, 2, [], 'from one model on',
            'a generic test that the project defines', '10 x tests of them / data tests; at most 1',
            'Make a generic test of a check that is repeated', 'Use the generic tests of your own in more places'],
        ['hooks', 5, 'Hooks', 1, 1, ['facts'], 'from one model on',
            'a hook at a model or a snapshot, or at the start or end of a run', '1',
            'Use a hook for what has to follow a build, such as grants', ''],
        ['exposures', 5, 'Exposures', 1, 2, [], 'from one model on', 'an exposure',
            'exposures with a description and an e-mail address / exposures',
            'Declare the dashboards and exports that read the project',
            'Give each exposure a description and the e-mail address of its owner']
    ]) -}}
{%- endmacro %}


{% macro _features_of_level_6() -%}
    {{- return([
        ['artifacts', 6, 'Analysis of artifacts', 1, 3, ['files'], 'always',
            'elementary, dbt_artifacts, dbt_project_evaluator, dbt_meta_testing or re_data', '1',
            "Keep run times and coverage over time, out of dbt's artifacts", ''],
        ['contracts', 6, 'Contracts', 1, 3, [], 'from one model on', 'a model with a contract',
            'end points with one / end points', 'Put a contract on the models that people read',
            'Put a contract on the other models that people read'],
        ['unit_tests', 6, 'Unit tests', 1, 3, ['unit_tests'], 'from one model on', 'a model with a unit test',
            '5 x models with one / models; at most 1', 'Write unit tests for the SQL that is hard to get right',
            'Write more unit tests'],
        ['access', 6, 'Access and groups', 1, 2, [], 'from one model on',
            'a model that is public or private or of a group', 'models that are / models',
            'Say which models are public and who owns them', 'Set access or a group on the other models'],
        ['semantic_models', 6, 'Semantic models', 1, 5, [], 'from one model on', 'a semantic model',
            '1 with a metric; else 1 / 2', 'Define the metrics that matter once',
            'Define the metrics of the semantic models'],
        ['versions', 6, 'Versions', 1, 3, [], 'where a model is public or has a version', 'a model with a version',
            'versions except old ones without a deprecation date / versions',
            'Version the public models that have to change', 'Give each old version a deprecation date']
    ]) -}}
{%- endmacro %}
