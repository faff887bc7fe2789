"""The engine: a release's columns, opened once; queries compiled, run and written.

A query is parsed and compiled before anything runs, so `NotCompilable` leaves nothing half done.
A running one is interrupted when its time is up and spills to disk above its memory limit.
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Final, Self

import duckdb

from kg.columns.building import DATABASE
from kg.columns.catalogue import open_catalogue
from kg.columns.dictionary import Dictionary
from kg.database import quiet, quoted
from kg.errors import NotAcceptableError
from kg.sparql.construct import graph_lines
from kg.sparql.errors import NotCompilable
from kg.sparql.formats import FORMATS, N_TRIPLES, TURTLE
from kg.sparql.plans import Choice, Plan, Plans
from kg.sparql.queries import parse
from kg.sparql.results import Writer, solutions
from kg.sparql.routing import Advice, advise
from kg.sparql.session import USE, Sessions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    import pyarrow as pa

    from kg.columns.catalogue import Catalogue


# Texts whose advice is kept.
_ADVICES: Final = 512
_GRAPH_TYPES: Final = (N_TRIPLES, TURTLE)


class Engine:
    """The columns of one release, ready for queries from several threads."""

    def __init__(
        self, folder: Path, *, memory: int = 1024, threads: int = 2, spill: Path | None = None
    ) -> None:
        """Open the columns in a folder.

        Args:
            folder: what `kg.columns.build` wrote.
            memory: MiB that running queries may take together before they spill.
            threads: how many cores one query may use.
            spill: where queries above the memory limit write to; a temporary folder by default,
                never the release itself.
        """
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory}MiB",
            "threads": threads,
            "temp_directory": str(spill or Path(gettempdir()) / f"columns-{os.getpid()}"),
        }
        # A database of its own, for all connections of a process to one file share their settings.
        self._connection = quiet(duckdb.connect(config=config))
        self._connection.execute(f"ATTACH {quoted(folder / DATABASE)} AS columns (READ_ONLY)")
        self._connection.execute(USE)
        self._sessions = Sessions(self._connection)
        self._catalogue = open_catalogue(self._connection)
        self.dictionary = Dictionary(folder)
        self._plans = Plans(self._catalogue, self.dictionary)
        self.plan = self._plans.plan
        # Not a method: an engine that refers to itself would not be closed with its last query.
        self._advised = lru_cache(_ADVICES)(partial(_advised, self._catalogue, self.dictionary))

    @classmethod
    def open(
        cls, folder: Path, *, memory: int = 1024, threads: int = 2, spill: Path | None = None
    ) -> Engine:
        """Open the columns in a folder; the same as the constructor."""
        return cls(folder, memory=memory, threads=threads, spill=spill)

    def __enter__(self) -> Self:
        """Return the engine, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the columns."""
        self.close()

    def close(self) -> None:
        """Close the columns; queries that still run are interrupted."""
        self._connection.interrupt()
        self._sessions.close()
        self._connection.close()

    def advise(self, text: str, base: str = "") -> Advice:
        """Return which engine a query is for, and why.

        Raises:
            QuerySyntaxError: not SPARQL.
            NotCompilable: SERVICE.
        """
        return self._advised(text, base)

    def evaluate(
        self,
        text: str,
        media_type: str,
        choice: Choice = Choice(),  # noqa: B008 - it is frozen
        *,
        base: str = "",
        timeout: float | None = None,
    ) -> Iterator[bytes]:
        """Answer a query in chunks; all before the first row is done when this returns.

        Raises:
            QuerySyntaxError: not SPARQL.
            NotCompilable: not covered; nothing has run.
            NotAcceptableError: no such representation of this form of result.
            QueryTimeoutError: the time limit was reached, perhaps while the result is read.
            QueryMemoryError: the memory limit was reached and spilling did not help.
        """
        plan = self.plan(text, choice, base)
        written = self._format(plan, media_type)
        batches = self._sessions.run(plan.sql, plan.values, timeout)
        first = next(batches, None)
        whole = _chained(first, batches)
        if plan.query.form == "ASK":
            found = sum(batch.num_rows for batch in whole) > 0
            return iter((FORMATS[media_type].ask(found).encode(),))
        writer = Writer(FORMATS[written], self.dictionary, plan.local)
        if plan.query.form == "CONSTRUCT":
            return graph_lines(writer, plan.query.template, plan.outputs, whole)
        return solutions(writer, plan.outputs, whole)

    def _format(self, plan: Plan, media_type: str) -> str:
        if plan.query.form != "CONSTRUCT":
            offered = [name for name in FORMATS if name not in _GRAPH_TYPES]
            if media_type in offered:
                return media_type
            raise NotAcceptableError(f"No result as {media_type}", available=offered)
        if media_type in _GRAPH_TYPES:
            return N_TRIPLES
        raise NotCompilable(f"Graphs are not written as {media_type} from the columns")


def _advised(catalogue: Catalogue, dictionary: Dictionary, text: str, base: str) -> Advice:
    return advise(parse(text, base), catalogue, dictionary)


def _chained(
    first: pa.RecordBatch | None, rest: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    if first is not None:
        yield first
        yield from rest


def answer(chunks: Iterable[bytes]) -> bytes:
    """Return a whole answer."""
    return b"".join(chunks)
