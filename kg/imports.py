"""Imports: what a loader read from one set of files, kept as Parquet with its findings.

An import never changes. The link `imports/<source>/current` names the one that the next release
takes; going back to an older one is moving that link.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kg.database import quoted
from kg.errors import NotFoundError
from kg.workspace import PARTIAL, Workspace, point, read_manifest

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
        """Return the path of `statements`, `alternatives`, `rejects`, `findings`, `quarantine`."""
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


def select(workspace: Workspace, chosen_import: Import) -> None:
    """Make an import the current one of its source."""
    point(workspace.imports / chosen_import.source / "current", chosen_import.folder)
