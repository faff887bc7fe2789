"""How large a folder gets while something writes to it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSE = 0.01


@dataclass
class Size:
    """The most bytes that were seen."""

    peak: int = 0


@contextmanager
def watched(folder: Path) -> Iterator[Size]:
    """Look every 10 ms how many bytes a folder has while the block runs."""
    size, done = Size(), Event()

    def watch() -> None:
        while not done.wait(_PAUSE):
            size.peak = max(size.peak, _bytes(folder))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield size
    finally:
        done.set()
        thread.join()


def _bytes(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total
