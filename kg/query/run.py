"""A query that runs: what has come of its answer, and how to wait for the rest."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kg.query.frames import (
    ANSWER,
    DATA,
    END,
    HEAD,
    PROBLEM,
    QUERY,
    SERVICE,
    Head,
    error_of,
    frame,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from kg.errors import AtlasError
    from kg.query.nursery import Worker
    from kg.query.request import QueryRequest

Stage = Literal["light", "export", "heavy"]


class Run:
    """One query: it waits until it is given to a worker.

    `ended` is called when the worker has said its last word on it, well or badly, and never after
    `fail`; `asks` when another endpoint is to be asked. `settled` is called once, when success or
    failure is known: then `head` is there, or `error`; `body` is the whole answer if it is short.
    """

    def __init__(self, query: str, request: QueryRequest, limit: float) -> None:
        self.id = query
        self.request = request
        self.limit = limit
        self.worker: Worker | None = None
        self.release = ""
        self.stage: Stage = "light"
        self.started = time.monotonic()
        self.cpu_before: float | None = None
        self.received = 0
        self.seen = 0
        self.produced_at = 0.0
        self.gone: Callable[[], Awaitable[None]] | None = None
        self.watch: asyncio.Task[None] | None = None
        self.head: Head | None = None
        self.body: bytes | None = None
        self.error: AtlasError | None = None
        self.over = False
        self.forsaken = False
        self._tried = False
        self.settled: Callable[[Run], None] = _nothing
        self.aborted: Callable[[], None] | None = None
        self.asking: asyncio.Task[None] | None = None
        self._asks: Callable[[Run, bytes], None] = _ignore
        self._ended: Callable[[Run, Worker], None] = _forget
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._news: asyncio.Future[None] | None = None

    def begin(
        self,
        worker: Worker,
        ended: Callable[[Run, Worker], None],
        asks: Callable[[Run, bytes], None],
    ) -> None:
        """Give the query to a worker, and have its frames come here."""
        self.worker = worker
        self._asks = asks
        self.release = worker.release
        self._ended = ended
        worker.receive = self._receive
        worker.send(frame(QUERY, self.request.to_json()))

    def again(self) -> bool:
        """Forget a worker that was killed from outside; tell whether another one may try."""
        if self._tried or self.head is not None:
            return False
        self._tried = True
        self.worker = None
        self.cpu_before = None
        return True

    def cpu(self) -> float:
        """Seconds of processor time that the query has used since it was first looked at."""
        if self.worker is None:
            return 0.0
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
            self._hold()
            self._tell()
        elif kind == HEAD:
            self.head, _ = Head.unpack(payload)
            self._settle()
        elif kind == PROBLEM:
            self._finish(error_of(payload))
        elif kind == END:
            self._finish(None)
        elif kind == SERVICE:
            self._asks(self, payload)

    def _hold(self) -> None:
        if self.worker is not None:
            self.worker.hold(self._waiting)

    def _finish(self, error: AtlasError | None) -> None:
        # First the worker is free again, then whoever waits may ask the next query.
        worker = self.worker
        self._close(error)
        if worker is not None:
            self._ended(self, worker)
        self._settle()

    def fail(self, error: AtlasError) -> None:
        """End the run with an error, whatever the worker still says."""
        if not self.over:
            self._pieces.clear()
            self._close(error)
            self._settle()
            if self.aborted is not None:
                self.aborted()

    def _close(self, error: AtlasError | None) -> None:
        self.over = True
        self.error = error
        if self.worker is not None:
            self.worker.receive = _drop
        for task in (self.watch, self.asking):
            if task is not None:
                task.cancel()

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
                    self._hold()
                yield piece
            if self.over:
                break
            await self._hear()
        if self.error is not None:
            raise self.error


@dataclass(slots=True)
class Answer:
    """An answer whose success is known: all of it in `body`, or the rest by `pieces`."""

    id: str
    release: str
    head: Head
    body: bytes | None
    run: Run | None = None

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            AtlasError: it cannot be completed; the response must be broken off.
        """
        if self.run is None:
            raise AssertionError("a complete answer is in `body`")  # pragma: no cover
        return self.run.pieces()


def _nothing(run: Run) -> None:
    """Do nothing: nobody waits for this."""


def _forget(run: Run, worker: Worker) -> None:
    """Do nothing: the run has not begun."""


def _ignore(run: Run, payload: bytes) -> None:
    """Do nothing: the run has not begun."""


def _drop(kind: bytes, payload: bytes) -> None:
    """Drop what a worker still sends for a run that is over."""
