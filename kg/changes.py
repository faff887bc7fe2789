"""What changed from one release to another, as an RDF Patch and as a list of entities.

1. The dumps of both releases are compared line by line, by the MD5 sums of the lines: the store
   writes a quad in one way only, so equal lines are equal quads, and sums fit into memory. Where
   each release was made from a checkpoint of the one before, what they wrote down is put together
   instead (kg.checkpoint).
2. The patch has the deletions first and then the additions, each part sorted (RDF Patch, version 1:
   a header, one transaction, `D` and `A` rows with N-Quads terms).
3. The changed entities are the subjects of changed quads, sorted, a page of them at a time.
4. Both are files below the later release, `changes/<from>`; two releases never change, so nor does
   the difference between them.

Release 0 stands for the time before the first. It is empty, so the way from there is the dump
itself, in its own order.

How the entities become the members of a feed is told in kg.feed.
"""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from kg import checkpoint, database, distribution
from kg.database import quoted
from kg.releases import Release
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
_SUMS: Final = "CREATE TABLE {name} AS SELECT md5_number(line) AS sum FROM {lines}"
_CHANGED: Final = """
CREATE TABLE changed AS
SELECT 'D' AS sign, line FROM {before} WHERE md5_number(line) NOT IN (SELECT sum FROM after)
UNION ALL
SELECT 'A', line FROM {after} WHERE md5_number(line) NOT IN (SELECT sum FROM before)
"""
_ROWS: Final = "SELECT concat(sign, ' ', line) FROM changed ORDER BY sign DESC, line"
_ENTITIES: Final = "SELECT DISTINCT split_part(line, ' ', 1)[2:-2] AS subject FROM changed"
_COUNTS: Final = f"""
SELECT count(*) FILTER (sign = 'D'), count(*) FILTER (sign = 'A'),
    (SELECT count(*) FROM ({_ENTITIES})) FROM changed
"""
_PLAIN: Final = "FORMAT csv, HEADER false, DELIMITER '', QUOTE '', ESCAPE '', COMPRESSION gzip"


class Counts(NamedTuple):
    """How many quads went and came, and how many things that touches."""

    deleted: int
    added: int
    entities: int


