"""N-Quads out of statements: SQL that writes a row as a line (RDF 1.1 N-Quads, section 2).

Subjects, predicates and IRIs are written as they are: what enters a release was checked when it was
imported, and blank nodes were replaced by IRIs. Literals escape only what the grammar demands
(STRING_LITERAL_QUOTE: quotation mark, backslash, line feed, carriage return).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.database import quoted
from kg.statements import LITERAL
from kg.terms import XSD_STRING

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_ESCAPED: Final = (
    r"replace(replace(replace(replace(object, '\', '\\'), chr(34), '\' || chr(34)),"
    r" chr(10), '\n'), chr(13), '\r')"
)

OBJECT: Final = f"""CASE
  WHEN kind <> {LITERAL} THEN concat('<', object, '>')
  WHEN language IS NOT NULL THEN concat('"', {_ESCAPED}, '"@', language)
  WHEN datatype = '{XSD_STRING}' THEN concat('"', {_ESCAPED}, '"')
  ELSE concat('"', {_ESCAPED}, '"^^<', datatype, '>')
END"""

LINE: Final = f"concat('<', subject, '> <', predicate, '> ', {OBJECT}, ' <', graph, '> .')"


def write(connection: duckdb.DuckDBPyConnection, quads: str, path: Path) -> None:
    """Write the quads of an SQL relation to a file, one line each, in no particular order."""
    options = "FORMAT csv, HEADER false, DELIMITER '', QUOTE '', ESCAPE ''"
    connection.execute(f"COPY (SELECT {LINE} FROM {quads}) TO {quoted(path)} ({options})")
