"""The index of the release that is served: made when first asked for, kept until the next one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kg.reconciliation import index

if TYPE_CHECKING:
    from kg.reconciliation.index import Index
    from kg.store import OpenRelease


class Current:
    """Holds one index; who asks while it is made waits for it, and nobody makes it twice."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._made: tuple[OpenRelease, Index] | None = None

    def of(self, opened: OpenRelease) -> Index:
        """Return the index of an open release.

        Who still asks for an older release has it made again, which hardly happens.
        """
        made = self._made
        if made is not None and made[0].release == opened.release:
            return made[1]
        with self._lock:
            if self._made is None or self._made[0].release != opened.release:
                self._made = (opened, index.build(opened.store, self._base))
            return self._made[1]
