"""What runs beyond its time is interrupted, and nothing else."""

from __future__ import annotations

import multiprocessing
import time
from threading import Event

from kg.sparql.watchdog import WATCHDOG, Watchdog


def test_each_at_its_time() -> None:
    """A later limit does not wait for an earlier one, nor an earlier for a later."""
    watchdog, early, late = Watchdog(), Event(), Event()
    with watchdog.limited(late.set, 60), watchdog.limited(early.set, 0.01):
        assert early.wait(10)
    assert not late.is_set()
    assert not watchdog.limits


def test_never_after_its_block() -> None:
    """What a connection does next is not interrupted."""
    watchdog, rung, after = Watchdog(), Event(), Event()
    with watchdog.limited(rung.set, 0.02):
        pass
    with watchdog.limited(after.set, 0.05):
        assert after.wait(10)
    assert not rung.is_set()


def _rings(watchdog: Watchdog) -> None:
    rung = Event()
    with watchdog.limited(rung.set, 0.01):
        raise SystemExit(0 if rung.wait(10) else 1)


def test_a_forked_process_watches_by_itself() -> None:
    """A thread is not forked with its process, so another one begins."""
    with WATCHDOG.limited(time.time, 30):
        child = multiprocessing.get_context("fork").Process(target=_rings, args=(WATCHDOG,))
        child.start()
        child.join(30)

    assert child.exitcode == 0
