"""A query as a worker of the endpoint evaluates it, with the engine that a request asks for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from benchmarks.peers import InProcess
from kg.query.columns import Columns
from kg.query.evaluation import Source, evaluate
from kg.query.request import EngineName, QueryRequest

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from kg.query.formats import Format

ENGINES: Final[tuple[EngineName, ...]] = ("auto", "columns", "oxigraph")
# What takes longer is not the better engine; so long does a benchmark wait for it.
_LIMIT: Final = 10.0
_MEMORY: Final = 1024


class _Whole:
    """The sink of a whole answer."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def begin(self, form: Format, *, lasting: bool, engine: str = "oxigraph") -> None:
        """Take any format."""

    def write(self, data: bytes, /) -> int:
        """Take a piece."""
        self.pieces.append(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing."""


def serve(pipe: Connection, store: str, columns: str, engine: EngineName) -> None:
    """Answer queries from the other end: how long, the JSON."""
    source = Source.of(ox.Store.read_only(store), None, Columns(Path(columns), _MEMORY))
    pipe.send("ready")
    while True:
        request = QueryRequest(pipe.recv(), engine=engine)
        begin, sink = time.perf_counter(), _Whole()
        evaluate(source, request, sink)
        pipe.send((time.perf_counter() - begin, b"".join(sink.pieces)))


def worker(store: Path, columns: Path, engine: EngineName) -> InProcess:
    """Return a process that evaluates queries on a release's store and columns."""
    return InProcess(serve, str(store), str(columns), engine, limit=_LIMIT)
