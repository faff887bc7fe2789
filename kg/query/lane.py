"""The lane: workers of the current release, ready for small queries."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.errors import WorkspaceError
from kg.query.frames import PROBLEM, READY, error_of, problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kg.query.limits import Limits
    from kg.query.nursery import Nursery, Worker

_STARTING: Final = 2
"""Workers made at a time: a burst of forks would delay the small queries it is meant to serve."""

_PRIMED: Final = 2
"""Workers with open columns: more of them would take memory that few queries need."""

_PATIENCE: Final = 60.0
"""Seconds that opening a store may take."""

_PAUSE: Final = 0.5
"""Seconds before a worker is tried again that could not be started.

As long waits one that is to open the columns: it takes as much of a processor as the answer does
that was just begun.
"""


@dataclass(eq=False)
class Generation:
    """The workers of one release: `members` are idle, answering or (`starting`) being made."""

    store: Path
    release: str
    idle: deque[Worker] = field(default_factory=deque)
    members: set[Worker] = field(default_factory=set)
    starting: int = 0

    def lacks_primed(self, lane: int) -> bool:
        """Tell whether the next worker is to open the columns; one is always left without."""
        primed = sum(worker.primed for worker in self.members)
        return primed < min(_PRIMED, lane - 1) and len(self.members) >= lane - _PRIMED


class Lane:
    """Keeps `limits.lane` workers.

    `lost` is told of each that ended, and `freed` that one has become idle.
    """

    def __init__(
        self,
        nursery: Nursery,
        limits: Limits,
        lost: Callable[[Worker], None],
        freed: Callable[[], None],
    ) -> None:
        self._nursery = nursery
        self._limits = limits
        self._lost = lost
        self._freed = freed
        self._current: Generation | None = None
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
            for _ in range(self._first(fresh)):
                await self._add(fresh)
        except WorkspaceError:
            _disband(fresh)
            raise
        before, self._current = self._current, fresh
        if before is not None:
            _disband(before)
        self._freed()
        self._tend()

    def _first(self, generation: Generation) -> int:
        """Return how many workers are waited for: those that open more come later."""
        lane = self._limits.lane
        primed = (generation.store.parent / "columns").is_dir()
        return max(1, lane - _PRIMED) if primed else lane

    def close(self) -> None:
        """Stop making workers."""
        for task in self._tasks:
            task.cancel()
        if self._current is not None:
            _disband(self._current)
            self._current = None

    def take(self, *, primed: bool) -> Worker | None:
        """Return an idle worker, the one that answered last: its caches are warm.

        If there is one, it has the columns open, or not, as `primed` says.
        """
        idle = [] if self._current is None else self._current.idle
        worker = next((each for each in reversed(idle) if each.primed is primed), None)
        while idle:
            worker = worker or idle[-1]
            idle.remove(worker)
            if worker.alive:
                return worker
            worker = None
        return None

    def give_back(self, worker: Worker) -> None:
        """Take a worker that has answered and is as good as new."""
        current = self._current
        if current is None or worker not in current.members:
            worker.retire()
        else:
            current.idle.append(worker)
            self._freed()

    def leave(self, worker: Worker) -> None:
        """Let a worker go that answers something heavy; a spare is made in its place."""
        if self._current is not None:
            self._current.members.discard(worker)
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
            if generation.lacks_primed(self._limits.lane):
                await asyncio.sleep(_PAUSE)
            await self._add(generation)
        except WorkspaceError:
            await asyncio.sleep(_PAUSE)
        finally:
            generation.starting -= 1
        self._tend()

    async def _add(self, generation: Generation) -> None:
        """Make one worker and wait until its store is open."""
        primed = generation.lacks_primed(self._limits.lane)
        worker = await self._nursery.spawn(generation.store, generation.release, primed=primed)
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
        if generation is self._current:
            self._freed()

    def _miss(self, worker: Worker) -> None:
        """A worker has ended."""
        current = self._current
        if current is not None:
            current.members.discard(worker)
            if worker in current.idle:
                current.idle.remove(worker)
        self._lost(worker)
        self._tend()


def _ended(worker: Worker) -> bytes:
    return problem(WorkspaceError(f"A query worker ended with status {worker.status}"))


def _report(ready: asyncio.Future[None], kind: bytes, payload: bytes) -> None:
    """Settle the wait for a worker by what it says first."""
    if ready.done():
        return
    if kind == READY:
        ready.set_result(None)
    else:
        ready.set_exception(error_of(payload))


def _disband(generation: Generation) -> None:
    """Retire the idle workers of a release; the others follow when they have answered."""
    for worker in generation.idle:
        worker.retire()
    generation.idle.clear()
    generation.members.clear()
