"""Statements as the rows that columns are built from: the table `quads_read` of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
from pyoxigraph import Literal, NamedNode

from kg.statements import BATCH_ROWS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb
    from pyoxigraph import Quad

TABLE: Final = "quads_read"
# What a statement says, without where it was written.
_SCHEMA: Final = pa.schema(
    [
        SCHEMA.field(name)
        for name in ("subject", "predicate", "object", "kind", "datatype", "language", "graph")
    ]
)


def create_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table, or empty it."""
    connection.register("quads_batch", _SCHEMA.empty_table())
    connection.execute(f"CREATE OR REPLACE TABLE {TABLE} AS SELECT * FROM quads_batch")
    connection.unregister("quads_batch")


def insert_quads(connection: duckdb.DuckDBPyConnection, quads: Iterable[Quad]) -> None:
    """Add pyoxigraph quads to the table, batch by batch."""
    for batch in _batches(quads):
        connection.register("quads_batch", batch)
        connection.execute(f"INSERT INTO {TABLE} SELECT * FROM quads_batch")
        connection.unregister("quads_batch")


def _batches(quads: Iterable[Quad]) -> Iterator[pa.RecordBatch]:
    rows: list[tuple[object, ...]] = []
    for quad in quads:
        rows.append(_row(quad))
        if len(rows) == BATCH_ROWS:
            yield _batch(rows)
            rows = []
    if rows:
        yield _batch(rows)


def _batch(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)


def _row(quad: Quad) -> tuple[object, ...]:
    graph = _name(quad.graph_name) if hasattr(quad.graph_name, "value") else None
    term = quad.object
    if isinstance(term, Literal):
        tail: tuple[object, ...] = (term.value, 2, term.datatype.value, term.language)
    else:
        tail = (_name(term), int(isinstance(term, NamedNode)), None, None)
    return (_name(quad.subject), quad.predicate.value, *tail, graph)


def _name(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else str(term)
