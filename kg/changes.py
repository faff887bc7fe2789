"""What changed from one release to another, as an RDF Patch and as a list of entities.

1. The dumps of both releases are compared line by line; the store writes a quad in one way only, so
   equal lines are equal quads. Release 0 stands for the time before the first: it is empty.
2. The patch has the deletions first and then the additions, each part sorted (RDF Patch, version 1:
   a header, one transaction, `D` and `A` rows with N-Quads terms).
3. The changed entities are the subjects of changed quads, sorted, a page of them at a time.
4. Both are files below the later release, `changes/<from>`; two releases never change, so nor does
   the difference between them.

How the entities become the members of a feed is told in kg.feed.
"""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import duckdb

from kg import database, distribution
from kg.database import quoted
from kg.statistics import LINES
from kg.workspace import read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kg.store import OpenRelease

PAGE: Final = 250
"""How many entities a page of the feed holds."""

PATCH_TYPE: Final = "application/rdf-patch"

_BLOCK: Final = 256 * 1024
_CHANGED: Final = """
CREATE TABLE changed AS
SELECT 'D' AS sign, line FROM (SELECT line FROM {old} EXCEPT SELECT line FROM {new})
UNION ALL
SELECT 'A', line FROM (SELECT line FROM {new} EXCEPT SELECT line FROM {old})
"""
_EMPTY: Final = "(SELECT '' AS line WHERE false)"
_ROWS: Final = "SELECT concat(sign, ' ', line) FROM changed ORDER BY sign DESC, line"
_ENTITIES: Final = "SELECT DISTINCT split_part(line, ' ', 1)[2:-2] AS subject FROM changed"
_COUNTS: Final = f"""
SELECT count(*) FILTER (sign = 'D'), count(*) FILTER (sign = 'A'),
    (SELECT count(*) FROM ({_ENTITIES})) FROM changed
"""


class Counts(NamedTuple):
    """How many quads went and came, and how many things that touches."""

    deleted: int
    added: int
    entities: int


@dataclass(frozen=True)
class Change:
    """The finished difference between two releases; `before` 0 is the empty one."""

    folder: Path
    before: int
    after: int
    counts: Counts

    @property
    def pages(self) -> int:
        """How many pages the feed of this difference has, one at least."""
        return max(1, -(-self.counts.entities // PAGE))

    def entities(self, page: int) -> list[str]:
        """Return the IRIs of the changed things on a page, sorted."""
        query = f"""SELECT subject FROM read_parquet({quoted(self.folder / "subjects.parquet")})
            ORDER BY subject LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"""
        with duckdb.connect() as connection:
            return [subject for (subject,) in connection.execute(query).fetchall()]

    @property
    def compressed_patch(self) -> Path:
        """The rows of the patch, compressed with gzip."""
        return self.folder / "rows.gz"

    def patch(self, base: str) -> Iterator[bytes]:
        """Yield the patch, block by block.

        Applied to the quads of the earlier release it gives those of the later one.
        """
        yield f"H id <{base}changes/{self.before}/{self.after}> .\n".encode()
        if self.before:
            yield f"H from <{base}release/{self.before}> .\n".encode()
        yield f"H to <{base}release/{self.after}> .\n".encode()
        yield b"TX .\n"
        with gzip.open(self.compressed_patch) as stream:
            while block := stream.read(_BLOCK):
                yield block
        yield b"TC .\n"


def between(before: OpenRelease | None, after: OpenRelease, base: str, memory: int) -> Change:
    """Return the difference from one release (None: from nothing) to another.

    It is made now if nobody asked before, with at most `memory` MiB.

    Raises:
        BusyError: another process or thread is still making it.
        WorkspaceError: the disk is full or not writable, or the memory did not suffice.
    """
    number = before.number if before else 0
    top = after.release.folder / "changes"
    folder = top / str(number)
    if not folder.exists():
        old = distribution.of(before, base, memory).lines() if before else []
        new = distribution.of(after, base, memory).lines()
        distribution.make_once(folder, lambda partial: _make(partial, old, new, memory))
    return Change(folder, number, after.number, Counts(**read_manifest(folder)))


def _make(folder: Path, old: list[Path], new: list[Path], memory: int) -> None:
    with database.connect(folder / "spill", memory) as connection:
        connection.execute(_CHANGED.format(old=_lines(old), new=_lines(new)))
        plain = "FORMAT csv, HEADER false, DELIMITER '', QUOTE '', ESCAPE '', COMPRESSION gzip"
        connection.execute(f"COPY ({_ROWS}) TO {quoted(folder / 'rows.gz')} ({plain})")
        entities = f"COPY ({_ENTITIES} ORDER BY subject) TO {quoted(folder / 'subjects.parquet')}"
        connection.execute(f"{entities} (FORMAT parquet)")
        (counts,) = connection.execute(_COUNTS).fetchall()
    write_manifest(folder, Counts(*counts)._asdict())
    shutil.rmtree(folder / "spill", ignore_errors=True)


def _lines(files: list[Path]) -> str:
    if not files:
        return _EMPTY
    return LINES.format(files="[" + ", ".join(map(quoted, files)) + "]")
