"""What every materialization of the package owes, because dbt's own give it.

A test class inherits `MaterializationAcceptance` and says how its model looks; the tests below are
then its tests. They speak of dbt's configs only, never of how the materialization works.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import yaml

from tests.support.estate import Estate, UnexpectedOutcomeError

CONFIG = "{{ config(**%s) }}\n\n%s\n"


class MaterializationAcceptance:
    """Inherit it, and give the model; `subject` is its name.

    `arrange` makes the inputs; `sql` is the model's text without its config; `settings` are the
    configs that it always has; `columns` its columns with their types on each adapter.
    """

    materialization: str
    settings: dict[str, Any] = {}

    def arrange(self, estate: Estate) -> None:
        """Make the sources and what else the model reads."""
        raise NotImplementedError

    def sql(self) -> str:
        """Return the text of the model."""
        raise NotImplementedError

    def columns(self, estate: Estate) -> dict[str, str]:
        """Return the columns of the model with their types."""
        raise NotImplementedError

    def expected(self, estate: Estate) -> Counter[Any]:
        """Return the rows that the model should have, from the inputs."""
        raise NotImplementedError

    def add_row(self, estate: Estate) -> None:
        """Make one row of the inputs arrive."""
        raise NotImplementedError

    def add_column(self, estate: Estate) -> None:
        """Make a column `extra` appear in the inputs, with a value in some row that is new."""
        raise NotImplementedError

    # -- helpers ------------------------------------------------------------------------------

    def write(
        self, estate: Estate, properties: dict[str, Any] | None = None, **config: Any
    ) -> None:
        """Write the model with these configs beside its own, and its properties."""
        full = {**self.settings, "materialized": self.materialization, **config}
        files = {"models/subject.sql": CONFIG % (repr(full), self.sql())}
        model = {"name": "subject", **(properties or {})}
        files["models/subject.yml"] = yaml.safe_dump({"models": [model]}, sort_keys=False)
        estate.write(files)

    def rows(self, estate: Estate) -> Counter[Any]:
        """Return the rows of the table, in the order of the model's columns."""
        names = ", ".join(f'"{name}"' for name in self.columns(estate))
        return Counter(estate.sql(f"select {names} from {estate.relation('subject')}"))

    def column_names(self, estate: Estate) -> list[str]:
        """Return the names of the table's columns."""
        return [
            row[0]
            for row in estate.sql(
                "select column_name from information_schema.columns where table_name = 'subject' "
                f"and table_schema = '{estate.target_schema}' order by column_name"
            )
        ]

    def contract(self, estate: Estate, **types: str) -> dict[str, Any]:
        """Return properties with an enforced contract, some types told otherwise."""
        columns = {**self.columns(estate), **types}
        return {
            "config": {"contract": {"enforced": True}},
            "columns": [{"name": name, "data_type": kind} for name, kind in columns.items()],
        }

    @pytest.fixture
    def subject(self, estate: Estate) -> Estate:
        """A project with the inputs in place."""
        self.arrange(estate)
        return estate

    # -- the list -----------------------------------------------------------------------------

    def test_a_second_run_follows_the_inputs(self, subject: Estate) -> None:
        self.write(subject)
        subject.run_dbt(["run"])
        assert self.rows(subject) == self.expected(subject)
        self.add_row(subject)
        subject.run_dbt(["run"])
        assert self.rows(subject) == self.expected(subject)

    def test_an_enforced_contract_is_enforced(self, subject: Estate) -> None:
        name = next(iter(self.columns(subject)))
        self.write(subject, self.contract(subject))
        subject.run_dbt(["run"])
        before = self.rows(subject)
        assert before == self.expected(subject)
        self.add_row(subject)
        self.write(subject, self.contract(subject, **{name: "date"}))
        for flags in ([], ["--full-refresh"]):
            broken = subject.run_dbt(["run", *flags], expect_pass=False)
            assert "enforced contract that failed" in broken.output
            assert self.rows(subject) == before

    def test_on_schema_change(self, subject: Estate) -> None:
        for policy in ("ignore", "fail", "append_new_columns", "sync_all_columns"):
            self.write(subject, on_schema_change=policy)
            if policy == "ignore":
                subject.run_dbt(["run"])
                self.add_column(subject)
            subject.run_dbt(["run"], expect_pass=policy != "fail")
            assert ("extra" in self.column_names(subject)) == (policy[0] in "as")
        assert self.rows(subject) == self.expected(subject)

    def test_a_view_in_its_place_is_replaced(self, subject: Estate) -> None:
        subject.write({"models/subject.sql": "{{ config(materialized='view') }} select 1 as n"})
        subject.run_dbt(["run"])
        self.write(subject)
        subject.run_dbt(["run"])
        assert self.rows(subject) == self.expected(subject)

    def test_a_table_in_its_place_is_replaced(self, subject: Estate) -> None:
        subject.write({"models/subject.sql": "{{ config(materialized='table') }} select 1 as n"})
        subject.run_dbt(["run"])
        self.write(subject)
        subject.run_dbt(["run"])
        assert self.rows(subject) == self.expected(subject)

    def test_full_refresh(self, subject: Estate) -> None:
        self.write(subject)
        subject.run_dbt(["run"])
        subject.execute(f"delete from {subject.relation('subject')}")
        subject.run_dbt(["run", "--full-refresh", "--select", "subject"])
        assert self.rows(subject) == self.expected(subject)

    def test_empty_builds_the_columns_and_leaves_a_loaded_table(self, subject: Estate) -> None:
        self.write(subject)
        subject.run_dbt(["run", "--empty"])
        assert self.rows(subject) == Counter()
        assert self.column_names(subject) == sorted(self.columns(subject))
        subject.run_dbt(["run"])
        assert self.rows(subject) == self.expected(subject)
        subject.run_dbt(["run", "--empty"])
        assert self.rows(subject) == self.expected(subject)
        self.add_row(subject)
        subject.run_dbt(["run"])
        assert self.rows(subject) == self.expected(subject)

    def test_hooks_run_in_order(self, subject: Estate) -> None:
        table = subject.relation("hook_log")
        subject.create_schema(subject.target_schema)
        subject.execute(f"create table {table} (what varchar(20), row_count int)")
        log = f"insert into {table} select '%s', count(*) from {table}"
        after = f"insert into {table} select '%s', count(*) from {subject.relation('subject')}"
        self.write(
            subject,
            pre_hook=[{"sql": log % "before", "transaction": False}, log % "in before"],
            post_hook=[after % "in after", {"sql": after % "after", "transaction": False}],
        )
        subject.run_dbt(["run"])
        count = sum(self.expected(subject).values())
        assert subject.sql(
            f"select what, row_count from {table} order by row_count, what desc"
        ) == [
            ("before", 0),
            ("in before", 1),
            ("in after", count),
            ("after", count),
        ]

    def test_a_failing_hook_fails_the_model(self, subject: Estate) -> None:
        self.write(subject)
        subject.run_dbt(["run"])
        before = self.rows(subject)
        self.write(subject, pre_hook=["select nothing from nowhere"])
        subject.run_dbt(["run"], expect_pass=False)
        assert self.rows(subject) == before

    def test_the_header_goes_before_what_reads_the_rows(self, subject: Estate) -> None:
        header = "/* header */ select 1 as header;"
        self.write(subject, sql_header=header)
        queries = subject.run_dbt(["run"]).queries
        self.add_row(subject)  # dbt-sqlserver leaves the header out where it creates a table
        queries += subject.run_dbt(["run"]).queries
        reads = re.compile(r"insert into|create\s+table", re.IGNORECASE)
        found = [(query.find(header), reads.search(query)) for query in queries]
        assert [at for at, read in found if read and 0 <= at < read.start()] != []

    @pytest.mark.adapters("duckdb", "postgres")
    def test_docs_and_indexes(self, subject: Estate) -> None:
        name = list(self.columns(subject))[1]
        properties = {
            "description": "it's the subject",
            "columns": [{"name": name, "description": 'a "column"'}],
        }
        self.write(
            subject,
            properties,
            persist_docs={"relation": True, "columns": True},
            indexes=[{"columns": [name]}],
        )
        subject.run_dbt(["run"])
        if subject.adapter_type == "duckdb":
            comment = "select comment from duckdb_tables() where table_name = 'subject'"
            column = (
                "select comment from duckdb_columns() where table_name = 'subject' "
                f"and column_name = '{name}'"
            )
            indexes = "select count(*) from duckdb_indexes() where table_name = 'subject'"
        else:
            oid = f"'{subject.target_schema}.subject'::regclass"
            comment = f"select obj_description({oid})"
            column = (
                f"select col_description({oid}, attnum) from pg_attribute "
                f"where attrelid = {oid} and attname = '{name}'"
            )
            indexes = "select count(*) from pg_indexes where tablename = 'subject'"
        assert subject.sql(comment) == [("it's the subject",)]
        assert subject.sql(column) == [('a "column"',)]
        assert subject.sql(indexes) == [(1,)]
        if subject.adapter_type == "postgres":
            subject.run_dbt(["run", "--full-refresh"])
            assert subject.sql(indexes) == [(1,)]

    @pytest.mark.adapters("postgres")
    def test_grants(self, subject: Estate) -> None:
        role = f"reader_{subject.workspace.name}"
        subject.execute(f"create role {role}")
        granted = (
            "select count(*) from information_schema.role_table_grants "
            f"where table_name = 'subject' and grantee = '{role}' and privilege_type = 'SELECT'"
        )
        self.write(subject, grants={"select": [role]})
        for flags in ([], [], ["--full-refresh"]):
            subject.run_dbt(["run", *flags])
            assert subject.sql(granted) == [(1,)]
        self.write(subject, grants={"select": []})
        subject.run_dbt(["run"])
        assert subject.sql(granted) == [(0,)]
        subject.execute(f"drop role {role}")

    def test_a_downstream_model_a_test_and_tags(self, subject: Estate) -> None:
        name = next(iter(self.columns(subject)))
        self.write(
            subject, {"columns": [{"name": name, "data_tests": ["not_null"]}]}, tags=["chosen"]
        )
        subject.write({"models/reader.sql": "select count(*) as n from {{ ref('subject') }}"})
        result = subject.run_dbt(["build", "--select", "tag:chosen+"])
        assert result.status(f"not_null_subject_{name}") == "pass"
        count = sum(self.expected(subject).values())
        assert subject.sql(f"select n from {subject.relation('reader')}") == [(count,)]

    def test_clone_and_then_a_first_build(self, subject: Estate) -> None:
        self.write(subject)
        subject.run_dbt(["run"])
        subject.run_dbt(["parse"])
        state = subject.root / "state"
        state.mkdir()
        (state / "manifest.json").write_bytes(
            (subject.root / "target" / "manifest.json").read_bytes()
        )
        other = f"{subject.target_schema}_clone"
        main = subject.target_schema
        subject.update_profile(schema=other)
        try:
            subject.run_dbt(["clone", "--state", "state"])
            subject.run_dbt(["run"])
            names = ", ".join(f'"{name}"' for name in self.columns(subject))
            rows = subject.sql(f"select {names} from {subject.relation('subject', other)}")
            assert Counter(rows) == self.expected(subject)
        finally:
            subject.update_profile(schema=main)

    def test_an_error_is_not_a_success(self, subject: Estate) -> None:
        """The classes of this list can fail: a model that cannot be built is noticed."""
        self.write(subject)
        subject.write({"models/subject.sql": "{{ config(materialized='table') }} select nope"})
        with pytest.raises(UnexpectedOutcomeError):
            subject.run_dbt(["run"])
