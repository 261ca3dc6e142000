"""The columns that a model's SQL gives, without running it: `select *` stays a reference.

Jinja is taken out first. Whatever makes columns by Jinja, or by a table that no file describes, is
an `Unknown` with its line, and never left out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

_OPENING = re.compile(r"\{\{[-+]?|\{%[-+]?|\{#")
_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[-+]?%\}|\{|\}", re.DOTALL)
_TAG = re.compile(r"\s*(\w+)(.*)", re.DOTALL)
_NAME = r"['\"]([^'\"]+)['\"]"
_REF = re.compile(
    rf"^\s*ref\(\s*{_NAME}\s*(?:,\s*{_NAME}\s*)?"
    r"(?:,\s*v(?:ersion)?\s*=\s*['\"]?([\w.]+)['\"]?\s*)?\)\s*$"
)
_SOURCE = re.compile(rf"^\s*source\(\s*{_NAME}\s*,\s*{_NAME}\s*\)\s*$")
_HOLE = re.compile(r"jinja_hole_(\d+)_")
_SILENT = re.compile(r"\s*(?:(?:config|do|log|print|return)|exceptions\.\w+)\s*\(")
# A macro before the query is most often a config or a pragma, and one after the last CTE adds CTEs:
# what is selected from those is a table that is not known.
_ASIDE = re.compile(
    r"(?:\A|(?<=\)))(?:\s*jinja_hole_\d+_)+(?=\s+(?:with|select)\b|\s*,\s*\w+\s+as\s*\()",
    re.IGNORECASE,
)
_LAST_HOLE = re.compile(r"jinja_hole_\d+_\s*\Z")
_UNNAMED = "a column without a name"
_NO_SQL = "no SQL is left without the Jinja"
_CUT = "cannot be parsed"
_NO_COLUMNS = "a select without columns"
# A text with more branches than these is not read branch by branch.
_MAX_BRANCHES = 64
# What stands between the passes of a loop: there is one pass here, the first and the last.
_BETWEEN = re.compile(r"\s*not\s+loop\.(?:first|last)\s*")
_CONNECTOR = re.compile(
    r"\s*(?:,|\+|\|\||and|or|intersect|except|union(?:\s+(?:all|distinct))?(?:\s+by\s+name)?)?\s*",
    re.IGNORECASE,
)
_CONNECTING = re.compile(
    r"\s*(?P<quote>['\"])(?P<text>[^'\"]*)(?P=quote)\s+if\s+not\s+loop\.(?:first|last)"
    r"(?:\s+else\s+(?:''|\"\"))?\s*"
)
_BLOCKS = {"macro", "call", "set", "filter", "snapshot", "test", "raw"}


class Column(msgspec.Struct, tag="column", frozen=True):
    """One column by its name, and the line where it stands."""

    name: str
    line: int
    data_type: str = ""


class Star(msgspec.Struct, tag="star", frozen=True):
    """All columns of a relation: `ref` or `source`, and its name as it is called there.

    A source's name is `source.table`, that of a model `model`, `package.model` or `model v2`.
    """

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


class Branch(msgspec.Struct):
    """Another way through the conditions: the line where it begins, and which branch of which."""

    line: int
    chosen: dict[int, int]
    is_past: bool  # a condition has no else


class Stripped(msgspec.Struct):
    """SQL without Jinja, line for line, what stood in each hole, and the other branches."""

    sql: str
    holes: list[str]
    branches: list[Branch]


class _Block(msgspec.Struct):
    """An open block. That of a condition has a number, and the number of the current branch."""

    tag: str
    kept: bool = True
    number: int = -1
    branch: int = 0


def strip_jinja(text: str, chosen: Mapping[int, int] | None = None) -> Stripped:
    """Put a name in the place of each expression, and keep one branch of each condition.

    It is the first one where `chosen` has no other for the number of the condition.
    """
    wanted = chosen or {}
    out: list[str] = []
    holes: list[str] = []
    branches: list[Branch] = []
    stack: list[_Block] = []
    position = conditions = 0
    numbers = _numbers(text)

    def is_kept() -> bool:
        return all(block.kept for block in stack)

    def hole(expression: str) -> str:
        holes.append(" ".join(expression.split()))
        return f"jinja_hole_{len(holes) - 1}_"

    def enter_branch(line: int, is_past: bool = False) -> None:
        block = stack[-1]
        block.branch += 1
        block.kept = wanted.get(block.number, 0) == block.branch
        if all(other.kept or other.number >= 0 for other in stack):
            way = {other.number: other.branch for other in stack if other.number >= 0}
            branches.append(Branch(line, way, is_past))

    for start, end, tag, body in _tags(text):
        before = text[position:start]
        is_between = bool(stack) and stack[-1].tag == "between" and _CONNECTOR.fullmatch(before)
        out.append(before if is_kept() and not is_between else "\n" * before.count("\n"))
        position = end
        line = text.count("\n", 0, end) + 1
        if tag == "expression" and is_kept() and not _is_silent(body):
            out.append(hole(body))
        elif tag == "call" and is_kept():
            out.append(hole(f"call {body}"))
        if tag in ("else", "elif") and stack and stack[-1].number >= 0:
            enter_branch(line)
        elif tag.startswith("end") and stack:
            # Without an else, there is a way past the condition.
            if stack[-1].tag == "if" and not stack[-1].branch:
                enter_branch(line, is_past=True)
            stack.pop()
        elif tag == "if" and _BETWEEN.fullmatch(body):
            stack.append(_Block("between"))
        elif tag in ("if", "for"):
            number = numbers[conditions]
            stack.append(_Block(tag, wanted.get(number, 0) == 0, number))
            conditions += 1
        elif tag in _BLOCKS and not (tag == "set" and "=" in body):
            stack.append(_Block(tag, tag in ("snapshot", "raw", "filter")))
        out.append("\n" * text.count("\n", start, end))
    after = text[position:]
    out.append(after)
    sql = _ASIDE.sub(lambda found: "\n" * found.group().count("\n"), "".join(out))
    return Stripped(sql, holes, branches)


def _numbers(text: str) -> list[int]:
    """Return a number for each `if` and `for`: the same one for conditions that read the same."""
    chains: list[list[str]] = []
    stack: list[list[str] | None] = []
    for _, _, tag, body in _tags(text):
        if tag == "if" and _BETWEEN.fullmatch(body):
            stack.append(None)
        elif tag in ("if", "for"):
            own = f"for {len(chains)}" if tag == "for" else " ".join(body.split())
            stack.append([own])
            chains.append(stack[-1])  # type: ignore[arg-type]
        elif tag == "elif" and stack and stack[-1] is not None:
            stack[-1].append(" ".join(body.split()))
        elif tag in ("endif", "endfor") and stack:
            stack.pop()
    known: dict[tuple[str, ...], int] = {}
    return [known.setdefault(tuple(chain), len(known)) for chain in chains]


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
    between = _CONNECTING.fullmatch(expression)
    return bool(_SILENT.match(expression) or (between and _CONNECTOR.fullmatch(between["text"])))


def read_columns(text: str, dialect: str | None) -> list[Item]:
    """Return what the last select of a model gives.

    Where another branch of a condition gives a column that the first one does not, that is unknown.
    """
    stripped = strip_jinja(text)
    items = _read(stripped, dialect)
    known = {_key(item) for item in items} | {_NO_SQL, _NO_COLUMNS}
    read = {stripped.sql}
    for branch in stripped.branches[:_MAX_BRANCHES]:
        other = strip_jinja(text, branch.chosen)
        if other.sql in read:
            continue
        read.add(other.sql)
        new: list[str] = []
        for item in _read(other, dialect):
            # Past a condition there may be half a text, which dbt never builds.
            is_cut = branch.is_past and isinstance(item, Unknown) and item.reason.startswith(_CUT)
            if _key(item) not in known and not is_cut:
                new.append(item.reason if isinstance(item, Unknown) else item.name)
            elif isinstance(item, Column) and item.data_type:
                items.append(item)  # of another type, perhaps
        if new:
            what = ", ".join(dict.fromkeys(new))
            items.append(Unknown(f"another branch of a condition: {what}", branch.line))
    if len(stripped.branches) > _MAX_BRANCHES:
        line = stripped.branches[_MAX_BRANCHES].line
        items.append(Unknown(f"more than {_MAX_BRANCHES} branches of conditions", line))
    return items


def _key(item: Item) -> object:
    """Return what tells two items apart, whatever their lines."""
    if isinstance(item, Column):
        return item.name.lower()
    if isinstance(item, Star):
        return (item.kind, item.name.lower(), item.without, item.renamed)
    return item.reason


def _read(stripped: Stripped, dialect: str | None) -> list[Item]:
    import sqlglot
    from sqlglot import exp

    # What it warns of is a statement that is no select, and reported as such.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    if not stripped.sql.strip():
        return [Unknown(_NO_SQL, 1)]
    problem = ""
    for name in dict.fromkeys((dialect, None)):
        try:
            trees = [tree for tree in sqlglot.parse(stripped.sql, dialect=name) if tree]
            queries = [tree for tree in trees if not isinstance(tree, exp.Semicolon)]
            if len(queries) != 1:
                return [Unknown(f"{len(queries)} statements, not one", 1)]
            columns = _Reader(stripped, name).columns(queries[0])
            return columns or [Unknown(_NO_COLUMNS, 1)]
        # A text that is no SQL can end the parser in any error, and must not end the other files.
        except Exception as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            problem = problem or re.sub(r"\x1b\[\d+m", "", first)
    line = re.search(r"Line (\d+)", problem)
    return [Unknown(f"{_CUT}: {problem}", int(line[1]) if line else 1)]


def read_relation(expression: str, line: int) -> Star | None:
    """Return all columns of what `ref(...)` or `source(...)` names, None for anything else."""
    ref, source = _REF.match(expression), _SOURCE.match(expression)
    if ref:
        name = f"{ref[1]}.{ref[2]}" if ref[2] else ref[1]
        return Star("ref", f"{name} v{ref[3]}" if ref[3] else name, line)
    return Star("source", f"{source[1]}.{source[2]}", line) if source else None


class _Reader:
    """The columns of one parsed model."""

    def __init__(self, stripped: Stripped, dialect: str | None) -> None:
        self.text = stripped.sql
        self.holes = stripped.holes
        self.dialect = dialect

    def columns(self, tree: object) -> list[Item]:
        """Return the columns of a query."""
        return list(self._query(tree, {}))

    def _query(self, tree: object, outer: dict[str, list[Item]]) -> list[Item]:
        from sqlglot import exp

        scope = dict(outer)
        with_ = getattr(tree, "args", {}).get("with_") or getattr(tree, "args", {}).get("with")
        for cte in with_.expressions if with_ else ():
            items = self._query(cte.this, scope)
            alias = cte.args.get("alias")
            names = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
            scope[cte.alias.lower()] = _renamed(items, names, _line(cte)) if names else items
        if isinstance(tree, exp.Subquery):
            return self._query(tree.this, scope)
        if isinstance(tree, exp.SetOperation):
            first = self._query(tree.this, scope)
            if not tree.args.get("by_name"):
                return first
            known = {_key(item) for item in first}
            more = self._query(tree.expression, scope)
            return first + [item for item in more if _key(item) not in known]
        if isinstance(tree, exp.Select):
            if tree.args.get("match") or tree.args.get("kind") == "VALUE":
                return [Unknown("the columns of a match_recognize or of a value", _line(tree))]
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
            if isinstance(star, exp.Star) and not star.args.get("ilike"):
                table = part.table.lower() if isinstance(part, exp.Column) else ""
                yield from _starred(star, table, sources, _line(part), self._merged(select))
                continue
            name = part.alias_or_name if isinstance(part, named) else ""
            if isinstance(part, exp.Alias) and _makes_several(part.this):
                name = ""
            if isinstance(part, exp.Alias) and self._is_after_hole(part):
                yield Unknown(self._reason(part), _line(part))
                continue
            if self._hole(part) and (not name or _HOLE.search(name)):
                yield Unknown(self._reason(part), _line(part))
            elif not name:
                yield Unknown(f"{_UNNAMED}: {part.sql()[:60]}", _line(part))
            else:
                yield Column(name, _line(part), _cast_type(part, self.dialect))
                if self.dialect == "duckdb" and _may_be_struct(part):
                    yield Unknown(f"the fields, if it is a struct: {part.sql()[:60]}", _line(part))

    def _sources(self, select: object, scope: dict[str, list[Item]]) -> dict[str, list[Item]]:
        args = select.args  # type: ignore[attr-defined]
        from_ = args.get("from_") or args.get("from")
        tables = [from_.this] if from_ else []
        tables += [
            join.this
            for join in args.get("joins") or ()
            if str(join.kind).upper() not in ("SEMI", "ANTI")
        ]
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
        if _HOLE.search(getattr(table, "alias", "") or ""):
            return [Unknown(self._reason(table), line)]
        if named:
            return self._aliased(table, named, scope)
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
        star = read_relation(expression, line)
        return [star or Unknown(f"the columns of {{{{ {expression[:60]} }}}}", line)]

    def _aliased(
        self, table: object, named: Sequence[object], scope: dict[str, list[Item]]
    ) -> list[Item]:
        """Return the columns of a table whose alias names them, or the first of them."""
        from sqlglot import exp

        names: list[Item] = [Column(name.name, _line(name)) for name in named]  # type: ignore[attr-defined]
        inner = getattr(table, "this", None)
        if isinstance(table, exp.Unnest):
            offset = table.args.get("offset")
            if offset:
                is_named = isinstance(offset, exp.Identifier)
                names.append(Column(offset.name if is_named else "ordinality", _line(table)))
            if self.dialect == "bigquery":
                names.append(Unknown(f"the fields, if it is a struct: {table.sql()[:60]}", 1))
            return names
        if isinstance(table, exp.Values):
            row = table.expressions[0].expressions if table.expressions else []
            is_whole = len(row) <= len(names)
        else:
            is_whole = isinstance(table, exp.Lateral) or isinstance(inner, exp.GenerateSeries)
            is_whole = is_whole or all(isinstance(name, exp.ColumnDef) for name in named)
        if is_whole:
            return names
        bare = table.copy()  # type: ignore[attr-defined]
        bare.args["alias"].set("columns", None)
        return _renamed(self._table(bare, scope), named, _line(table))

    def _merged(self, select: object) -> dict[str, set[str]]:
        """Return the columns of joined tables that USING has once only."""
        merged: dict[str, set[str]] = {}
        for join in select.args.get("joins") or ():  # type: ignore[attr-defined]
            using = {name.name.lower() for name in join.args.get("using") or ()}
            merged[(join.this.alias_or_name or "#").lower()] = using
        return merged

    def _is_after_hole(self, alias: object) -> bool:
        """Whether Jinja stands right before the alias: it may give more than one expression."""
        name = alias.args.get("alias")  # type: ignore[attr-defined]
        start = name.meta.get("start") if name is not None else None
        if start is None:
            return self._hole(alias)
        return bool(_LAST_HOLE.search(self.text[:start]))

    def _hole(self, part: object) -> bool:
        return bool(_HOLE.search(part.sql()))  # type: ignore[attr-defined]

    def _reason(self, part: object) -> str:
        found = _HOLE.search(part.sql())  # type: ignore[attr-defined]
        expression = self.holes[int(found[1])] if found else ""
        return f"columns made by Jinja: {{{{ {expression[:60]} }}}}"


def _makes_several(part: object) -> bool:
    """Whether it gives several columns, whatever alias stands behind it."""
    from sqlglot import exp

    return bool(part.find(exp.Columns)) or (  # type: ignore[attr-defined]
        isinstance(part, exp.Explode | exp.Unnest) and bool(part.find(exp.PropertyEQ))
    )


def _may_be_struct(part: object) -> bool:
    """Whether it unnests what may be a struct: DuckDB then gives its fields by their own names."""
    from sqlglot import exp

    inner = part.this if isinstance(part, exp.Alias) else part
    if not isinstance(inner, exp.Explode | exp.Unnest):
        return False
    given = inner.this or next(iter(inner.expressions), None)
    return isinstance(given, exp.Column | exp.Dot | exp.Bracket | exp.Struct)


def _is_unnamed(item: Item) -> bool:
    """Whether it is just one column, whatever it is called."""
    return isinstance(item, Unknown) and item.reason.startswith(_UNNAMED)


def _renamed(items: Sequence[Item], names: Sequence[object], line: int) -> list[Item]:
    """Return a table's columns, the first of them by other names."""
    found: list[Item] = [Column(name.name, _line(name)) for name in names]  # type: ignore[attr-defined]
    if all(isinstance(item, Column) or _is_unnamed(item) for item in items):
        return [*found, *items[len(found) :]]
    return [*found, Unknown("the columns that an alias does not name", line)]


