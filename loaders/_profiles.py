"""Records in JSON and XML made into the same entries as the rows of a table.

What is nested becomes a path (`client.name`, `client/name`) that the columns of a layout are
matched with like any other name; several values of one path are joined by line breaks.

- JSON is an array of objects (RFC 8259); an object that is broken is rejected alone.
- XML has one element `profile` per record, anywhere; names count without their namespace. Of a
  document that is not well-formed, the records before the fault are read. Document type
  declarations are refused: entities can be made to explode.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.parsers import expat

from loaders._json_array import Array
from loaders._tables import entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.source import Context
    from loaders._members import Member
    from loaders._tables import Entry, Layout

RECORD: Final = "profile"

_Values = dict[str, list[str]]

# What JSON may write and no text may hold: NUL, and surrogates by themselves (\ud800).
_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")


def json_entries(member: Member, context: Context, layout: Layout) -> Iterator[Entry]:
    """Yield the records of a JSON array.

    Raises:
        SourceError: the file is damaged or is no array.
    """
    names = [*layout.known_by, *(n for k in layout.known_by for n in layout.columns[k].split())]
    with member.open() as stream:
        for line, record in Array(member.name, stream, context, names).records():
            values: _Values = {}
            _flatten(record, "", values)
            yield from _entry(member.name, line, values, context, layout)


def xml_entries(member: Member, context: Context, layout: Layout) -> Iterator[Entry]:
    """Yield the records of an XML document; reject what is broken.

    Raises:
        SourceError: the file is damaged.
    """
    reading = _Reading()
    with member.open() as stream:
        data = stream.read()
    try:
        reading.parser.Parse(data, True)
    except (expat.ExpatError, _RefusedError) as error:
        line = reading.parser.CurrentLineNumber
        reason = f"not well-formed XML: {error}" if isinstance(error, expat.ExpatError) else ""
        context.reject(member.name, line, reason or str(error))
    for line, values in reading.records:
        yield from _entry(member.name, line, values, context, layout)


def _entry(
    file: str, line: int, values: _Values, context: Context, layout: Layout
) -> Iterator[Entry]:
    header = list(values)
    row = ["\n".join(found) for found in values.values()]
    if _UNWRITABLE.search("".join((*header, *row))):
        column = next(
            (n for n, cell in zip(header, row, strict=True) if _UNWRITABLE.search(cell)), None
        )
        reason = "NUL byte, or half a character"
        context.reject(file, line, reason, column=_printable(column))
        return
    if not layout.fits(header):
        reason = f"no record with {', '.join(layout.known_by)}"
        context.reject(file, line, reason, ", ".join(header))
        return
    yield from entry(layout, file, line, header, row)


def _flatten(value: Any, path: str, values: _Values) -> None:
    """Add the scalars below a JSON value, each under its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _flatten(inner, f"{path}.{name}" if path else str(name), values)
    elif isinstance(value, list):
        for inner in value:
            _flatten(inner, path, values)
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        values.setdefault(path, []).append(text)


def _printable(name: str | None) -> str | None:
    """Return a name that UTF-8 can hold."""
    return name and name.encode("utf-8", "backslashreplace").decode()


class _RefusedError(ValueError):
    """A document that is not read any further."""


class _Reading:
    """Collects the records of a document while it is parsed."""

    def __init__(self) -> None:
        self.records: list[tuple[int, _Values]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] | None = None
        self._texts: list[str] = []
        self._line = 0
        self._values: _Values = {}

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self._path is None:
            if local != RECORD:
                return
            self._path, self._texts = [], []
            self._line, self._values = self.parser.CurrentLineNumber, {}
        else:
            self._path.append(local)
        self._texts.append("")
        for attribute, value in attributes.items():
            path = "/".join((*self._path, "@" + attribute.rpartition(":")[2]))
            self._values.setdefault(path, []).append(value)

    def _end(self, _name: str) -> None:
        if self._path is None:
            return
        if text := self._texts.pop().strip():
            self._values.setdefault("/".join(self._path), []).append(text)
        if self._path:
            self._path.pop()
        else:
            self.records.append((self._line, self._values))
            self._path = None

    def _text(self, text: str) -> None:
        if self._path is not None:
            self._texts[-1] += text

    @staticmethod
    def _doctype(*_parts: object) -> None:
        raise _RefusedError("a document type declaration; refused")
