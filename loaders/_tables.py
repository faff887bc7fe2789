"""Tables as platforms publish them: CSV files and workbooks, known by what their columns say.

1. A column is known by its name whatever its case, blanks and punctuation: `Target countries`,
   `targetCountries` and `target_countries` are one; a layout may give a column further names.
2. A table is of the first layout whose decisive columns it has. Other columns are left alone.
3. Of a file or sheet of no known layout the caller is told; when it came with others (a folder, an
   archive, a workbook) it is rejected, when it was given by itself it is an error.
4. A row without any value is no record. Cells are stripped of blanks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import SourceError
from loaders._framing import Table
from loaders._members import members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from kg.source import Context
    from loaders._members import Member

_WORKBOOK: Final = ".xlsx"
TABULAR: Final = (".csv", ".tsv", _WORKBOOK)

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAK = re.compile(r"[\W_]+")


class Layout(NamedTuple):
    """What a table holds: its columns with the other names that they go by, and the decisive ones.

    A name is written as `plain` makes it; several are separated by blanks.
    """

    name: str
    columns: Mapping[str, str]
    known_by: tuple[str, ...]

    def fit(self, header: Sequence[str]) -> dict[str, int]:
        """Return where each known column is; of two of one name the first.

        >>> Layout("x", {"web": "website url"}, ("web",)).fit(["Name", "Website"])
        {'web': 1}
        """
        named: dict[str, int] = {}
        for index, name in enumerate(header):
            named.setdefault(plain(name), index)
        found: dict[str, int] = {}
        for column, others in self.columns.items():
            at = [named[name] for name in (column, *others.split()) if name in named]
            found |= {column: at[0]} if at else {}
        return found

    def fits(self, header: Sequence[str]) -> bool:
        """Tell whether a header has the decisive columns."""
        return set(self.known_by) <= set(self.fit(header))


class Entry(NamedTuple):
    """A record: where it stands and its values by column; columns without a value are left out.

    `fields` has what the source calls each column; `places` the cell of a workbook (`C`), if it is
    one.
    """

    layout: Layout
    file: str
    line: int
    cells: Mapping[str, str]
    fields: Mapping[str, str]
    places: Mapping[str, str]

    def get(self, column: str) -> str:
        """Return the value of a column, or ""."""
        return self.cells.get(column, "")


def plain(name: str) -> str:
    """Return the name of a column without case, blanks and punctuation: `Web site` → `web_site`."""
    return _BREAK.sub("_", _HUMP.sub("_", name)).strip("_").casefold()


def entries(paths: Sequence[Path], context: Context, layouts: Sequence[Layout]) -> Iterator[Entry]:
    """Yield the records of every table among some files.

    Raises:
        SourceError: a file is missing or damaged, or not one holds such a table.
    """
    with members(paths) as found:
        chosen = [m for m in found if m.suffix in TABULAR]
        fitted = 0
        for member in chosen:
            for record in of_member(member, context, layouts):
                fitted += 1
                yield record
        if not fitted:
            raise nothing([m.name for m in found], described(layouts), context)


def nothing(found: Sequence[str], expected: str, context: Context) -> SourceError:
    """Return the error that no record was found in some files, with the first reason."""
    why = f" ({context.rejects[0].reason})" if context.rejects else ""
    names = ", ".join(found[:5])
    return SourceError(f"No record in {names}{why}; expected {expected}", found=list(found))


def described(layouts: Sequence[Layout]) -> str:
    """Return what tables must have, in words."""
    return " or ".join(f"a table of {x.name} ({', '.join(x.known_by)})" for x in layouts)


def of_member(member: Member, context: Context, layouts: Sequence[Layout]) -> Iterator[Entry]:
    """Yield the records of a file: of its one table, or of each sheet.

    Raises:
        SourceError: it is damaged, or given by itself and of no known layout.
    """
    if member.suffix == _WORKBOOK:
        from loaders._workbook import sheets  # noqa: PLC0415 - brings openpyxl

        for sheet in sheets(member, context, lambda header: _choose(layouts, header) is not None):
            if layout := _layout(sheet.name, 1, sheet.columns, layouts, member, context):
                letters = sheet.letters
                for line, cells in sheet.rows():
                    yield from entry(layout, sheet.name, line, sheet.columns, cells, letters)
        return
    with member.open() as stream:
        table = Table(member.name, stream, context)
        if layout := _layout(member.name, 1, table.columns, layouts, member, context):
            for line, row in table.rows():
                yield from entry(layout, member.name, line, table.columns, row)


def _choose(layouts: Sequence[Layout], header: Sequence[str]) -> Layout | None:
    return next((layout for layout in layouts if layout.fits(header)), None)


def _layout(
    name: str,
    line: int,
    header: Sequence[str],
    layouts: Sequence[Layout],
    member: Member,
    context: Context,
) -> Layout | None:
    """Return the layout of a table, None after rejecting one that has none."""
    if layout := _choose(layouts, header):
        return layout
    reason = f"unknown layout: columns {', '.join(header)}; expected {described(layouts)}"
    if not member.container and member.suffix != _WORKBOOK:
        raise SourceError(f"{name}: {reason}", file=name, found=list(header))
    context.reject(name, line, reason)
    return None


def entry(
    layout: Layout,
    file: str,
    line: int,
    header: Sequence[str],
    row: Sequence[str],
    letters: Sequence[str] = (),
) -> Iterator[Entry]:
    """Yield the record of a row, if the row says anything."""
    at = layout.fit(header)
    cells = {column: value for column, n in at.items() if (value := row[n].strip())}
    if cells:
        fields = {column: header[n] for column, n in at.items()}
        places = {column: letters[n] for column, n in at.items()} if letters else {}
        yield Entry(layout, file, line, cells, fields, places)
