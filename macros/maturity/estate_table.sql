{#- A small table, dropped and made anew in one transaction. dbt's own `table` makes it under another name and renames
    twice, which for a table of some rows takes longer than all else. -#}
{% materialization estate_table, default, supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {#- What depends on it goes as well, and dbt's cache is to know. -#}
    {%- if existing is not none -%}{%- do adapter.cache_dropped(existing) -%}{%- endif -%}
    {%- call statement('main') -%}
drop {{ existing.type | replace('_', ' ') if existing is not none else 'table' }} if exists {{ target }} cascade;
{{ get_create_table_as_sql(False, target, sql) }}
    {%- endcall -%}
    {%- if config.get('indexes') -%}{%- do create_indexes(target) -%}{%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- if config.get('grants') -%}
        {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, true)) -%}
    {%- endif -%}
    {%- if config.get('persist_docs') -%}{%- do persist_docs(target, model) -%}{%- endif -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}
