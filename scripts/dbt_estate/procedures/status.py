"""What the ledger of call_procedures says, asked through dbt."""

from __future__ import annotations

from typing import Literal

import msgspec

from dbt_estate.dbt import Dbt, run_operation

Status = Literal["running", "failed", "in_doubt"]


class OpenCall(msgspec.Struct, frozen=True):
    """A call that has neither succeeded nor been skipped; times are UTC, `params` is JSON."""

    status: Status
    attempt: int
    started_at: str
    params: str
    error: str | None


class Batch(msgspec.Struct, frozen=True):
    """How many calls of one batch have each status, and those that are not done."""

    operation: str
    batch: str
    succeeded: int
    failed: int
    skipped: int
    in_doubt: int
    running: int
    begun_at: str
    ended_at: str | None
    calls: list[OpenCall]


class Ledger(msgspec.Struct, frozen=True):
    """What `procedures_status` prints: the ledger's name, whether it is there, its batches."""

    ledger: str
    exists: bool
    batches: list[Batch]

    @property
    def findings(self) -> int:
        """How many calls have failed or are in doubt."""
        return sum(batch.failed + batch.in_doubt for batch in self.batches)


def read_ledger(dbt: Dbt, operation: str | None, batch: str | None) -> Ledger:
    """Return the batches asked for: the last one of each operation when `batch` is None.

    Raises InputError with dbt's own text when dbt fails.
    """
    given = {"operation": operation, "batch": batch}
    args = {key: value for key, value in given.items() if value is not None}
    return run_operation(dbt, "procedures_status", {**args, "output": "json"}, Ledger)
