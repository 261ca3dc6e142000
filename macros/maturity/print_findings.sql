{% macro print_findings(limit=50) -%}
    {%- if limit is boolean or limit is not integer or limit < 0 -%}
        {%- do exceptions.raise_compiler_error(
            "dbt_estate.print_findings: 'limit' must be a whole number from 0 on, got: " ~ limit
        ) -%}
    {%- endif -%}
    {%- set built = [] -%}
    {%- for result in results if execute and result.node.unique_id == 'model.dbt_estate.estate_findings'
        and result.status == 'success' -%}
        {%- do built.append(result.node.relation_name) -%}
    {%- endfor -%}
    {%- for relation in built -%}
        {%- set found = run_query(dbt_estate._findings_query(relation)) -%}
        {%- do log(dbt_estate._findings_text(found.rows, limit), info=true) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _findings_query(relation) -%}
select
    severity,
    rule_name,
    resource_name,
    file_path,
    detail
from {{ relation }}
order by severity, rule_name, resource_name
{%- endmacro %}


{% macro _findings_text(rows, limit) -%}
    {%- set lines = ["dbt_estate: " ~ rows | length ~ (" finding" if rows | length == 1 else " findings")] -%}
    {%- for row in rows[:limit] -%}
        {%- do lines.append(
            "  " ~ row[0] ~ " " ~ row[1] ~ ": " ~ row[2] ~ ": " ~ row[4] ~ (" (" ~ row[3] ~ ")" if row[3])
        ) -%}
    {%- endfor -%}
    {%- if rows | length > limit -%}
        {%- do lines.append("  and " ~ (rows | length - limit) ~ " more in estate_findings") -%}
    {%- endif -%}
    {{- return(lines | join('\n')) -}}
{%- endmacro %}
