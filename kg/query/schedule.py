"""Heavy queries take turns: at most `slots` run, the others are stopped."""

from __future__ import annotations

import signal
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.query.nursery import Worker
    from kg.query.run import Run

HEAVY_NICE = 15
"""Not the lowest, and not SCHED_IDLE: a killed process needs time of a processor to die."""

EXPORT_NICE = 5
"""Below the lane, above the heavy: the reader of the rows must be faster than their producer."""


class Schedule:
    """Round robin over heavy queries by SIGSTOP and SIGCONT."""

    def __init__(self, slots: int, turn: float) -> None:
        self._slots = slots
        self._turn = turn
        self._workers: dict[Run, Worker] = {}
        self._running: deque[Run] = deque()
        self._stopped: deque[Run] = deque()
        self._turned = 0.0

    def __len__(self) -> int:
        return len(self._running) + len(self._stopped)

    def add(self, run: Run, worker: Worker) -> None:
        """Take in a query; it is stopped at once if all slots are taken."""
        self._workers[run] = worker
        if len(self._running) < self._slots:
            self._running.append(run)
        else:
            self._workers[run].signal(signal.SIGSTOP)
            self._stopped.append(run)

    def remove(self, run: Run) -> None:
        """Let go of a query, if it is here, and give its slot to the next."""
        if run in self._stopped:
            self._stopped.remove(run)
            self._workers[run].signal(signal.SIGCONT)
        elif run in self._running:
            self._running.remove(run)
            self._fill()
        self._workers.pop(run, None)

    def rotate(self, now: float) -> None:
        """Give the slots to the next ones when the turn is over."""
        if not self._stopped or now - self._turned < self._turn:
            return
        self._turned = now
        while self._running:
            run = self._running.popleft()
            self._workers[run].signal(signal.SIGSTOP)
            self._stopped.append(run)
        self._fill()

    def _fill(self) -> None:
        while self._stopped and len(self._running) < self._slots:
            run = self._stopped.popleft()
            self._workers[run].signal(signal.SIGCONT)
            self._running.append(run)
