"""The pages and the README show what happens: their examples are run, their messages compared."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.estate import QUIET_ENVIRONMENT, REPOSITORY, Estate, install_package
from tests.support.parsing import sqlfluff_problems
from tests.support.rendering import Macros

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


# -- docs/procedures/index.md ------------------------------------------------------------------

PROCEDURES = "docs/procedures/index.md"
CALL = ("run-operation", "dbt_estate.call_procedures", "--args")
USUAL = "procedure: dbo.rebuild_store, params: store_params"
REFUSED = (
    "{procedur: dbo.rebuild_store, params: store_params, on_error: go on, slice: 1/4}",
    "{dispatch: rebuild_store}",
    "{procedure: dbo.rebuild_store; drop table x, params: store_params}",
    f"{{{USUAL}, map: {{store_id: store}}}}",
    f"{{{USUAL}, batch: 2026-03-21}}",
    f"{{{USUAL}, ledger: false, resume: true}}",
    "{procedure: dbo.rebuild_store, redact: password, query: "
    "\"select '007' as store_id, 'a' as password union all select '007', 'b'\"}",
    "{procedure: dbo.p, query: \"select '007' as store_id, cast('a' as bytea) as picture\"}",
    "{statement: \"delete from dbo.sales where store_id = ':store_id' and sold_on >= :since\", "
    "params: store_params}",
    "{procedure: dbo.keep_days, query: select 1 as days}",
)
WITH_TYPES = (
    "{procedure: dbo.keep_days, query: select 1 as days, param_types: {days: smallint}}",
    "{procedure: dbo.keep_picture, param_types: {picture: bytea}, query: "
    "\"select '\\\\x' || encode('a', 'hex') as picture\"}",
)


def section(heading: str) -> str:
    """One section of the page of the procedures."""
    return re.split(r"^## ", page(PROCEDURES).split(f"\n## {heading}\n", 1)[1], flags=re.M)[0]


def blocks(text: str) -> list[tuple[str, str]]:
    """The language and the text of every block, in order."""
    found = re.findall(r"^( *)```(\w*)\n(.*?)^\1```", text, re.M | re.S)
    return [(language, textwrap.dedent(block)) for _, language, block in found]


def timeless(text: str) -> list[str]:
    """The lines of a text without its moments."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "MOMENT", text)
    text = re.sub(r"\b\d+\.\d s\b", "0.0 s", text)
    return [re.sub(r"^( *seconds) .*", r"\1", line.rstrip()) for line in text.splitlines()]


def missing_lines(shown: str, output: str) -> list[str]:
    """What a block shows, and an output does not have, in this order."""
    lines = iter(timeless(output))
    return [line for line in timeless(shown) if line and line not in lines]


def follow(estate: Estate, text: str) -> str:
    """Write the files of a text, run its SQL and its commands; their outputs are as shown."""
    outputs = []
    for language, block in blocks(text):
        name = block.splitlines()[0].lstrip("-# ")
        if language == "yaml" and name == "dbt_project.yml":
            estate.update_project(**yaml.safe_load(block))
        elif name.startswith("models/"):
            estate.write({name: block})
        elif language == "sql":
            estate.execute(block)
        elif language == "console":
            for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, shown = step.partition("\n")
                outputs.append(run_shown(estate, command))
                assert missing_lines(shown, outputs[-1]) == [], outputs[-1]
    return "\n".join(outputs)


