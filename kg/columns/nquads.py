"""N-Quads files as rows: plain lines are cut by DuckDB, every other by pyoxigraph.

A line is plain if it matches a part of the grammar (RDF 1.1 N-Quads, section 6) that needs neither
unescaping nor judgement: single spaces, IRIs of unreserved and delimiting ASCII characters,
literals without a backslash. Nearly all lines that a store or `atlas` writes are, and cutting them
takes a quarter of the time that making terms of them would.
"""

from __future__ import annotations

from glob import escape
from typing import TYPE_CHECKING, Final

import duckdb
from pyoxigraph import RdfFormat, parse

from kg.columns.rows import TABLE, create_rows, insert_quads
from kg.errors import SourceError
from kg.statements import BATCH_ROWS
from kg.terms import RDF, RDF_LANG_STRING, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_IRI: Final = "<[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9/._~:#?&=@!$()*+,;-]*>"
_NAME: Final = f"({_IRI}|_:[A-Za-z0-9]+)"
_LITERAL: Final = rf'"[^"\\]*"(\^\^{_IRI}|@[a-z]{{2,3}}(-[A-Z]{{2}})?)?'
_PLAIN: Final = rf"{_NAME} {_IRI} ({_NAME}|{_LITERAL})( {_NAME})? \."
# Datatypes that a literal with a language has, and no other (RDF 1.2 Concepts, section 3.4).
_JUDGED: Final = ", ".join(f"'^^<{iri}>'" for iri in (RDF_LANG_STRING, RDF + "dirLangString"))
# Longer lines than this make the whole file one for pyoxigraph.
_LONGEST_LINE: Final = 16 << 20


def read_nquads(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Fill the table with the statements of a file, which is validated as it is read.

    Raises:
        SourceError: the file is no N-Quads; says where.
    """
    try:
        connection.execute(f"CREATE OR REPLACE TABLE {TABLE} AS {_CUT}", [escape(str(path))])
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE other_line AS SELECT line FROM {TABLE}"
            " WHERE line IS NOT NULL"
        )
        connection.execute(f"DELETE FROM {TABLE} WHERE line IS NOT NULL")
        connection.execute(f"ALTER TABLE {TABLE} DROP COLUMN line")
        for lines in _others(connection):
            insert_quads(connection, parse("\n".join(lines), format=RdfFormat.N_QUADS))
    except (duckdb.InvalidInputException, SyntaxError):
        # Not UTF-8, a line beyond all measure, or no N-Quads: the parser alone knows where.
        _parsed(connection, path)


def _others(connection: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    """Yield the lines that are not plain piece by piece; other statements may run in between."""
    start = 0
    while rows := connection.execute(
        "SELECT line FROM other_line WHERE rowid >= ? AND rowid < ?", [start, start + BATCH_ROWS]
    ).fetchall():
        yield [line for (line,) in rows]
        start += BATCH_ROWS


def _parsed(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    create_rows(connection)
    try:
        insert_quads(connection, parse(path=path, format=RdfFormat.N_QUADS))
    except SyntaxError as error:
        raise SourceError(f"{path.name}, line {error.lineno}: {error.msg}") from error


def _bare(name: str) -> str:
    """Return the SQL of an IRI without its brackets; a blank node keeps its label."""
    return f"CASE WHEN starts_with({name}, '<') THEN {name}[2:-2] ELSE {name} END"


# A plain line has its subject and predicate before the first two spaces; its literal stands
# between its only two quotation marks.
_CUT: Final = f"""
    WITH read AS (
        SELECT line, split_part(line, ' ', 1) AS subject, split_part(line, ' ', 2) AS predicate,
            split_part(line, ' ', 3) AS object
        FROM read_csv(?, columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '',
            header = false, auto_detect = false, compression = 'none',
            max_line_size = {_LONGEST_LINE})
        WHERE line != ''
    ), ended AS (
        SELECT *, starts_with(object, '"') AS literal,
            CASE WHEN literal THEN split_part(line, '"', 3) ELSE substr(line,
                length(subject) + length(predicate) + length(object) + 3) END AS ending
        FROM read
    ), cut AS (
        SELECT *, split_part(ending, ' ', 1) AS suffix, split_part(ending, ' ', 2) AS graph
        FROM ended
    )
    SELECT {_bare("subject")} AS subject, predicate[2:-2] AS predicate,
        CASE WHEN literal THEN split_part(line, '"', 2) ELSE {_bare("object")} END AS object,
        CAST(CASE WHEN literal THEN 2 ELSE starts_with(object, '<') END AS UTINYINT) AS kind,
        CASE WHEN NOT literal THEN NULL WHEN suffix = '' THEN '{XSD_STRING}'
            WHEN starts_with(suffix, '@') THEN '{RDF_LANG_STRING}'
            ELSE suffix[4:-2] END AS datatype,
        CASE WHEN starts_with(suffix, '@') THEN lower(suffix[2:]) END AS language,
        CASE WHEN graph != '.' THEN {_bare("graph")} END AS graph,
        CASE WHEN NOT regexp_full_match(line, '{_PLAIN}') OR suffix IN ({_JUDGED}) THEN line END
            AS line
    FROM cut
"""
