"""The distribution of a release: its dumps, its subjects and its statistics, as files.

Publishing does not make them, for they would take longer than everything else it does; they are
made when somebody first asks, and never again, because a release never changes:

1. Each graph is written as N-Quads and as Turtle, compressed. Files of gzip put behind one another
   are a file of gzip (RFC 1952, section 2.2), and so are Turtle documents without blank nodes; the
   files of the whole release are those of its graphs in a row.
2. All statements are a table in Parquet, with the columns of a statement (kg.columns.parquet).
3. The distinct subjects go to `subjects.parquet`, in order; feeds and site maps are cut from it.
4. The statistics for VoID go to `statistics.json` (kg.statistics).
5. The finished folder is renamed to `releases/<n>/dumps`; its `manifest.json` lists the files with
   their sizes and SHA-256 sums. One process makes it while others wait.

The same release gives the same bytes: the store's order is fixed and no time is written.
"""

from __future__ import annotations

import base64
import fcntl
import gzip
import hashlib
import os
import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from pyoxigraph import NamedNode, RdfFormat, Triple, parse, serialize

from kg import database, statistics
from kg.columns import build_from_quads
from kg.columns.parquet import export_parquet
from kg.database import quoted
from kg.errors import BusyError, NotFoundError
from kg.prefixes import prefixes, sort_prefixes
from kg.workspace import PARTIAL, disk_errors, new_folder, read_manifest, remove, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kg.statistics import Statistics
    from kg.store import OpenRelease

NAME: Final = "cluster-atlas"
RDF: Final = ("nq", "ttl")
FORMATS: Final = {
    "nq": "application/n-quads",
    "ttl": "text/turtle",
    "parquet": "application/vnd.apache.parquet",
}
"""The media type of each form, by file name extension; those of RDF are compressed besides."""

_LEVEL: Final = 4
_BLOCK: Final = 1024 * 1024
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_WAIT_SECONDS: Final = 20.0


class DumpFile(NamedTuple):
    """One file: what it holds (`graph` is None for the whole release) and how to check it."""

    name: str
    graph: str | None
    form: str
    size: int
    sha256: str

    @property
    def compressed(self) -> bool:
        """Whether the file is in gzip, as those of RDF are."""
        return self.form in RDF

    @property
    def content_type(self) -> str:
        """The media type of the file as it is."""
        return "application/gzip" if self.compressed else FORMATS[self.form]

    @property
    def digest(self) -> str:
        """The sum as HTTP writes it (RFC 9530, section 3)."""
        return f"sha-256=:{base64.b64encode(bytes.fromhex(self.sha256)).decode()}:"


@dataclass(frozen=True)
class Distribution:
    """The finished folder."""

    folder: Path
    files: tuple[DumpFile, ...]

    def file(self, name: str) -> tuple[DumpFile, Path]:
        """Return a file by its name and where it is.

        Only names that the manifest lists are looked up on disk.

        Raises:
            NotFoundError: there is none of that name; it names those that exist.
        """
        for file in self.files:
            if file.name == name:
                return file, self.folder / file.name
        known = [f.name for f in self.files]
        raise NotFoundError(f"The release has no file {name!r}", files=known)

    def lines(self) -> list[Path]:
        """Return the files that hold, together, the N-Quads of the release."""
        return [self.folder / f.name for f in self.files if f.form == "nq" and f.graph]

    @property
    def subjects(self) -> Path:
        """The Parquet file with the release's distinct subjects (`subject`), sorted."""
        return self.folder / "subjects.parquet"

    def statistics(self) -> Statistics:
        """Return the counts that VoID states."""
        return statistics.read(self.folder / "statistics.json")


def of(opened: OpenRelease, base: str, memory: int) -> Distribution:
    """Return the distribution of a release, made now if nobody asked before.

    `memory` is in MiB and bounds what counting the statements may take.

    Raises:
        BusyError: another process or thread is still making it.
        WorkspaceError: the disk is full or not writable, or the memory did not suffice.
    """
    folder = opened.release.folder / "dumps"
    make_once(folder, lambda partial: _make(partial, opened, base, memory))
    listed = read_manifest(folder)["files"]
    return Distribution(folder, tuple(DumpFile(**file) for file in listed))


