"""The pool: gives each query a worker, watches it, and ends what exceeds its limits.

How a query runs:

0. One whose text proves that it takes but a look is answered here (kg.query.small).
1. Any other starts on an idle worker of the lane, or waits in a bounded queue. As many light ones
   run at once as there are processors: more would only take turns. One that has waited for a tick
   gets any idle worker, for those before it may be about to show that they are heavy.
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
import json
import os
import signal
import time
from collections import deque
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
    ServiceFailedError,
    WorkspaceError,
)
from kg.query.cache import LeastRecentlyUsed
from kg.query.columns import likely
from kg.query.federation import Federation
from kg.query.frames import DATA, END, PROBLEM, frame, problem
from kg.query.lane import Lane
from kg.query.near import Near, QueryIds
from kg.query.nursery import Nursery, Worker
from kg.query.run import Answer, Run, Stage
from kg.query.schedule import EXPORT_NICE, HEAVY_NICE, Schedule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from pyoxigraph import Store

    from kg.query.frames import Head
    from kg.query.limits import Limits
    from kg.query.request import QueryRequest

_TICK: Final = 0.01
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


class QueryPool:
    """Evaluates queries from outside; started by `use`, stopped by the application.

    `base` is the IRI against which queries without BASE resolve their relative IRIs.
    """

    def __init__(self, limits: Limits, base: str | None = None) -> None:
        self._limits = limits
        self._base = base
        self._near: Near | None = None
        self._nursery = Nursery(limits.memory, base, limits.services)
        self._federation = Federation(limits.services)
        self._lane = Lane(self._nursery, limits, self._miss, self._serve)
        self._cache: LeastRecentlyUsed[tuple[Head, bytes]] = LeastRecentlyUsed(limits.cache)
        cores = len(os.sched_getaffinity(0))
        self._schedule = Schedule(max(1, cores - 1), limits.slice)
        self._abreast = max(2, cores)
        self._light = 0
        self._runs: dict[str, Run] = {}
        self._waiting: deque[Run] = deque()
        self._ids = QueryIds()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def release(self) -> str | None:
        """The release on which new queries run."""
        return self._lane.release

    def new_id(self) -> str:
        """Return the id of a query."""
        return self._ids.new()

    async def use(self, store: Path, release: str, near: Store | None = None) -> None:
        """Let new queries run on a release; those that run finish on theirs.

        `near` is the same store, opened in this process: small queries are answered from it.

        Raises:
            WorkspaceError: the store cannot be opened; the release before stays.
        """
        await self._lane.open(store, release)
        self._near = None if near is None else Near(near, release, self._base)
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
                run.release,
                run.stage,
                now - run.started,
                run.cpu(),
                run.received,
            )
            for run in self._runs.values()
        ]

    def kill(self, query: str) -> bool:
        """End the query with that id; tell whether it was running."""
        run = self._runs.get(query)
        if run is None:
            return False
        self._end(run, QueryCancelledError("An operator ended the query", query=query))
        return True

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
        ready = self.at_once(request)
        if ready is not None:
            return ready
        return await self.answer(self.submit(request), gone)

    def at_once(self, request: QueryRequest) -> Answer | None:
        """Return the answer if it was given before and kept, or takes but a look."""
        answer = None if self._near is None else self._near.at_once(request)
        release = self._lane.release
        if answer is not None or release is None:
            return answer
        found = self._cache.get((release, request.key))
        return None if found is None else Answer(self.new_id(), release, *found)

    def submit(self, request: QueryRequest) -> Run:
        """Begin a query; nothing is heard of it before the caller returns to the event loop.

        Raises:
            BusyError: too many wait already.
            WorkspaceError: there is no release.
        """
        if self._lane.release is None:
            raise WorkspaceError("No release is published yet")
        if len(self._waiting) >= self._limits.queue:
            raise BusyError(f"{len(self._waiting)} queries wait already", retry_after=1)
        limit = min(request.timeout or self._limits.timeout, self._limits.timeout_max)
        run = Run(self.new_id(), request, limit)
        self._enter(run)
        self._serve()
        return run

    def _enter(self, run: Run) -> None:
        self._runs[run.id] = run
        self._waiting.append(run)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    async def answer(self, run: Run, gone: Callable[[], Awaitable[None]] | None = None) -> Answer:
        """Return the answer of a query that was begun; else as `evaluate`."""
        run.gone = gone
        try:
            head = await run.opened()
        except asyncio.CancelledError:
            self._end(run, QueryCancelledError("The request was cancelled"))
            raise
        return Answer(run.id, run.release, head, run.body, run)

    def give_up(self, run: Run) -> None:
        """End a query that nobody waits for any more.

        One that has just begun may come to its own end: that is cheaper than a new process.
        """
        if run.over:
            return
        if run.worker is not None and run.stage == "light" and run.head is None:
            run.forsaken = True
        else:
            self._end(run, QueryCancelledError("The client went away"))

    def close(self, answer: Answer) -> None:
        """Give an answer up whose pieces are not all read; nothing happens to a complete one."""
        if answer.run is not None:
            self.give_up(answer.run)

    # What happens to a query while it runs

    def _serve(self, *, patient: bool = True) -> None:
        """Give workers to those who wait; to all of them if they are not to be patient."""
        while self._waiting and (self._light < self._abreast or not patient):
            worker = self._lane.take(primed=likely(self._waiting[0].request))
            if worker is None:
                return
            self._light += 1
            self._waiting.popleft().begin(worker, self._completed, self._ask)

    def _tick(self) -> None:
        self._timer = None
        now = time.monotonic()
        for run in list(self._runs.values()):
            if now - run.started >= run.limit:
                self._end(run, _too_long(run))
            elif run.forsaken and now - run.started >= self._limits.threshold:
                self._end(run, QueryCancelledError("The client went away"))
            else:
                self._judge(run, now)
        if self._waiting and now - self._waiting[0].started >= _TICK:
            self._serve(patient=False)
        self._schedule.rotate(now)
        if self._runs:
            self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def _judge(self, run: Run, now: float) -> None:
        """Decide to which stage a query belongs that has run for a while."""
        if now - run.started >= self._limits.threshold:
            self._watch(run)
        cpu = run.cpu()  # nothing when it is looked at for the first time
        producing = run.received > run.seen
        if producing:
            run.seen, run.produced_at = run.received, cpu
        if run.worker is None:
            return
        if run.stage == "light":
            if cpu >= self._limits.threshold:
                self._promote(run, run.worker, producing=producing)
        elif run.stage == "heavy" and producing:
            run.stage = "export"
            self._schedule.remove(run)
        elif run.stage == "export" and cpu - run.produced_at > _QUIET:
            self._demote(run, run.worker)

    def _watch(self, run: Run) -> None:
        gone, run.gone = run.gone, None
        if gone is not None:
            run.watch = asyncio.get_running_loop().create_task(self._wait_for_leave(run, gone))

    async def _wait_for_leave(self, run: Run, gone: Callable[[], Awaitable[None]]) -> None:
        await gone()
        run.watch = None
        self._end(run, QueryCancelledError("The client went away"))

    def _promote(self, run: Run, worker: Worker, *, producing: bool) -> None:
        lasting = sum(other.stage != "light" for other in self._runs.values())
        if lasting >= self._limits.heavy:
            detail = f"{lasting} heavy queries run already, which is as many as may"
            self._end(run, BusyError(detail, retry_after=5))
            return
        self._light -= 1
        self._lane.leave(worker)
        if producing:
            run.stage = "export"
            worker.renice(EXPORT_NICE)
        else:
            self._demote(run, worker)
        self._serve()

    def _demote(self, run: Run, worker: Worker) -> None:
        run.stage = "heavy"
        worker.renice(HEAVY_NICE)
        self._schedule.add(run, worker)

    def _ask(self, run: Run, payload: bytes) -> None:
        """Let a query that waits for another endpoint do so outside of the lane."""
        if run.stage == "light" and run.worker is not None:
            self._promote(run, run.worker, producing=True)
        if not run.over:
            run.asking = asyncio.get_running_loop().create_task(self._asked(run, payload))

    async def _asked(self, run: Run, payload: bytes) -> None:
        try:
            answer = await self._federation.ask(*json.loads(payload))
            told = frame(DATA, answer) + frame(END)
        except ServiceFailedError as error:
            told = frame(PROBLEM, problem(error))
        run.asking = None
        if run.worker is not None:
            run.worker.send(told)

    # How a query ends

    def _completed(self, run: Run, worker: Worker) -> None:
        """The worker has said its last word."""
        self._forget(run)
        if run.body is not None and run.head is not None and run.head.lasting:
            size = len(run.body) + len(run.request.text) + _KEY_WEIGHT
            self._cache.put((run.release, run.request.key), (run.head, run.body), size)
        if run.stage == "light":
            self._lane.give_back(worker)
        else:
            worker.kill()

    def _end(self, run: Run, error: AtlasError) -> None:
        """Kill the worker and tell whoever waits for the answer."""
        self._forget(run)
        if run.worker is not None:
            self._lane.leave(run.worker)
            run.worker.kill()
        run.fail(error)

    def _miss(self, worker: Worker) -> None:
        """A worker has ended by itself, or was killed by somebody else."""
        run = next((run for run in self._runs.values() if run.worker is worker), None)
        if run is None:
            return
        self._forget(run)
        if worker.status == -signal.SIGKILL and run.stage == "light" and run.again():
            # Whatever killed the worker may be killing others: they are known by the next tick.
            self._enter(run)
        else:
            run.fail(_cause(worker.status))

    def _forget(self, run: Run) -> None:
        if self._runs.pop(run.id, None) is None:
            return
        if run.worker is None:
            self._waiting.remove(run)
        elif run.stage == "light":
            self._light -= 1
        self._schedule.remove(run)


def _too_long(run: Run) -> AtlasError:
    if run.worker is None:
        return BusyError("No worker became free in time", retry_after=5)
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
