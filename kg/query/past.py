"""Queries of the past: a small pool for each release that somebody asks and that is not current.

A pool is made with the first query to its release, which takes about half a second, and stopped
when nobody has asked it for a while. There are few at a time: each has processes of its own.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from kg.errors import BusyError
from kg.query.pool import QueryPool

if TYPE_CHECKING:
    from kg.query.limits import Limits
    from kg.query.pool import RunningQuery
    from kg.releases import Release

_POOLS: Final = 2
_HEAVY: Final = 2
_IDLE: Final = 60.0
"""Seconds after its last query at which a pool is stopped."""


@dataclass(slots=True)
class _Opened:
    pool: QueryPool
    asked: float = field(default_factory=time.monotonic)


class Past:
    """The pools of releases that are not current, by their names.

    `limits` are those of the current release: each query of the past has the same time and memory,
    but there are fewer at a time.
    """

    def __init__(self, limits: Limits, base: str | None = None) -> None:
        heavy = min(_HEAVY, limits.heavy)
        self._limits = replace(limits, lane=1, heavy=heavy, cache=limits.cache // 8)
        self._base = base
        self._opened: dict[str, _Opened] = {}
        self._opening = asyncio.Lock()

    async def pool(self, release: Release) -> QueryPool:
        """Return the pool of a release.

        Raises:
            BusyError: as many other releases are being asked as may be.
            WorkspaceError: the release cannot be opened.
        """
        async with self._opening:
            found = self._opened.get(release.name)
            if found is None:
                await self._make_room()
                found = _Opened(QueryPool(self._limits, self._base))
                try:
                    await found.pool.use(release.store, release.name)
                except BaseException:
                    await found.pool.stop()
                    raise
                self._opened[release.name] = found
            found.asked = time.monotonic()
        return found.pool

    def running(self) -> list[RunningQuery]:
        """Return the queries of the past that run."""
        return [query for opened in self._opened.values() for query in opened.pool.running()]

    def kill(self, query: str) -> bool:
        """End the query with that id; tell whether it was running."""
        return any(opened.pool.kill(query) for opened in self._opened.values())

    async def tidy(self) -> None:
        """Stop the pools that nobody has asked for a while."""
        end = time.monotonic() - _IDLE
        for name, opened in list(self._opened.items()):
            if opened.asked < end and not opened.pool.running():
                await self._stop(name)

    async def stop(self) -> None:
        """End every query and every process."""
        for name in list(self._opened):
            await self._stop(name)

    async def _make_room(self) -> None:
        while len(self._opened) >= _POOLS:
            idle = [name for name, opened in self._opened.items() if not opened.pool.running()]
            if not idle:
                detail = f"Queries of {_POOLS} other releases run, which is as many as may"
                raise BusyError(detail, retry_after=5)
            await self._stop(min(idle, key=lambda name: self._opened[name].asked))

    async def _stop(self, name: str) -> None:
        await self._opened.pop(name).pool.stop()
