"""What is kept until it is crowded out.

A release never changes, so an answer is right for as long as its release is the one asked for: the
release goes with the key or the entry, and nothing ever expires.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

Value = TypeVar("Value")

_LARGEST = 16
"""An entry larger than this part of the whole would crowd out too many others."""


class LeastRecentlyUsed(Generic[Value]):
    """Values by key; the least recently used go when `limit` bytes are exceeded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Value | None:
        """Return what was kept under the key."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value that takes `size` bytes, its key included, in the place of any before."""
        if size * _LARGEST > self._limit:
            return
        _, before = self._entries.pop(key, (None, 0))
        self._entries[key] = (value, size)
        self.size += size - before
        while self.size > self._limit:
            _, (_, least) = self._entries.popitem(last=False)
            self.size -= least

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size = 0
