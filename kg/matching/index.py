"""Building and opening what matchmaking reads of a release: the folder `text/`.

A release published without it gets it when it is first asked: it is written beside its place and
renamed to it, so that other processes see all of it or nothing.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyoxigraph

from kg import database
from kg.matching import tables, text
from kg.matching.landscape import Landscape
from kg.matching.text import Search
from kg.matching.words import Lexicon, lexicon

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from kg.store import OpenRelease

FOLDER: Final = "text"
_MEMORY: Final = 1024
_VERSION: Final = 3


@dataclass(frozen=True)
class Matching:
    """What is searched and ranked: the columns, the indexes, and the words of the labels."""

    landscape: Landscape
    labels: Search
    organisations: Search
    projects: Search
    entries: Search
    lexicon: Lexicon


def build_index(
    source: duckdb.DuckDBPyConnection | pyoxigraph.Store,
    folder: Path,
    base: str,
    quads: str = "quad",
) -> None:
    """Write the tables and text indexes of a release into a folder, which must not exist yet.

    Args:
        source: a connection that holds the relation `quads` (columns as `kg.statements`), or the
            store of a release, which takes longer to read.
        folder: the place, `text/` of the release.
        base: the base IRI.
        quads: the name of the relation.
    """
    folder.mkdir(parents=True)
    if isinstance(source, pyoxigraph.Store):
        with database.connect(folder / "spill", _MEMORY) as connection:
            made = tables.extract_from_store(connection, source, base)
            write_tables(made, folder)
        shutil.rmtree(folder / "spill", ignore_errors=True)
    else:
        made = tables.extract(source, quads, base)
        tables.forget(source)
        write_tables(made, folder)


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


def open_matching(release: OpenRelease, base: str) -> Matching:
    """Open the index of a release, building it first when the release was published without.

    When the release cannot be written to, the index is kept in memory-backed temporary space.
    """
    place = release.release.folder / FOLDER
    if not complete(place):
        place = _build_beside(release, place, base)
    return open_folder(place)


def complete(place: Path) -> bool:
    """Tell whether a folder holds an index of this version."""
    version = place / "version"
    return version.exists() and version.read_text(encoding="ascii").strip() == str(_VERSION)


def _build_beside(release: OpenRelease, place: Path, base: str) -> Path:
    """Build the index of a release beside its place, rename it to it, and return where it is."""
    writable = os.access(place.parent, os.W_OK)
    parent = place.parent if writable else Path(tempfile.gettempdir())
    beside = Path(tempfile.mkdtemp(prefix=f".partial-{FOLDER}-", dir=parent))
    build_index(release.store, beside / FOLDER, base)
    if not writable:
        return beside / FOLDER
    try:
        if place.exists() and not complete(place):
            # Of an older version; who has it open keeps its files until it closes them.
            shutil.rmtree(place, ignore_errors=True)
        (beside / FOLDER).rename(place)
    except OSError:
        # Another process was faster; what it built is the same.
        if not complete(place):
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return place
