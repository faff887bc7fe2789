"""A query that runs: what has come of its answer, and how to wait for the rest."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Literal

from kg import errors
from kg.query.frames import DATA, END, HEAD, PROBLEM, Head

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kg.query.nursery import Worker
    from kg.query.request import QueryRequest

Stage = Literal["light", "export", "heavy"]


class Run:
    """One query on one worker.

    `ended` is called when the worker has said its last word on it, well or badly, and never after
    `fail`. A failure before the head is raised by `head`, a later one by `pieces`.
    """

    def __init__(self, request: QueryRequest, worker: Worker, limit: float) -> None:
        self.id = secrets.token_hex(8)
        self.request = request
        self.worker = worker
        self.stage: Stage = "light"
        self.started = time.monotonic()
        self.limit = limit
        self.cpu_before = worker.cpu()
        self.head: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self.received = 0
        self.seen = 0
        self.produced_at = 0.0
        self.watch: asyncio.Task[None] | None = None
        self.aborted: Callable[[], None] = _nothing
        self.over = False
        self._ended: Callable[[Run], None] = _forget
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._error: errors.AtlasError | None = None
        self._news: asyncio.Future[None] | None = None

    def begin(self, ended: Callable[[Run], None]) -> None:
        """Have the worker's frames come here."""
        self._ended = ended
        self.worker.receive = self._receive

    @property
    def elapsed(self) -> float:
        """Seconds since the query was given to its worker."""
        return time.monotonic() - self.started

    def cpu(self) -> float:
        """Seconds of processor time that the query has used."""
        return self.worker.cpu() - self.cpu_before

    def _receive(self, kind: bytes, payload: bytes) -> None:
        if kind == DATA:
            self._pieces.append(payload)
            self.received += len(payload)
            self._waiting += len(payload)
            self.worker.hold(self._waiting)
            self._tell()
        elif kind == HEAD:
            if not self.head.done():
                self.head.set_result(Head.from_json(payload))
        elif kind == PROBLEM:
            self._finish(_problem(payload))
        elif kind == END:
            self._finish(None)

    def _finish(self, error: errors.AtlasError | None) -> None:
        self._close(error)
        self._ended(self)

    def fail(self, error: errors.AtlasError) -> None:
        """End the run with an error, whatever the worker still says."""
        if not self.over:
            self._pieces.clear()
            self._close(error)
            self.aborted()

    def _close(self, error: errors.AtlasError | None) -> None:
        self.over = True
        self._error = error
        self.worker.receive = _drop
        if self.watch is not None:
            self.watch.cancel()
        if error is not None and not self.head.done():
            self.head.set_exception(error)
            self.head.exception()  # it is no fault if nobody waits for it any more
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def whole(self) -> bytes:
        """Return the body when it is complete.

        Raises:
            AtlasError: it cannot be completed.
        """
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            AtlasError: the answer cannot be completed; the response must not end well.
        """
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._waiting -= len(piece)
                if not self.over:
                    self.worker.hold(self._waiting)
                yield piece
            if self.over:
                break
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        if self._error is not None:
            raise self._error


def _problem(payload: bytes) -> errors.AtlasError:
    """Return the error that a worker met, as an object of its class."""
    name, detail, members = json.loads(payload)
    kind: type[errors.AtlasError] = getattr(errors, name)
    return kind(detail, **members)


def _nothing() -> None:
    """Do nothing: no response has begun that would have to be broken off."""


def _forget(run: Run) -> None:
    """Do nothing: the run has not begun."""


def _drop(kind: bytes, payload: bytes) -> None:
    """Drop what a worker still sends for a run that is over."""
