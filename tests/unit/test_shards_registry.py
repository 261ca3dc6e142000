"""The registry file: what is read, what is refused, what is appended."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbt_estate.errors import InputError
from dbt_estate.shards.registry import Registry, Shard, appended, parse_registry, read_registry
from dbt_estate.shards.settings import Columns, Settings

DEFAULTS = Columns()
HEADER = "shard,database_name,schema_name,is_enabled\n"


def parse(text: str, columns: Columns = DEFAULTS) -> Registry:
    return parse_registry(text, columns, Path("shards.csv"))


def test_rows_are_read_as_text_in_order() -> None:
    registry = parse(HEADER + '0007,db7,main,TRUE\n\n"b,""c",db2,dbo,no\n')
    assert registry.shards == [
        Shard("0007", "db7", "main", True),
        Shard('b,"c', "db2", "dbo", False),
    ]


@pytest.mark.parametrize("value", ["true", "T", "yes", "Y", "1", " True "])
def test_enabled(value: str) -> None:
    assert parse(f"{HEADER}a,d,s,{value}\n").enabled


@pytest.mark.parametrize("value", ["false", "F", "No", "n", "0"])
def test_disabled(value: str) -> None:
    assert not parse(f"{HEADER}a,d,s,{value}\n").enabled


def test_columns_are_mapped_and_case_does_not_matter() -> None:
    columns = Columns("store", None, "path", None)
    assert parse("region,STORE,Path\nnorth,a,s1\n", columns).shards == [Shard("a", None, "s1")]


@pytest.mark.parametrize(
    "text", ["\ufeff" + HEADER + "a,d,s,1\n", (HEADER + "a,d,s,1").replace("\n", "\r\n")]
)
def test_byte_order_mark_and_line_ends(text: str) -> None:
    assert parse(text).shards == [Shard("a", "d", "s")]


PROBLEMS = {
    "blank name": (",d,s,1", "line 2: shard is blank or null"),
    "name that dbt loads as NULL": ("Null,d,s,1", "line 2: shard is blank or null"),
    "NULL database": ("a,null,s,1", "line 2: database_name is blank or null"),
    "blank schema": ("a,d, ,1", "line 2: schema_name is blank or null"),
    "white space": ("a ,d,s,1", "line 2: shard begins or ends with white space: 'a '"),
    "control character": ("a,d\x07,s,1", "line 2: database_name has a control character: 'd\\x07'"),
    "line break": ('"a\nb",d,s,1', "line 3: shard has a control character: 'a\\nb'"),
    "duplicate name": ("a,d,s,1\nA,e,s,1", "line 3: the shard 'A' is on line 2 already"),
    "duplicate place": ("a,d,s,1\nb,D,s,1", "line 3: the place 'D'.'s' is the one of line 2"),
    "is_enabled": (
        "a,d,s,maybe",
        "is_enabled must be one of true, t, yes, y, 1, false, f, no, n, 0 (in any case), "
        "got: 'maybe'",
    ),
    "blank is_enabled": ("a,d,s,", "line 2: is_enabled must be one of"),
    "too few values": ("a,d", "line 2: 2 values for 4 columns: 'a,d'"),
    "too many values": ("a,d,s,1,x", "line 2: 5 values for 4 columns"),
    "open quote": ('a,"d,s,1', "line 2: not valid CSV: unexpected end of data"),
    "no rows": ("", "has no rows; add one row per shard"),
}


@pytest.mark.parametrize(("rows", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems(rows: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(HEADER + rows)
    assert message in str(raised.value)
    assert str(raised.value).startswith("shards.csv: ")


def test_all_problems_are_one_error() -> None:
    with pytest.raises(InputError) as raised:
        parse(HEADER + ",,,\na,d,s,1\na,d,s,x\n")
    assert len(raised.value.problems) == 7


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "is empty; its first line names the columns"),
        ("shard,Shard,database_name,schema_name,is_enabled", "the column 'shard' is there twice"),
        (
            "name;db",
            "line 1: no column 'shard'; the columns are 'name;db'. "
            "Name it in vars: dbt_estate: {shards: {columns: {shard: ...}}}",
        ),
        ("shard,database_name,schema_name", "{is_enabled: ...}}}, or set is_enabled to null"),
    ],
)
def test_header_problems(header: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(header)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "added"),
    [
        (HEADER + "a,d,s,true\n", "n,dn,s,true\n"),
        (HEADER + "a,d,s,true", "\nn,dn,s,true\n"),
        (HEADER + "a,d,s,0\nb,e,s,Yes\n", "n,dn,s,Yes\n"),
        (HEADER.replace("\n", "\r\n") + "a,d,s,1\r\n", "n,dn,s,1\r\n"),
        ("\ufeff" + HEADER + "a,d,s,1\n", "n,dn,s,1\n"),
        ("region," + HEADER + "north,a,d,s,1\n", ",n,dn,s,1\n"),
        ("IS_ENABLED,schema_name,shard,database_name\n1,s,a,d\n", "1,s,n,dn\n"),
    ],
)
def test_appending_keeps_the_text(text: str, added: str) -> None:
    after = appended(parse(text), [Shard("n", "dn", "s")])
    assert after.text == text + added
    assert after.shards[-1] == Shard("n", "dn", "s")


def test_nothing_to_append_changes_nothing() -> None:
    registry = parse(HEADER + "a,d,s,1")
    assert appended(registry, []).text == registry.text


def test_awkward_names_are_quoted() -> None:
    shard = Shard('a,"b', "d d", "s")
    assert appended(parse(HEADER + "a,d,s,1\n"), [shard]).shards[-1] == shard


def test_a_new_row_that_repeats_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="line 3: the shard 'A' is on line 2 already"):
        appended(parse(HEADER + "a,d,s,1\n"), [Shard("A", "e", "s")])


def seed(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "a,d,s,1\n", encoding="utf-8")


def test_the_seed_is_found_in_any_folder_of_the_seeds(tmp_path: Path) -> None:
    seed(tmp_path, "data/deep/stores.csv")
    seed(tmp_path, "data/deep/stores_old.csv")
    settings = Settings(tmp_path, ["seeds", "data"], "stores")
    assert read_registry(settings).path == tmp_path / "data/deep/stores.csv"


def test_no_seed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file shards.csv in the seed folders \(seeds\)"):
        read_registry(Settings(tmp_path))


def test_two_seeds(tmp_path: Path) -> None:
    seed(tmp_path, "seeds/shards.csv")
    seed(tmp_path, "seeds/a/shards.csv")
    with pytest.raises(InputError, match="several seeds are called 'shards'"):
        read_registry(Settings(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ((HEADER + "a,d,s,1\n").encode("utf-16"), "line 1: byte 0xFF is not UTF-8"),
        ((HEADER + "caf\xe9,d,s,1\n").encode("latin-1"), "line 2: byte 0xE9 is not UTF-8"),
    ],
)
def test_a_given_file_that_cannot_be_read(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "mine.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_registry(Settings(tmp_path), path)
    assert message in str(raised.value)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_registry(Settings(tmp_path), tmp_path)
