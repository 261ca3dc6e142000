{#- The controlled vocabulary of column names under vars, checked as a whole. Its levels, the first being `stubs`
    itself, have their stubs by lower-case name. -#}
{% macro _vocabulary() -%}
    {%- set given = dbt_estate._settings()['vocabulary'] -%}
    {%- if not given -%}
        {%- do exceptions.raise_compiler_error(
            "vars: dbt_estate: vocabulary: there is no vocabulary in dbt_project.yml; `dbt-estate names init` proposes"
            ~ " one from the names in use"
        ) -%}
    {%- endif -%}
    {%- set problems = [] -%}
    {%- set vocabulary = {'sep': '_', 'severity': 'error', 'unknown': 'fail', 'ignore': []} -%}
    {%- for key in given if key not in ['sep', 'severity', 'unknown', 'ignore', 'stubs', 'levels'] -%}
        {%- do problems.append(
            key ~ ": is not a setting; the settings are sep, severity, unknown, ignore, stubs, levels"
        ) -%}
    {%- endfor -%}
    {%- for key in vocabulary if key in given -%}{%- do vocabulary.update({key: given[key]}) -%}{%- endfor -%}
    {%- if vocabulary.sep is not string or vocabulary.sep == '' -%}
        {%- do problems.append("sep: must be a text that is not empty, got: " ~ vocabulary.sep) -%}
        {%- do vocabulary.update({'sep': '_'}) -%}
    {%- endif -%}
    {%- do dbt_estate._check_choice('severity', vocabulary.severity, ['error', 'warn'], problems) -%}
    {%- if problems -%}{%- do vocabulary.update({'severity': 'error'}) -%}{%- endif -%}
    {%- do dbt_estate._check_choice('unknown', vocabulary.unknown, ['fail', 'warn', 'ignore'], problems) -%}
    {%- if not dbt_estate._is_list_of_text(vocabulary.ignore) -%}
        {%- do problems.append("ignore: must be a list of names or globs, got: " ~ vocabulary.ignore) -%}
    {%- endif -%}
    {%- set levels = [] -%}
    {%- do levels.append({
        'name': 'stubs', 'unknown': vocabulary.unknown,
        'stubs': dbt_estate._vocabulary_stubs(given.get('stubs'), 'stubs', vocabulary, problems)
    }) -%}
    {%- do dbt_estate._add_levels(levels, given.get('levels', []), vocabulary, problems) -%}
    {%- do dbt_estate._raise_problems("vars: dbt_estate: vocabulary", problems) -%}
    {{- return(dict(vocabulary, levels=levels)) -}}
{%- endmacro %}


{% macro _is_list_of_text(value) -%}
    {{- return(
        value is not string and value is not mapping and value is iterable and not value | reject('string') | list
    ) -}}
{%- endmacro %}


{% macro _add_levels(levels, given, vocabulary, problems) -%}
    {%- if given is string or given is mapping or given is not iterable -%}
        {%- do problems.append("levels: must be a list of mappings with name, unknown and stubs, got: " ~ given) -%}
        {%- set given = [] -%}
    {%- endif -%}
    {%- for level in given -%}
        {%- set where = 'levels[' ~ loop.index0 ~ ']' -%}
        {%- if level is not mapping -%}
            {%- do problems.append(where ~ ": must be a mapping with name, unknown and stubs, got: " ~ level) -%}
            {%- set level = {'name': where, 'stubs': {}} -%}
        {%- endif -%}
        {%- for key in level if key not in ['name', 'unknown', 'stubs'] -%}
            {%- do problems.append(where ~ "." ~ key ~ ": is not a setting; the settings are name, unknown, stubs") -%}
        {%- endfor -%}
        {%- set name = level.get('name') -%}
        {%- if name is not string or name | trim == '' or name in levels | map(attribute='name') -%}
            {%- do problems.append(where ~ ".name: must be a name that no other level has, got: " ~ name) -%}
        {%- endif -%}
        {%- set unknown = level.get('unknown', 'ignore') -%}
        {%- do dbt_estate._check_choice(where ~ '.unknown', unknown, ['fail', 'warn', 'ignore'], problems) -%}
        {%- do levels.append({
            'name': name, 'unknown': unknown,
            'stubs': dbt_estate._vocabulary_stubs(level.get('stubs'), where ~ '.stubs', vocabulary, problems)
        }) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _vocabulary_stubs(given, where, vocabulary, problems) -%}
    {%- set stubs = {} -%}
    {%- if given is not mapping or not given -%}
        {%- do problems.append(where ~ ": must be a mapping of stubs to what they mean, got: " ~ given) -%}
        {{- return(stubs) -}}
    {%- endif -%}
    {%- for stub, meaning in given.items() -%}
        {%- if stub is not string or stub == '' -%}
            {%- do problems.append(
                where ~ ": a stub must be a text, got: " ~ stub ~ ". Quote it, since YAML reads NO, ON and numbers"
                ~ " otherwise"
            ) -%}
        {%- elif stub | lower in stubs -%}
            {%- do problems.append(where ~ "." ~ stub ~ ": is there twice, as names are read without their case") -%}
        {%- else -%}
            {%- do stubs.update({
                stub | lower: dbt_estate._vocabulary_stub(stub, meaning, where ~ '.' ~ stub, vocabulary, problems)
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(stubs) -}}
{%- endmacro %}


{% macro _vocabulary_stub(stub, given, where, vocabulary, problems) -%}
    {%- set entry = {
        'stub': stub, 'position': 'prefix', 'description': '', 'severity': vocabulary.severity, 'types': [],
        'checks': {}, 'rename': {}
    } -%}
    {%- if given is none -%}
        {%- set given = {} -%}
    {%- elif given is string -%}
        {%- set given = {'description': given} -%}
    {%- elif given is not mapping -%}
        {%- do problems.append(where ~ ": must be a description or a mapping, got: " ~ given) -%}
        {%- set given = {} -%}
    {%- endif -%}
    {%- for key, value in given.items() -%}
        {%- if key == 'stub' or key not in entry -%}
            {%- do problems.append(
                where ~ "." ~ key ~ ": is not a setting; the settings are position, description, severity, types,"
                ~ " checks, rename"
            ) -%}
        {%- else -%}
            {%- do entry.update({key: value}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if entry.types is string -%}{%- do entry.update({'types': [entry.types]}) -%}{%- endif -%}
    {%- do dbt_estate._check_choice(where ~ '.position', entry.position, ['prefix', 'suffix'], problems) -%}
    {%- do dbt_estate._check_choice(where ~ '.severity', entry.severity, ['error', 'warn'], problems) -%}
    {%- if entry.description is not string -%}
        {%- do problems.append(where ~ ".description: must be a text, got: " ~ entry.description) -%}
    {%- endif -%}
    {%- if not dbt_estate._is_list_of_text(entry.types) -%}
        {%- do problems.append(where ~ ".types: must be a type or a list of types, got: " ~ entry.types) -%}
        {%- do entry.update({'types': []}) -%}
    {%- endif -%}
    {%- if entry.rename is not mapping or entry.rename.values() | reject('string') | list -%}
        {%- do problems.append(
            where ~ ".rename: must be a mapping of functions to stubs, got: " ~ entry.rename
        ) -%}
    {%- endif -%}
    {%- do entry.update({'checks': dbt_estate._vocabulary_checks(entry, where ~ '.checks', problems)}) -%}
    {{- return(entry) -}}
{%- endmacro %}


{#- Each as {rule, value, severity}. One that is set to false is not there. -#}
{% macro _vocabulary_checks(entry, where, problems) -%}
    {%- set checks = [] -%}
    {%- if entry.checks is not mapping -%}
        {%- do problems.append(where ~ ": must be a mapping of checks, got: " ~ entry.checks) -%}
        {{- return(checks) -}}
    {%- endif -%}
    {%- for rule, given in entry.checks.items() -%}
        {%- set at = where ~ '.' ~ rule -%}
        {%- set is_long = given is mapping -%}
        {%- set value = given.get('value') if is_long else given -%}
        {%- set severity = given.get('severity', entry.severity) if is_long else entry.severity -%}
        {%- for key in (given if is_long else []) if key not in ['value', 'severity'] -%}
            {%- do problems.append(at ~ "." ~ key ~ ": is not a setting; the settings are value, severity") -%}
        {%- endfor -%}
        {%- if is_long -%}
            {%- do dbt_estate._check_choice(at ~ '.severity', severity, ['error', 'warn'], problems) -%}
        {%- endif -%}
        {%- do dbt_estate._check_value(rule, value, at, problems) -%}
        {%- if value is not false -%}
            {%- do checks.append({'rule': rule, 'value': value, 'severity': severity}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(checks) -}}
{%- endmacro %}


{% macro _check_value(rule, value, where, problems) -%}
    {%- set is_scalar = value is not none and (value is string or value is number or value.isoformat is defined) -%}
    {%- if rule in ['not_null', 'unique', 'not_blank'] -%}
        {%- if value is not boolean -%}
            {%- do problems.append(where ~ ": must be true or false, got: " ~ value) -%}
        {%- endif -%}
    {%- elif rule == 'accepted_values' -%}
        {%- if value is string or value is mapping or value is not iterable or not value or none in value -%}
            {%- do problems.append(where ~ ": must be a list of values, got: " ~ value) -%}
        {%- endif -%}
    {%- elif rule in ['min', 'max'] -%}
        {%- if value is boolean or not is_scalar -%}
            {%- do problems.append(where ~ ": must be a number, a date or a text, got: " ~ value) -%}
        {%- endif -%}
    {%- elif rule == 'matches' -%}
        {%- if value is not string or value == '' -%}
            {%- do problems.append(where ~ ": must be a regular expression, got: " ~ value) -%}
        {%- endif -%}
    {%- elif rule == 'expression' -%}
        {%- if value is not string or '{col}' not in value -%}
            {%- do problems.append(where ~ ": must be a condition with {col} for the column, got: " ~ value) -%}
        {%- endif -%}
    {%- else -%}
        {%- do problems.append(
            where ~ ": is not a check; the checks are not_null, accepted_values, min, max, unique, not_blank, matches,"
            ~ " expression"
        ) -%}
    {%- endif -%}
{%- endmacro %}