def make_once(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder below a release unless it is there; never two processes at a time.

    Raises:
        BusyError: somebody else is still at it after some time.
    """
    if folder.exists():
        return
    with disk_errors(folder):
        folder.parent.mkdir(exist_ok=True)
    with _alone(folder.parent):
        if folder.exists():
            return
        for leftover in folder.parent.glob(f"{PARTIAL}*"):
            remove(leftover)
        with new_folder(folder) as partial:
            make(partial)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, which the kernel frees when its holder dies."""
    with disk_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Wait for the lock, but not so long that waiting requests take up every thread."""
    patience = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > patience:
                detail = "The files of this release are being made; try again soon"
                raise BusyError(detail, retry_after=10) from None
            time.sleep(0.05)
        else:
            return


def _make(folder: Path, opened: OpenRelease, base: str, memory: int) -> None:
    graphs = sorted(g.value for g in opened.store.named_graphs() if isinstance(g, NamedNode))
    names = _names(graphs, base)
    paths = {
        (graph, form): folder / f"{NAME}-{opened.number}.{names[graph]}.{form}.gz"
        for form in RDF
        for graph in graphs
    }
    for graph in graphs:
        _write_quads(paths[graph, "nq"], opened, graph)
        _write_turtle(paths[graph, "ttl"], paths[graph, "nq"], base)
    files = [_listed(path, graph, form) for (graph, form), path in paths.items()]
    for form in RDF:
        whole = folder / f"{NAME}-{opened.number}.{form}.gz"
        _join([paths[graph, form] for graph in graphs], whole)
        files.append(_listed(whole, None, form))
    table = folder / f"{NAME}-{opened.number}.parquet"
    _write_table(table, opened, memory)
    files.append(_listed(table, None, "parquet"))
    _count(folder, [(graph, paths[graph, "nq"]) for graph in graphs], base, memory)
    write_manifest(folder, _manifest(opened.number, files))


def _manifest(number: int, files: list[DumpFile]) -> dict[str, Any]:
    # The whole release first, then its graphs.
    listed = sorted(files, key=lambda f: (f.graph is not None, f.name))
    return {"release": number, "files": [file._asdict() for file in listed]}


def _names(graphs: Sequence[str], base: str) -> dict[str, str]:
    """Return a file name for each graph: the end of our own IRIs, else a digest."""
    names = {}
    for graph in graphs:
        end = graph.removeprefix(base + "graph/")
        plain = _PLAIN_NAME.fullmatch(end) is not None
        names[graph] = end if plain else hashlib.sha256(graph.encode()).hexdigest()[:16]
    return names


def _write_quads(path: Path, opened: OpenRelease, graph: str) -> None:
    with path.open("wb") as raw, _compressed(raw) as stream:
        lines = cast("IO[bytes]", _Lines(stream, graph))
        opened.store.dump(lines, RdfFormat.N_TRIPLES, from_graph=NamedNode(graph))


def _write_turtle(path: Path, quads: Path, base: str) -> None:
    """Write a graph's Turtle out of its N-Quads, a third of the work of reading the store again."""
    with path.open("wb") as raw, _compressed(raw) as stream, gzip.open(quads) as source:
        turtle = cast("IO[bytes]", _Turtle(stream))
        triples = (
            Triple(quad.subject, quad.predicate, quad.object)
            for quad in parse(cast("IO[bytes]", source), format=RdfFormat.N_QUADS)
        )
        serialize(triples, turtle, RdfFormat.TURTLE, prefixes=prefixes(base))
        turtle.close()


@contextmanager
def _compressed(raw: BinaryIO) -> Iterator[IO[bytes]]:
    """Yield a stream that compresses into another, with neither name nor time in its header."""
    with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as stream:
        yield cast("IO[bytes]", stream)


def _write_table(path: Path, opened: OpenRelease, memory: int) -> None:
    """Write all statements as Parquet, from the release's columns or from ones made for this."""
    columns = opened.release.folder / "columns"
    with TemporaryDirectory(prefix="columns", dir=path.parent) as made:
        if not columns.is_dir():
            columns = Path(made)
            build_from_quads(opened.store, columns, memory)
        export_parquet(columns, path, memory)
    shutil.rmtree(path.parent / "spill", ignore_errors=True)


class _Lines:
    """A stream that puts the name of a graph on each line of N-Triples written to it.

    N-Triples escapes line feeds, so a full stop before one ends a statement (RDF 1.1 N-Triples,
    section 2).
    """

    def __init__(self, stream: IO[bytes], graph: str) -> None:
        self._stream = stream
        self._ending = f" <{graph}> .\n".encode()
        self._rest = b""

    def write(self, data: bytes) -> int:
        lines, found, rest = (self._rest + data).rpartition(b"\n")
        self._stream.write((lines + found).replace(b" .\n", self._ending))
        self._rest = rest
        return len(data)

    def flush(self) -> None:
        self._stream.flush()


class _Turtle:
    """A stream that puts the prefixes at the beginning of Turtle written to it into order."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._head: bytes | None = b""

    def write(self, data: bytes) -> int:
        if self._head is None:
            self._stream.write(data)
            return len(data)
        self._head += data
        last = self._head[: self._head.rfind(b"\n")].rpartition(b"\n")[2]
        if not last.startswith(b"@prefix"):
            self.close()
        return len(data)

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """Write what is held back; the stream itself stays open."""
        self._stream.write(sort_prefixes(self._head or b""))
        self._head = None


def _join(parts: Sequence[Path], whole: Path) -> None:
    with whole.open("wb") as output:
        for part in parts:
            with part.open("rb") as stream:
                shutil.copyfileobj(stream, output, _BLOCK)


def _listed(path: Path, graph: str | None, form: str) -> DumpFile:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return DumpFile(path.name, graph, form, path.stat().st_size, digest)


def _count(folder: Path, lines: Sequence[tuple[str, Path]], base: str, memory: int) -> None:
    with database.connect(folder / "spill", memory) as connection:
        statistics.create_statements(connection, lines)
        statistics.write(connection, base, folder / "statistics.json")
        distinct = "SELECT DISTINCT subject FROM statement ORDER BY subject"
        target = quoted(folder / "subjects.parquet")
        connection.execute(f"COPY ({distinct}) TO {target} (FORMAT parquet)")
    shutil.rmtree(folder / "spill", ignore_errors=True)
