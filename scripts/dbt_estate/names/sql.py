"""The columns that a model's SQL gives, without running it: `select *` stays a reference.

Jinja is taken out first. Whatever makes columns by Jinja, or by a table that no file describes, is
an `Unknown` with its line, and never left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

_OPENING = re.compile(r"\{\{[-+]?|\{%[-+]?|\{#")
_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[-+]?%\}|\{|\}", re.DOTALL)
_TAG = re.compile(r"\s*(\w+)(.*)", re.DOTALL)
_NAME = r"['\"]([^'\"]+)['\"]"
_REF = re.compile(rf"^\s*ref\(\s*{_NAME}\s*(?:,\s*{_NAME}\s*)?(?:,\s*v(?:ersion)?\s*=[^)]*)?\)\s*$")
_SOURCE = re.compile(rf"^\s*source\(\s*{_NAME}\s*,\s*{_NAME}\s*\)\s*$")
_HOLE = re.compile(r"jinja_hole_(\d+)")
_SILENT = ("config", "do", "log", "print", "return")
# A macro before the query is most often a config or a pragma, and one after the last CTE adds CTEs:
# what is selected from those is a table that is not known.
_ASIDE = re.compile(r"(?:\A|(?<=\)))(?:\s*jinja_hole_\d+)+(?=\s+(?:with|select)\b)", re.IGNORECASE)
_NAMING = re.compile(r"\b(?:as|select)\b", re.IGNORECASE)
# What stands between the passes of a loop: there is one pass here, the first and the last.
_BETWEEN = re.compile(r"not\s+loop\.(?:first|last)")
_BLOCKS = {"if", "for", "macro", "call", "set", "filter", "snapshot", "test", "raw"}


class Column(msgspec.Struct, tag="column", frozen=True):
    """One column by its name, and the line where it stands."""

    name: str
    line: int
    data_type: str = ""


class Star(msgspec.Struct, tag="star", frozen=True):
    """All columns of a relation: `ref` and a model's name, or `source` and both of its names."""

    kind: str
    name: str
    line: int
    without: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


class Unknown(msgspec.Struct, tag="unknown", frozen=True):
    """Columns that cannot be read from the text."""

    reason: str
    line: int


Item = Column | Star | Unknown


class Stripped(msgspec.Struct):
    """SQL without Jinja, line for line, and what stood in each hole."""

    sql: str
    holes: list[str]
    branches: list[int]  # lines of other branches that name columns


def strip_jinja(text: str) -> Stripped:
    """Put a name in the place of each expression, and keep the first branch of each condition."""
    out: list[str] = []
    holes: list[str] = []
    branches: list[int] = []
    stack: list[tuple[str, bool]] = []  # the tag of each open block, and whether its text is kept
    position = 0

    def is_kept() -> bool:
        return all(kept for _, kept in stack)

    def hole(expression: str) -> str:
        holes.append(" ".join(expression.split()))
        return f"jinja_hole_{len(holes) - 1}"

    for start, end, tag, body in _tags(text):
        before = text[position:start]
        out.append(before if is_kept() else "\n" * before.count("\n"))
        if stack and stack[-1] == ("if", False) and _NAMING.search(before):
            branches.append(text.count("\n", 0, position) + 1)
        position = end
        if tag == "expression" and is_kept() and not _is_silent(body):
            out.append(hole(body))
        elif tag == "call" and is_kept():
            out.append(hole(f"call {body}"))
        if tag in ("else", "elif") and stack and stack[-1][0] in ("if", "for", "between"):
            stack[-1] = (stack[-1][0], stack[-1][0] == "between")
        elif tag.startswith("end") and stack:
            stack.pop()
        elif tag == "if" and _BETWEEN.search(body):
            stack.append(("between", False))
        elif tag in _BLOCKS and not (tag == "set" and "=" in body):
            stack.append((tag, tag in ("if", "for", "snapshot", "raw", "filter")))
        out.append("\n" * text.count("\n", start, end))
    after = text[position:]
    out.append(after)
    sql = _ASIDE.sub(lambda found: "\n" * found.group().count("\n"), "".join(out))
    return Stripped(sql, holes, branches)


