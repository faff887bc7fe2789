"""A query that runs: what has come of its answer, and how to wait for the rest."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Literal

from kg import errors
from kg.query.frames import ANSWER, DATA, END, HEAD, PROBLEM, Head

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kg.query.nursery import Worker
    from kg.query.request import QueryRequest

Stage = Literal["light", "export", "heavy"]


class Run:
    """One query on one worker.

    `ended` is called when the worker has said its last word on it, well or badly, and never after
    `fail`. `settled` is called once, when success or failure is known: then `head` is there, or
    `error`; `body` is the whole answer if it is short.
    """

    def __init__(self, query: str, request: QueryRequest, worker: Worker, limit: float) -> None:
        self.id = query
        self.request = request
        self.worker = worker
        self.limit = limit
        self.stage: Stage = "light"
        self.started = time.monotonic()
        self.cpu_before: float | None = None
        self.received = 0
        self.seen = 0
        self.produced_at = 0.0
        self.watch: asyncio.Task[None] | None = None
        self.head: Head | None = None
        self.body: bytes | None = None
        self.error: errors.AtlasError | None = None
        self.over = False
        self.settled: Callable[[Run], None] = _nothing
        self.aborted: Callable[[], None] | None = None
        self._ended: Callable[[Run], None] = _nothing
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._news: asyncio.Future[None] | None = None

    def begin(self, ended: Callable[[Run], None]) -> None:
        """Have the worker's frames come here."""
        self._ended = ended
        self.worker.receive = self._receive

    def cpu(self) -> float:
        """Seconds of processor time that the query has used since it was first looked at."""
        now = self.worker.cpu()
        if self.cpu_before is None:
            self.cpu_before = now
        return now - self.cpu_before

    def _receive(self, kind: bytes, payload: bytes) -> None:
        if kind == ANSWER:
            self.head, self.body = Head.unpack(payload)
            self.received = len(self.body)
            self._finish(None)
        elif kind == DATA:
            self._pieces.append(payload)
            self.received += len(payload)
            self._waiting += len(payload)
            self.worker.hold(self._waiting)
            self._tell()
        elif kind == HEAD:
            self.head, _ = Head.unpack(payload)
            self._settle()
        elif kind == PROBLEM:
            self._finish(_problem(payload))
        elif kind == END:
            self._finish(None)

    def _finish(self, error: errors.AtlasError | None) -> None:
        # First the worker is free again, then whoever waits may ask the next query.
        self._close(error)
        self._ended(self)
        self._settle()

    def fail(self, error: errors.AtlasError) -> None:
        """End the run with an error, whatever the worker still says."""
        if not self.over:
            self._pieces.clear()
            self._close(error)
            self._settle()
            if self.aborted is not None:
                self.aborted()

    def _close(self, error: errors.AtlasError | None) -> None:
        self.over = True
        self.error = error
        self.worker.receive = _drop
        if self.watch is not None:
            self.watch.cancel()

    def _settle(self) -> None:
        settled, self.settled = self.settled, _nothing
        settled(self)
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def _hear(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    async def opened(self) -> Head:
        """Return the head as soon as the answer has one.

        Raises:
            AtlasError: it failed before.
        """
        while self.head is None:
            if self.error is not None:
                raise self.error
            await self._hear()
        return self.head

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
            await self._hear()
        if self.error is not None:
            raise self.error


def _problem(payload: bytes) -> errors.AtlasError:
    """Return the error that a worker met, as an object of its class."""
    name, detail, members = json.loads(payload)
    kind: type[errors.AtlasError] = getattr(errors, name)
    return kind(detail, **members)


def _nothing(run: Run) -> None:
    """Do nothing: nobody waits for this."""


def _drop(kind: bytes, payload: bytes) -> None:
    """Drop what a worker still sends for a run that is over."""
