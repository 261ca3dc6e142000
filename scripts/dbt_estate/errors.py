"""The one error that a user can mend."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(Exception):
    """Bad input: where it is, and every problem found there.

    The command line prints it without a traceback and exits with 2.
    """

    def __init__(self, where: str, problems: str | Iterable[str]) -> None:
        self.where = where
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__(where, self.problems)

    def __str__(self) -> str:
        """Return one line, or a line per problem when there are several."""
        if len(self.problems) == 1:
            return f"{self.where}: {self.problems[0]}"
        listed = "".join(f"\n  - {problem}" for problem in self.problems)
        return f"{self.where}: {len(self.problems)} problems:{listed}"
