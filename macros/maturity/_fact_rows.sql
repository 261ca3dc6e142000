{#- What the rules read and the Information Schema has no column for. scripts/dbt_estate/info_schema/facts.py says the
    same of a manifest. -#}
{% macro _add_settings(found, nodes) -%}
    {%- set rows, configured = found['rows']['node_settings'], ['model', 'snapshot', 'source', 'seed'] -%}
    {%- set names = [
        'unique_key', 'incremental_strategy', 'on_schema_change', 'strategy', 'updated_at', 'check_cols',
        'hard_deletes', 'event_time', 'full_refresh', 'loaded_at_field', 'loaded_at_query'
    ] -%}
    {%- for node in nodes -%}
        {%- set unique_id, kind, config = node['unique_id'], node['resource_type'], node['config'] -%}
        {%- if kind == 'source' -%}
            {%- do dbt_estate._add_source_settings(rows, node) -%}
        {%- endif -%}
        {%- if kind in configured -%}
            {%- for name in names if name in config and not (kind == 'source' and name == 'loaded_at_field') -%}
                {%- set value = config[name] -%}
                {%- if value is string -%}
                    {%- do rows.append({
                        'node_unique_id': unique_id, 'kind': 'config', 'name': name, 'value': value
                    }) -%}
                {%- elif value is not none -%}
                    {%- do dbt_estate._add_setting(rows, unique_id, 'config', name, value) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
        {%- if node['meta'] -%}{%- do dbt_estate._add_meta(found, node) -%}{%- endif -%}
        {%- if node['tags'] -%}
            {%- for tag in node['tags'] | unique(true) -%}
                {%- do rows.append({'node_unique_id': unique_id, 'kind': 'tag', 'name': tag, 'value': none}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _add_source_settings(rows, node) -%}
    {%- set field = node['loaded_at_field'] or node['config']['loaded_at_field'] | default(none) -%}
    {%- if field is not none -%}
        {%- do dbt_estate._add_setting(rows, node['unique_id'], 'config', 'loaded_at_field', field) -%}
    {%- endif -%}
    {%- set freshness = node['freshness'] or {} -%}
    {%- if (freshness['warn_after'] or {})['count'] or (freshness['error_after'] or {})['count'] -%}
        {%- do dbt_estate._add_setting(rows, node['unique_id'], 'config', 'has_freshness', true) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _add_meta(found, node) -%}
    {%- for name, value in node['meta'].items() -%}
        {%- if name == 'dbt_estate_ignore' -%}
            {%- do dbt_estate._add_exceptions(found, node['unique_id'], value) -%}
        {%- elif value is not none -%}
            {%- do dbt_estate._add_setting(
                found['rows']['node_settings'], node['unique_id'], 'meta', name | string, value
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- What `exclude_paths` names, as scripts/dbt_estate/info_schema/facts.py finds it. -#}
{% macro _add_exclusion(found, node) -%}
    {%- set path = node['original_file_path'] | replace('\\', '/') -%}
    {%- if node['resource_type'] == 'source' -%}
        {%- set path = path ~ ':' ~ node['source_name'] ~ '.' ~ node['name'] -%}
    {%- endif -%}
    {%- set matching = [] -%}
    {%- for pattern in found['excluded'] if pattern.search(path) -%}{%- do matching.append(pattern) -%}{%- endfor -%}
    {%- if matching and node['package_name'] == project_name and not node['test_metadata'] -%}
        {%- do found['rows']['node_facts'].append({'unique_id': node['unique_id'], 'fact': 'excluded'}) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _add_setting(rows, unique_id, kind, name, value) -%}
    {%- set plain = value if value is string else dbt_estate._plain(value) -%}
    {%- if plain is not none -%}
        {%- do rows.append({
            'node_unique_id': unique_id, 'kind': kind, 'name': name,
            'value': plain if plain is string else tojson(plain)
        }) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _add_exceptions(found, unique_id, given) -%}
    {%- set items = given if given is iterable and given is not mapping and given is not string
        else [] if given is none else [given] -%}
    {%- for item in items -%}
        {%- set entry = item if item is mapping else {'rule': item} -%}
        {%- set row = {'unique_id': unique_id} -%}
        {%- for column, name in [
            ('rule_name', 'rule'), ('reason', 'reason'), ('valid_until', 'until'), ('owner', 'owner')
        ] -%}
            {%- set value = dbt_estate._plain(entry.get(name)) -%}
            {%- do row.update({column: value if value is string or value is none else tojson(value)}) -%}
        {%- endfor -%}
        {%- do found['rows']['node_exceptions'].append(row) -%}
    {%- endfor -%}
{%- endmacro %}


{#- Of a hook, or of the code of a model or snapshot of the project. -#}
{% macro _add_facts(found, nodes) -%}
    {%- set rows, in_sql = found['rows']['node_facts'], [] -%}
    {%- for node in nodes -%}
        {%- set code, unique_id, config = node['raw_code'] or '', node['unique_id'], node['config'] or {} -%}
        {%- if node['resource_type'] == 'operation' -%}
            {%- if dbt_estate._is_hook(code) -%}
                {%- do rows.append({'unique_id': unique_id, 'fact': 'hook', 'value': code}) -%}
            {%- endif -%}
        {%- elif node['language'] == 'sql' -%}
            {%- do in_sql.append(node) -%}
        {%- elif modules.re.search('(?m)^[^\x23\\n]*\\bdbt\\.config\\s*\\(', code) -%}
            {%- do rows.append({'unique_id': unique_id, 'fact': 'config_call'}) -%}
        {%- endif -%}
        {%- if node['resource_type'] != 'operation' and (config['pre-hook'] or config['post-hook'])
            and dbt_estate._has_hook(config) -%}
            {%- do rows.append({'unique_id': unique_id, 'fact': 'node_hook'}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._add_code_facts(rows, in_sql) -%}
    {%- do dbt_estate._add_sql_facts(rows, in_sql) -%}
    {%- do dbt_estate._add_calls(rows, in_sql) -%}
{%- endmacro %}


{% macro _add_sql_facts(rows, nodes) -%}
    {%- set comments, starts = dbt_estate._comment_pattern(), modules.re.compile('(?m)^[^\\S\\n]*\\S') -%}
    {%- for node in nodes -%}
        {%- set code, unique_id = node['raw_code'] or '', node['unique_id'] -%}
        {%- set bare = modules.re.sub(comments, '', code)
            if '--' in code or '/*' in code or '{\x23' in code else code -%}
        {%- set lines = starts.findall(bare) | length | string -%}
        {%- do rows.append({'unique_id': unique_id, 'fact': 'sql_lines', 'value': lines}) -%}
        {%- set normal = code.lower().split() | join(' ') -%}
        {%- do rows.append({'unique_id': unique_id, 'fact': 'sql_hash', 'value': local_md5(normal)}) -%}
        {%- if 'is_incremental' in bare -%}
            {%- do rows.append({'unique_id': unique_id, 'fact': 'is_incremental'}) -%}
        {%- endif -%}
        {%- if 'config' in bare and modules.re.search('\\bconfig\\s*\\(', bare) -%}
            {%- do rows.append({'unique_id': unique_id, 'fact': 'config_call'}) -%}
        {%- endif -%}
        {%- if ';' in bare and bare.rstrip().endswith(';') -%}
            {%- set place = modules.re.search(dbt_estate._last_semicolon_pattern(), code) -%}
            {%- set line = code[:place.start()].count('\n') + 1 -%}
            {%- do rows.append({'unique_id': unique_id, 'fact': 'trailing_semicolon', 'line_number': line}) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- Each package whose macros the SQL calls, and never this one. A macro in the place of ref or source is called by
    every model, and says nothing of it. -#}
{% macro _add_calls(rows, nodes) -%}
    {%- for node in nodes -%}
        {%- set packages = {} -%}
        {%- for macro in (node['depends_on'] or {})['macros'] or [] if not macro.endswith(('.ref', '.source')) -%}
            {%- do packages.update({macro.split('.')[1]: true}) -%}
        {%- endfor -%}
        {%- for package in packages if package != 'dbt_estate' -%}
            {%- do rows.append({'unique_id': node['unique_id'], 'fact': 'macro_call', 'value': package}) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _has_hook(config) -%}
    {%- set hooks = [] -%}
    {%- for hook in (config['pre-hook'] or []) + (config['post-hook'] or []) -%}
        {%- set text = hook['sql'] if hook is mapping else hook -%}
        {%- if dbt_estate._is_hook(text or '') -%}{%- do hooks.append(text) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(hooks != []) -}}
{%- endmacro %}


{#- Whether a hook does something besides what this package does. -#}
{% macro _is_hook(code) -%}
    {%- set left = {'code': code} -%}
    {%- for pattern in [
        dbt_estate._own_call_pattern(), dbt_estate._comment_pattern(), dbt_estate._control_pattern()
    ] -%}
        {%- do left.update({'code': modules.re.sub(pattern, '', left['code'])}) -%}
    {%- endfor -%}
    {{- return(left['code'].strip('; \t\r\n') != '') -}}
{%- endmacro %}


{#- What a hook can have and do nothing of its own: calls of this package, comments, control. -#}
{% macro _own_call_pattern() -%}
    {{- return(
        '\\{\\{-?\\s*dbt_estate\\.\\w+\\s*\\((?:\'(?:\\\\.|[^\'\\\\])*\'|"(?:\\\\.|[^"\\\\])*"'
        ~ '|(?!\\{\\{)[^\'"])*?\\)\\s*-?\\}\\}'
    ) -}}
{%- endmacro %}


{% macro _control_pattern() -%}
    {{- return(
        '\\{\x25[-+]?\\s*(?:(?:if|elif|else|endif|for|endfor|endset)\\b(?:[^\x25]|\x25(?!\\}))*'
        ~ '|set\\b[^(\x25]*)\x25\\}'
    ) -}}
{%- endmacro %}


{#- Comments and texts come first in the pattern, so that nothing is found in them. -#}
{% macro _code_pattern() -%}
    {%- set pattern -%}
        {%- raw -%}
            (?i)--[^\n]*|/\*[\s\S]*?\*/|\{\x23[\s\S]*?\x23\}|'(?:''|[^'])*'|"[^"\n]*\"
            |\b(?:extract|trim|substring|overlay|position)\s*\((?:[^()']|'[^']*'|\([^()]*\))*\)
            |\bdistinct\s+from\b
            |\b(?:from|join)\s+(?:only\s+)?\(?\s*((?:[\w$][\w$-]*|"[^"\n]+"|`[^`\n]+`|\[[^\]\n]+\])
            (?:\s*\.{1,2}\s*(?:[\w$][\w$-]*|"[^"\n]+"
            |`[^`\n]+`|\[[^\]\n]+\])){1,3}(?![\w.$]|\s*\()|`[^`\n]*\.[^`\n]*`
            |\{\{-?\s*var\s*\([^{}]*\}\}(?:\s*\.\s*(?:[\w$][\w$-]*|"[^"\n]+"|`[^`\n]+`|\[[^\]\n]+\]))*
            |\{\{[^{}]*\}\}(?:\s*\.\s*(?:[\w$][\w$-]*|"[^"\n]+"|`[^`\n]+`|\[[^\]\n]+\]))+)
            |((?:\bselect\s+(?:distinct\s+on\s*\([^()]*\)\s*|distinct\s+|all\s+|top\s+\d+\s+)?|,\s*)
            (?:[\w\"`\[\]]+\.)*\*(?![\w\[(*]))
            (?:(?=(?:(?!\bfrom\b)[^();]){0,999}\bfrom\s+[\"`]?(\w+)[\"`]?
            (?![\w.]|\s*\(|(?:(?!\bselect\b)[^();]){0,999}?\bjoin\b)))?
        {%- endraw -%}
    {%- endset -%}
    {{- return(pattern.split() | join) -}}
{%- endmacro %}


{% macro _comment_pattern() -%}
    {{- return('--[^\\n]*|/\\*[\\s\\S]*?\\*/|\\{\\x23[\\s\\S]*?\\x23\\}') -}}
{%- endmacro %}


{% macro _last_semicolon_pattern() -%}
    {{- return(';(?=(?:\\s|--[^\\n]*|/\\*[\\s\\S]*?\\*/|\\{\\x23[\\s\\S]*?\\x23\\})*$)') -}}
{%- endmacro %}


{% macro _add_code_facts(rows, nodes) -%}
    {%- set pattern = modules.re.compile(dbt_estate._code_pattern()) -%}
    {%- for node in nodes -%}
        {%- set code, unique_id = node['raw_code'] or '', node['unique_id'] -%}
        {%- for place in pattern.finditer(code) -%}
            {%- set reference, star, table = place.groups() -%}
            {%- if reference and not dbt_estate._is_of_alias(reference, code) -%}
                {%- do rows.append({
                    'unique_id': unique_id, 'fact': 'hard_coded_reference', 'value': reference.split() | join(' '),
                    'line_number': code[:place.start(1)].count('\n') + 1
                }) -%}
            {%- elif star and not (table and modules.re.search(
                '(?i)(?<!\\w)["`]?' ~ table
                ~ '["`]?(?:\\s*\\([^()]*\\))?\\s+as\\s*(?:not\\s+)?(?:materialized\\s*)?\\(', code
            )) -%}
                {%- set line = code[:place.end(2)].count('\n') + 1 -%}
                {%- do rows.append({'unique_id': unique_id, 'fact': 'select_star', 'line_number': line}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#- Whether it is a list of a row of another table, as in `cross join o.items`. -#}
{% macro _is_of_alias(reference, code) -%}
    {%- set parts = reference.split('.') -%}
    {{- return(
        parts | length == 2 and modules.re.fullmatch('\\w+\\s*', parts[0]) is not none
        and modules.re.search(
            '(?i)(?:\\bas\\s+|\\}\\}\\s*|\\b(?:from|join)\\s+(?!only\\b)\\w+\\s+)' ~ parts[0].strip() ~ '\\b', code
        ) is not none
    ) -}}
{%- endmacro %}
