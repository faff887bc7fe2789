"""Workbooks (Office Open XML, ECMA-376): the rows of their sheets as text, with row and column.

1. The parts of the archive are looked at before they are parsed: what unpacks to far more than it
   holds, or declares a document type, is refused.
2. The header is the first of the top rows that the caller knows; titles above it are left alone.
   If there is none, it is the first row with a value.
3. What a merged cell says is said for each cell that it covers.
4. Dates become ISO 8601, whole numbers lose their fraction, truth values are true and false. A
   formula counts as the value that was saved with it; one that is an error (`#N/A`) is rejected.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from kg.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openpyxl.worksheet.worksheet import Worksheet

    from kg.source import Context
    from loaders._members import Member

MAX_BYTES: Final = 256 * 2**20
"""The largest workbook that is read, and the most that one may unpack to."""

# So many rows may stand above the header: titles, dates, notes.
TOP: Final = 25
# Damage surfaces in openpyxl wherever the wrong part is used first.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)


class Sheet:
    """A sheet whose header was found: `name`, `columns`, their `letters`, and `rows()`."""

    def __init__(
        self, name: str, sheet: Worksheet, context: Context, known: Callable[[list[str]], bool]
    ) -> None:
        self.name = name
        self._context = context
        self._sheet = sheet
        self._merged = _merged(sheet)
        self._header = self._find(known)
        header = self._texts(self._header)
        width = max((n for n, text in enumerate(header, start=1) if text), default=0)
        self.columns = header[:width]
        self.letters = [get_column_letter(n) for n in range(1, width + 1)]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number and the cells of each row below the header."""
        for number in range(self._header + 1, self._sheet.max_row + 1):
            self._tell_errors(number)
            cells = self._texts(number)[: len(self.columns)]
            yield number, cells + [""] * (len(self.columns) - len(cells))

    def _find(self, known: Callable[[list[str]], bool]) -> int:
        first = 0
        for number in range(1, min(self._sheet.max_row, TOP) + 1):
            texts = self._texts(number)
            if known(texts):
                return number
            first = first or (number if any(texts) else 0)
        return first or 1

    def _texts(self, number: int) -> list[str]:
        merged = self._merged
        return [
            _text(merged.get((number, n), cell.value), cell.data_type)
            for n, cell in enumerate(self._sheet[number], start=1)
        ]

    def _tell_errors(self, number: int) -> None:
        for n, cell in enumerate(self._sheet[number], start=1):
            if cell.data_type == "e":
                letter = get_column_letter(n)
                column = self.columns[n - 1] if n <= len(self.columns) else letter
                reason = f"cell {letter}{number}: a formula that is an error"
                self._context.reject(self.name, number, reason, str(cell.value), column)


def sheets(member: Member, context: Context, known: Callable[[list[str]], bool]) -> Iterator[Sheet]:
    """Yield the visible sheets of a workbook that hold anything; `known` knows a header.

    Raises:
        SourceError: it is no workbook, or a damaged one.
    """
    with member.open() as stream:
        data = stream.read(MAX_BYTES + 1)
    try:
        _check(member.name, data)
        # openpyxl warns of styles and extensions that it leaves out; none of them holds a value.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), data_only=True)
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible" and sheet.max_row and _any(sheet):
                yield Sheet(f"{member.name}/{sheet.title}", sheet, context, known)
    except _DAMAGE as error:
        raise SourceError(
            f"{member.name} is no XLSX workbook, or a damaged one ({error}); save it again as "
            "XLSX or CSV",
            file=member.name,
        ) from error


def _check(name: str, data: bytes) -> None:
    """Look at the parts of a workbook before they are parsed."""
    if len(data) > MAX_BYTES:
        raise SourceError(f"{name} is larger than {MAX_BYTES} bytes; save it as CSV", file=name)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        total = sum(part.file_size for part in archive.infolist())
        if total > MAX_BYTES:
            raise SourceError(
                f"{name} unpacks to {total} bytes; at most {MAX_BYTES} are read: save it as CSV",
                file=name,
            )
        for part in archive.infolist():
            if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(part):
                raise SourceError(
                    f"{name}: {part.filename} declares a document type; refused", file=name
                )


def _any(sheet: Worksheet) -> bool:
    return any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row)


def _merged(sheet: Worksheet) -> dict[tuple[int, int], Any]:
    """Return the value of every cell that a merged one covers."""
    found = {}
    for area in sheet.merged_cells.ranges:
        value = sheet.cell(area.min_row, area.min_col).value
        rows = range(area.min_row, min(area.max_row, sheet.max_row) + 1)
        columns = range(area.min_col, min(area.max_col, sheet.max_column) + 1)
        found.update({(row, column): value for row in rows for column in columns})
    return found


def _text(value: Any, data_type: str) -> str:
    if value is None or data_type == "e":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        at_midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if at_midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
