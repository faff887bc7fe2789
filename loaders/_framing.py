r"""Framing of CSV: which physical lines make which record, and what cannot be one.

The csv module is the only reader that gives exact lines and goes on after a broken record.

1. Bytes are decoded as UTF-8 with `surrogateescape`, so that an ill-formed byte spoils its own
   record only; a line ends with `\n` and nothing else, as editors and `sed -n` count.
2. `csv.reader(strict=True)` (RFC 4180, with the separator that the header shows) frames records.
3. A record that cannot be framed or has the wrong width is broken. Only its first physical line
   is given up: the others are read again, because a quote that was never closed has swallowed
   good records. Lines of the broken record that make no record themselves are told with it; so
   are those that follow it where the header shows that each record begins with a quote.
4. A record with an ill-formed byte or a NUL is rejected alone.
5. If every record that goes beyond ASCII is ill-formed, it is the file that is not UTF-8.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from typing import TYPE_CHECKING, Final

from kg.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from kg.source import Context

SEPARATORS: Final = ";,\t|"
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
# So many ill-formed records, and not one well-formed beyond ASCII, are no accident.
ILL_FORMED: Final = 20
# How often progress is reported, in records.
STRIDE: Final = 2000

_UNDECODED = re.compile("[\udc80-\udcff]")


class Table:
    """A CSV file whose header was read: `columns`, `separator`, and `rows()`, once."""

    def __init__(
        self,
        name: str,
        stream: BinaryIO,
        context: Context,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> None:
        self.name = name
        self._context = context
        self._progress = progress
        self._stream = stream
        self._text = _text(name, stream)
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._read = 0
        self._broken: _Broken | None = None
        self._quoted = False
        self._good = self._bad = self._records = 0
        self.separator = self._separator()
        self.columns = self._header()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each good record with its first physical line; reject the others.

        Raises:
            SourceError: the file as a whole is not UTF-8.
        """
        width, taken = len(self.columns), self._taken
        correct, correcting = self._context.correct, self.name in self._context.corrections
        reader = self._reader()
        while True:
            taken.clear()
            line = self._read + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                self._break(line, f"broken quoting: {error}")
                reader = self._reader()
                continue
            if row is None:
                break
            if len(row) == width:
                self._read += len(taken)
                if self._is_text(line, row):
                    yield line, correct(self.name, line, self.columns, row) if correcting else row
            elif not row:
                self._read += len(taken)
            else:
                self._break(line, f"{len(row)} columns, expected {width}")
                reader = self._reader()
        self._end()

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines(), delimiter=self.separator, strict=True)

    def _lines(self) -> Iterator[str]:
        waiting, text, taken = self._waiting, self._text, self._taken
        while True:
            line = waiting.popleft() if waiting else next(text, None)
            if line is None:
                return
            taken.append(line)
            yield line

    def _separator(self) -> str:
        first = next(self._text, "").removeprefix("\ufeff")
        if not first.strip():
            raise SourceError(
                f"{self.name} is empty; expected a header line with column names", file=self.name
            )
        if "\r" in first.rstrip("\r\n"):
            raise SourceError(
                f"{self.name} ends its lines with CR alone; expected LF or CR LF", file=self.name
            )
        self._waiting.append(first)
        self._quoted = first.startswith('"')
        return max(SEPARATORS, key=first.count)

    def _header(self) -> list[str]:
        try:
            columns = [c.strip() for c in next(self._reader())]
        except csv.Error as error:
            raise SourceError(
                f"{self.name}, line 1: the header cannot be read ({error})", file=self.name, line=1
            ) from error
        if _UNDECODED.search("".join(columns)) or "\0" in "".join(columns):
            raise SourceError(f"{self.name}, line 1: the header is not UTF-8 text", file=self.name)
        self._read = len(self._taken)
        return columns

    def _is_text(self, line: int, row: list[str]) -> bool:
        """Tell whether a record is UTF-8 without NUL; reject it if not."""
        text = "".join(row)
        self._records += 1
        if self._records % STRIDE == 0:
            self._progress(self._stream.tell())
        if self._broken:
            self._tell()
        if "\0" not in text:
            if text.isascii():
                return True
            if not _UNDECODED.search(text):
                self._good += 1
                return True
            self._bad += 1
            self._check_encoding(ILL_FORMED)
        column, reason = _bad_cell(self.columns, row)
        self._context.reject(self.name, line, reason, _printable("".join(self._taken)), column)
        return False

    def _break(self, line: int, reason: str) -> None:
        """Give up the first line of a broken record and read its others again."""
        first, *others = self._taken
        self._waiting.extendleft(reversed(others))
        self._read += 1
        if self._broken and (line <= self._broken.last or self._continues(first)):
            self._broken.lines.append(first)
            self._broken.last = max(self._broken.last, line + len(others))
            return
        self._tell()
        column = _broken_column("".join(self._taken), self.separator, self.columns)
        self._broken = _Broken(line, line + len(others), reason, column, [first])

    def _continues(self, line: str) -> bool:
        """Tell whether a line can only be the rest of a record that was broken before."""
        return self._quoted and not line.startswith('"')

    def _tell(self) -> None:
        """Reject the broken record that is complete now."""
        if self._broken:
            b, self._broken = self._broken, None
            text = _printable("".join(b.lines))
            self._context.reject(self.name, b.line, b.reason, text, b.column)

    def _end(self) -> None:
        self._tell()
        self._check_encoding(max(2, self._records))

    def _check_encoding(self, enough: int) -> None:
        if self._bad >= enough and not self._good:
            raise SourceError(
                f"{self.name} is not UTF-8: each of the {self._bad} records with letters beyond "
                "ASCII is ill-formed (Latin-1 or Windows-1252?); expected UTF-8",
                file=self.name,
            )


