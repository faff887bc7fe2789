"""Where a CORDIS record stands, and rows of statements made at that place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kg.statements import IRI, LITERAL, literal_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

# kg.statements.Statement as a plain tuple: a million of them are made, and a plain one is faster.
Row = tuple[str, str, str, int, str | None, str | None, str, str, int, str | None, str, str | None]


class Layout(NamedTuple):
    """Where a file has the columns of a table, and how it calls them.

    `part` stands in the record's key after the project when one file holds several tables (XML).
    """

    position: Mapping[str, int]
    field: Mapping[str, str]
    part: str = ""

    def cell(self, cells: list[str], name: str) -> str:
        """Return the cell of a column, "" if the file has no such column."""
        position = self.position.get(name)
        return "" if position is None else cells[position]


class Place(NamedTuple):
    """Where a record stands, and when the source last changed it."""

    graph: str
    file: str
    line: int
    record: str
    modified: str | None = None

    def iri(self, subject: str, predicate: str, value: str, field: str | None) -> Row:
        """Return the statement that `subject` has the IRI `value` as `predicate`."""
        graph, file, line, record, modified = self
        return (
            subject, predicate, value, IRI, None, None, graph, file, line, field, record, modified
        )  # fmt: skip

    def literal(
        self,
        subject: str,
        predicate: str,
        value: str,
        field: str | None,
        datatype: str | None = None,
        language: str | None = None,
    ) -> Row:
        """Return the statement that `subject` has the literal `value` as `predicate`."""
        graph, file, line, record, modified = self
        columns = literal_columns(datatype, language)
        return (
            subject, predicate, value, LITERAL, *columns, graph, file, line, field, record, modified
        )  # fmt: skip
