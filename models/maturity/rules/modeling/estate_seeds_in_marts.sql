{%- set marts = dbt_estate.maturity_setting('naming').marts -%}
{%- set globs = [] -%}
{%- for prefix in marts.prefixes or [] -%}{%- do globs.append(prefix ~ '*') -%}{%- endfor -%}
select
    nodes.unique_id,
    nodes.resource_name,
    nodes.file_path,
    'is a seed that is called or placed as a mart' as detail
from {{ ref('dbt_estate', 'estate_rule_nodes') }} as nodes
where
    nodes.resource_type = 'seed'
    and nodes.is_excluded = 0
    and (
        {{ dbt_estate.matches_globs(['nodes.resource_name'], globs, []) if globs else '1 = 0' }}
        {%- if marts.folder %}
            or concat('/', nodes.file_path) like {{ dbt_estate.glob_literal('*/' ~ marts.folder ~ '/*') }} escape '!'
        {%- endif %}
    )
