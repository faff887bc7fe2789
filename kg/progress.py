"""Progress of long work: a call-back that is told the stage, what is done and what there is.

Work reports to a `Progress`; who draws it, or whether anybody does, is the composition root's
choice. `Stages` adds up the seconds of each stage for the manifest.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """Is told the name of a stage, what is done, and how much there is (0 when unknown)."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note of the state of a stage."""


def silent(stage: str, done: int, total: int) -> None:
    """Take note of nothing."""


@dataclass
class Stages:
    """Times the stages of one piece of work and passes their progress on."""

    progress: Progress = silent
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run the block as a stage: report its begin and end, and keep how long it took."""
        self.progress(name, 0, 0)
        begin = time.perf_counter()
        try:
            yield
        finally:
            took = self.seconds.get(name, 0.0) + time.perf_counter() - begin
            self.seconds[name] = round(took, 3)
        self.progress(name, 1, 1)
