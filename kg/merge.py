"""Merging: all quads of a release in one table, out of its imports and the ontology.

The table `quad` has the columns of kg.difference.QUADS. It is filled in three steps, each of which
may be the last that is wanted: what is stated, what follows, where it comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from kg import axioms, inference, provenance
from kg.database import quoted
from kg.difference import COLUMNS, MERGED, QUADS
from kg.statements import batches

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from kg.difference import Making
    from kg.progress import Stages


def merge(connection: duckdb.DuckDBPyConnection, making: Making, stages: Stages) -> None:
    """Make the table `quad` with all quads of a release."""
    with stages.stage("merge statements"):
        state(connection, making)
    with stages.stage("infer"):
        conclude(connection, making)
    with stages.stage("trace provenance"):
        trace(connection, making)


def state(connection: duckdb.DuckDBPyConnection, making: Making) -> None:
    """Make the table `quad` of what is stated: each triple once, in the first graph that has it.

    The engine's union of graphs repeats a triple that two of them hold, so that COUNT and SUM over
    the default graph would count it twice (RDF 1.1 Semantics, section 4.1: a merge is a set).
    """
    connection.register("incoming", QUADS.empty_table())
    connection.execute("CREATE TABLE quad AS SELECT * FROM incoming")
    connection.unregister("incoming")
    taught = making.ontology.statements(making.identifiers.graph("ontology"))
    insert(connection, (row[:7] for row in taught))
    tables = ("quad", *map(making.rows, sorted(making.imports)))
    parts = " UNION ALL ".join(f"SELECT {COLUMNS} FROM {rows}" for rows in tables)
    connection.execute(f"CREATE OR REPLACE TABLE quad AS {MERGED.format(parts=parts)}")


def conclude(connection: duckdb.DuckDBPyConnection, making: Making) -> None:
    """Add what follows from the table by the rules of the ontology, in the graph `inferred`."""
    inference.infer(connection, "quad", axioms.rules(making.ontology))
    graph = quoted(making.identifiers.graph("inferred"))
    connection.execute(f"INSERT INTO quad BY NAME SELECT *, {graph} AS graph FROM inferred")
    connection.execute("DROP TABLE inferred")


def trace(connection: duckdb.DuckDBPyConnection, making: Making) -> None:
    """Add for every entity where it was first written, in the graph `provenance`."""
    for source, one in sorted(making.imports.items()):
        provenance.derive(connection, making.identifiers, one, making.rows(source))
        told = provenance.describe(making.identifiers, one, making.sources.get(source))
        insert(connection, told)


def insert(connection: duckdb.DuckDBPyConnection, quads: Iterable[tuple[object, ...]]) -> None:
    """Add rows to the table `quad`."""
    for batch in batches(quads, QUADS):
        connection.register("incoming", pa.Table.from_batches([batch]))
        connection.execute("INSERT INTO quad SELECT * FROM incoming")
        connection.unregister("incoming")