@dataclass(frozen=True)
class Change:
    """The finished difference between two releases; `before` 0 is the empty one.

    `rows` are the files with the rows of the patch, compressed, to each of which `sign` belongs in
    front; `subjects` is the Parquet file with the changed entities.
    """

    before: int
    after: int
    counts: Counts
    rows: tuple[Path, ...]
    sign: bytes
    subjects: Path

    @property
    def pages(self) -> int:
        """How many pages the feed of this difference has, one at least."""
        return max(1, -(-self.counts.entities // PAGE))

    def entities(self, page: int) -> list[str]:
        """Return the IRIs of the changed things on a page, sorted."""
        query = f"""SELECT subject FROM read_parquet({quoted(self.subjects)})
            ORDER BY subject LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"""
        with database.small() as connection:
            return [subject for (subject,) in connection.execute(query).fetchall()]

    def patch(self, base: str) -> Iterator[bytes]:
        """Yield the patch, block by block.

        Applied to the quads of the earlier release it gives those of the later one.
        """
        yield f"H id <{base}changes/{self.before}/{self.after}> .\n".encode()
        if self.before:
            yield f"H from <{base}release/{self.before}> .\n".encode()
        yield f"H to <{base}release/{self.after}> .\n".encode()
        yield b"TX .\n"
        for path in self.rows:
            yield from _signed(path, self.sign)
        yield b"TC .\n"


def _signed(path: Path, sign: bytes) -> Iterator[bytes]:
    """Yield the lines of a compressed file, block by block, each with a sign in front."""
    following = b"\n" + sign
    with gzip.open(path) as stream:
        front = sign
        while block := stream.read(_BLOCK):
            ended = block.endswith(b"\n")
            lines = block.removesuffix(b"\n").replace(b"\n", following)
            yield front + lines + (b"\n" if ended else b"")
            front = sign if ended else b""


def between(before: OpenRelease | None, after: OpenRelease, base: str, memory: int) -> Change:
    """Return the difference from one release (None: from nothing) to another.

    It is made now if nobody asked before, with at most `memory` MiB.

    Raises:
        BusyError: another process or thread is still making it.
        WorkspaceError: the disk is full or not writable, or the memory did not suffice.
    """
    if before is None:
        return _from_nothing(after, base, memory)
    folder = after.release.folder / "changes" / str(before.number)
    if not folder.exists():
        recorded = _recorded(before.release, after.release)
        if recorded is not None:
            distribution.make_once(folder, lambda partial: _write(partial, *recorded))
        else:
            old = distribution.of(before, base, memory).lines()
            new = distribution.of(after, base, memory).lines()
            distribution.make_once(folder, lambda partial: _make(partial, old, new, memory))
    return Change(
        before.number,
        after.number,
        Counts(**read_manifest(folder)),
        (folder / "rows.gz",),
        b"",
        folder / "subjects.parquet",
    )


def _from_nothing(after: OpenRelease, base: str, memory: int) -> Change:
    made = distribution.of(after, base, memory)
    counted = made.statistics()
    added = sum(graph.triples for graph in counted.graphs.values())
    counts = Counts(0, added, counted.whole.subjects)
    return Change(0, after.number, counts, tuple(made.lines()), b"A ", made.subjects)


def _recorded(before: Release, after: Release) -> tuple[set[bytes], set[bytes]] | None:
    """Return the lines that go and come, out of what the releases on the way wrote down.

    None where one of them was made as a whole, or is not kept.
    """
    if before.number > after.number:
        found = _recorded(after, before)
        return found and found[::-1]
    gone: set[bytes] = set()
    come: set[bytes] = set()
    at = after
    while at.number > before.number:
        if not at.folder.exists() or "difference" not in at.manifest:
            return None
        went, came = checkpoint.difference_of(at)
        gone, come = went - come | gone - came, came - gone | come - went
        at = Release(at.folder.with_name(str(at.manifest["difference"]["from"])))
    return (gone, come) if at.number == before.number else None


def _write(folder: Path, gone: set[bytes], come: set[bytes]) -> None:
    rows = [b"D " + line for line in sorted(gone)] + [b"A " + line for line in sorted(come)]
    text = b"".join(row + b"\n" for row in rows)
    (folder / "rows.gz").write_bytes(gzip.compress(text, mtime=0))
    subjects = sorted({line.split(b" ", 1)[0][1:-1].decode() for line in gone | come})
    pq.write_table(
        pa.table({"subject": pa.array(subjects, pa.string())}), folder / "subjects.parquet"
    )
    write_manifest(folder, Counts(len(gone), len(come), len(subjects))._asdict())


def _make(folder: Path, old: list[Path], new: list[Path], memory: int) -> None:
    before, after = _lines(old), _lines(new)
    with database.connect(folder / "spill", memory) as connection:
        connection.execute(_SUMS.format(name="before", lines=before))
        connection.execute(_SUMS.format(name="after", lines=after))
        connection.execute(_CHANGED.format(before=before, after=after))
        connection.execute(f"COPY ({_ROWS}) TO {quoted(folder / 'rows.gz')} ({_PLAIN})")
        entities = f"COPY ({_ENTITIES} ORDER BY subject) TO {quoted(folder / 'subjects.parquet')}"
        connection.execute(f"{entities} (FORMAT parquet)")
        (counts,) = connection.execute(_COUNTS).fetchall()
    write_manifest(folder, Counts(*counts)._asdict())
    shutil.rmtree(folder / "spill", ignore_errors=True)


def _lines(files: list[Path]) -> str:
    return LINES.format(files="[" + ", ".join(map(quoted, files)) + "]")
