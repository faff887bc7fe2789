"""What an import set aside, and the decisions of curators that it was made under.

Rejects could not be read, quarantined records broke a rule; of decisions `times` says how often
each one was used.

| what | columns |
|---|---|
| rejects | file, line, column, reason, text |
| quarantine | file, line, record, rule, round |
| decisions | id, kind, times, file, record, field, value, new, rule, until, who, why |
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from kg import database
from kg.cells import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.imports import Import

_COLUMNS: Final = {
    "rejects": ("file", "line", "field", "reason", "text"),
    "quarantine": ("file", "line", "record", "rule", "round"),
    "decisions": (
        *("id", "kind", "times", "file", "record", "field"),
        *("value", "new", "rule", "until", "who", "why"),
    ),
}
_WIDTH: Final = 90


def listing(one: Import, what: str, form: str, limit: int = 0) -> Iterator[str]:
    """Yield the pieces of a list of `rejects`, `quarantine` or `decisions`, as table, csv or json.

    `limit` is the most rows, 0 for all; a list that was cut says so.
    """
    columns = _COLUMNS[what]
    rows, total = _rows(one, what, columns, limit)
    if form == "json":
        items = [dict(zip(columns, row, strict=True)) for row in rows]
        told = {"what": what, "total": total, "complete": len(rows) == total, "items": items}
        yield json.dumps(told, ensure_ascii=False) + "\n"
        return
    if form == "csv":
        written = io.StringIO()
        csv.writer(written).writerows([columns, *(map(cell, row) for row in rows)])
        yield written.getvalue()
        return
    yield from (f"{_line(row)}\n" for row in [columns, *rows])
    if len(rows) < total:
        yield f"Only the first {len(rows)} are shown; --limit 0 shows all {total}.\n"


def _rows(
    one: Import, what: str, columns: tuple[str, ...], limit: int
) -> tuple[list[tuple[object, ...]], int]:
    most = f"LIMIT {limit}" if limit else ""
    if not one.file(what).exists():
        return [], 0
    with database.small() as connection:
        [(total,)] = connection.execute(f"SELECT count(*) FROM {one.table(what)}").fetchall()
        rows = connection.execute(
            f"SELECT {', '.join(columns)} FROM {one.table(what)} ORDER BY ALL {most}"
        ).fetchall()
    return rows, int(total)


def _line(row: tuple[object, ...]) -> str:
    shown = (" ".join(str("" if value is None else value).split()) for value in row)
    return "  ".join(text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…" for text in shown)
