"""Ways to ask both judges: the SQL engine and pySHACL."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
import pyoxigraph
import pyshacl
import pytest
import rdflib
from rdflib import RDF, SH, XSD, Graph

from kg.shacl import Validation, parse_shapes, report_graph, validate
from kg.shacl.nodes import node_of, term_of, term_of_pyoxigraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PREFIXES = """
PREFIX : <http://example.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
_COLUMNS = "subject VARCHAR, predicate VARCHAR, object VARCHAR, kind UTINYINT"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def turtle() -> Callable[[str], Graph]:
    return _turtle


def _turtle(text: str) -> Graph:
    """Read Turtle with the prefixes above, every lexical form as it is written."""
    graph = Graph()
    for quad in pyoxigraph.parse(PREFIXES + text, format=pyoxigraph.RdfFormat.TURTLE):
        graph.add(tuple(node_of(term_of_pyoxigraph(node)) for node in quad.triple))
    return graph


@pytest.fixture
def stated(connection: duckdb.DuckDBPyConnection) -> Callable[..., None]:
    """Make a table of the statements of a graph."""

    def state(graph: Graph, name: str = "statement") -> None:
        connection.execute(
            f"CREATE OR REPLACE TABLE {name}({_COLUMNS}, datatype VARCHAR, language VARCHAR)"
        )
        rows = [(term_of(s).value, term_of(p).value, *term_of(o)) for s, p, o in graph]
        if rows:
            connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?)", rows)

    return state


@pytest.fixture
def by_sql(
    connection: duckdb.DuckDBPyConnection, stated: Callable[..., None]
) -> Callable[[Graph, Graph], Graph]:
    """Return the SQL engine's report on a data graph and a shapes graph."""

    def judge(data: Graph, shapes: Graph) -> Graph:
        stated(data)
        return report_graph(validate(connection, parse_shapes(shapes)))

    return judge


@pytest.fixture
def by_pyshacl() -> Callable[[Graph, Graph], Graph]:
    """Return pySHACL's report on the same."""

    def judge(data: Graph, shapes: Graph) -> Graph:
        logging.getLogger("pyshacl").disabled = True
        copies = Graph() + data, Graph() + shapes  # it writes into what it is given
        _, report, _ = pyshacl.validate(copies[0], shacl_graph=copies[1], advanced=True)
        return report

    return judge


@pytest.fixture
def check(
    connection: duckdb.DuckDBPyConnection, stated: Callable[..., None]
) -> Callable[[str, str], Validation]:
    """Validate Turtle against Turtle."""

    def judge(data: str, shapes: str) -> Validation:
        stated(_turtle(data))
        return validate(connection, parse_shapes(_turtle(shapes)))

    return judge


@pytest.fixture
def values(check: Callable[[str, str], Validation]) -> Callable[[str, str], list[str]]:
    """Return the values of the results, focus node where there is none, sorted."""

    def found(data: str, shapes: str) -> list[str]:
        validation = check(data, shapes)
        rows = validation.connection.execute(
            f"SELECT coalesce(value, focus) AS v FROM {validation.table} ORDER BY v"
        ).fetchall()
        return [value.removeprefix("http://example.org/") for (value,) in rows]

    return found


@pytest.fixture
def results() -> Callable[[Graph], Counter[Any]]:
    """Return the bag of results of a report; blank nodes keep no name."""
    return _results


def _results(report: Graph) -> Counter[Any]:
    names = ("focusNode", "value", "sourceConstraintComponent", "sourceShape", "resultSeverity")
    return Counter(
        (*(_term(report.value(node, SH[name])) for name in names), _path(report, node))
        for head in report.subjects(RDF.type, SH.ValidationReport)
        for node in report.objects(head, SH.result)
    )


def _term(node: Any) -> Any:
    if isinstance(node, rdflib.BNode):
        return "_:"
    if isinstance(node, rdflib.Literal):
        return str(node), str(node.datatype or XSD.string), (node.language or "").lower()
    return str(node)


def _path(report: Graph, node: Any) -> str:
    path = report.value(node, SH.resultPath)
    return str(path) if isinstance(path, rdflib.URIRef) else type(path).__name__