class _Broken:
    """A record that could not be framed, until all lines that belong to it are known."""

    def __init__(
        self, line: int, last: int, reason: str, column: str | None, lines: list[str]
    ) -> None:
        self.line = line
        self.last = last
        self.reason = reason
        self.column = column
        self.lines = lines


def _text(name: str, stream: BinaryIO) -> Iterator[str]:
    """Return the physical lines as text; an ill-formed byte becomes a lone surrogate."""
    head = stream.read(2)
    if head in UTF16:
        raise SourceError(f"{name} is UTF-16; expected UTF-8", file=name)
    stream.seek(0)
    return (line.decode("utf-8", "surrogateescape") for line in stream)


def _bad_cell(columns: list[str], row: list[str]) -> tuple[str, str]:
    """Return the column of the first ill-formed cell, and what is wrong with it."""
    for column, cell in zip(columns, row, strict=True):
        if bad := _UNDECODED.search(cell):
            return column, f"byte 0x{ord(bad[0]) - 0xDC00:02X} is not UTF-8"
        if "\0" in cell:
            return column, "NUL byte"
    raise AssertionError(row)


def _printable(text: str) -> str:
    r"""Return text that UTF-8 can hold: an ill-formed byte is written `\xe9`, NUL `\x00`."""
    if _UNDECODED.search(text):
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\x00").rstrip("\r\n")


def _broken_column(text: str, separator: str, columns: list[str]) -> str | None:
    """Return the column at which a record leaves RFC 4180, or is too large for the reader.

    None when the record is only too short.
    """
    end = re.escape(separator)
    cell = re.compile(rf'(?:"(?:[^"]|"")*"|[^"{end}\r\n][^{end}\r\n]*|)(?:{end}|\r?\n|$)')
    position = index = 0
    while index < len(columns) and (match := cell.match(text, position)):
        if len(match[0]) > csv.field_size_limit():
            break
        position, index = match.end(), index + 1
        if not match[0].endswith(separator):
            return None
    return columns[index] if index < len(columns) else None
