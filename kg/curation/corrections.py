"""Corrections: repairs of cells that a loader could not read.

Where a loader rejects a cell there is no statement to change, so the files are read a second time
with corrected cells. Of that reading only the lines with such cells are kept, beside what was read
first. So the import can be made again under other decisions without its files: a line counts as
corrected when every decision that corrected it still holds.

A correction that is decided later takes effect when the source is loaded again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from kg import statements
from kg.database import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import duckdb

    from kg.curation.decisions import Decision
    from kg.source import Context, Correction
    from kg.statements import Reject, Statement

FILES: Final = ("corrected", "corrected-rejects", "corrected-lines")
"""What an import keeps of the second reading."""

_READING: Final = "#Reading"
_LINES: Final = pa.schema(
    [
        ("decision", pa.string()),
        ("file", pa.string()),
        ("line", pa.int32()),
        ("field", pa.string()),
        ("value", pa.string()),
        ("new", pa.string()),
    ]
)
_HELD: Final = """
CREATE TEMP TABLE corrected_line AS
SELECT file, line FROM {lines} GROUP BY file, line
HAVING bool_and(decision IN (SELECT id FROM decision))
"""
_MERGED: Final = """
SELECT r.* FROM {read} r ANTI JOIN corrected_line c ON r.file = c.file AND r.line = c.line
UNION ALL
SELECT r.* FROM {corrected} r SEMI JOIN corrected_line c ON r.file = c.file AND r.line = c.line
"""
_MADE: Final = """
SELECT l.* FROM {lines} l
SEMI JOIN corrected_line c ON l.file = c.file AND l.line = c.line
"""


def is_reading(rule: str | None) -> bool:
    """Tell whether a rule is about what a loader rejects (kg.rejections)."""
    return _READING in (rule or "")


def of(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that correct cells which could not be read, the oldest first."""
    return [d for d in decisions if d.kind == "repair" and is_reading(d.rule) and d.value]


def fitting(decisions: Sequence[Decision], rejects: Iterable[Reject]) -> dict[str, Correction]:
    """Return what to read instead of rejected cells, by file, for those cells that were rejected.

    The later of two decisions on a cell counts.
    """
    cells = {(reject.file, reject.field, reject.text) for reject in rejects}
    found: dict[str, Correction] = {}
    for one in decisions:
        for file, field, text in cells:
            if (field, text) == (one.field, one.value) and one.file in (None, file):
                made = found.setdefault(file, {})
                made[field or "", text] = (one.new or "", one.id)
    return found


def keep(context: Context, rows: Iterator[Statement], folder: Path) -> None:
    """Write what a second reading, for which `context` was made, has on lines with corrections."""
    lines = context.corrected
    statements.write((r for r in rows if (r[7], r[8]) in lines), folder / f"{FILES[0]}.parquet")
    refused = (r for r in context.rejects if (r.file, r.line) in lines)
    statements.write(refused, folder / f"{FILES[1]}.parquet", statements.REJECT_SCHEMA)
    told = (
        (one.decision, file, line, one.column, one.value, one.new)
        for (file, line), made in lines.items()
        for one in made
    )
    statements.write(told, folder / f"{FILES[2]}.parquet", _LINES)


def merge(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """Return the SQL of statements and rejects with the lines that are corrected now.

    It is empty if there are none. The table `corrected_line` names them.
    """
    if not (folder / f"{FILES[2]}.parquet").exists():
        return {}
    tables = {name: _table(folder, name) for name in ("statements", "rejects", *FILES)}
    connection.execute(_HELD.format(lines=tables[FILES[2]]))
    if connection.execute("SELECT count(*) FROM corrected_line").fetchall() == [(0,)]:
        return {}
    pairs = {"statements": FILES[0], "rejects": FILES[1]}
    return {
        name: _MERGED.format(read=tables[name], corrected=tables[again])
        for name, again in pairs.items()
    }


def made(folder: Path) -> str:
    """Return the SQL of the corrections that count, once `merge` has found any."""
    return _MADE.format(lines=_table(folder, FILES[2]))


def _table(folder: Path, name: str) -> str:
    return f"read_parquet({quoted(folder / f'{name}.parquet')})"
