"""Reports as a workbook: Office Open XML (ISO/IEC 29500), for who works in a spreadsheet."""

from __future__ import annotations

import re
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from kg.reports.found import COLUMNS, name_of
from kg.reports.words import COLUMNS as NAMES
from kg.reports.words import HEADINGS, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

    from kg.reports.found import Found

ROWS: Final = 1_000_000
"""Rows of a sheet; one may have 1,048,576, and at most 32,767 signs in a cell (annex of Excel)."""

_SIGNS: Final = 32_767
_PIECE: Final = 1 << 16
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def write(found: Found, rule: str | None, limit: int) -> Iterator[bytes]:
    """Yield the workbook, which is complete only with its last piece."""
    words, book = HEADINGS[found.language], openpyxl.Workbook(write_only=True)
    severities = SEVERITIES[found.language]
    rules = (
        [severities.get(r.severity, r.severity), name_of(r.rule), r.findings, r.records, r.example]
        for r in found.rules()
        if rule in {None, r.rule}
    )
    _fill(book.create_sheet(str(words["rules sheet"])), words["rules"], rules)
    names = NAMES[found.language]
    header = [names.get(name, name) for name in COLUMNS]
    cells = ([row[name] for name in COLUMNS] for row in found.rows(rule, limit))
    number, more = 1, True
    while more:
        title = f"{words['findings sheet']}{'' if number == 1 else f' {number}'}"
        more = _fill(book.create_sheet(title), header, cells)
        number += 1
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _fill(sheet: WriteOnlyWorksheet, header: Any, rows: Iterable[list[Any]]) -> bool:
    """Write a header that stays in sight and rows below it; tell whether there may be more."""
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name, bold=True) for name in header])
    for number, row in enumerate(rows, 1):
        sheet.append([_cell(sheet, value) for value in row])
        if number == ROWS:
            return True
    return False


def _cell(sheet: WriteOnlyWorksheet, value: Any, *, bold: bool = False) -> Any:
    """Return a cell; a text is never taken for a formula, whatever it begins with."""
    if isinstance(value, list):
        value = " ".join(f"{predicate}={other}" for predicate, other in value)
    if not isinstance(value, str):
        return value
    text = _SURROGATE.sub("\ufffd", ILLEGAL_CHARACTERS_RE.sub("\ufffd", value[:_SIGNS]))
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
