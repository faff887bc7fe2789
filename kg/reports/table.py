"""Reports as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kg.reports.found import name_of
from kg.reports.words import HEADINGS, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.reports.found import Found, Row


def write(found: Found, rule: str | None, limit: int) -> Iterator[bytes]:
    """Yield the rules that were broken or, with a rule, its findings."""
    yield from (piece.encode() for piece in _pieces(found, rule, limit))


def _pieces(found: Found, rule: str | None, limit: int) -> Iterator[str]:
    words, severities = HEADINGS[found.language], SEVERITIES[found.language]
    if rule is None:
        rows: list[list[Any]] = [
            [severities.get(r.severity, r.severity), name_of(r.rule), r.findings, r.records,
             short(r.example)]
            for r in found.rules()
        ]  # fmt: skip
        yield aligned(words["rules"], rows) if rows else f"{words['none']}\n"
        return
    yield aligned(words["cells"], [_cells(row) for row in found.rows(rule, limit)])
    total = found.total(rule)
    if limit and total > limit:
        yield str(words["cut"]).format(limit=limit, total=total) + "\n"


def by_source(found: Found) -> str:
    """Return what was found in each import."""
    words = HEADINGS[found.language]
    rows: list[list[Any]] = [list(count) for count in found.sources()]
    return aligned(words["sources"], rows) if rows else f"{words['none']}\n"


def _cells(row: Row) -> list[str]:
    fix = f"{short(row['fix'], 40)} ({row['fix_confidence']:.0%})" if row["fix"] else ""
    place = [short(row[name]) for name in ("file", "line", "field")]
    return [*place, short(row["stated"]), fix, short(row["message"]), short(row["hint"])]


def short(value: object, width: int = 90) -> str:
    """Return a value in one line of limited length."""
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def aligned(header: Any, rows: list[list[Any]]) -> str:
    """Return rows below a header, in columns as wide as need be."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    lines = [header, ["-" * width for width in widths], *cells]
    padded = ("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in padded)
