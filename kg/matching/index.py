"""Building and opening what matchmaking reads of a release: the folder `text/`.

Publishing calls `build_index` with the columns of the release; a release published without it gets
it later, while look-ups go on in the newest release that has one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyoxigraph

from kg import database
from kg.columns.building import DATABASE
from kg.errors import WorkspaceError
from kg.matching import tables, text
from kg.matching.landscape import Landscape
from kg.matching.naming import Names
from kg.matching.text import Search
from kg.matching.words import Lexicon, lexicon
from kg.workspace import PARTIAL, disk_errors, flush, remove

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from kg.releases import Release

FOLDER: Final = "text"
_MEMORY: Final = 1024
_VERSION: Final = 8


@dataclass(frozen=True)
class Matching:
    """What is searched and ranked: the columns, the indexes, and the words of the labels."""

    landscape: Landscape
    labels: Search
    organisations: Search
    projects: Search
    entries: Search
    lexicon: Lexicon

    @cached_property
    def names(self) -> Names:
        """The words of the organisations' names."""
        return Names(self.landscape, self.projects.english.analyze)

    def told(self, project: int) -> str:
        """Return title and objective of a project, in which hits are marked."""
        columns = (self.landscape.column("project", name) for name in ("title", "objective"))
        return ". ".join(text for column in columns if (text := column[project]))


def build_index(folder: Path, base: str, memory: int = _MEMORY) -> Path:
    """Write `text/` of a release, if it is not there yet, and return where it is.

    Whoever makes or completes a release calls this once its columns are written; whoever comes
    second, in this process or another, waits for the first and finds it done. The index is written
    beside its place, flushed and renamed to it, so that readers see all of it or nothing.

    Args:
        folder: the release, finished or still in the making, with `columns/` (`kg.columns`; taken
            if there, for it is ten times faster) or `store/` in it.
        base: the base IRI.
        memory: how many MiB the reading of the columns may take.

    Raises:
        WorkspaceError: the disk is full or cannot be written, or there is neither of the two.
    """
    place = folder / FOLDER
    if complete(place):
        return place
    with disk_errors(place), _alone(folder):
        if not complete(place):
            _replace(folder, base, memory)
    return place


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock on a folder (flock on the folder itself, which leaves no file)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(folder: Path, base: str, memory: int) -> None:
    """Write the index beside its place and rename it; what killed processes left is removed."""
    for leftover in folder.glob(f"{PARTIAL}{FOLDER}*"):
        remove(leftover)
    beside = folder / f"{PARTIAL}{FOLDER}"
    write_index(folder, beside, base, memory)
    flush(beside)
    place = folder / FOLDER
    if place.exists():
        # Of an older version; who has it open keeps its files until it closes them.
        remove(place)
    beside.rename(place)


def write_index(release: Path, target: Path, base: str, memory: int = _MEMORY) -> None:
    """Write the tables and text indexes of a release into a new folder.

    Raises:
        WorkspaceError: the release has neither columns nor a store.
    """
    target.mkdir(parents=True)
    with database.connect(target / "spill", memory) as connection:
        write_tables(_extract(connection, release, base), target)
    shutil.rmtree(target / "spill", ignore_errors=True)


def _extract(
    connection: duckdb.DuckDBPyConnection, release: Path, base: str
) -> Mapping[str, pa.Table]:
    if (release / "columns" / DATABASE).exists():
        return tables.extract_from_columns(connection, release / "columns", base)
    try:
        store = pyoxigraph.Store.read_only(str(release / "store"))
    except OSError as error:
        detail = f"{release} has neither columns nor a store that can be opened: {error}"
        raise WorkspaceError(detail, place=str(release)) from error
    return tables.extract_from_store(connection, store, base)


def write_tables(made: Mapping[str, pa.Table], folder: Path) -> None:
    """Write tables and the text indexes over them into a folder that exists."""
    made = {**made, **text.project_postings(made["project"])}
    for name, table in made.items():
        path = str(folder / f"{name}.arrow")
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    text.write(made, lexicon(made["label"]["text"].to_pylist()), folder)
    # The last file: with it the folder is complete.
    (folder / "version").write_text(f"{_VERSION}\n", encoding="ascii")


def read_tables(folder: Path) -> dict[str, pa.Table]:
    """Return the tables in a folder, memory-mapped."""
    return {
        path.stem: pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        for path in sorted(folder.glob("*.arrow"))
    }


def open_folder(folder: Path) -> Matching:
    """Open what `build_index` wrote."""
    made = read_tables(folder)
    labels, organisations, projects, entries = (Search.open(folder / n) for n in text.INDEXES)
    words = lexicon(made["label"]["text"].to_pylist())
    return Matching(Landscape(made), labels, organisations, projects, entries, words)


def open_matching(release: Release, base: str) -> Matching:
    """Open the index of a release, building it first when there is none.

    Where the release cannot be written to, the index is built in temporary space.

    Raises:
        WorkspaceError: the disk is full, or the release is damaged.
    """
    place = release.folder / FOLDER
    if complete(place) or os.access(release.folder, os.W_OK):
        return open_folder(build_index(release.folder, base))
    with tempfile.TemporaryDirectory(prefix=f"atlas-{FOLDER}-") as folder:
        # Once they are open, the files stay readable without their names.
        write_index(release.folder, Path(folder) / FOLDER, base)
        return open_folder(Path(folder) / FOLDER)


def complete(place: Path) -> bool:
    """Tell whether a folder holds an index of this version."""
    version = place / "version"
    return version.exists() and version.read_text(encoding="ascii").strip() == str(_VERSION)
