{#- What a model says about its loads: dbt's own configs where dbt has the name, the rest under meta. -#}
{% macro _load_settings() -%}
    {%- set given = config.get('meta', {}).get('dbt_estate_shards', {}) -%}
    {%- set settings = {
        'batch_size': 25, 'watermark': none, 'lookback': 0, 'lookback_unit': none, 'retired': 'delete',
        'resume_minutes': 60
    } -%}
    {%- set problems = [] -%}
    {%- if given is not mapping -%}
        {%- do problems.append("must be a mapping, got: " ~ given) -%}
        {%- set given = {} -%}
    {%- endif -%}
    {%- if 'dbt_estate' in config.get('meta', {}) -%}
        {%- do problems.append(
            "meta: dbt_estate is nested; write the flat key meta: dbt_estate_shards, since dbt merges meta by its"
            ~ " top-level keys"
        ) -%}
    {%- endif -%}
    {%- for key, value in given.items() -%}
        {%- do dbt_estate._check_choice('setting', key, settings.keys() | list, problems) -%}
        {%- if value is not none -%}{%- do settings.update({key: value}) -%}{%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._check_whole_number('batch_size', settings.batch_size, 1, 500, problems) -%}
    {%- do dbt_estate._check_whole_number('lookback', settings.lookback, 0, 1000000000, problems) -%}
    {%- do dbt_estate._check_whole_number('resume_minutes', settings.resume_minutes, 0, 1000000, problems) -%}
    {%- do dbt_estate._check_choice(
        'lookback_unit', settings.lookback_unit, [none, 'second', 'minute', 'hour', 'day', 'week', 'month'], problems
    ) -%}
    {%- do dbt_estate._check_choice('retired', settings.retired, ['delete', 'keep'], problems) -%}
    {%- if settings.watermark is not none and (settings.watermark is not string or settings.watermark | trim == '') -%}
        {%- do problems.append("watermark: must be the name of one column, got: " ~ settings.watermark) -%}
        {%- do settings.update({'watermark': 'watermark'}) -%}
    {%- endif -%}
    {%- for key in ['watermark', 'lookback_unit', 'retired', 'resume_minutes'] if config.get(key) is not none -%}
        {%- do problems.append(
            key ~ ": is set beside meta, where it does nothing; write it under meta: dbt_estate_shards"
        ) -%}
    {%- endfor -%}
    {%- if config.get('incremental_strategy') is not none -%}
        {%- do problems.append(
            "incremental_strategy: estate_shards has one way to load, delete and insert by shard; remove it, got: "
            ~ config.get('incremental_strategy')
        ) -%}
    {%- endif -%}
    {%- set unique_key = config.get('unique_key') -%}
    {%- do settings.update({'unique_key': [unique_key] if unique_key is string else unique_key or []}) -%}
    {%- if settings.watermark is none and (settings.unique_key or settings.lookback) -%}
        {%- do problems.append(
            "unique_key and lookback say how rows newer than the watermark are loaded, and there is no watermark:"
            ~ " name a column"
            ~ " that grows with every change in meta: dbt_estate_shards: {watermark: ...}, or remove them"
        ) -%}
    {%- endif -%}
    {%- do dbt_estate._raise_problems("meta: dbt_estate_shards of " ~ this.identifier, problems) -%}
    {{- return(settings) -}}
{%- endmacro %}
