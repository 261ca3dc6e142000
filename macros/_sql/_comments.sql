{#- A list as JSON for a comment. What a comment could end at, and what a driver could take for a parameter or an
    escape, is written as a JSON escape: no name can leave its comment, and the text still reads back. A mapping is to
    be given as the text of its JSON, since its braces would be escaped too. -#}
{% macro _comment_json(values) -%}
    {%- set escapes = {'*': '\\u002a', '/': '\\u002f', '?': '\\u003f', '{': '\\u007b', '}': '\\u007d', "'": '\\u0027',
        ';': '\\u003b', '%': '\\u0025'} -%}
    {%- set text = namespace(value=tojson(values)) -%}
    {%- if modules.re.search("[*/?{}';%]", text.value) -%}
        {%- for character, escape in escapes.items() -%}
            {%- set text.value = text.value | replace(character, escape) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(text.value) -}}
{%- endmacro %}
