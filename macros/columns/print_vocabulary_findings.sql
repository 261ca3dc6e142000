{#- For on-run-end: the columns and rules of the vocabulary tests that failed, in one table. Failures that were stored
    are read from there; otherwise the test's query runs once more. -#}
{% macro print_vocabulary_findings(results) -%}
    {%- if not execute or not results -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set lines = [['severity', 'tested', 'column', 'rule', 'rows', 'detail']] -%}
    {%- for result in results if result.status in ['fail', 'warn'] -%}
        {%- if (result.node.test_metadata or {}).name == 'columns_follow_vocabulary' -%}
            {%- set query = 'select * from ' ~ result.node.relation_name if result.node.relation_name
                else result.node.compiled_code -%}
            {%- for row in run_query(query).rows -%}
                {%- do lines.append(
                    [row[2], dbt_estate._tested_name(result.node), row[0], row[1], row[3] | string, row[4]]
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if lines | length > 1 -%}
        {%- do log(
            'dbt_estate: columns that do not follow the vocabulary\n' ~ dbt_estate._aligned(lines), info=true
        ) -%}
    {%- endif -%}
    {{- return('') -}}
{%- endmacro %}


{% macro _tested_name(node) -%}
    {%- set id = node.attached_node or node.depends_on.nodes | first -%}
    {{- return(id.split('.')[2:] | join('.')) -}}
{%- endmacro %}


{% macro _aligned(lines) -%}
    {%- set widths = [] -%}
    {%- for place in range(lines[0] | length) -%}
        {%- do widths.append(lines | map(attribute=place) | map('length') | max) -%}
    {%- endfor -%}
    {%- set texts = [] -%}
    {%- for line in lines -%}
        {%- set cells = [] -%}
        {%- for cell in line -%}{%- do cells.append(cell.ljust(widths[loop.index0])) -%}{%- endfor -%}
        {%- do texts.append(('  ' ~ cells | join('  ')).rstrip()) -%}
    {%- endfor -%}
    {{- return(texts | join('\n')) -}}
{%- endmacro %}
