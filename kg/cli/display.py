"""How the command line shows things: tables for people, progress bars on a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kg.progress import Progress


@contextmanager
def drawing(*, shown: bool) -> Iterator[Progress]:
    """Yield a Progress that draws a bar per stage on standard error, or one that does nothing."""
    from kg.progress import silent

    if not shown:
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:<20}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, object] = {}

        def draw(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            task: object = tasks[stage]
            bars.update(task, completed=done, total=total or None)  # type: ignore[arg-type] # rich's TaskID

        yield draw


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows as an aligned table; numbers to the right, everything else to the left."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    numeric = [_numeric([row[place] for row in rows]) for place in range(len(header))]
    lines = [_line(header, widths, numeric), _line(["-" * w for w in widths], widths, numeric)]
    return "\n".join(lines + [_line(row, widths, numeric) for row in cells])


def _numeric(column: Sequence[object]) -> bool:
    return bool(column) and all(isinstance(value, int | float) for value in column)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return "  ".join(placed).rstrip()
