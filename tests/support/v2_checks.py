"""The rules as checks of dbt v2: the body of each over CTEs that stand for the layer.

dbt v2 documents checks and the tables of `info_schema()`:
https://docs.getdbt.com/reference/dbt-information-schema
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt_estate.info_schema import tables
from dbt_estate.info_schema.facts import SETTINGS
from dbt_estate.info_schema.layer import LAYER, models_folder, render
from dbt_estate.info_schema.macros import PackageMacros
from tests.support.estate import REPOSITORY

FOLDER = REPOSITORY / "checks"
_TODAY = "today"
# Why a rule is no check: what it needs is in no table of dbt v2, or stands in vars alone.
WHY_NOT = {
    "facts": "facts about its SQL, which the tables of dbt v2 do not have",
    "files": "files of the project",
    "macros": "which macros are called",
}
_OTHERS = {
    "missing_required_meta": "its keys, which only vars have",
    "vocabulary_not_declared": "vars",
    "invalid_exceptions": "the list of rules",
    "unused_exceptions": "the findings of all other rules",
}

# What the loaders write as rows out of JSON. A constraint of a column is in no table.
_SETTINGS_SQL = """
select
    node_unique_id,
    'config' as kind,
    name,
    case
        when json_type(value) = 'VARCHAR' then value ->> '$'
        else cast(value as varchar)
    end as value
from (
    select
        unique_id as node_unique_id,
        unnest([{names}]) as name,
        json_extract(config, '$.' || name) as value
    from nodes
    where resource_type in ('model', 'snapshot', 'source', 'seed')
)
where value is not null and json_type(value) <> 'NULL'
union all
select
    unique_id as node_unique_id,
    'config' as kind,
    'has_freshness' as name,
    'true' as value
from {sources}
where
    coalesce(cast(json_extract(config, '$.freshness.warn_after.count') as int), 0) > 0
    or coalesce(cast(json_extract(config, '$.freshness.error_after.count') as int), 0) > 0
union all
select
    unique_id as node_unique_id,
    'config' as kind,
    'loaded_at_field' as name,
    loaded_at_field as value
from {sources}
where loaded_at_field is not null and json_extract_string(config, '$.loaded_at_field') is null
union all
select
    node_unique_id,
    'meta' as kind,
    name,
    case
        when json_type(value) = 'VARCHAR' then value ->> '$'
        else cast(value as varchar)
    end as value
from (
    select
        unique_id as node_unique_id,
        unnest(json_keys(meta)) as name,
        json_extract(meta, '$."' || replace(name, '"', '\\"') || '"') as value
    from nodes
)
where name <> 'dbt_estate_ignore' and json_type(value) <> 'NULL'
union all
select
    unique_id as node_unique_id,
    'tag' as kind,
    unnest(list_distinct(tags)) as name,
    null as value
from nodes
"""
_NODES_SQL = """
{% for view in ['models', 'seeds', 'snapshots', 'sources', 'analyses'] %}
select
    unique_id,
    resource_type,
    original_file_path,
    config,
    meta,
    tags
from {{ info_schema(view) }}
{{ 'union all' if not loop.last }}
{% endfor %}
"""
_EXCEPTIONS_SQL = """
select
    unique_id,
    coalesce(given ->> '$.rule', given ->> '$') as rule_name,
    given ->> '$.reason' as reason,
    given ->> '$.until' as valid_until,
    given ->> '$.owner' as owner
from (
    select
        unique_id,
        unnest(
            case when json_type(meta, '$.dbt_estate_ignore') = 'ARRAY'
                then cast(json_extract(meta, '$.dbt_estate_ignore') as json[])
            else [json_extract(meta, '$.dbt_estate_ignore')] end
        ) as given
    from nodes
    where json_extract(meta, '$.dbt_estate_ignore') is not null
)
"""
_FACTS_SQL = """
select
    unique_id,
    'excluded' as fact,
    null as value,
    null as line_number,
    null as resource_name,
    null as file_path
