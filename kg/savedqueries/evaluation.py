"""Evaluating bound queries in this process: from a release's columns, or from its store.

1. Their text is ours and their values are terms, so they need no process of their own; a query over
   the columns is still interrupted when its time is up, and spills to disk above its memory.
2. The router decides as for queries from outside (kg.sparql.routing). What the columns do not
   cover, and a release that has none yet, is asked of the store.
3. A release never changes, so its answers are kept until others crowd them out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Final

from pyoxigraph import QueryResultsFormat

from kg.errors import QueryMemoryError
from kg.query import local
from kg.query.cache import LeastRecentlyUsed
from kg.query.columns import spill_folder
from kg.savedqueries.answers import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from pyoxigraph import Store

    from kg.savedqueries.binding import Bound
    from kg.sparql.engine import Engine
    from kg.store import OpenRelease

# What an answer takes in memory as objects, for each byte of its JSON: measured, rounded up.
_OBJECTS: Final = 6
# How many queries may run over the columns at once: each may use every core.
_AT_ONCE: Final = 2
_KEPT: Final = 32 * 1024 * 1024


@dataclass
class Evaluation:
    """Where saved queries are evaluated; the columns of the release asked last stay open.

    `memory` in MiB is what queries over the columns may take together before they spill, `timeout`
    in seconds how long one may take.
    """

    memory: int = 512
    timeout: float = 30.0
    _kept: LeastRecentlyUsed[Answer] = field(default_factory=lambda: LeastRecentlyUsed(_KEPT))
    _opened: tuple[Path, Engine] | None = None
    _lock: Lock = field(default_factory=Lock)
    _turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_AT_ONCE))

    def answer(self, bound: Bound, release: OpenRelease) -> Answer:
        """Return the answer to a bound query on a release.

        Raises:
            QueryFailedError: the store cannot be read.
            QueryTimeoutError: not done within the time limit.
        """
        key = (release.release.folder, release.release.manifest.get("digest"), bound.text)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None:
            return kept
        written = self._from_columns(bound, release.release.folder / "columns")
        if written is None:
            written = from_store(bound, release.store)
        answer = Answer.read(bound, release.number, written)
        with self._lock:
            self._kept.put(key, answer, _OBJECTS * len(written) + len(bound.text))
        return answer

    def _from_columns(self, bound: Bound, folder: Path) -> bytes | None:
        """Return the answer of the columns, None if there are none or the store is to be asked."""
        engine = self._engine(folder)
        # What is asked is what is judged, so that it is read but once.
        if engine is None or engine.advise(bound.limited(bound.limit + 1)).engine != "columns":
            return None
        with self._turns:
            return from_columns(bound, engine, self.timeout)

    def _engine(self, folder: Path) -> Engine | None:
        """Return the columns in a folder, None while there are none.

        Those of another release are closed when their last query is done.
        """
        from kg.sparql.engine import Engine  # noqa: PLC0415 - see from_columns

        with self._lock:
            if self._opened is None or self._opened[0] != folder:
                if not folder.is_dir():
                    return None
                engine = Engine.open(folder, memory=self.memory, spill=spill_folder())
                self._opened = (folder, engine)
            return self._opened[1]


def from_columns(bound: Bound, engine: Engine, timeout: float | None = None) -> bytes | None:
    """Return the answer of opened columns with at most one row over the limit, as JSON.

    None if they do not cover the query or have not enough memory for it.

    Raises:
        QueryTimeoutError: not done within the time limit.
    """
    from kg.sparql.errors import NotCompilable  # noqa: PLC0415 - brings DuckDB and Arrow
    from kg.sparql.formats import JSON  # noqa: PLC0415

    try:
        text = bound.limited(bound.limit + 1)
        return b"".join(engine.evaluate(text, JSON, timeout=timeout))
    except (NotCompilable, QueryMemoryError):
        return None


def from_store(bound: Bound, store: Store) -> bytes:
    """Return the answer of a store with at most one row over the limit, as JSON.

    Raises:
        QueryFailedError: the store cannot be read.
    """
    results = local.select(store, bound.limited(bound.limit + 1))
    return results.serialize(format=QueryResultsFormat.JSON) or b""


def evaluate(bound: Bound, release: OpenRelease) -> Answer:
    """Return the answer to one bound query; for many, keep an `Evaluation`.

    Raises:
        QueryFailedError: the store cannot be read.
        QueryTimeoutError: not done within the time limit.
    """
    return Evaluation().answer(bound, release)
