"""The pages and the README show what happens: their examples are run, their messages compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.estate import QUIET_ENVIRONMENT, REPOSITORY, Estate, install_package

STORES = {"north": "", "south": ", channel varchar", "east": "", "west": ""}
REGISTRY = "shard,database_name,schema_name,is_enabled,region\n"
UNION = "{{{{ dbt_estate.union_shards(source('store', '{table}'), ref('shards'){more}) }}}}"


def page(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def squeezed(text: str) -> str:
    """The text without what dbt puts before its lines, and with the names of the pages."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(lines).replace('"estate"."analytics"', '"warehouse"."main"')


def shown_messages(name: str) -> list[str]:
    """The blocks of a page that are messages of ours."""
    blocks: list[str] = re.findall(r"^```\n(dbt_estate[:.].*?)^```", page(name), re.M | re.S)
    return [squeezed(block) for block in blocks]


def union(table: str, more: str = "", config: str = "") -> str:
    return config + UNION.format(table=table, more=more and f", {more}") + "\n"


def make_stores(estate: Estate) -> None:
    """The four stores that docs/shards/index.md speaks of."""
    estate.add_databases(*(f"store_{name}" for name in STORES))
    for name, columns in STORES.items():
        is_west = name == "west"
        orders = estate.relation("orders", "main", f"store_{name}")
        number = "bigint" if is_west else "integer"
        estate.execute(
            f"create table {orders} "
            f"(id {number}, total decimal(10, 2){columns}, updated_at timestamp)"
        )
        for n, total in ((1, "12.5"), (2, "7.2")):
            estate.execute(
                f"insert into {orders} (id, total, updated_at) "
                f"values ({n}, {total}, '2026-03-01 0{n + 7}:00:00')"
            )
        if name != "east":
            items = estate.relation("items", "main", f"store_{name}")
            code = "varchar" if is_west else "integer"
            estate.execute(f"create table {items} (id integer, code {code})")
    rows = "".join(f"{name},store_{name},main,true,EU\n" for name in STORES)
    estate.write(
        {
            "seeds/shards.csv": REGISTRY + rows,
            "models/sources.yml": """
                sources:
                  - name: store
                    schema: main
                    tables:
                      - name: orders
                      - name: items
                """,
        }
    )


@pytest.mark.adapters("duckdb")
def test_the_messages_of_the_pages_are_those_of_the_package(estate: Estate) -> None:
    make_stores(estate)
    load = (
        "{{ config(materialized='estate_shards', unique_key='id', "
        "meta={'dbt_estate_shards': {'batch': 10, 'retired': 'drop'}}) }}\n"
    )
    seen = []
    estate.write({"models/first.sql": union("orders")})
    seen.append(estate.run_dbt(["run"], expect_pass=False).output)

    estate.run_dbt(["seed"])
    estate.write(
        {
            "models/strict.sql": union("orders", "columns='strict'"),
            "models/types.sql": union("items", "missing_table='skip'"),
            "models/only.sql": union("orders", "only='norht'"),
            "models/typo.sql": union("orders", "options={'exclude': ['channle']}"),
            "models/all_orders.sql": union("orders", config=load),
        }
    )
    seen.append(estate.run_dbt(["run"], expect_pass=False).output)
    tables = "{tables: [store.orders, store.items]}"
    report = estate.run_dbt(["run-operation", "dbt_estate.shards_report", "--args", tables])
    lines = page("docs/shards/index.md").split("shards_report --args")[1].split("```")[0]
    assert lines.splitlines()[1:] == report.output.splitlines()[-5:]

    estate.write({"seeds/shards.csv": REGISTRY + "north,store_north,main,false,EU\n"})
    estate.run_dbt(["seed"])
    seen.append(estate.run_dbt(["run", "--select", "first"], expect_pass=False).output)
    wrong = "columns='both', options={'includes': ['id']}"
    estate.write({"models/all_orders.sql": union("orders", wrong)})
    seen.append(estate.run_dbt(["parse"], expect_pass=False).output)

    estate.remove("models/all_orders.sql")
    estate.update_project(vars={"dbt_estate": {"shards": {"registrie": "all_shops"}}})
    seen.append(estate.run_dbt(["parse"], expect_pass=False).output)
    estate.update_project(vars={})
    macro = "{% macro guard() %}{{ dbt_estate.guarded('select 1', 'select 2') }}{% endmacro %}"
    estate.write({"macros/guard.sql": macro})
    seen.append(estate.run_dbt(["run-operation", "guard"], expect_pass=False).output)

    text = squeezed("\n".join(seen))
    for name, least in (
        ("docs/shards/index.md", 8),
        ("docs/settings.md", 1),
        ("docs/dialect.md", 1),
    ):
        shown = shown_messages(name)
        assert len(shown) >= least, name
        assert [message for message in shown if message.strip() not in text] == [], name


def block_after(text: str, words: str, language: str) -> str:
    """The first block of a language after some words of the README."""
    found = re.search(rf"^ *```{language}\n(.*?)^ *```", text.split(words, 1)[1], re.M | re.S)
    assert found is not None, words
    return textwrap.dedent(found[1])


@pytest.mark.adapters("duckdb")
def test_the_five_minutes_of_the_readme(tmp_path: Path, adapter_type: str) -> None:
    readme = page("README.md").split("## Five minutes")[1]
    install_package(tmp_path)
    files = {
        "seeds/shards.csv": block_after(readme, "Say which databases", "csv"),
        "models/sources.yml": block_after(readme, "Name the table", "yaml"),
        "models/all_orders.sql": block_after(readme, "Write the union", "sql"),
        "stores.py": block_after(readme, "### Two databases", "python"),
        "dbt_project.yml": block_after(readme, "`dbt_project.yml`", "yaml"),
        "profiles.yml": block_after(readme, "`profiles.yml`", "yaml"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, **QUIET_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    dbt = ("-W", "ignore", "-m", "dbt.cli.main")
    run("stores.py")
    run(*dbt, "build")
    expected = block_after(readme, "Build it and look", "console").split("all_orders\n")[1]
    assert expected.strip() in run(*dbt, "show", "--select", "all_orders")

    line = block_after(readme, "When there are many databases", "sql")
    (tmp_path / "models/all_orders.sql").write_text(line + files["models/all_orders.sql"])
    run(*dbt, "run")
    assert "0 to load whole, 2 to increase" in run(*dbt, "run")
    assert expected.strip() in run(*dbt, "show", "--select", "all_orders")
