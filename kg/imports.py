"""Imports: what a loader read from one set of files, kept as Parquet with its findings.

An import never changes. The link `imports/<source>/current` names the one that the next release
takes; `imports/<source>/history.json` lists those that it followed, the current one last. The link
alone says which import counts: whatever a killed writer left, the list is cut or extended to end
with it.

An import made again under other decisions takes the place of the one it was made from. So undoing
an import leads to the download before, and undoing a decision to the same download without it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kg import releases
from kg.database import quoted
from kg.errors import NotFoundError, ParameterError
from kg.workspace import PARTIAL, Workspace, disk_errors, point, read_manifest, remove

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One import on disk."""

    folder: Path

    @property
    def id(self) -> str:
        """The digest of everything that the import is made of; also the folder's name."""
        return str(self.manifest["id"])

    @property
    def source(self) -> str:
        """The name of the loader."""
        return str(self.manifest["source"])

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was imported, with what, and how much of it there is."""
        return read_manifest(self.folder)

    def file(self, name: str) -> Path:
        """Return the path of `statements`, `findings` or another of its files (kg.assembly)."""
        return self.folder / f"{name}.parquet"

    def table(self, name: str) -> str:
        """Return the SQL that reads one of the import's files as a table."""
        return f"read_parquet({quoted(self.file(name))})"

    def chosen(self) -> str:
        """Return the SQL of the statements without those that lost to a contradicting one."""
        return chosen(numbered(self.file("statements")), self.table("alternatives"))

    def published(self) -> str:
        """Return the SQL of what a release takes: chosen, and of no quarantined record."""
        return published(self.chosen(), self.table("quarantine"))


def numbered(statements: Path) -> str:
    """Return the SQL of a file of statements with the column `file_row_number`, from 0."""
    return f"read_parquet({quoted(statements)}, file_row_number = true)"


def chosen(statements: str, alternatives: str) -> str:
    """Return the SQL of numbered statements without the rows that `alternatives` set aside."""
    return (
        f"(SELECT s.* EXCLUDE (file_row_number) FROM {statements} s ANTI JOIN {alternatives} a"
        " ON s.file_row_number = a.file_row_number)"
    )


def published(statements: str, quarantine: str) -> str:
    """Return the SQL of `statements` without the records in `quarantine`."""
    return f"(SELECT s.* FROM {statements} s ANTI JOIN {quarantine} q ON s.record = q.record)"


def current(workspace: Workspace) -> dict[str, Import]:
    """Return the current import of each source, by source name in alphabetical order."""
    links = sorted(workspace.imports.glob("*/current"))
    return {link.parent.name: Import(link.resolve()) for link in links if link.exists()}


def every(workspace: Workspace) -> list[Import]:
    """Return all imports, by source and then from the oldest to the newest."""
    folders = [f for f in workspace.imports.glob("*/*") if _is_import(f)]
    found = [Import(folder) for folder in folders]
    return sorted(found, key=lambda i: (i.source, i.manifest["created"], i.id))


def _is_import(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not folder.name.startswith(PARTIAL)


def find(workspace: Workspace, key: str) -> Import:
    """Return the import with that id (or the beginning of it), or a source's current one.

    Raises:
        NotFoundError: no import or several have that name; it names those that exist.
    """
    by_source = current(workspace)
    if key in by_source:
        return by_source[key]
    imports = every(workspace)
    hits = [i for i in imports if i.id.startswith(key)] if key else []
    if len(hits) == 1:
        return hits[0]
    known = [f"{i.source}/{i.id}" for i in imports]
    what = "Several imports begin" if hits else "There is no import or source"
    raise NotFoundError(f"{what} {'with ' if hits else ''}{key!r}", known=known)


def history(workspace: Workspace, source: str) -> list[str]:
    """Return the imports of a source that count or would after undoing, the current one last."""
    folder = workspace.imports / source
    link = folder / "current"
    if not link.exists():
        return []
    now = link.resolve().name
    listed = _read(folder)
    if listed is None:
        listed = [i.id for i in every(workspace) if i.source == source]
    kept = [one for one in listed if (folder / one).exists()]
    return [*kept[: kept.index(now)], now] if now in kept else [*kept, now]


def select(workspace: Workspace, one: Import) -> None:
    """Make an import the current one of its source; the one before can be gone back to."""
    before = [key for key in history(workspace, one.source) if key != one.id]
    _write(workspace, one.source, [*before, one.id])
    point(workspace.imports / one.source / "current", one.folder)


def replace(workspace: Workspace, one: Import) -> None:
    """Make an import current in the place of the one that it was made from."""
    before = [key for key in history(workspace, one.source)[:-1] if key != one.id]
    _write(workspace, one.source, [*before, one.id])
    point(workspace.imports / one.source / "current", one.folder)


def undo(workspace: Workspace, source: str) -> Import | None:
    """Go back to the import before the current one; return it, None if there was none.

    Raises:
        ParameterError: the source has no current import, or it is the only one of all sources.
    """
    known = history(workspace, source)
    if not known:
        raise ParameterError(f"{source} has no import that could be undone", parameter="import")
    if len(known) == 1 and len(current(workspace)) == 1:
        detail = f"The only import of all is not undone: a release without any cannot be ({source})"
        raise ParameterError(detail, parameter="import")
    link = workspace.imports / source / "current"
    if len(known) > 1:
        before = workspace.imports / source / known[-2]
        point(link, before)
        _write(workspace, source, known[:-1])
        return Import(before)
    with disk_errors(link):
        link.unlink()
    _write(workspace, source, [])
    return None


def prune(workspace: Workspace, keep: int) -> list[str]:
    """Remove imports that nothing needs, and return their names.

    Kept are the newest `keep` of each source's history, those that a kept release was made of, and
    those that a kept import was made with. The caller holds the writer's lock.
    """
    found = every(workspace)
    sources = {one.source for one in found}
    needed = {key for source in sources for key in history(workspace, source)[-keep:]}
    for release in releases.every(workspace):
        needed |= {one["id"] for one in release.manifest["inputs"]["imports"]}
    for one in found:
        if one.id in needed:
            needed |= set(one.manifest.get("context", {}).values())
    gone = [one for one in found if one.id not in needed]
    for one in gone:
        remove(one.folder)
    return [f"{one.folder.parent.name}/{one.folder.name}" for one in gone]


def _read(folder: Path) -> list[str] | None:
    try:
        found = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return [str(one) for one in found["imports"]]


def _write(workspace: Workspace, source: str, keys: list[str]) -> None:
    place = workspace.imports / source / "history.json"
    beside = place.with_name(f"{PARTIAL}{place.name}")
    with disk_errors(place), beside.open("w", encoding="utf-8") as file:
        json.dump({"imports": keys}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(place)
