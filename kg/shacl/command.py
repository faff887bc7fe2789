"""`atlas shacl`: validate one file against another and print the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb
import pyshacl

from kg.errors import AtlasError, ShapeError
from kg.shacl.nodes import parse, read_graph
from kg.shacl.parse import parse_shapes
from kg.shacl.report import report_turtle
from kg.shacl.validation import validate
from kg.statements import SCHEMA, batches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFORMS: Final = 0
VIOLATES: Final = 1
FAILED: Final = 2


def run(
    data: Path, shapes: Path, base: str | None = None, engine: str = "sql"
) -> tuple[int, str]:
    """Validate the RDF file `data` against the RDF file `shapes`.

    Args:
        data: the data graph; its name tells the format, Turtle if unknown.
        shapes: the shapes graph.
        base: what relative IRIs in both are resolved against; each file's own IRI without it.
        engine: `sql`, or `pyshacl` for a second opinion.

    Returns:
        0 and the report in Turtle if the data conforms, 1 and the report if it does not, 2 and
        the reason if there can be no report.
    """
    try:
        return _ENGINES[engine](data, shapes, base)
    except KeyError:
        return FAILED, f"no engine {engine!r}, expected one of {', '.join(_ENGINES)}"
    except AtlasError as error:
        return FAILED, error.detail


def _base(path: Path, base: str | None) -> str:
    return base if base is not None else path.resolve().as_uri()


def _sql(data: Path, shapes: Path, base: str | None) -> tuple[int, str]:
    parsed = parse_shapes(read_graph(shapes, _base(shapes, base)))
    with duckdb.connect() as connection:
        load(connection, data, _base(data, base))
        validation = validate(connection, parsed)
        code = CONFORMS if validation.conforms else VIOLATES
        return code, report_turtle(validation)


def load(connection: duckdb.DuckDBPyConnection, path: Path, base: str) -> None:
    """Make the table `statement` of the triples of an RDF file.

    Raises:
        ShapeError: the file is missing or no RDF.
    """
    import pyarrow as pa  # noqa: PLC0415

    rows = pa.Table.from_batches(batches(_rows(path, base)), schema=SCHEMA)
    connection.register("parsed", rows)
    connection.execute("CREATE OR REPLACE TEMP TABLE statement AS SELECT * FROM parsed")
    connection.unregister("parsed")


def _rows(path: Path, base: str) -> Iterator[tuple[object, ...]]:
    for subject, predicate, value in parse(path, base):
        yield (subject.value, predicate.value, *value, "", path.name, None, None, None, None)


def _pyshacl(data: Path, shapes: Path, base: str | None) -> tuple[int, str]:
    graphs = read_graph(data, _base(data, base)), read_graph(shapes, _base(shapes, base))
    conforms, report, text = pyshacl.validate(
        graphs[0], shacl_graph=graphs[1], advanced=True, inference="none", do_owl_imports=False
    )
    if isinstance(report, Exception) or isinstance(report, bytes | str):
        raise ShapeError(f"pySHACL failed: {text}")
    return (CONFORMS if conforms else VIOLATES), report.serialize(format="turtle")


_ENGINES: Final = {"sql": _sql, "pyshacl": _pyshacl}
