{% materialization estate_shards, default, supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set union = dbt_estate._read_markers(sql) -%}
    {%- set settings = dbt_estate._load_settings() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do dbt_estate.end_transaction() -%}

    {%- set lock_name = target.database ~ '.' ~ target.schema ~ '.' ~ target.identifier -%}
    {%- do dbt_estate.lock(lock_name) -%}
    {%- set ledger = dbt_estate._shard_ledger(target) -%}
    {%- set is_loaded = existing is not none and existing.is_table
        and dbt_estate._ledger_rows(ledger, 'live', settings) | length > 0 -%}

    {%- if flags.EMPTY or invocation_args_dict.get('sample') -%}
        {#- Rows of no shard, or of a sample: neither may stand in for a load. -#}
        {%- if is_loaded -%}
            {%- do log(
                'estate_shards ' ~ this.identifier ~ ': is loaded, and is left as it is under --empty and --sample',
                info=true
            ) -%}
        {%- else -%}
            {%- set next = dbt_estate._fresh_table(target, '__estate_next', sql) -%}
            {%- set names = dbt_estate._quoted_names(adapter.get_columns_in_relation(next)) -%}
            {%- do dbt_estate.run_atomically([
                'insert into ' ~ next ~ ' (' ~ names ~ ')\nselect ' ~ names ~ '\nfrom (\n' ~ sql ~ '\n) as shard_rows'
            ], 'estate_sample', config.get('sql_header')) -%}
            {%- do dbt_estate.run_atomically(
                ['delete from ' ~ ledger ~ '\nwhere ' ~ dbt_estate._ledger_condition('next')], 'estate_forget'
            ) -%}
            {%- do dbt_estate._swap(next, existing, target, ledger) -%}
        {%- endif -%}
        {%- set is_new = not is_loaded -%}
    {%- elif is_loaded and settings.watermark is not none and not should_full_refresh() -%}
        {%- set is_new = dbt_estate._load_live(target, existing, union, ledger, settings) -%}
    {%- else -%}
        {%- do dbt_estate._load_next(target, existing, union, ledger, settings) -%}
        {%- set is_new = true -%}
    {%- endif -%}

    {%- call statement('main') -%}
        {{- dbt_estate._seal_sql(ledger) -}}
    {%- endcall -%}
    {%- if is_new -%}
        {%- do create_indexes(target) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(
        target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=is_new)
    ) -%}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {%- do dbt_estate.unlock(lock_name) -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}
