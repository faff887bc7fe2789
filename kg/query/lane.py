"""The lane: workers of the current release, ready for small queries, and those who wait for one."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.errors import BusyError, WorkspaceError
from kg.query.frames import PROBLEM, READY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kg.query.limits import Limits
    from kg.query.nursery import Nursery, Worker

_STARTING: Final = 2
"""Workers made at a time: a burst of forks would delay the small queries it is meant to serve."""

_PATIENCE: Final = 60.0
"""Seconds that opening a store may take."""

_PAUSE: Final = 0.5
"""Seconds before a worker is tried again that could not be started."""


@dataclass(eq=False)
class Generation:
    """The workers of one release: `members` are idle, answering or (`starting`) being made."""

    store: Path
    release: str
    idle: deque[Worker] = field(default_factory=deque)
    members: set[Worker] = field(default_factory=set)
    starting: int = 0


class Lane:
    """Keeps `limits.lane` workers; `lost` is told of each that ended while it had to answer."""

    def __init__(self, nursery: Nursery, limits: Limits, lost: Callable[[Worker], None]) -> None:
        self._nursery = nursery
        self._limits = limits
        self._lost = lost
        self._current: Generation | None = None
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def release(self) -> str | None:
        """The release on which new queries run."""
        return None if self._current is None else self._current.release

    async def open(self, store: Path, release: str) -> None:
        """Make workers for a release, then let new queries go to them.

        Raises:
            WorkspaceError: the store cannot be opened; the release before stays.
        """
        fresh = Generation(store, release)
        try:
            for _ in range(self._limits.lane):
                await self._add(fresh)
        except WorkspaceError:
            _disband(fresh)
            raise
        before, self._current = self._current, fresh
        if before is not None:
            _disband(before)
        self._serve()

    def close(self) -> None:
        """Stop making workers and turn away those who wait."""
        for task in self._tasks:
            task.cancel()
        if self._current is not None:
            _disband(self._current)
            self._current = None
        for future in self._waiting:
            future.cancel()

    def idle(self) -> Worker | None:
        """Return an idle worker if nobody else waits for one."""
        current = self._current
        if current is None or not current.idle or self._waiting:
            return None
        return current.idle.pop()

    async def take(self, patience: float) -> Worker:
        """Return an idle worker, waiting for one if need be.

        Raises:
            BusyError: too many wait already, or none came within `patience` seconds.
            WorkspaceError: there is no release to ask.
        """
        if self._current is None:
            raise WorkspaceError("No release is published yet")
        worker = self.idle()
        if worker is not None:
            return worker
        if len(self._waiting) >= self._limits.queue:
            raise BusyError(f"{len(self._waiting)} queries wait already", retry_after=1)
        future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._serve()
        try:
            async with asyncio.timeout(patience):
                return await future
        except TimeoutError:
            raise BusyError("No worker became free in time", retry_after=5) from None
        finally:
            self._forget(future)

    def _forget(self, future: asyncio.Future[Worker]) -> None:
        """Take a future out of the queue; give back a worker that came too late for it."""
        if future in self._waiting:
            self._waiting.remove(future)
        elif future.cancelled() is False and future.done() and _abandoned():
            self.give_back(future.result())

    def give_back(self, worker: Worker) -> None:
        """Take a worker that has answered and is as good as new."""
        current = self._current
        if current is None or worker not in current.members:
            worker.retire()
            return
        current.idle.append(worker)
        self._serve()

    def leave(self, worker: Worker) -> None:
        """Let a worker go that answers something heavy; a spare is made in its place."""
        if self._current is not None:
            self._current.members.discard(worker)
        self._tend()

    def _serve(self) -> None:
        """Give idle workers to those who wait, and see that there are enough."""
        current = self._current
        while current is not None and current.idle and self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(current.idle.pop())
        self._tend()

    def _tend(self) -> None:
        current = self._current
        while (
            current is not None
            and current.starting < _STARTING
            and current.starting + len(current.members) < self._limits.lane
        ):
            current.starting += 1
            task = asyncio.get_running_loop().create_task(self._replace(current))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _replace(self, generation: Generation) -> None:
        try:
            await self._add(generation)
        except WorkspaceError:
            await asyncio.sleep(_PAUSE)
        finally:
            generation.starting -= 1
        self._serve()

    async def _add(self, generation: Generation) -> None:
        """Make one worker and wait until its store is open."""
        worker = await self._nursery.spawn(
            generation.store, generation.release, self._limits.memory
        )
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        worker.receive = lambda kind, payload: _report(ready, kind, payload)
        worker.lost = lambda lost: _report(ready, PROBLEM, _ended(lost))
        try:
            async with asyncio.timeout(_PATIENCE):
                await ready
        except (TimeoutError, asyncio.CancelledError):
            worker.kill()
            raise
        worker.lost = self._miss
        generation.members.add(worker)
        generation.idle.append(worker)

    def _miss(self, worker: Worker) -> None:
        """A worker has ended."""
        current = self._current
        if current is not None:
            current.members.discard(worker)
            if worker in current.idle:
                current.idle.remove(worker)
        self._lost(worker)
        self._tend()


def _abandoned() -> bool:
    """Tell whether the current task is being cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _ended(worker: Worker) -> bytes:
    return json.dumps([None, f"A query worker ended with status {worker.status}", {}]).encode()


def _report(ready: asyncio.Future[None], kind: bytes, payload: bytes) -> None:
    """Settle the wait for a worker by what it says first."""
    if ready.done():
        return
    if kind == READY:
        ready.set_result(None)
    else:
        ready.set_exception(WorkspaceError(json.loads(payload)[1]))


def _disband(generation: Generation) -> None:
    """Retire the idle workers of a release; the others follow when they have answered."""
    for worker in generation.idle:
        worker.retire()
    generation.idle.clear()
    generation.members.clear()