from nodes
where
    1 = 0
    {%- for pattern in settings.get('exclude_paths', []) %}
    or regexp_matches(original_file_path, '{{ pattern | replace("'", "''") }}', 'i')
    {%- endfor %}
union all
select
    'project' as unique_id,
    'unit_tests_read' as fact,
    null as value,
    null as line_number,
    null as resource_name,
    null as file_path
"""
_BASE = {
    "nodes": _NODES_SQL,
    "node_settings": _SETTINGS_SQL.replace(
        "{names}", ", ".join(f"'{name}'" for name in SETTINGS)
    ).replace("{sources}", "{{ info_schema('sources') }}"),
    "node_exceptions": _EXCEPTIONS_SQL,
    "node_facts": _FACTS_SQL,
}
_REF = re.compile(r"ref\('dbt_estate', 'estate_(\w+)'\)")


def reason_not(rule: dict[str, Any]) -> str | None:
    """Return why a rule is no check of dbt v2; None where it is one."""
    for need in rule["needs"]:
        if need in WHY_NOT:
            return f"needs {WHY_NOT[need]}"
    other = _OTHERS.get(rule["rule"])
    return f"needs {other}" if other else None


def check_files(rules: list[dict[str, Any]]) -> dict[Path, str]:
    """Return the checks, and the page that says which rules are none."""
    made = {
        FOLDER / f"estate_{rule['rule']}.sql": check_text(rule)
        for rule in rules
        if reason_not(rule) is None
    }
    return {**made, FOLDER / "README.md": _page(rules)}


def _page(rules: list[dict[str, Any]]) -> str:
    lines = [
        "# The rules as checks of dbt v2",
        "",
        "Written by `make checks`. `vars: dbt_estate: {maturity: {checks: true}}` switches them on;"
        " severities, whole-number thresholds and `exclude_paths` are read from the same vars,"
        " and exceptions from `meta`. What names and packages count is as by default.",
        "",
        "Not here, and why:",
        "",
    ]
    for rule in rules:
        if reason := reason_not(rule):
            lines.append(f"- `{rule['rule']}` {reason}")
    return "\n".join(lines) + "\n"


def check_text(rule: dict[str, Any]) -> str:
    """Return the text of a check: settings, the layer as far as it is read, the rule's own body."""
    macros = _Macros(rule)
    name = rule["rule"]
    path = models_folder() / "rules" / rule["area"] / f"estate_{name}.sql"
    body = path.read_text(encoding="utf-8")
    needed = _needed([*_REF.findall(body), "rule_exceptions"])
    parts = [f"{table} as (\n{_indented(macros.text(table))}\n)" for table in needed]
    parts.append(f"found as (\n{_indented(macros.render(body))}\n)")
    listed = ",\n\n".join(parts)
    return (
        f"{{#- Written by `make checks`: docs/maturity/rules/{rule['area']}.md#{name} -#}}\n"
        "{%- set settings = var('dbt_estate', {}).get('maturity', {}) -%}\n"
        f"{{%- set rule = settings.get('rules', {{}}).get('{name}', {{}}) -%}}\n"
        f"{{%- set severity = rule.get('severity', '{rule['severity']}') -%}}\n"
        "{{ config(\n"
        "    severity='error' if severity == 'error' else 'warn',\n"
        "    enabled=settings.get('checks', false) and severity in ['warn', 'error']\n"
        ") }}\n"
        f"with {listed}\n\n"
        "select\n    unique_id,\n    resource_name,\n    file_path,\n    detail\nfrom found\n"
        "where not exists (\n"
        "    select 1\n    from rule_exceptions as exceptions\n    where\n"
        "        exceptions.is_active = 1\n"
        f"        and exceptions.rule_name in ('{name}', '*')\n"
        "        and found.unique_id like exceptions.like_pattern escape '!'\n)\n"
    )


def _needed(names: list[str]) -> list[str]:
    """Return the CTEs that the tables need, each after those that it reads."""
    found: list[str] = []

    def add(name: str) -> None:
        if name in found or name in tables.PROJECT:
            return
        if name in _BASE:
            if name != "nodes":
                add("nodes")
        else:
            for other in _REF.findall(_layer_text(name)):
                add(other)
        found.append(name)

    for name in names:
        add(name)
    return found


def _layer_text(name: str) -> str:
    assert name.removeprefix("rule_") in LAYER, name
    return (models_folder() / "facts" / f"estate_{name}.sql").read_text(encoding="utf-8")


def _relation(package: str, name: str) -> str:
    table = name.removeprefix("estate_")
    return f"{{{{ info_schema('{table}') }}}}" if table in tables.PROJECT else table


class _Macros:
    """The package's macros, of which thresholds stay Jinja and today is the day of the run."""

    def __init__(self, rule: dict[str, Any]) -> None:
        self.rule = rule
        self.macros = PackageMacros()
        own = self.macros.namespace()
        self.changed: dict[str, Callable[..., Any]] = {
            "rule_setting": self._threshold,
            "maturity_setting": lambda name: (
                _TODAY if name == _TODAY else own["maturity_setting"](name)
            ),
            "literal": lambda value: (
                "strftime(current_date, '%Y-%m-%d')" if value is _TODAY else own["literal"](value)
            ),
        }

    def _threshold(self, _rule: str, name: str) -> Any:
        default = self.rule["thresholds"][name]
        if self.rule["rule"] == "chained_views_dependencies":
            return default  # so many CTEs are written
        return f"{{{{ rule.get('{name}', {default}) }}}}"

    def render(self, text: str) -> str:
        return render(text, self.macros, ref=_relation, others=self.changed)

    def text(self, table: str) -> str:
        return _BASE[table].strip() if table in _BASE else self.render(_layer_text(table))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line.strip() else "" for line in text.split("\n"))