def _starred(
    star: object,
    table: str,
    sources: dict[str, list[Item]],
    line: int,
    merged: Mapping[str, set[str]],
) -> Iterator[Item]:
    args = star.args  # type: ignore[attr-defined]
    excluded = args.get("except_") or args.get("except") or ()
    renamed = {part.this.name.lower(): part.alias for part in args.get("rename") or ()}
    if table and table not in sources:
        yield Unknown(f"the columns of {table}", line)
        return
    if not sources:
        yield Unknown("a star without a table", line)
    for key, items in sources.items():
        if table and key != table:
            continue
        without = {
            part.name.lower()
            for part in excluded
            if getattr(part, "table", "").lower() in ("", key)
        }
        if not table:
            without |= merged.get(key, set())
        for item in items:
            if isinstance(item, Column):
                if item.name.lower() not in without:
                    name = renamed.get(item.name.lower(), item.name)
                    yield Column(name, item.line, item.data_type)
            elif isinstance(item, Star):
                yield _composed(item, sorted(without), renamed, line)
            else:
                yield item


def _composed(star: Star, without: Sequence[str], renamed: Mapping[str, str], line: int) -> Star:
    """Return a star over a star: the outer one speaks of the names that the inner one gives."""
    inner = dict(star.renamed)
    outer_names = {new.lower(): old for old, new in inner.items()}
    all_without, all_renamed = list(star.without), dict(inner)
    for name in without:
        if name in outer_names:
            all_without.append(outer_names[name])
            all_renamed.pop(outer_names[name], None)
        if name not in inner:
            all_without.append(name)
    for name, new in renamed.items():
        if name in outer_names:
            all_renamed[outer_names[name]] = new
        if name not in inner:
            all_renamed[name] = new
    return Star(star.kind, star.name, line, tuple(all_without), tuple(all_renamed.items()))


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


def _cast_type(part: object, dialect: str | None) -> str:
    from sqlglot import exp

    inner = part.this if isinstance(part, exp.Alias) else part
    return inner.to.sql(dialect=dialect) if isinstance(inner, exp.Cast) else ""
