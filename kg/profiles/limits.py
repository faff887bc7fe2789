"""Limits on submissions: how many an address may make, and how many may wait for a curator.

An address has a bucket that holds as many submissions as it may make in a minute, and fills at that
rate. Buckets that are full again are forgotten, so that memory stays small.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Final

from kg.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTE: Final = 60.0
_BUCKETS: Final = 10_000


class TooManyError(BusyError):
    """An address submits more than it may; `retry_after` says in how many seconds to try again."""

    status = 429
    title = "Too many submissions"


class QueueFullError(BusyError):
    """So many profiles wait for a curator that no more are taken."""

    status = 503
    title = "Queue is full"


class Rate:
    """How many submissions an address may make in a minute; 0 sets no limit."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, address: str) -> None:
        """Count a submission of an address.

        Raises:
            TooManyError: it has made too many.
        """
        if not self._most:
            return
        with self._lock:
            now = self._clock()
            left = self._left(address, now)
            if left < 1:
                seconds = math.ceil((1 - left) * _MINUTE / self._most)
                detail = f"At most {self._most} profiles a minute are taken from one address"
                raise TooManyError(detail, retry_after=seconds)
            self._buckets[address] = (left - 1, now)
            if len(self._buckets) > _BUCKETS:
                self._forget(now)

    def _left(self, address: str, now: float) -> float:
        left, then = self._buckets.get(address, (float(self._most), now))
        return min(float(self._most), left + (now - then) * self._most / _MINUTE)

    def _forget(self, now: float) -> None:
        """Forget buckets that are full again; if none is, those not used for longest."""
        full = [one for one in self._buckets if self._left(one, now) >= self._most]
        oldest = sorted(self._buckets, key=lambda one: self._buckets[one][1])
        for one in full or oldest[: _BUCKETS // 10]:
            del self._buckets[one]
