"""The tree keeps its own rules: what is public is described, tested and documented.

The rules are in tests/support/tree.py. Each is run on the tree, and on a small text that breaks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from tests.support import tree
from tests.support.estate import REPOSITORY
from tests.support.tree import Macro

MACROS = REPOSITORY / "macros"
MACRO_FILES = sorted(MACROS.rglob("*.sql"))
PUBLIC_FILES = [path for path in MACRO_FILES if not path.name.startswith("_")]
MODEL_FILES = sorted((REPOSITORY / "models").rglob("*.sql"))


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def texts_of(*folders: str, suffixes: tuple[str, ...]) -> str:
    """Join the files of some folders, without this test and the readers of the tree."""
    own = {REPOSITORY / "tests" / "test_mirror.py", *(REPOSITORY / "tests" / "support").rglob("*")}
    paths: Iterator[Path] = (
        path for folder in folders for path in sorted((REPOSITORY / folder).rglob("*"))
    )
    return "\n".join(read(path) for path in paths if path.suffix in suffixes and path not in own)


TESTS = texts_of("tests", suffixes=(".py", ".sql", ".yml"))
DOCS = texts_of("docs", suffixes=(".md",))

each_macro_file = pytest.mark.parametrize("path", MACRO_FILES, ids=relative)
each_public_file = pytest.mark.parametrize("path", PUBLIC_FILES, ids=relative)


def test_there_are_macros_to_check() -> None:
    assert len(PUBLIC_FILES) > 5


@each_macro_file
def test_a_macro_file(path: Path) -> None:
    text = read(path)
    macros = tree.macros_of(text)
    problems = [
        *tree.naming_problems(path.stem, macros),
        *tree.length_problems(macros),
        *tree.target_type_problems(text),
        *tree.text_problems(text),
    ]
    if "_sql" not in path.relative_to(MACROS).parts:
        problems += tree.quoting_problems(text)
    if path.name != "_settings.sql":
        problems += tree.var_problems(text)
    assert problems == []


@each_public_file
def test_a_public_macro_is_described(path: Path) -> None:
    macro = tree.macros_of(read(path))[0]
    assert tree.yml_problems(macro, tree.yml_entries(path.parent)) == []


@each_public_file
def test_a_public_macro_is_tested_and_documented(path: Path) -> None:
    missing = [
        where
        for where, text in (("tests/", TESTS), ("docs/", DOCS))
        if not tree.is_named_in(path.stem, text)
    ]
    assert missing == [], f"{path.stem} is not named in {' and '.join(missing)}"


def test_every_described_macro_exists() -> None:
    for folder in {path.parent for path in MACRO_FILES}:
        defined = {
            macro.yml_name for path in folder.glob("*.sql") for macro in tree.macros_of(read(path))
        }
        described = {str(entry.get("name")) for entry in tree.yml_entries(folder)}
        assert described <= defined, f"{relative(folder)}: described, and not there"


def test_dispatch_and_privacy_between_the_files() -> None:
    texts = {relative(path): read(path) for path in MACRO_FILES}
    assert tree.dispatch_problems(texts) == []
    assert tree.privacy_problems(texts) == []


def test_the_models_of_the_package() -> None:
    for path in MODEL_FILES:
        text = read(path)
        assert path.stem.startswith("estate_"), f"{relative(path)} must be called estate_*"
        problems = [*tree.ref_problems(text), *tree.var_problems(text), *tree.text_problems(text)]
        assert problems == [], relative(path)


def test_every_hook_has_a_page() -> None:
    hooks = REPOSITORY / ".pre-commit-hooks.yaml"
    ids = [hook["id"] for hook in yaml.safe_load(read(hooks))]
    assert ids
    assert [hook for hook in ids if hook not in DOCS] == []


def test_every_command_has_a_page() -> None:
    from dbt_estate import cli

    names = list(leaf_commands(cli.cli, "dbt-estate"))
    assert names
    assert [name for name in names if name not in DOCS] == []


def leaf_commands(command: click.Command, path: str) -> Iterator[str]:
    """Give the whole name of every command under a group."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaf_commands(child, f"{path} {name}")
    else:
        yield path


# -- the rules can fail -----------------------------------------------------------------------


def one(text: str) -> Macro:
    (macro,) = tree.macros_of(text)
    return macro


def test_a_signature_is_read_as_jinja_reads_it() -> None:
    text = (
        "{# {% macro no() %} #}\n{%- macro f(\n    a, b=none, c=['x, y'],\n"
        "    d={'k': (1, 2)}\n) -%}\n{%- endmacro %}"
    )
    macro = one(text)
    assert (macro.name, macro.arguments, macro.line, macro.lines) == (
        "f",
        ("a", "b", "c", "d"),
        2,
        5,
    )
    assert one("{% test t(model, column_name) %}{% endtest %}").yml_name == "test_t"
    shards = one("{% materialization shards, default %}{% endmaterialization %}")
    assert shards.yml_name == "materialization_shards_default"


