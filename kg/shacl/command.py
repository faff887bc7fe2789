"""`atlas shacl`: validate one file against another and print the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyshacl
import rdflib

from kg import database
from kg.errors import AtlasError, ShapeError
from kg.shacl.nodes import parse, read_graph
from kg.shacl.parse import parse_shapes
from kg.shacl.report import report_turtle
from kg.shacl.validation import validate
from kg.statements import SCHEMA, batches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

CONFORMS: Final = 0
VIOLATES: Final = 1
FAILED: Final = 2


def run(
    data: Path,
    shapes: Path,
    base: str | None = None,
    engine: str = "sql",
    shapes_base: str | None = None,
) -> tuple[int, str]:
    """Validate the RDF file `data` against the RDF file `shapes`.

    Args:
        data: the data graph; its name tells the format, Turtle if unknown.
        shapes: the shapes graph.
        base: what relative IRIs in both are resolved against; each file's own IRI without it.
        engine: `sql`, or `pyshacl` for a second opinion.
        shapes_base: the same for the shapes graph alone.

    Returns:
        0 and the report in Turtle if the data conforms, 1 and the report if it does not, 2 and
        the reason if there can be no report.
    """
    if engine not in _ENGINES:
        return FAILED, f"no engine {engine!r}, expected one of {', '.join(_ENGINES)}"
    bases = _base(data, base), _base(shapes, shapes_base or base)
    try:
        return _ENGINES[engine](data, shapes, bases)
    except AtlasError as error:
        return FAILED, error.detail


def _base(path: Path, base: str | None) -> str:
    return base if base is not None else path.resolve().as_uri()


def _sql(data: Path, shapes: Path, bases: tuple[str, str]) -> tuple[int, str]:
    parsed = parse_shapes(read_graph(shapes, bases[1]))
    with database.small() as connection:
        load(connection, data, bases[0])
        validation = validate(connection, parsed)
        code = CONFORMS if validation.conforms else VIOLATES
        return code, report_turtle(validation)


def load(connection: duckdb.DuckDBPyConnection, path: Path, base: str) -> None:
    """Make the table `statement` of the triples of an RDF file.

    Raises:
        ShapeError: the file is missing or no RDF.
    """
    rows = pa.Table.from_batches(batches(_rows(path, base)), schema=SCHEMA)
    connection.register("parsed", rows)
    connection.execute("CREATE OR REPLACE TEMP TABLE statement AS SELECT * FROM parsed")
    connection.unregister("parsed")


def _rows(path: Path, base: str) -> Iterator[tuple[object, ...]]:
    for subject, predicate, value in parse(path, base):
        yield (subject.value, predicate.value, *value, "", path.name, None, None, None, None)


def _pyshacl(data: Path, shapes: Path, bases: tuple[str, str]) -> tuple[int, str]:
    data_graph, shapes_graph = read_graph(data, bases[0]), read_graph(shapes, bases[1])
    try:
        conforms, report, text = pyshacl.validate(
            data_graph, shacl_graph=shapes_graph, advanced=True, do_owl_imports=False
        )
    except Exception as error:  # rdflib raises plain ones for queries that it cannot read
        raise ShapeError(f"pySHACL failed: {error}") from error
    if not isinstance(report, rdflib.Graph):
        raise ShapeError(f"pySHACL failed: {text}")
    return (CONFORMS if conforms else VIOLATES), report.serialize(format="turtle")


_ENGINES: Final = {"sql": _sql, "pyshacl": _pyshacl}
