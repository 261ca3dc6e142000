"""What `generate` would write: the files, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dbt_estate.diff import unified_diff
from dbt_estate.errors import InputError
from dbt_estate.files import read_text
from dbt_estate.shards.block import splice
from dbt_estate.shards.registry import Shard, find_registry, read_registry
from dbt_estate.shards.settings import Settings
from dbt_estate.shards.sources import MODEL_MARKER, model_files, source_blocks


@dataclass(frozen=True)
class PlannedFile:
    """One file with the text it has (None: there is none) and the text it should have."""

    path: Path
    old: str | None
    new: str

    @property
    def is_current(self) -> bool:
        """Whether nothing is to be written."""
        return self.old == self.new

    def diff(self) -> str:
        """Return the unified diff from the file to what it should be, empty when they agree."""
        return unified_diff(self.path.as_posix(), self.old or "", self.new)


def plan_files(settings: Settings, registry: Path | None = None) -> list[PlannedFile]:
    """Return the source YAML and the models of a project, as they are and as they should be.

    A model file without the generator's first line is the user's, and is left out. Raises
    InputError for a bad registry, a bad file, and when no shard is enabled.
    """
    sources = settings.sources
    if not sources.tables:
        raise InputError(
            "shards.sources.tables",
            "is empty; list the tables that every shard has in vars: dbt_estate, or name them "
            "with --tables orders,items",
        )
    blocks = source_blocks(sources, _enabled(settings, registry))
    path = settings.project_dir / sources.path
    old = read_text(path) if path.exists() else None
    files = [PlannedFile(path, old, splice(old or "", blocks, path.as_posix()))]
    if sources.models is not None:
        for name, text in model_files(sources).items():
            model = settings.project_dir / sources.models / name
            old = read_text(model) if model.exists() else None
            if old is None or MODEL_MARKER in old:
                eol = "\r\n" if old and "\r\n" in old else "\n"
                files.append(PlannedFile(model, old, text.replace("\n", eol)))
    return files


def _enabled(settings: Settings, given: Path | None) -> list[Shard]:
    """Return the shards to write sources for; one logical source needs no registry file."""
    is_optional = settings.sources.mode == "logical" and given is None
    if is_optional and find_registry(settings) is None:
        return []
    registry = read_registry(settings, given)
    if not registry.enabled:
        raise InputError(
            registry.path.as_posix(),
            f"all {len(registry.shards)} shards are disabled; enable one in the column "
            f"{registry.columns.is_enabled!r}",
        )
    return registry.enabled