def _tags(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Give start, end, kind and body of each piece of Jinja; braces inside one are balanced."""
    position = 0
    while found := _OPENING.search(text, position):
        start, opening = found.start(), found.group()
        if opening == "{#":
            end = text.find("#}", start)
            position = len(text) if end < 0 else end + 2
            yield start, position, "comment", ""
            continue
        close, position = _close(text, found.end(), opening.startswith("{%"))
        body = text[found.end() : close].rstrip("-+")
        if opening.startswith("{{"):
            yield start, position, "expression", body
        else:
            tag = _TAG.match(body)
            yield start, position, tag[1] if tag else "", tag[2] if tag else ""


def _close(text: str, position: int, is_tag: bool) -> tuple[int, int]:
    """Return where the body of a piece of Jinja ends, and where the piece does."""
    depth = 0
    for token in _TOKEN.finditer(text, position):
        what = token.group()
        if what == "{":
            depth += 1
        elif what == "}" and depth:
            depth -= 1
        elif what == "}" and not is_tag and text.startswith("}}", token.start()):
            return token.start(), token.start() + 2
        elif what.endswith("%}") and is_tag:
            return token.start(), token.end()
    return len(text), len(text)


def _is_silent(expression: str) -> bool:
    """Whether it gives no text: a config, or a comma between the passes of a loop."""
    called = re.match(r"\s*(\w+)\s*\(", expression)
    return (called is not None and called[1] in _SILENT) or bool(_BETWEEN.search(expression))


def read_columns(text: str, dialect: str | None) -> list[Item]:
    """Return what the last select of a model gives."""
    import sqlglot
    from sqlglot import errors, exp

    stripped = strip_jinja(text)
    if not stripped.sql.strip():
        return [Unknown("no SQL is left without the Jinja", 1)]
    items: list[Item] = [
        Unknown("another branch of a condition", line) for line in stripped.branches
    ]
    problem = ""
    for name in dict.fromkeys((dialect, None)):
        try:
            trees = [tree for tree in sqlglot.parse(stripped.sql, dialect=name) if tree]
        except (errors.SqlglotError, ValueError, RecursionError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            problem = problem or re.sub(r"\x1b\[\d+m", "", first)
            continue
        queries = [tree for tree in trees if not isinstance(tree, exp.Semicolon)]
        if len(queries) != 1:
            return [Unknown(f"{len(queries)} statements, not one", 1)]
        columns = _Reader(stripped.holes).columns(queries[0])
        return (columns or [Unknown("a select without columns", 1)]) + items
    line = re.search(r"Line (\d+)", problem)
    return [Unknown(f"cannot be parsed: {problem}", int(line[1]) if line else 1)]


class _Reader:
    """The columns of one parsed model."""

    def __init__(self, holes: Sequence[str]) -> None:
        self.holes = holes

    def columns(self, tree: object) -> list[Item]:
        """Return the columns of a query."""
        return list(self._query(tree, {}))

    def _query(self, tree: object, outer: dict[str, list[Item]]) -> list[Item]:
        from sqlglot import exp

        scope = dict(outer)
        with_ = getattr(tree, "args", {}).get("with_") or getattr(tree, "args", {}).get("with")
        for cte in with_.expressions if with_ else ():
            items = self._query(cte.this, scope)
            names = cte.args["alias"].args.get("columns") if cte.args.get("alias") else None
            if names:
                items = [Column(name.name, _line(name)) for name in names]
            scope[cte.alias.lower()] = items
        if isinstance(tree, exp.Subquery):
            return self._query(tree.this, scope)
        if isinstance(tree, exp.SetOperation):
            return self._query(tree.left, scope)
        if isinstance(tree, exp.Select):
            return list(self._select(tree, scope))
        if isinstance(tree, exp.Column | exp.Alias | exp.Identifier) and self._hole(tree):
            return [Unknown(self._reason(tree), 1)]
        return [Unknown(f"the last statement is a {type(tree).__name__.lower()}, not a select", 1)]

    def _select(self, select: object, scope: dict[str, list[Item]]) -> Iterator[Item]:
        from sqlglot import exp

        named = (
            exp.Alias,
            exp.Column,
            exp.Dot,
        )  # the rest is named by the engine, each its own way
        sources = self._sources(select, scope)
        for part in select.expressions:  # type: ignore[attr-defined]
            star = part.this if isinstance(part, exp.Column) else part
            if isinstance(star, exp.Star):
                table = part.table.lower() if isinstance(part, exp.Column) else ""
                yield from _starred(star, table, sources, _line(part))
                continue
            name = part.alias_or_name if isinstance(part, named) else ""
            if self._hole(part) and (not name or _HOLE.search(name)):
                yield Unknown(self._reason(part), _line(part))
            elif not name:
                yield Unknown(f"a column without a name: {part.sql()[:60]}", _line(part))
            else:
                yield Column(name, _line(part), _cast_type(part))

    def _sources(self, select: object, scope: dict[str, list[Item]]) -> dict[str, list[Item]]:
        args = select.args  # type: ignore[attr-defined]
        from_ = args.get("from_") or args.get("from")
        tables = [from_.this] if from_ else []
        tables += [join.this for join in args.get("joins") or ()]
        for lateral in args.get("laterals") or ():
            tables.append(lateral)
        found: dict[str, list[Item]] = {}
        for number, table in enumerate(tables):
            key = (table.alias_or_name or f"#{number}").lower()
            found[key] = self._table(table, scope)
            found.update(self._joined(table, scope))
        return found

    def _joined(self, table: object, scope: dict[str, list[Item]]) -> dict[str, list[Item]]:
        """Return the tables that a parenthesis or another dialect's join has under a table."""
        joins = getattr(table, "args", {}).get("joins") or ()
        return {
            (join.this.alias_or_name or "#").lower(): self._table(join.this, scope)
            for join in joins
        }

    def _table(self, table: object, scope: dict[str, list[Item]]) -> list[Item]:
        from sqlglot import exp

        line = _line(table)
        alias = getattr(table, "args", {}).get("alias")
        named = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
        if named:
            return [Column(name.name, _line(name)) for name in named]
        if getattr(table, "args", {}).get("pivots"):
            return [Unknown("the columns of a pivot", line)]
        if isinstance(table, exp.Subquery):
            return self._query(table, scope)
        if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
            return [Unknown(f"the columns of {table.sql()[:60]}", line)]  # type: ignore[attr-defined]
        name = table.name
        if name.lower() in scope and not table.db:
            return scope[name.lower()]
        found = _HOLE.fullmatch(name)
        if not found:
            return [Unknown(f"the columns of the table {table.sql()[:60]}", line)]
        expression = self.holes[int(found[1])]
        ref, source = _REF.match(expression), _SOURCE.match(expression)
        if ref:
            return [Star("ref", ref[2] or ref[1], line)]
        if source:
            return [Star("source", f"{source[1]}.{source[2]}", line)]
        return [Unknown(f"the columns of {{{{ {expression[:60]} }}}}", line)]

    def _hole(self, part: object) -> bool:
        return bool(_HOLE.search(part.sql()))  # type: ignore[attr-defined]

    def _reason(self, part: object) -> str:
        found = _HOLE.search(part.sql())  # type: ignore[attr-defined]
        expression = self.holes[int(found[1])] if found else ""
        return f"columns made by Jinja: {{{{ {expression[:60]} }}}}"


def _starred(star: object, table: str, sources: dict[str, list[Item]], line: int) -> Iterator[Item]:
    args = star.args  # type: ignore[attr-defined]
    excluded = args.get("except_") or args.get("except") or ()
    without = tuple(part.name.lower() for part in excluded)
    renamed = {part.this.name.lower(): part.alias for part in args.get("rename") or ()}
    if table and table not in sources:
        yield Unknown(f"the columns of {table}", line)
        return
    if not sources:
        yield Unknown("a star without a table", line)
    for items in [sources[table]] if table else sources.values():
        for item in items:
            if isinstance(item, Column):
                if item.name.lower() not in without:
                    name = renamed.get(item.name.lower(), item.name)
                    yield Column(name, item.line, item.data_type)
            elif isinstance(item, Star):
                yield Star(
                    item.kind,
                    item.name,
                    line,
                    (*item.without, *without),
                    (*item.renamed, *renamed.items()),
                )
            else:
                yield item


def _line(node: object) -> int:
    """Return the line of a node: that of its name where it has one."""
    from sqlglot import exp

    named = node.args.get("alias") if isinstance(node, exp.Alias) else None
    for candidate in (named, node):
        if isinstance(candidate, exp.Expression):
            for part in (candidate, *candidate.find_all(exp.Identifier, exp.Star)):
                line = part.meta.get("line")
                if line:
                    return int(line)
    return 1


def _cast_type(part: object) -> str:
    from sqlglot import exp

    inner = part.this if isinstance(part, exp.Alias) else part
    return inner.to.sql() if isinstance(inner, exp.Cast) else ""
