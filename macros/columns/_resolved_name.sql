{#- What a name says: `stubs` (each with its level), the `rest` that no stub explains, and the levels that found none
    although something was left (`unknown`). The longest stub wins that ends at a separator; of a prefix and a suffix of
    one length, the prefix. tests/conformance/vocabulary.json is the contract of this and of the Python one. -#}
{% macro _resolved_name(name, vocabulary) -%}
    {%- set found = {'stubs': [], 'unknown': [], 'parts': name.split(vocabulary.sep)} -%}
    {%- for level in vocabulary.levels -%}
        {%- set is_asked = found['parts'] and (loop.first or found.stubs) -%}
        {%- set hit = dbt_estate._longest_stub(found['parts'], level.stubs, vocabulary.sep) if is_asked else none -%}
        {%- if not is_asked -%}
        {%- elif hit is none -%}
            {%- do found.unknown.append(level) -%}
        {%- else -%}
            {%- do found.stubs.append({'level': level.name, 'entry': hit.entry}) -%}
            {%- do found.update({'parts': hit['rest']}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return({
        'stubs': found.stubs, 'unknown': found.unknown, 'rest': found['parts'] | join(vocabulary.sep)
    }) -}}
{%- endmacro %}


{% macro _longest_stub(parts, stubs, sep) -%}
    {%- set best = {'length': -1} -%}
    {%- for count in range(parts | length, 0, -1) -%}
        {%- set ends = {
            'prefix': [parts[:count], parts[count:]],
            'suffix': [parts[parts | length - count:], parts[:parts | length - count]]
        } -%}
        {%- for position, end in ends.items() -%}
            {%- set text = end[0] | join(sep) | lower -%}
            {%- if text in stubs and stubs[text].position == position and text | length > best.length -%}
                {%- do best.update({'length': text | length, 'entry': stubs[text], 'rest': end[1]}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(best if best.length >= 0 else none) -}}
{%- endmacro %}


{#- The name of what a function makes of a column: another stub in the place of the first. -#}
{% macro _renamed_by_vocabulary(name, fn, vocabulary) -%}
    {%- set stubs = dbt_estate._resolved_name(name, vocabulary).stubs -%}
    {%- set entry = stubs[0].entry if stubs else {'rename': {}} -%}
    {%- if fn not in entry.rename -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.across: names: {renamed} needs a rename of " ~ (fn or 'a named function') ~ " for the column "
            ~ name ~ ", and the vocabulary has " ~ (entry.rename.keys() | join(', ') or 'none') ~ " for "
            ~ (entry.stub or 'it')
        ) -%}
    {%- endif -%}
    {%- set size = entry.stub | length -%}
    {{- return(
        entry.rename[fn] ~ name[size:] if entry.position == 'prefix'
        else name[:name | length - size] ~ entry.rename[fn]
    ) -}}
{%- endmacro %}


{#- A regular expression for names that are one of these, or like one of these globs. -#}
{% macro _glob_regex(globs) -%}
    {%- set patterns = [] -%}
    {%- for glob in globs -%}
        {%- do patterns.append(modules.re.escape(glob) | replace('\\*', '.*') | replace('\\?', '.')) -%}
    {%- endfor -%}
    {{- return('(?is)(?:' ~ patterns | join('|') ~ ')\\Z') -}}
{%- endmacro %}
