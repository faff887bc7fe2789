"""Finished answers, kept until they are crowded out.

A release never changes, so an answer is right for as long as its release is the one asked for: the
release is part of the key and nothing ever expires.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kg.query.frames import Head

_LARGEST = 16
"""An answer larger than this part of the whole cache would crowd out too many others."""


class AnswerCache:
    """Heads and bodies by key; the least recently used go when `limit` bytes are exceeded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[Hashable, tuple[Head, bytes, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> tuple[Head, bytes] | None:
        """Return what was kept under the key."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0], entry[1]

    def put(self, key: Hashable, head: Head, body: bytes, weight: int) -> None:
        """Keep an answer; `weight` is what the key takes beside the body, in bytes."""
        size = len(body) + weight
        if size * _LARGEST > self._limit or key in self._entries:
            return
        self._entries[key] = (head, body, size)
        self.size += size
        while self.size > self._limit:
            _, (_, _, least) = self._entries.popitem(last=False)
            self.size -= least

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size = 0
