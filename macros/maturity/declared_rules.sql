{#- What `vars: dbt_estate: maturity: declared` has of one parameterised rule. -#}
{% macro declared_rules(rule) -%}
    {%- set kinds = dbt_estate._declared_kinds() -%}
    {%- set problems = [] -%}
    {%- set found = [] -%}
    {%- set given = dbt_estate.maturity_setting('declared') -%}
    {%- if given is string or given is mapping or given is not iterable -%}
        {%- do dbt_estate._raise_problems(
            "vars: dbt_estate: maturity: declared", ["must be a list of rules, got: " ~ given]
        ) -%}
    {%- endif -%}
    {%- set taken = dbt_estate._rule_list() | map(attribute='rule') | list -%}
    {%- for item in given -%}
        {%- if item is not mapping or item.rule is not string or item.rule not in kinds or item.name is not string
            or not item.name -%}
            {%- do problems.append(
                "each must have a name, and as rule one of " ~ kinds.keys() | join(', ') ~ ", got: " ~ item
            ) -%}
        {%- else -%}
            {%- if item.name in taken -%}
                {%- do problems.append(item.name ~ ": the name is taken by another rule") -%}
            {%- endif -%}
            {%- do taken.append(item.name) -%}
            {%- set entry = dbt_estate._declared_rule(item, kinds[item.rule], problems) -%}
            {%- if item.rule == rule -%}{%- do found.append(entry) -%}{%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do dbt_estate._raise_problems("vars: dbt_estate: maturity: declared", problems) -%}
    {{- return(found) -}}
{%- endmacro %}


{#- Each parameterised rule with what it takes besides; a parameter without a default has to be given. -#}
{% macro _declared_kinds() -%}
    {{- return({
        'has-meta-keys': {'keys': none},
        'name-matches': {'patterns': none},
        'has-test': {'tests': none, 'minimum': 1},
        'max-parents': {'maximum': none},
        'max-children': {'maximum': none}
    }) -}}
{%- endmacro %}


{% macro _declared_rule(item, parameters, problems) -%}
    {%- set entry = dict({
        'severity': 'warn', 'resource_types': ['model'], 'include': [], 'exclude': []
    }, **parameters) -%}
    {%- set allowed = ['rule', 'name'] + entry.keys() | list -%}
    {%- for key, value in item.items() -%}
        {%- if key not in allowed -%}
            {%- do problems.append(
                item.name ~ "." ~ key ~ ": no such setting; the settings are " ~ allowed | join(', ')
            ) -%}
        {%- elif key == 'severity' -%}
            {%- do dbt_estate._check_severity(value, item.name, problems) -%}
        {%- elif key in ['minimum', 'maximum'] -%}
            {%- do dbt_estate._check_threshold(value, 1, item.name ~ '.' ~ key, problems) -%}
        {%- elif key not in ['rule', 'name'] -%}
            {%- do dbt_estate._check_texts(value, item.name ~ '.' ~ key, problems) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do entry.update(item) -%}
    {%- if entry.severity is sameas false -%}{%- do entry.update({'severity': 'off'}) -%}{%- endif -%}
    {%- set types = [
        'model', 'seed', 'snapshot', 'source', 'analysis', 'exposure', 'metric', 'saved_query', 'function'
    ] -%}
    {%- for type in entry.resource_types or [none] if type not in types -%}
        {%- do problems.append(
            item.name ~ ".resource_types: must be of " ~ types | join(', ') ~ ", got: " ~ entry.resource_types
        ) -%}
    {%- endfor -%}
    {%- for key in parameters if entry[key] is none or entry[key] == [] -%}
        {%- do problems.append(item.name ~ ": needs " ~ key) -%}
    {%- endfor -%}
    {{- return(entry) -}}
{%- endmacro %}
