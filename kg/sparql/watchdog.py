"""One thread that interrupts whatever runs beyond its time.

A thread for each query would cost as much as a light query takes. This one begins with the first
limit, sleeps until the next is due, and holds nothing while there is none: what was limited can be
closed at any time, and the process may end.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(eq=False)
class _Limit:
    """When something is due to be interrupted, and how."""

    due: float
    interrupt: Callable[[], object]


@dataclass
class Watchdog:
    """The limits that run; several threads may set one at once."""

    limits: set[_Limit] = field(default_factory=set)
    changed: Condition = field(default_factory=Condition)
    thread: Thread | None = None

    @contextmanager
    def limited(self, interrupt: Callable[[], object], timeout: float | None) -> Iterator[None]:
        """Call `interrupt` if the block takes longer than `timeout` seconds, never after it."""
        if timeout is None:
            yield
            return
        limit = _Limit(time.monotonic() + timeout, interrupt)
        self._add(limit)
        try:
            yield
        finally:
            # Who interrupts holds the lock, so what runs after this block is left alone.
            with self.changed:
                self.limits.discard(limit)

    def _add(self, limit: _Limit) -> None:
        with self.changed:
            self.limits.add(limit)
            if self.thread is None:
                self.thread = Thread(target=self._watch, name="query limits", daemon=True)
                self.thread.start()
            elif limit.due <= min(each.due for each in self.limits):
                self.changed.notify()

    def _watch(self) -> None:
        with self.changed:
            while True:
                now = time.monotonic()
                for limit in [each for each in self.limits if each.due <= now]:
                    self.limits.discard(limit)
                    limit.interrupt()
                following = min((each.due for each in self.limits), default=None)
                self.changed.wait(None if following is None else following - now)

    def begin_anew(self) -> None:
        """Forget the thread and the limits of the process that this one was forked from."""
        self.limits, self.changed, self.thread = set(), Condition(), None


WATCHDOG: Final = Watchdog()
"""The one of this process."""

os.register_at_fork(after_in_child=WATCHDOG.begin_anew)
