"""Building the columns of a release from its statements.

1. Literals take the form that the store gives them (`canonical`).
2. Each tag's distinct texts are sorted; a term's place among them is its rank (`ids`).
3. Statements become rows of numbers, sorted by predicate, subject and object; a triple that stands
   in several graphs keeps the first in `triples` and the others in `repeats`.
4. Each property gets a table sorted by subject and one sorted by object, with the numeric value and
   the text of strings beside the number where the property has such.
5. The dictionaries are written once more as Arrow files, which are memory-mapped to serve results.

Every step is one SQL statement over tables, so DuckDB streams and spills below its memory limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.columns.canonical import canonical_batches, irregular_sql
from kg.columns.dictionary import write_dictionaries
from kg.columns.encode import encode_statements, store_statements
from kg.columns.macros import create_statements
from kg.columns.nquads import read_nquads
from kg.columns.properties import build_properties
from kg.columns.rows import TABLE, create_rows, insert_quads
from kg.database import connect
from kg.errors import WorkspaceError
from kg.statements import BATCH_ROWS
from kg.terms import RDF_LANG_STRING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import duckdb
    from pyoxigraph import Quad

DATABASE: Final = "columns.duckdb"


def build(connection: duckdb.DuckDBPyConnection, quads: str, folder: Path) -> int:
    """Write the columns of the statements in a relation and return how many distinct there are.

    Args:
        connection: holds the relation; its memory limit and temporary folder bound the building.
        quads: name of a table or view with the columns of a statement (`kg.statements`); `graph`
            is empty or NULL for the default graph. Provenance columns are not read.
        folder: `columns/` of the release; it must not hold columns already.

    Raises:
        WorkspaceError: not every statement arrived.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection.execute(f"ATTACH '{folder / DATABASE}' AS built")
    try:
        _canonical_literals(connection, quads)
        encode_statements(connection)
        connection.execute("BEGIN")
        for statement in create_statements("built.main"):
            connection.execute(statement)
        store_statements(connection)
        connection.execute("COMMIT")
        connection.execute("BEGIN")
        build_properties(connection)
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT built")
        write_dictionaries(connection, folder)
        return _checked_count(connection)
    finally:
        connection.execute("DETACH built")


def _checked_count(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many statements were written, once every one of them is in its property."""
    row = connection.execute(
        "SELECT (SELECT count(s) FROM built.triples), (SELECT count(s) FROM built.repeats),"
        " (SELECT coalesce(sum(count), 0) FROM built.property)"
    ).fetchone()
    triples, repeats, in_properties = row or (0, 0, -1)
    if triples != in_properties:
        raise WorkspaceError(f"Of {triples} triples, {in_properties} are in the columns")
    return int(triples + repeats)


def build_from_quads(quads: Iterable[Quad], folder: Path, memory: int = 1024) -> int:
    """Write the columns of pyoxigraph quads, in at most `memory` MiB, and return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    with connect(folder / "spill", memory) as connection:
        create_rows(connection)
        insert_quads(connection, quads)
        return build(connection, TABLE, folder)


def build_from_nquads(path: Path, folder: Path, memory: int = 1024) -> int:
    """Write the columns of an N-Quads file, which is validated as it is read.

    Raises:
        SourceError: the file is no N-Quads; says where.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with connect(folder / "spill", memory) as connection:
        read_nquads(connection, path)
        return build(connection, TABLE, folder)


def _canonical_literals(connection: duckdb.DuckDBPyConnection, quads: str) -> None:
    """Make the view `canonical_quads`: the statements with their literals as the store has them."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE irregular_literal AS SELECT DISTINCT object, datatype"
        f" FROM {quads} WHERE kind = 2 AND {irregular_sql('object', 'datatype')}"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE canonical_literal"
        " (object VARCHAR, datatype VARCHAR, canonical VARCHAR, canonical_datatype VARCHAR)"
    )
    for batch in canonical_batches(_irregular(connection)):
        connection.register("canonical_batch", batch)
        connection.execute("INSERT INTO canonical_literal SELECT * FROM canonical_batch")
        connection.unregister("canonical_batch")
    connection.execute(_canonical_view(quads))


def _irregular(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Yield the irregular literals piece by piece; other statements may run in between."""
    start = 0
    while rows := connection.execute(
        "SELECT object, datatype FROM irregular_literal WHERE rowid >= ? AND rowid < ?",
        [start, start + BATCH_ROWS],
    ).fetchall():
        yield from rows
        start += BATCH_ROWS


def _canonical_view(quads: str) -> str:
    return (
        "CREATE OR REPLACE TEMP VIEW canonical_quads AS SELECT q.subject, q.predicate, q.kind,"
        " coalesce(c.canonical, q.object) AS object,"
        " coalesce(c.canonical_datatype, q.datatype) AS datatype,"
        f" CASE WHEN q.datatype = '{RDF_LANG_STRING}' THEN lower(q.language) END AS language,"
        " nullif(q.graph, '') AS graph"
        f" FROM {quads} q LEFT JOIN canonical_literal c"
        " ON q.kind = 2 AND q.object = c.object AND q.datatype = c.datatype"
    )
