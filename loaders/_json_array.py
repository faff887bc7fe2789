"""Framing of a JSON array of objects: which lines make which record, in bounded memory.

1. Bytes are decoded as UTF-8 with `surrogateescape`, so that an ill-formed byte spoils its own
   record only.
2. Records are decoded one after the other out of a window that always holds more than the largest
   record there can be; what does not end within it is broken.
3. A record that is no JSON (RFC 8259) is rejected, up to where the next one begins: after a brace
   or on a line of its own, an opening brace and one of the names that records begin with.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, Final

from kg.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from kg.source import Context

LARGEST: Final = 2**20
"""Characters of the largest record that is read."""

_SHOWN: Final = 300
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_UNDECODED: Final = re.compile("[\udc80-\udcff]")


class Array:
    """A JSON array whose records are read once, in order."""

    def __init__(self, name: str, stream: BinaryIO, context: Context, begins: list[str]) -> None:
        """Read an array; `begins` are the names of the members that records may begin with."""
        self.name = name
        self._stream = stream
        self._context = context
        names = "|".join(map(re.escape, begins))
        self._next = re.compile(rf"(?:(?<=\}})\s*,?\s*|\n\s*)(?=\{{\s*\"(?:{names})\"\s*:)")
        self._decoder = json.JSONDecoder()
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._text = ""
        self._place = 0
        self._line = 1
        self._ended = False

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each good record with its first line; reject the others.

        Raises:
            SourceError: it is no array.
        """
        self._open()
        while True:
            self._skip_blanks()
            if self._at("]"):
                return
            if self._place >= len(self._text):
                reason = "the file ends before its array does"
                self._context.reject(self.name, self._line, reason)
                return
            line, start = self._line, self._place
            try:
                record, end = self._decoder.raw_decode(self._text, start)
                self._follow(end)
            except (json.JSONDecodeError, RecursionError) as error:
                self._skip_broken(error)
                continue
            written = self._text[start:end]
            self._forward(end)
            self._skip_comma()
            if self._is_record(record, written, line):
                yield line, record

    def _open(self) -> None:
        self._fill()
        self._text = self._text.removeprefix("\ufeff")
        self._skip_blanks()
        if not self._at("["):
            found = repr(self._text[self._place : self._place + 20])
            raise SourceError(
                f"{self.name} begins with {found}; expected a JSON array of records",
                file=self.name,
            )
        self._forward(self._place + 1)

    def _at(self, character: str) -> bool:
        return self._text.startswith(character, self._place)

    def _fill(self) -> None:
        """Have the window hold the largest record, unless the file ends before."""
        if self._ended or len(self._text) - self._place >= LARGEST:
            return
        parts = [self._text[self._place :]]
        missing = 2 * LARGEST
        while missing > 0 and not self._ended:
            data = self._stream.read(LARGEST)
            self._ended = not data
            parts.append(self._decode(data, self._ended))
            missing -= len(parts[-1])
        self._text, self._place = "".join(parts), 0

    def _forward(self, place: int) -> None:
        self._line += self._text.count("\n", self._place, place)
        self._place = place

    def _skip_blanks(self) -> None:
        self._fill()
        blank = _BLANK.match(self._text, self._place)
        self._forward(blank.end() if blank else self._place)

    def _follow(self, end: int) -> None:
        """Check that a comma or the end of the array follows a record.

        Raises:
            json.JSONDecodeError: something else does.
        """
        blank = _BLANK.match(self._text, end)
        after = blank.end() if blank else end
        if after < len(self._text) and self._text[after] not in ",]":
            raise json.JSONDecodeError("Expecting ',' or ']' after the record", self._text, after)

    def _skip_comma(self) -> None:
        self._skip_blanks()
        if self._at(","):
            self._forward(self._place + 1)

    def _skip_broken(self, error: json.JSONDecodeError | RecursionError) -> None:
        """Reject what stands up to the beginning of the next record."""
        place = self._place
        text = _shown(self._text[place : place + _SHOWN])
        message = "nested too deeply"
        if isinstance(error, json.JSONDecodeError):
            line = self._line + self._text.count("\n", place, error.pos)
            message = f"{error.msg} in line {line}"
        self._context.reject(self.name, self._line, f"not JSON: {message}", text)
        begin = self._place + 1
        while not (found := self._next.search(self._text, begin)):
            if self._ended:
                self._forward(len(self._text))
                self._text, self._place = "]", 0
                return
            # The beginning of a record may stand across the end of the window.
            self._forward(max(self._place, len(self._text) - 200))
            begin = 0
            self._text, self._place = self._text[self._place :], 0
            self._fill()
        self._forward(found.end())

    def _is_record(self, record: Any, written: str, line: int) -> bool:
        reason = ""
        if not isinstance(record, dict):
            reason = "no JSON object"
        elif _UNDECODED.search(written):
            reason = "bytes that are not UTF-8"
        if reason:
            self._context.reject(self.name, line, reason, _shown(written))
        return not reason


def _shown(text: str) -> str:
    return text[:_SHOWN].encode("utf-8", "replace").decode()
