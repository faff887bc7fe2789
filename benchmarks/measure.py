"""Seconds and peak memory of a piece of work, run in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


@dataclass(frozen=True)
class Measured:
    """What a piece of work returned, how long it took, and its peak memory (RSS) in MB."""

    result: Any
    seconds: float
    megabytes: float


def measured(work: Callable[..., Any], *arguments: Any) -> Measured:
    """Run `work(*arguments)` in a fresh process and measure it.

    The process is spawned, not forked: its peak memory is its own.

    Raises:
        RuntimeError: the work failed; holds its traceback.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        outcome = here.recv()
    except EOFError:
        outcome = f"the process ended with {process.exitcode} and no result"
    process.join()
    if isinstance(outcome, str):
        raise RuntimeError(outcome)  # noqa: TRY004 - the text is the traceback of the work
    return Measured(*outcome)


def _run(there: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    begin = time.perf_counter()
    try:
        result = work(*arguments)
    except Exception:  # noqa: BLE001 - whatever it is, the parent is to see it
        there.send(traceback.format_exc())
        return
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    there.send((result, seconds, peak))


def table(header: list[str], rows: list[list[Any]]) -> None:
    """Print rows as a Markdown table; numbers with a sensible number of digits."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    rule = ["-" * width for width in widths]
    for line in [header, rule, *cells]:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {' | '.join(padded)} |", flush=True)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