def run_shown(estate: Estate, command: str) -> str:
    """Run a command that a page shows."""
    program, *arguments = shlex.split(command)
    if program == "dbt":
        return estate.run_dbt(arguments, expect_pass=None).output
    assert program == "dbt-estate"
    estate.workspace.disconnect()
    return subprocess.run(
        [sys.executable, "-m", "dbt_estate", *arguments],
        cwd=estate.root,
        env={**os.environ, **QUIET_ENVIRONMENT, "DBT_PROFILES_DIR": ".", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    ).stdout


def call(estate: Estate, arguments: str) -> str:
    return estate.run_dbt([*CALL, arguments], expect_pass=None).output


def forget_run(estate: Estate) -> None:
    """Leave a call as a run does whose connection is lost."""
    estate.execute(
        "update analytics.estate_procedure_calls "
        "set status = 'running', finished_at = null, run = 'of another process' "
        "where batch = '2026-03-22' and params like '%042%'"
    )


def shown_and_not_seen(seen: list[str]) -> list[str]:
    """The messages of the page that no output has."""
    text = "\n".join(timeless(squeezed("\n".join(seen))))
    shown = ["\n".join(timeless(message)).strip() for message in shown_messages(PROCEDURES)]
    return [message for message in shown if message not in text]


@pytest.mark.adapters("postgres")
def test_the_page_of_the_procedures(estate: Estate) -> None:
    follow(estate, section("Five minutes"))
    assert estate.sql("select store_id, cast(amount as text) from dbo.daily_sales order by 1") == [
        ("007", "12.50"),
        ("010", "3.60"),
        ("042", "7.20"),
    ]
    follow(estate, section("A dispatch"))
    seen = [follow(estate, section("Batch and resume"))]
    forget_run(estate)
    seen.append(call(estate, "{dispatch: rebuild_stores, batch: 2026-03-23}"))
    follow(estate, section("What was done").split("**As a model.**")[0])
    again = "{dispatch: rebuild_stores, batch: 2026-03-22, resume: true}"
    seen.append(call(estate, again))

    # Everything that is refused, and what ends a run.
    for parameter in ("days smallint", "picture bytea"):
        name = f"dbo.keep_{parameter.split()[0]}"
        estate.execute(f"create procedure {name}({parameter}) language plpgsql as $$ begin end $$")
    for arguments in REFUSED:
        result = estate.run_dbt([*CALL, arguments], expect_pass=False)
        seen.append(result.output)
    for exact in WITH_TYPES:
        assert "1 of 1 succeeded" in call(estate, exact)
    seen.append(call(estate, f"{{{USUAL}, order_by: store_id, transaction: none}}"))
    estate.execute(
        "update analytics.estate_procedure_calls set started_at = started_at - interval '2 days'"
    )
    seen.append(call(estate, "{dispatch: rebuild_stores, resume: true}"))

    # Hooks. What the first one has called today, the second need not.
    left = iter((3, 0, 0, 0))
    for language, block in blocks(section("Hooks")):
        if language == "sql":
            estate.write({"models/totals.sql": f"{block}\nselect 1 as total"})
            assert estate.run_dbt(["run", "--select", "totals"]).status("totals") == "success"
        elif language == "yaml":
            estate.update_project(**yaml.safe_load(block))
            today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
            for _ in range(2):
                output = estate.run_dbt(["run", "--select", "store_params"]).output
                assert f"calls       {next(left)}" in output
                assert f"summary of rebuild_stores, batch {today}" in output
            estate.update_project(**{"on-run-end": []})
    hook = "post_hook=\"{{ dbt_estate.call_procedures('rebuild_stores') }}\""
    estate.write({"models/totals.sql": f"{{{{ config({hook}) }}}}\nselect 1 as total"})
    seen.append(estate.run_dbt(["run", "--select", "totals"], expect_pass=False).output)
    estate.remove("models/totals.sql")

    # The model and the query.
    follow(estate, "**As a model.**" + section("What was done").split("**As a model.**")[1])
    estate.run_dbt(["run", "--select", "failed_calls", "estate_procedure_calls_report"])
    assert estate.sql("select operation from analytics.failed_calls order by 1") == [
        ("dbo.keep_days",)
    ]
    assert [message for message in shown_and_not_seen(seen) if not of_duckdb(message)] == []


def of_duckdb(message: str) -> bool:
    """Whether a message of the page is one that DuckDB gives."""
    return "duckdb" in message or "is not there" in message


@pytest.mark.adapters("duckdb")
def test_the_page_of_the_procedures_on_duckdb(estate: Estate) -> None:
    estate.write({"models/store_params.sql": "select '007' as store_id"})
    seen = [
        call(estate, "{procedure: dbo.rebuild_store, params: store_params, on_error: continue}"),
        call(estate, "{statement: 'select :store_id', params: store_params}"),
    ]
    assert [message for message in shown_and_not_seen(seen) if of_duckdb(message)] == []


@pytest.mark.parametrize("adapter", ["duckdb", "postgres", "sqlserver"])
def test_the_calls_of_the_page(adapter: str) -> None:
    """What each engine is sent, also for the engine that is not at hand."""
    order = ("postgres", "sqlserver", "duckdb")
    text = blocks(section("What a call looks like"))[order.index(adapter)][1]
    statement = None
    if adapter == "duckdb":
        comment, _, text = text.partition("\n")
        statement = comment.removeprefix("-- ")
    sent = sql_of(adapter, {"store_id": "007", "since": date(2026, 3, 1)}, statement)
    assert sent.strip() == text.strip()


def sql_of(adapter: str, values: dict[str, Any], statement: str | None = None) -> str:
    macros = Macros(adapter, zip=zip)
    template = macros._call_template(None if statement else "dbo.rebuild_store", statement)
    return str(
        macros._call_sql(template, values, macros._value_texts([values], list(values))[0], {})
    )


@pytest.mark.adapters("postgres")
def test_moving_a_job(estate: Estate) -> None:
    text = section("Moving a SQL Agent job")
    for language, block in blocks(text):
        if language == "sql" and "{{" not in block:
            assert sqlfluff_problems(block, "sqlserver") == []
    estate.execute(
        [
            "create schema dbo",
            "create table dbo.stores (store_id text, books_open_from date, is_open integer)",
            "insert into dbo.stores values ('007', '2026-02-01', 1), ('010', '2026-02-01', 0), "
            "('042', '2026-03-01', 1)",
        ]
    )
    follow(estate, text.split("### The files")[1].split("### The dry run")[0])
    build, dry_run = re.split(r"^\$ ", blocks(text.split("### The dry run")[1])[0][1], flags=re.M)[
        1:
    ]
    assert "PASS=3" in run_shown(estate, build)
    command, _, shown = dry_run.partition("\n")
    ours = [line for line in shown.splitlines() if line.startswith(("-- ", "dbt_estate:"))]
    assert len(ours) == 3
    assert missing_lines("\n".join(ours), run_shown(estate, command)) == []
    seventh = sql_of("sqlserver", {"store_id": "007", "since": date(2026, 2, 1)})
    last = sql_of("sqlserver", {"store_id": "042", "since": date(2026, 3, 1)})
    assert shown.rstrip() == "\n".join([ours[0], seventh, ours[1], last, ours[2]])


def test_the_nightly_workflow() -> None:
    text = dict(blocks(section("Moving a SQL Agent job").split("### The schedule")[1]))["yaml"]
    nightly = yaml.safe_load(text)["jobs"]["rebuild"]
    by_hand = yaml.safe_load(page("docs/procedures/workflow_dispatch.yml"))["jobs"]["procedures"]
    reusable = yaml.safe_load(page(".github/workflows/procedures.yml"))
    inputs = reusable[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as true
    assert set(nightly["with"]) <= set(inputs)
    assert nightly["uses"] == by_hand["uses"]
    assert nightly["secrets"] == by_hand["secrets"]
    assert re.findall(r"^\| `([\w-]+)` \|", section("From GitHub"), re.M) == [*reusable["jobs"]]


def test_the_arguments_of_the_page_are_those_of_the_macro() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| ", section("Arguments"), re.M)
    macros = Macros("postgres")
    defaults = {"dispatch": None, **macros._default_call_options()}
    described = yaml.safe_load(page("macros/procedures/_procedures.yml"))["macros"][0]
    assert {row[0] for row in rows} == set(defaults) == {a["name"] for a in described["arguments"]}
    words = {"map": "all columns", "order_by": "the engine's", "batch": "a new one", "slice": "all"}
    for name, default in rows:
        value = defaults[name]
        is_none = value is None or value in ([], {})
        assert default == words.get(name, "none" if is_none else f"`{str(value).lower()}`"), name
    ledger = section("The ledger").split("| Status |")[0]
    names = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \| ", ledger, re.M)))
    assert names == list(macros._call_ledger_columns())
