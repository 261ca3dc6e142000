"""Whether a manifest is as old as its project.

The manifest has the paths, checksums and texts that dbt 1.11 wrote for these very files.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dbt_estate import dbt
from dbt_estate.check.fresh import Mode, fresh_manifest, stale
from dbt_estate.errors import InputError
from dbt_estate.info_schema.artifacts import read_manifest

GENERATED_AT = "2026-01-02T03:04:05.678901Z"
BEFORE, AFTER = 1_767_323_000.0, 1_767_323_100.0  # 2026-01-02 03:03:20 and 03:05:00 in UTC
SNAPSHOT = (
    '{{ config(strategy="check", unique_key="id", check_cols="all", target_schema="s") }} '
    "select 1 as id {% endsnapshot %}\n"
)
ONE = "{% macro one(a) %}\n  {{ a }}\n{% endmacro %}"
TWO = "\n{%- macro two() -%}x{%- endmacro -%}\n"
THREE = (
    '{% materialization m, adapter="duckdb" %}{{ return({"relations": []}) }}'
    "{% endmaterialization %}"
)
IS_OK = "{% test is_ok(model) %}select 1 where false{% endtest %}"
FILES = {
    "dbt_project.yml": "name: shop\nprofile: shop\n",
    "models/orders.sql": "select 1 as id\n\n",
    "models/empty.sql": "  \n",
    "models/off.sql": "{{ config(enabled=false) }} select 1 as id\n\n",
    "models/py.py": "def model(dbt, session):\n    return session\n",
    "models/d.md": "{% docs d1 %}\n hello \n{% enddocs %}\n",
    "models/s.yml": "models: [{name: orders}]\n",
    "seeds/kinds.csv": "id,name\n1,a\n",
    "snapshots/two.sql": "{% snapshot a %}" + SNAPSHOT + "{% snapshot b %}" + SNAPSHOT,
    "snapshots/none.sql": "-- nothing\n",
    "macros/m.sql": ONE + "\n\n{#- {% macro no() %}{% endmacro %} #}" + TWO + THREE,
    "tests/generic/is_ok.sql": IS_OK,
    "tests/singular.sql": "select 1 where false",
    "tests/fixtures/fx.sql": "select 1 as id",
    "analyses/look.sql": "select 1 as x",
}
CHECKSUMS = {
    "model.shop.orders": (
        "models/orders.sql",
        "3ea0f972fa1b56aa2dc2f56ee784b6a5796312f9a813d59ae70fd8855f10d16d",
    ),
    "model.shop.empty": (
        "models/empty.sql",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    "model.shop.py": (
        "models/py.py",
        "bd186347914bdcb588eb7edc82eacfee34426cf643abdce9a6865f2224d236a3",
    ),
    "snapshot.shop.a": (
        "snapshots/two.sql",
        "b45b3ff68d9deca55e820a5d5df2a13509dc627335bbfc5c6a51d2f8d2929532",
    ),
    "snapshot.shop.b": (
        "snapshots/two.sql",
        "b45b3ff68d9deca55e820a5d5df2a13509dc627335bbfc5c6a51d2f8d2929532",
    ),
    "analysis.shop.look": (
        "analyses/look.sql",
        "ad2d9e2526a98881b646425628a6befacccfa674e6588a84224031ab1ffdee7b",
    ),
    "test.shop.singular": (
        "tests/singular.sql",
        "a33feda3a9534b41bcbfa692a76878a7a7fc3a3eafad6d0057c4cdebbad23a34",
    ),
    "seed.shop.kinds": (
        "seeds/kinds.csv",
        "8785bd65e2099267252e07a04b3ad2eb72f692775aae46d95ff6a49f0a864e4f",
    ),
}
OFF = "2196834d1cf6086d4ce31986a4cc6604a65a18f905a95d5cdda5f7dc2601b21f"


def node(unique_id: str, path: str, checksum: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "unique_id": unique_id, "name": unique_id.split(".")[2], "package_name": "shop",
        "resource_type": unique_id.split(".")[0], "original_file_path": path,
        "checksum": checksum, **more,
    }  # fmt: skip


def placed(unique_id: str, path: str, **more: Any) -> dict[str, Any]:
    package, name = unique_id.split(".")[1:3]
    return {
        "unique_id": unique_id, "name": name, "package_name": package,
        "original_file_path": path, **more,
    }  # fmt: skip


def manifest() -> dict[str, Any]:
    nodes = {
        unique_id: node(unique_id, path, {"name": "sha256", "checksum": checksum})
        for unique_id, (path, checksum) in CHECKSUMS.items()
    }
    nodes["model.shop.orders"]["patch_path"] = "shop://models/s.yml"
    none = {"name": "none", "checksum": ""}
    hook = {"name": "sha256", "checksum": "dcde89320732b1069e7893d4ef6f785ee67a76f6f2c44e3eaf9d9b"}
    for item in (
        node("test.shop.not_null_orders_id", "models/s.yml", none),
        node("operation.shop.shop-on-run-end-0", "./dbt_project.yml", hook),
        {**node("model.other.theirs", "models/theirs.sql", none), "package_name": "other"},
    ):
        nodes[item["unique_id"]] = item
    macros = [
        placed("macro.shop.one", "macros/m.sql", macro_sql=ONE),
        placed("macro.shop.two", "macros/m.sql", macro_sql=TWO),
        placed("macro.shop.materialization_m_duckdb", "macros/m.sql", macro_sql=THREE),
        placed("macro.shop.test_is_ok", "tests/generic/is_ok.sql", macro_sql=IS_OK),
        placed("macro.other.x", "macros/x.sql", macro_sql="x"),
    ]
    off = node("model.shop.off", "models/off.sql", {"name": "sha256", "checksum": OFF})
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "project_name": "shop",
            "generated_at": GENERATED_AT,
        },
        "nodes": nodes,
        "macros": {item["unique_id"]: item for item in macros},
        "docs": {"doc.shop.d1": placed("doc.shop.d1", "models/d.md", block_contents="hello")},
        "disabled": {"model.shop.off": [off]},
        "unit_tests": {"unit_test.shop.orders.u": placed("unit_test.shop.u", "models/s.yml")},
    }


def put(root: Path, name: str, text: str | bytes, at: float = BEFORE) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (at, at))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        put(tmp_path, name, text)
    put(tmp_path, "target/manifest.json", json.dumps(manifest()))
    return tmp_path


def reasons(project: Path) -> list[str]:
    return stale(read_manifest(project / "target" / "manifest.json"), project)


def rewrite(project: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = manifest()
    change(content)
    put(project, "target/manifest.json", json.dumps(content))


def test_what_dbt_wrote_is_fresh(project: Path) -> None:
    assert reasons(project) == []


CHANGED, NEW, GONE = "changed", "not in the manifest", "no longer there"
LATER = "changed since the manifest was written"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("models/orders.sql", "select 2 as id", CHANGED),
        ("models/orders.sql", "\n\t select 1 as id \r\n", None),
        ("models/orders.sql", b"select 1 as id\xff", CHANGED),
        ("models/empty.sql", "select 1", CHANGED),
        ("models/off.sql", "select 1", CHANGED),
        ("models/py.py", "def model(dbt, session):\r\n    return session\n", CHANGED),
        ("seeds/kinds.csv", "id,name\n1,b\n", CHANGED),
        ("snapshots/two.sql", "{% snapshot a %}" + SNAPSHOT, CHANGED),
        ("tests/singular.sql", "select 2 where false", CHANGED),
        ("analyses/look.sql", "select 2 as x", CHANGED),
        ("macros/m.sql", ONE + TWO + THREE.replace("[]", "[1]"), CHANGED),
        ("macros/m.sql", ONE + TWO + THREE + "{% macro four() %}{% endmacro %}", CHANGED),
        ("macros/m.sql", (THREE + TWO + ONE).replace("\n", "\r\n"), None),
        ("macros/m.sql", ONE + THREE, CHANGED),
        ("tests/generic/is_ok.sql", IS_OK.replace("false", "true"), CHANGED),
        ("models/d.md", "{% docs d1 %}bye{% enddocs %}", CHANGED),
        ("models/d.md", FILES["models/d.md"] + "{% docs d2 %}{% enddocs %}", CHANGED),
        ("models/d.md", "# Title\n{%- docs d1 -%} hello {%- enddocs -%}", None),
        ("models/new.sql", "select 1", NEW),
        ("models/a/b/new.PY", "x", NEW),
        ("models/new.sql", " \n", None),
        ("models/.new.sql", "select 1", None),
        ("models/~new.sql", "select 1", None),
        ("models/new.txt", "select 1", None),
        ("models/new.csv", "a\n1\n", None),
        ("seeds/new.csv", "a\n1\n", NEW),
        ("seeds/new.csv", "a\n" * 600_000, NEW),
        ("seeds/kinds.csv", "a\n" * 600_000, CHANGED),
        ("snapshots/new.sql", "{% snapshot c %}" + SNAPSHOT, NEW),
        ("snapshots/new.sql", "{# {% snapshot c %} #}", None),
        ("macros/new.sql", "{% macro c() %}{% endmacro %}", NEW),
        ("macros/new.sql", "{# {% macro c() %}{% endmacro %} #} nothing", None),
        ("macros/new.md", "{% docs c %}{% enddocs %}", NEW),
        ("models/new.md", "# Nothing", None),
        ("tests/new.sql", "select 1", NEW),
        ("tests/generic/new.sql", "{% test c(model) %}{% endtest %}", NEW),
        ("analyses/new.sql", "select 1", NEW),
        ("functions/new.sql", "select 1", NEW),
        ("other/new.sql", "select 1", None),
    ],
)
def test_a_file_of_which_dbt_keeps_the_text(
    project: Path, name: str, text: str | bytes, reason: str | None
) -> None:
    put(project, name, text, AFTER)
    assert reasons(project) == ([f"{name}: {reason}"] if reason else [])


@pytest.mark.parametrize(
    ("name", "is_looked_at"),
    [
        ("dbt_project.yml", True),
        ("packages.yml", True),
        ("dependencies.yml", True),
        ("package-lock.yml", True),
        ("selectors.yml", True),
        (".dbtignore", True),
        ("models/s.yml", True),
        ("models/a/new.yaml", True),
        ("macros/new.yml", True),
        ("tests/fixtures/fx.sql", True),
        ("tests/fixtures/new.csv", True),
        ("profiles.yml", False),
        ("docs/x.yml", False),
        ("models/orders.sql", False),
    ],
)
def test_a_file_of_which_only_the_time_is_known(
    project: Path, name: str, is_looked_at: bool
) -> None:
    text = FILES.get(name, "")
    put(project, name, text, BEFORE)
    assert reasons(project) == []
    put(project, name, text, AFTER)
    assert reasons(project) == ([f"{name}: {LATER}"] if is_looked_at else [])


@pytest.mark.parametrize(
    "name",
    ["models/orders.sql", "models/off.sql", "models/s.yml", "models/d.md", "macros/m.sql",
     "seeds/kinds.csv", "tests/generic/is_ok.sql", "snapshots/two.sql"],
)  # fmt: skip
def test_a_file_that_is_gone(project: Path, name: str) -> None:
    (project / name).unlink()
    assert reasons(project) == [f"{name}: {GONE}"]


def test_a_seed_that_is_too_large_has_its_path_for_a_checksum(project: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["nodes"]["seed.shop.kinds"]["checksum"] = {
            "name": "path", "checksum": "seeds/kinds.csv",
        }  # fmt: skip

    rewrite(project, change)
    put(project, "seeds/kinds.csv", "a\n" * 600_000)
    assert reasons(project) == []
    put(project, "seeds/kinds.csv", "a\n")
    assert reasons(project) == ["seeds/kinds.csv: changed"]


IGNORED = "models/old/", "**/scratch_*.sql", "models/[a-c]*.sql", "!models/keep.sql", "/tmp.sql"


@pytest.mark.parametrize(
    ("name", "is_ignored"),
    [
        ("models/old/x.sql", True),
        ("models/x/old/x.sql", False),
        ("models/a/scratch_1.sql", True),
        ("models/bad.sql", True),
        ("models/d/bad.sql", False),
        ("models/cat.sql", True),
        ("models/keep.sql", False),
        ("models/tmp.sql", False),
        ("models/old.sql", False),
    ],
)
def test_dbtignore(project: Path, name: str, is_ignored: bool) -> None:
    put(project, ".dbtignore", "# not ours\n\n" + "\n".join(IGNORED) + "\n")
    put(project, name, "select 1")
    assert reasons(project) == ([] if is_ignored else [f"{name}: {NEW}"])


def test_paths_of_the_project(project: Path) -> None:
    paths = "model-paths: [./models/, more]\nmacro-paths: [macros, models]\ndocs-paths: [docs]\n"
    put(project, "dbt_project.yml", FILES["dbt_project.yml"] + paths)
    assert reasons(project) == []
    put(project, "more/a.sql", "select 1")
    put(project, "docs/a.md", "{% docs a %}{% enddocs %}")
    put(project, "models/e.md", "{% docs e %}{% enddocs %}")
    assert reasons(project) == [f"docs/a.md: {NEW}", f"more/a.sql: {NEW}"]


def test_the_manifest_of_another_project(project: Path) -> None:
    put(project, "dbt_project.yml", "name: store\n")
    assert reasons(project) == ["dbt_project.yml: of the project store, not of shop"]


@pytest.mark.parametrize("written", ["2026-01-02T03:04:05", "2026-01-02T04:04:05+01:00"])
def test_the_time_is_that_of_utc(project: Path, written: str) -> None:
    rewrite(project, lambda content: content["metadata"].update(generated_at=written))
    assert reasons(project) == []
    put(project, "models/s.yml", "", AFTER)
    assert reasons(project) == [f"models/s.yml: {LATER}"]


def fake_dbt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str = "{}", code: int = 0
) -> Path:
    """Put a dbt in place that notes its arguments, writes a manifest and ends with a code."""
    script = tmp_path / "dbt.py"
    script.write_text(
        "import json, pathlib, sys\n"
        f"pathlib.Path({str(tmp_path / 'args.json')!r}).write_text(json.dumps(sys.argv[1:]))\n"
        "target = pathlib.Path(sys.argv[sys.argv.index('--target-path') + 1])\n"
        f"if {code} == 0:\n    (target / 'manifest.json').write_text({text!r})\n"
        f"print('Compilation Error: said dbt')\nsys.exit({code})\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(dbt, "_dbt_command", lambda: [sys.executable, str(script)])
    return tmp_path / "args.json"


@pytest.fixture
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("target")


def snapshot_of(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime for path in folder.rglob("*")}


MODES: list[Mode] = ["auto", "never", "require"]


@pytest.mark.parametrize("mode", MODES)
def test_a_fresh_manifest_is_used_as_it_is(
    project: Path, target: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = fake_dbt(target, monkeypatch)
    path = project / "target" / "manifest.json"
    assert fresh_manifest(path, project, mode, target) == (path, [])
    assert not args.exists()


def test_auto_parses_elsewhere(
    project: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = fake_dbt(target, monkeypatch)
    path = project / "target" / "manifest.json"
    for number in range(5):
        put(project, f"models/new_{number}.sql", "select 1")
    before = snapshot_of(project)
    found, notes = fresh_manifest(path, project, "auto", target, ["--vars", "{a: 1}"])
    assert found == target.resolve() / "manifest.json"
    assert notes == [
        f"{path.as_posix()} is older than the project (models/new_0.sql: {NEW}; "
        f"models/new_1.sql: {NEW}; models/new_2.sql: {NEW}; and 2 more): it was parsed again"
    ]
    given = json.loads(args.read_text())
    options = dict(pairwise(given))
    assert options["--target-path"] == str(target.resolve())
    assert options["--log-path"].startswith(str(target.resolve()))
    assert (options["--project-dir"], options["--vars"]) == (str(project), "{a: 1}")
    assert {"parse", "--no-partial-parse", "--no-send-anonymous-usage-stats"} <= set(given)
    assert snapshot_of(project) == before


def test_auto_without_a_dbt_that_works_uses_the_old_one(
    project: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project / "target" / "manifest.json"
    put(project, "models/new.sql", "select 1")
    fake_dbt(target, monkeypatch, code=2)
    found, (note,) = fresh_manifest(path, project, "auto", target)
    assert found == path
    assert note.startswith(f"{path.as_posix()} is older than the project (models/new.sql: {NEW})")
    assert "is used, since parsing failed: dbt parse: dbt failed:\nCompilation Error" in note

    def none() -> list[str]:
        raise InputError("dbt", "not found")

    monkeypatch.setattr(dbt, "_dbt_command", none)
    found, (note,) = fresh_manifest(path, project, "auto", target)
    assert (found, note.endswith("since parsing failed: dbt: not found")) == (path, True)


def test_never_does_not_look(project: Path, target: Path) -> None:
    path = project / "target" / "manifest.json"
    put(project, "models/new.sql", "select 1")
    assert fresh_manifest(path, project, "never", target) == (path, [])


def test_require_refuses_an_old_one(project: Path, target: Path) -> None:
    path = project / "target" / "manifest.json"
    for number in range(12):
        put(project, f"models/new_{number:02}.sql", "select 1")
    with pytest.raises(InputError) as error:
        fresh_manifest(path, project, "require", target)
    text = str(error.value)
    assert text.startswith(f"{path.as_posix()}: older than the project; run `dbt parse`: models/n")
    assert f"models/new_09.sql: {NEW}; and 2 more" in text
    assert "new_10" not in text


def test_without_a_manifest(project: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project / "target" / "manifest.json"
    path.unlink()
    modes: list[Mode] = ["never", "require"]
    for mode in modes:
        with pytest.raises(InputError, match="no such file; run `dbt parse`"):
            fresh_manifest(path, project, mode, target)
    fake_dbt(target, monkeypatch)
    found, notes = fresh_manifest(path, project, "auto", target)
    assert found == target.resolve() / "manifest.json"
    assert notes == [f"there is no {path.as_posix()}: the project was parsed"]
    fake_dbt(target, monkeypatch, code=1)
    with pytest.raises(InputError, match="it cannot be made; run `dbt parse`: dbt parse: dbt fail"):
        fresh_manifest(path, project, "auto", target)


def test_without_a_project(project: Path, target: Path) -> None:
    path = project / "target" / "manifest.json"
    found, (note,) = fresh_manifest(path, target, "auto", target)
    assert found == path
    assert note.startswith(f"{path.as_posix()} may be old: there is no dbt_project.yml in ")
    with pytest.raises(InputError, match="name its folder with --project-dir"):
        fresh_manifest(path, target, "require", target)
    assert fresh_manifest(path, target, "never", target) == (path, [])


def test_what_is_no_manifest_or_no_mode_is_refused(project: Path, target: Path) -> None:
    path = project / "target" / "manifest.json"
    with pytest.raises(InputError, match="--parse: must be auto, never or require, got: once"):
        fresh_manifest(path, project, "once", target)  # type: ignore[arg-type]
    put(project, "target/manifest.json", "{")
    with pytest.raises(InputError, match="not valid JSON"):
        fresh_manifest(path, project, "auto", target)
    put(project, "target/manifest.json", json.dumps(manifest()))
    put(project, "dbt_project.yml", "[]")
    with pytest.raises(InputError, match="must be a mapping of dbt project settings"):
        fresh_manifest(path, project, "require", target)
