{{ dbt_estate.maturity_table() }}

{#- What estate_feature_counts has, as conditions on its row: where a feature is applicable, used, and known to be
    missing if it is not; its depth as amount / whole, and its evidence in words. features.csv says the same. -#}
{%- set always, never = '1 = 1', '1 = 0' -%}
{%- set file = {'known': 'files_read = 1'} -%}
{%- set some = {'applicable': 'models > 0'} -%}
{%- set by_feature = {
    'models': {'used': 'models > 0', 'text': "'models: ', models"},
    'commands': {'used': 'commands > 0', 'known': never, 'text': "'dbt ', coalesce(last_command, '')"},
    'refs': {
        'applicable': 'models > 1', 'used': 'with_ref > 0', 'amount': 'models - hard_coded', 'whole': 'models',
        'text': "with_ref, ' of ', models, ' models read another by ref, ', hard_coded, ' have a hard-coded table'"
    },
    'sources': {
        'applicable': 'source_tables + hard_coded > 0', 'used': 'with_source > 0', 'amount': 'with_source_alone',
        'whole': 'with_data', 'text': "with_source_alone, ' of ', with_data, ' models that read data do it by source'"
    },
    'builtin_macros': dict(some, used='with_builtin > 0', amount='5 * with_builtin', whole='models',
        text="with_builtin, ' of ', models, ' models call config() or a macro of dbt'"),
    'key_docs': {
        'applicable': 'end_points > 0', 'used': 'end_described > 0', 'amount': 'end_described', 'whole': 'end_points',
        'text': "end_described, ' of ', end_points, ' end points have a description'"
    },
    'last_mile_tests': {
        'applicable': 'end_points > 0', 'used': 'end_tested > 0', 'amount': 'end_tested', 'whole': 'end_points',
        'text': "end_tested, ' of ', end_points, ' end points have a data test'"
    },
    'readme': dict(file, used='readme is not null', text="coalesce(readme, 'none')"),
    'style_guide': dict(file, used='style_guide is not null', text="coalesce(style_guide, 'none')"),
    'contribution_guide': dict(file, used='contribution_guide is not null',
        text="coalesce(contribution_guide, 'none')"),
    'pull_request_template': dict(file, used='pull_request_template is not null',
        text="coalesce(pull_request_template, 'none')"),
    'tests': dict(some, used='2 * tested >= models', amount='tested', whole='models',
        text="tested, ' of ', models, ' models have a data test'"),
    'descriptions': dict(some, used='2 * described >= models', amount='described', whole='models',
        text="described, ' of ', models, ' models have a description'"),
    'docs_deployed': {'used': 'docs_jobs > 0', 'known': never, 'text': "'a workflow runs dbt docs generate'"},
    'tables': dict(some, used='built > 0', amount='end_built', whole='end_points',
        text="built, ' of ', models, ' models are built, ', end_built, ' of ', end_points, ' end points'"),
    'deployment': dict(file, used='ci_workflow is not null', amount='case when job_commands > 0 then 2 else 1 end',
        whole='2',
        text="coalesce(ci_workflow, 'none'), case when job_commands > 0 then '; a workflow runs dbt' else '' end"),
    'naming': {
        'applicable': 'models > 2', 'used': '2 * named >= models', 'amount': 'named', 'whole': 'models',
        'text': "named, ' of ', models, ' models have the prefix of their layer or are in marts'"
    },
    'layers': {
        'applicable': 'models > 2', 'used': 'layers > 1', 'amount': 'layered', 'whole': 'models',
        'text': "layered, ' of ', models, ' models in ', layers, ' layers'"
    },
    'freshness': {
        'applicable': 'source_tables > 0', 'used': 'fresh_tables > 0', 'amount': 'fresh_tables',
        'whole': 'source_tables', 'text': "fresh_tables, ' of ', source_tables, ' source tables have a threshold'"
    },
    'packages': dict(file, used='packages + with_package + package_tests + package_nodes > 0',
        amount='case when with_package + package_tests + package_nodes > 0 then 2 else 1 end', whole='2',
        text="'listed: ', packages, ', models that use one: ', with_package, ', tests that do: ', package_tests"),
    'incremental': {
        'applicable': 'models > 19 or incremental + ephemeral > 0', 'used': 'incremental + ephemeral > 0',
        'amount': 'keyed + ephemeral', 'whole': 'incremental + ephemeral',
        'text': "'incremental: ', incremental, ', with a key or strategy: ', keyed, ', ephemeral: ', ephemeral"
    },
    'column_docs': dict(some, used='10 * with_columns >= models and with_columns > 0', amount='with_all_columns',
        whole='models', text="described_columns, ' of ', listed_columns, ' listed columns, all of them in ',
        with_all_columns, ' of ', models, ' models'"),
    'macros': dict(some, used='with_macro > 0', amount='5 * with_macro', whole='models',
        text="with_macro, ' of ', models, ' models call one'"),
    'jobs': {'used': 'select_jobs > 0', 'known': never, 'text': "'commands with a selection: ', select_jobs"},
    'operations': {'used': 'operation_jobs > 0', 'known': never, 'text': "'a workflow runs dbt run-operation'"},
    'selectors': dict(some, used='selectors + tagged > 0', known='files_read = 1',
        amount='selectors * models + case when 2 * tagged > models then models else 2 * tagged end', whole='2 * models',
        text="case when selectors = 1 then 'selectors.yml, ' else '' end, tagged, ' of ', models, ' models tagged'"),
    'custom_naming': dict(some, used='schema_count > 1 or database_count > 1 or naming_macros > 0',
        known='macros_read = 1',
        amount='case when naming_macros > 0 then 2 else 1 end', whole='2',

        text="'schemas: ', schema_count, ', databases: ', database_count, ', macros that name them: ', naming_macros"),
    'custom_tests': dict(some, used='custom_tests > 0', amount='10 * custom_tests', whole='data_tests',
        text="custom_tests, ' of ', data_tests, ' data tests are of one'"),
    'hooks': dict(some, used='hooks > 0', text="'hooks: ', hooks"),
    'exposures': dict(some, used='exposures > 0', amount='whole_exposures', whole='exposures',
        text="'exposures: ', exposures, ', with a description and an e-mail address: ', whole_exposures"),
    'artifacts': dict(file, used='analysis_nodes + analysis_packages > 0',
        text="case when analysis_nodes + analysis_packages > 0 then 'a package' else 'none' end"),
    'contracts': dict(some, used='contracted > 0', amount='end_contracted', whole='end_points',
        text="contracted, ' of ', models, ' models have one, ', end_contracted, ' of ', end_points, ' end points'"),
    'unit_tests': dict(some, used='unit_tests_read = 1 and unit_tested > 0', known='unit_tests_read = 1',
        amount='5 * unit_tested', whole='models', text="unit_tested, ' of ', models, ' models have one'"),
    'access': dict(some, used='with_access > 0', amount='with_access', whole='models',
        text="with_access, ' of ', models, ' models are public, private or of a group'"),
    'semantic_models': dict(some, used='semantic_models > 0', amount='case when metrics > 0 then 2 else 1 end',
        whole='2', text="'semantic models: ', semantic_models, ', metrics: ', metrics"),
    'versions': {
        'applicable': 'public_models + versioned > 0', 'used': 'versioned > 0', 'amount': 'tidy_versions',
        'whole': 'versioned',
        'text': "'versions: ', versioned, ', old ones without a deprecation date: ', versioned - tidy_versions"
    }
} -%}
{%- set text, integer = dbt_estate.data_type('text'), dbt_estate.data_type('integer') -%}
with features as (
    {%- for feature in dbt_estate.maturity_features() %}
        select
            {{ dbt_estate.literal(feature.feature) }} as feature,
            cast({{ dbt_estate.literal(feature.level) }} as {{ integer }}) as maturity_level,
            {{ dbt_estate.literal(feature.title) }} as title,
            cast({{ dbt_estate.literal(feature.weight) }} as {{ integer }}) as weight,
            cast({{ dbt_estate.literal(feature.needs | join(', ')) }} as {{ text }}) as needs,
            cast({{ dbt_estate.literal(feature.applicable) }} as {{ text }}) as applicable
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

judged as (
    select
        features.feature,
        features.maturity_level,
        features.title,
        features.weight,
        features.needs,
        features.applicable,
        case features.feature
            {%- for name, given in by_feature.items() %}
                when '{{ name }}'
                    then
                        case
                            when not ({{ given.get('applicable', always) }}) then 'not_applicable'
                            when {{ given.used }} then 'used'
                            when {{ given.get('known', always) }} then 'missing'
                            else 'unknown'
                        end
            {%- endfor %}
        end as status,
        case features.feature
            {%- for name, given in by_feature.items() %}
                when '{{ name }}' then cast({{ given.get('amount', '1') }} as {{ integer }})
            {%- endfor %}
        end as amount,
        case features.feature
            {%- for name, given in by_feature.items() %}
                when '{{ name }}' then cast({{ given.get('whole', '1') }} as {{ integer }})
            {%- endfor %}
        end as whole,
        case features.feature
            {%- for name, given in by_feature.items() %}
                when '{{ name }}' then cast(concat({{ given.text }}, '') as {{ text }})
            {%- endfor %}
        end as found
    from features
    cross join {{ ref('dbt_estate', 'estate_feature_counts') }}
),

findings as (
    select
        rules.feature,
        count(*) as findings,
        sum(case when findings.severity = 'error' then 1 else 0 end) as errors
    from {{ ref('dbt_estate', 'estate_findings') }} as findings
    inner join {{ ref('dbt_estate', 'estate_rules') }} as rules on findings.rule_name = rules.rule_name
    where rules.feature is not null
    group by rules.feature
)

select
    judged.feature,
    judged.maturity_level,
    judged.title,
    judged.weight,
    judged.status,
    case when judged.status = 'used' then 1 else 0 end as is_used,
    case when judged.status = 'used' then 1 when judged.status = 'missing' then 0 end as completeness,
    case
        when judged.status = 'missing' then 0
        when judged.status <> 'used' then null
        when judged.amount >= judged.whole then 1
        else {{ dbt_estate.share_of('judged.amount', 'judged.whole') }}
    end as depth,  -- noqa: RF04
    case
        when judged.status = 'not_applicable' then concat('applies ', judged.applicable)
        when judged.status = 'unknown' and judged.feature in ('docs_deployed', 'jobs', 'operations')
            then 'no workflow shows it; it may be done elsewhere'
        when judged.status = 'unknown' then concat('cannot be seen here: needs ', replace(judged.needs, '_', ' '))
        else judged.found
    end as evidence,
    coalesce(findings.findings, 0) as findings,
    coalesce(findings.errors, 0) as errors
from judged
left join findings on judged.feature = findings.feature
