{% macro call_procedure(procedure=none, args={}, param_types={}, statement=none) -%}
    {%- if execute and dbt_estate._is_for_real() -%}
        {%- set problems = [] -%}
        {%- do dbt_estate._check_what_is_called(procedure, statement, problems) -%}
        {%- if args is not mapping -%}
            {%- do problems.append("args: must be a mapping of parameter to value, got: " ~ args) -%}
        {%- else -%}
            {%- do dbt_estate._check_parameter_names('args', args.keys(), problems) -%}
        {%- endif -%}
        {%- do dbt_estate._check_param_types(param_types, problems) -%}
        {%- do dbt_estate._raise_problems('call_procedure', problems) -%}
        {%- set template = dbt_estate._call_template(procedure, statement) -%}
        {%- set names = args.keys() | list -%}
        {%- do dbt_estate._check_use({'param_types': param_types}, template, names, [], problems) -%}
        {%- do dbt_estate._raise_problems('call_procedure', problems) -%}
        {%- set texts = dbt_estate._value_texts([args], names)[0] -%}
        {%- do dbt_estate._run_one_call(dbt_estate._call_sql(template, args, texts, param_types)) -%}
    {%- endif -%}
{%- endmacro %}


{#- A hook of a model belongs to the model's transaction, if the hook does. Everywhere else dbt would roll back what it
    did not begin, without a word. -#}
{% macro _run_one_call(text) -%}
    {%- if dbt_estate._is_in_a_model() -%}
        {%- call statement('estate_call', auto_begin=false) -%}
            {{- text -}}
        {%- endcall -%}
    {%- else -%}
        {%- do dbt_estate.end_transaction() -%}
        {%- call statement('estate_call', auto_begin=false) -%}
            {{- adapter.dispatch('_transaction', 'dbt_estate')([text]) -}}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}


{#- For `compile` and `docs generate` dbt renders the hooks of a project as well, `execute` is true, and runs none. -#}
{% macro _is_for_real() -%}
    {{- return(flags.WHICH not in ['compile', 'generate', 'list', 'parse', 'show', 'lint']) -}}
{%- endmacro %}


{% macro _is_in_a_model() -%}
    {{- return(model is defined and model and model.resource_type in ['model', 'seed', 'snapshot', 'test']) -}}
{%- endmacro %}
