"""The pool: gives each query a worker, watches it, and ends what exceeds its limits.

How a query runs:

1. It starts on an idle worker of the lane, or waits for one in a bounded queue.
2. After `threshold` seconds its processor time is looked at. One that used as much is heavy: it
   leaves the lane, a spare takes its place, its priority falls and heavy queries take turns. One
   that sends rows is an export: it leaves the lane too, but is never stopped. Wall time alone
   proves nothing on a busy machine.
3. From then on its client is watched: a client that goes away ends the query.
4. At its limit the worker is killed. If the head of the answer was not sent, the client gets the
   reason as a status; otherwise the iterator of the body raises and the connection breaks.
5. A worker that ran a heavy query is killed after it, which gives back its memory; a light one
   returns to the lane, unless a new release has come meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.errors import (
    AtlasError,
    BusyError,
    QueryCancelledError,
    QueryFailedError,
    QueryMemoryError,
    QueryRefusedError,
    QueryTimeoutError,
)
from kg.query.cache import AnswerCache
from kg.query.frames import QUERY, Head, frame
from kg.query.lane import Lane
from kg.query.nursery import Nursery, Worker
from kg.query.run import Run, Stage
from kg.query.schedule import EXPORT_NICE, HEAVY_NICE, Schedule

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from kg.query.limits import Limits
    from kg.query.request import QueryRequest

_TICK: Final = 0.02
_KEY_WEIGHT: Final = 512
"""Bytes that an entry of the cache takes beside the query and the body."""

_QUIET: Final = 0.25
"""Seconds of processor time without a row after which an export is heavy like any other."""


@dataclass(frozen=True, slots=True)
class RunningQuery:
    """What an operator sees of a query."""

    id: str
    text: str
    release: str
    stage: Stage
    seconds: float
    cpu: float
    sent: int


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


class QueryPool:
    """Evaluates queries from outside; started and stopped by the application."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._nursery = Nursery()
        self._lane = Lane(self._nursery, limits, self._miss)
        self._cache = AnswerCache(limits.cache)
        cores = len(os.sched_getaffinity(0))
        self._schedule = Schedule(max(1, cores - 1), limits.slice)
        self._runs: dict[Worker, Run] = {}
        self._prefix = secrets.token_hex(4)
        self._count = 0
        self._leavers: dict[Worker, Callable[[], Awaitable[None]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def release(self) -> str | None:
        """The release on which new queries run."""
        return self._lane.release

    def new_id(self) -> str:
        """Return the id of a query: eight digits of this pool, eight that count."""
        self._count += 1
        return f"{self._prefix}{self._count:08x}"

    async def use(self, store: Path, release: str) -> None:
        """Let new queries run on a release; those that run finish on theirs.

        Raises:
            WorkspaceError: the store cannot be opened; the release before stays.
        """
        await self._lane.open(store, release)
        self._cache.clear()

    async def stop(self) -> None:
        """End every query and every process."""
        self._lane.close()
        for run in list(self._runs.values()):
            self._end(run, QueryCancelledError("The server is shutting down"))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._nursery.stop()

    def in_use(self) -> set[str]:
        """Return the releases that may not be removed yet."""
        return {worker.release for worker in self._nursery.workers}

    def running(self) -> list[RunningQuery]:
        """Return the queries that run, the oldest first."""
        now = time.monotonic()
        return [
            RunningQuery(
                run.id,
                run.request.text,
                run.worker.release,
                run.stage,
                now - run.started,
                run.cpu(),
                run.received,
            )
            for run in self._runs.values()
        ]

    def kill(self, query: str) -> bool:
        """End the query with that id; tell whether it was running."""
        for run in self._runs.values():
            if run.id == query:
                self._end(run, QueryCancelledError("An operator ended the query", query=query))
                return True
        return False

    async def evaluate(
        self, request: QueryRequest, gone: Callable[[], Awaitable[None]] | None = None
    ) -> Answer:
        """Return the answer as soon as its success or failure is known.

        `gone` returns when the client has gone away; it is awaited only for queries that last.

        Raises:
            BusyError, QueryTimeoutError, QueryMemoryError, QueryFailedError, QueryCancelledError:
                the query could not be completed.
            QuerySyntaxError, QueryRefusedError, NotAcceptableError, ParameterError: it is not
                evaluated as it stands.
            WorkspaceError: there is no release.
        """
        kept = self.kept(request)
        if kept is not None:
            return kept
        worker = await self._lane.take(self._limit(request))
        return await self.answer(self._begin(request, worker), gone)

    def kept(self, request: QueryRequest) -> Answer | None:
        """Return the answer if it was given before and kept."""
        release = self._lane.release
        found = self._cache.get((release, request.key))
        if found is None or release is None:
            return None
        return Answer(self.new_id(), release, found[0], found[1])

    def submit(self, request: QueryRequest) -> Run | None:
        """Begin a query if a worker is idle; its `settled` can be set before anything happens."""
        worker = self._lane.idle()
        return None if worker is None else self._begin(request, worker)

    async def answer(self, run: Run, gone: Callable[[], Awaitable[None]] | None = None) -> Answer:
        """Return the answer of a query that was begun; else as `evaluate`."""
        if gone is not None and not run.over:
            self._leavers[run.worker] = gone
        try:
            head = await run.opened()
        except asyncio.CancelledError:
            self._end(run, QueryCancelledError("The request was cancelled"))
            raise
        return Answer(run.id, run.worker.release, head, run.body, run)

    def give_up(self, run: Run) -> None:
        """End a query that nobody waits for any more."""
        if not run.over:
            self._end(run, QueryCancelledError("The client went away"))

    def close(self, answer: Answer) -> None:
        """Give an answer up whose pieces are not all read; nothing happens to a complete one."""
        if answer.run is not None:
            self.give_up(answer.run)

    def _limit(self, request: QueryRequest) -> float:
        return min(request.timeout or self._limits.timeout, self._limits.timeout_max)

    def _begin(self, request: QueryRequest, worker: Worker) -> Run:
        run = Run(self.new_id(), request, worker, self._limit(request))
        self._runs[worker] = run
        run.begin(self._completed)
        worker.send(frame(QUERY, request.to_json()))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)
        return run

    # What happens to a query while it runs

    def _tick(self) -> None:
        self._timer = None
        now = time.monotonic()
        for run in list(self._runs.values()):
            if now - run.started >= run.limit:
                self._end(run, _too_long(run))
            else:
                self._judge(run)
        self._schedule.rotate(now)
        if self._runs:
            self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def _judge(self, run: Run) -> None:
        """Decide to which stage a query belongs that has run for a while."""
        self._watch(run)
        cpu = run.cpu()  # nothing when it is looked at for the first time
        producing = run.received > run.seen
        if producing:
            run.seen, run.produced_at = run.received, cpu
        if run.stage == "light":
            if cpu >= self._limits.threshold:
                self._promote(run, producing=producing)
        elif run.stage == "heavy" and producing:
            run.stage = "export"
            self._schedule.remove(run)
        elif run.stage == "export" and cpu - run.produced_at > _QUIET:
            self._demote(run)

    def _watch(self, run: Run) -> None:
        gone = self._leavers.pop(run.worker, None)
        if gone is not None:
            run.watch = asyncio.get_running_loop().create_task(self._wait_for_leave(run, gone))

    async def _wait_for_leave(self, run: Run, gone: Callable[[], Awaitable[None]]) -> None:
        await gone()
        run.watch = None
        self._end(run, QueryCancelledError("The client went away"))

    def _promote(self, run: Run, *, producing: bool) -> None:
        lasting = sum(other.stage != "light" for other in self._runs.values())
        if lasting >= self._limits.heavy:
            detail = f"{lasting} heavy queries run already, which is as many as may"
            self._end(run, BusyError(detail, retry_after=5))
            return
        self._lane.leave(run.worker)
        if producing:
            run.stage = "export"
            run.worker.renice(EXPORT_NICE)
        else:
            self._demote(run)

    def _demote(self, run: Run) -> None:
        run.stage = "heavy"
        run.worker.renice(HEAVY_NICE)
        self._schedule.add(run)

    # How a query ends

    def _completed(self, run: Run) -> None:
        """The worker has said its last word."""
        self._release(run)
        if run.body is not None and run.head is not None and run.head.lasting:
            weight = len(run.request.text) + _KEY_WEIGHT
            self._cache.put((run.worker.release, run.request.key), run.head, run.body, weight)
        if run.stage == "light":
            self._lane.give_back(run.worker)
        else:
            run.worker.kill()

    def _end(self, run: Run, error: AtlasError) -> None:
        """Kill the worker and tell whoever waits for the answer."""
        self._release(run)
        self._lane.leave(run.worker)
        run.worker.kill()
        run.fail(error)

    def _miss(self, worker: Worker) -> None:
        """A worker has ended by itself, or was killed by somebody else."""
        run = self._runs.get(worker)
        if run is not None:
            self._release(run)
            run.fail(_cause(worker.status))

    def _release(self, run: Run) -> None:
        self._runs.pop(run.worker, None)
        self._leavers.pop(run.worker, None)
        self._schedule.remove(run)


def _too_long(run: Run) -> QueryTimeoutError:
    detail = f"The query was ended at its time limit of {run.limit:g} s"
    return QueryTimeoutError(detail, limit=run.limit)


def _cause(status: int | None) -> AtlasError:
    """Return what the exit status of a worker means for the query that it ran."""
    if status == -signal.SIGSEGV:
        detail = "The query has too many parts in one chain, or is nested too deeply"
        return QueryRefusedError(detail)
    if status in {-signal.SIGABRT, -signal.SIGKILL}:
        return QueryMemoryError("The query needed more memory than it may take")
    return QueryFailedError(f"The process of the query ended with status {status}")
