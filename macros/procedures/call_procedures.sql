{#- `kwargs` takes what has no name here, so that a misspelt argument is told with the others. -#}
{% macro call_procedures(
    dispatch=none, procedure=none, statement=none, params=none, query=none, map=none, param_types=none, order_by=none,
    dry_run=none, on_error=none, max_failures=none, resume=none, in_doubt=none, transaction=none, redact=none,
    batch=none, slice=none, ledger=none, capture=none
) -%}
    {%- set problems = [] -%}
    {%- set options = dbt_estate._call_options(dispatch, dict(
        kwargs, procedure=procedure, statement=statement, params=params, query=query, map=map,
        param_types=param_types, order_by=order_by, dry_run=dry_run, on_error=on_error, max_failures=max_failures,
        resume=resume, in_doubt=in_doubt, transaction=transaction, redact=redact, batch=batch, slice=slice,
        ledger=ledger, capture=capture
    ), problems) -%}
    {%- if not execute -%}
        {#- dbt sees only the references that are made while it parses. -#}
        {%- do dbt_estate._params_relation(options.params) -%}
    {%- elif flags.EMPTY -%}
        {%- do log('dbt_estate: ' ~ options.operation ~ ': no call is made under --empty', info=true) -%}
    {%- elif dbt_estate._is_for_real() -%}
        {%- do dbt_estate._check_call_options(options, problems) -%}
        {%- do dbt_estate._raise_problems(
            'call_procedures' ~ (' (dispatch: ' ~ dispatch ~ ')' if dispatch is not none), problems
        ) -%}
        {%- do dbt_estate._check_transaction(options) -%}
        {%- set calls = dbt_estate._planned_calls(options, dbt_estate._params_relation(options.params)) -%}
        {%- if options.dry_run -%}
            {%- do dbt_estate._show_calls(calls, options) -%}
        {%- else -%}
            {%- do dbt_estate._make_calls(calls, options) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
