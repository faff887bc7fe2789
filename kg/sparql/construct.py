"""CONSTRUCT (SPARQL 1.1, section 16.2): a SELECT of the template's variables, as triples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyoxigraph import Literal, NamedNode

from kg.sparql.algebra import Var
from kg.sparql.scope import triple_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kg.sparql.algebra import Query, Select, Triple
    from kg.sparql.results import Output, Writer


def construct_select(query: Query) -> Select:
    """Return the SELECT that gives a template its solutions, each set of values once."""
    names = dict.fromkeys(var for triple in query.template for var in triple_variables(triple))
    shown = tuple((var, None) for var in names if not var.anonymous)
    whole = any(var.anonymous for var in names) or query.select.order or query.select.limit
    return replace(query.select, projection=shown, distinct=not whole and query.select.offset == 0)


def graph_lines(
    writer: Writer,
    template: Sequence[Triple],
    outputs: Sequence[Output],
    batches: Iterable[pa.RecordBatch],
) -> Iterator[bytes]:
    """Yield the triples as N-Triples; incomplete and impossible ones are left out."""
    done = 0
    for batch in batches:
        cells = {
            Var(output.name): _cells(writer, output, column)
            for output, column in zip(outputs, batch.columns, strict=False)
        }
        for triple in template:
            yield _lines(writer, triple, cells, done, batch.num_rows)
        done += batch.num_rows


def _cells(writer: Writer, output: Output, column: pa.Array) -> pa.Array:
    cells = writer.cells(output, column)
    return pc.if_else(pc.equal(cells, ""), None, cells)


def _lines(
    writer: Writer, triple: Triple, cells: dict[Var, pa.Array], done: int, size: int
) -> bytes:
    parts = [
        _node(writer, node, cells, done, size)
        for node in (triple.subject, triple.predicate, triple.object)
    ]
    subject, predicate, _ = parts
    possible = pc.and_(pc.invert(pc.starts_with(subject, '"')), pc.starts_with(predicate, "<"))
    end = pa.scalar(".\n", pa.large_string())
    lines = pc.binary_join_element_wise(*parts, end, pa.scalar(" ", pa.large_string()))
    lines = pc.unique(lines.filter(possible)).drop_null()
    return "".join(lines.to_pylist()).encode()


def _node(
    writer: Writer, node: object, cells: dict[Var, pa.Array], done: int, size: int
) -> pa.Array:
    if isinstance(node, NamedNode | Literal):
        return pa.repeat(pa.scalar(writer.term(node), pa.large_string()), size)
    if not isinstance(node, Var):
        raise TypeError(node)
    if not node.anonymous:
        return cells.get(node, pa.nulls(size, pa.large_string()))
    label = node.name[2:].replace("_", "").replace(":", "")
    names = [f"_:c{label}r{done + row}" for row in range(size)]
    return pa.array(names, pa.large_string())