@pytest.mark.parametrize(
    ("stem", "names", "count"),
    [
        ("f", ["f", "_g", "default__f", "postgres__g"], 0),
        ("f", ["g"], 1),
        ("f", ["f", "helper"], 1),
        ("f", ["f", "mysql__f"], 1),
        ("_f", ["_g", "default___g"], 0),
        ("_f", ["f"], 1),
        ("f", [], 1),
    ],
)
def test_naming_can_fail(stem: str, names: list[str], count: int) -> None:
    text = "".join(f"{{% macro {name}() %}}{{% endmacro %}}\n" for name in names)
    assert len(tree.naming_problems(stem, tree.macros_of(text))) == count


def test_length_can_fail() -> None:
    fits = "{% macro f() %}" + "\n" * 69 + "{% endmacro %}"
    assert tree.length_problems(tree.macros_of(fits)) == []
    assert tree.length_problems(tree.macros_of(fits.replace("%}\n", "%}\n\n", 1))) != []


@pytest.mark.parametrize(
    "text",
    [
        "where a = '{{ value }}'",
        'select "{{ name }}"',
        "like '%{{ value }}%'",
        "= '{{ a }}_{{ b }}'",
        """{{ return("where a = '" ~ value ~ "'") }}""",
        """{{ return('cast(x as "' ~ type ~ '")') }}""",
    ],
)
def test_quoting_can_fail(text: str) -> None:
    assert tree.quoting_problems(text) != []


@pytest.mark.parametrize(
    "text",
    [
        "where a = {{ dbt_estate.literal('x') }}",
        "select 'a' as a, {{ b }}, 'c' as c",
        "{# '{{ a }}' #}",
        "{{ return('a' ~ b) }}",
        """{% do raise("the policy must be 'a', got: '" ~ b ~ "'") %}""",
        """{% do raise("with columns='" ~ b ~ "' none is left") %}""",
    ],
)
def test_quoting_passes_what_is_right(text: str) -> None:
    assert tree.quoting_problems(text) == []


def test_the_other_rules_of_a_file_can_fail() -> None:
    assert tree.target_type_problems("{% if target.type == 'duckdb' %}") != []
    assert tree.target_type_problems("{% if target['type'] == 'duckdb' %}") != []
    assert tree.target_type_problems("{# target.type #}{{ target.schema }}") == []
    assert tree.var_problems("{{ var('x') }}") != []
    assert tree.var_problems("{{ my_var('x') }}{{ a.var('y') }}") == []
    assert tree.ref_problems("{{ ref('models') }}") != []
    assert tree.ref_problems("{{ ref('dbt_estate', 'estate_models') }}{{ ref(name) }}") == []
    for wrong in ("a\tb\n", "a \n", "a", "a\n\n", "a" * 121 + "\n"):
        assert tree.text_problems(wrong) != [], wrong
    assert tree.text_problems("a" * 120 + "\n") == []


def test_dispatch_can_fail() -> None:
    caller = "{{% macro f() %}}{{{{ adapter.dispatch({})() }}}}{{% endmacro %}}"
    good = caller.format("'f', 'dbt_estate'")
    default = "{% macro default__f() %}{% endmacro %}"
    assert tree.dispatch_problems({"a": good + default}) == []
    assert tree.dispatch_problems({"a": good}) != []
    assert tree.dispatch_problems({"a": caller.format("'f'") + default}) != []
    assert tree.dispatch_problems({"a": default}) != []


def test_privacy_can_fail() -> None:
    def define(name: str) -> str:
        return f"{{% macro {name}() %}}{{% endmacro %}}"

    call = define("f") + "{{ dbt_estate._private() }}"
    home = define("_private")
    assert tree.privacy_problems({"macros/a/f.sql": call, "macros/a/_p.sql": home}) == []
    assert tree.privacy_problems({"macros/a/f.sql": call, "macros/_sql/_p.sql": home}) == []
    assert tree.privacy_problems({"macros/a/f.sql": call, "macros/b/_p.sql": home}) != []
    assert tree.privacy_problems({"macros/_sql/f.sql": call, "macros/b/_p.sql": home}) != []
    assert tree.privacy_problems({"macros/a/f.sql": call}) != []


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "g", "description": "d", "arguments": []},
        {
            "name": "f",
            "description": " ",
            "arguments": [{"name": "a", "type": "string", "description": "d"}],
        },
        {"name": "f", "description": "d"},
        {
            "name": "f",
            "description": "d",
            "arguments": [{"name": "b", "type": "string", "description": "d"}],
        },
        {"name": "f", "description": "d", "arguments": [{"name": "a", "description": "d"}]},
        {"name": "f", "description": "d", "arguments": [{"name": "a", "type": "string"}]},
        {
            "name": "f",
            "description": "d",
            "arguments": [{"name": "a", "type": "boolean", "description": "d"}],
        },
    ],
)
def test_description_can_fail(entry: dict[str, object]) -> None:
    macro = one("{% macro f(a) %}{% endmacro %}")
    right = {
        "name": "f",
        "description": "d",
        "arguments": [{"name": "a", "type": "string", "description": "d"}],
    }
    assert tree.yml_problems(macro, [right]) == []
    assert tree.yml_problems(macro, [entry]) != []


def test_naming_in_a_text_can_fail() -> None:
    assert tree.is_named_in("now", "see `now` and more")
    assert tree.is_named_in("now", "dbt_estate.now()")
    assert not tree.is_named_in("now", "it is known, and now it is said")
    assert not tree.is_named_in("now", "dbt_estate.nowhere")
