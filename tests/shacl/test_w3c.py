"""The W3C test suite for SHACL Core: every report isomorphic to the expected one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyoxigraph
import pytest
import rdflib
from rdflib import RDF, SH, Graph, Namespace
from rdflib.compare import isomorphic

from kg.shacl import read_graph
from kg.shacl.command import run
from kg.shacl.nodes import node_of, term_of_pyoxigraph

if TYPE_CHECKING:
    from collections.abc import Iterator

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
SUITE = (
    Path(__file__).parents[2].parent
    / "shared/conformance/data/data-shapes/data-shapes-test-suite/tests"
)


class Case(NamedTuple):
    """One test of the manifest; `expected` is the node of its report in `manifest`."""

    name: str
    data: Path
    shapes: Path
    manifest: Graph
    expected: Any


def _cases(path: Path) -> Iterator[Case]:
    graph = read_graph(path, path.as_uri())
    for head in graph.subjects(RDF.type, MF.Manifest):
        for included in graph.objects(head, MF.include):
            yield from _cases(Path(str(included).removeprefix("file://")))
        for entries in graph.objects(head, MF.entries):
            for test in graph.items(entries):
                action = graph.value(test, MF.action)
                files = [
                    Path(str(graph.value(action, name)).removeprefix("file://"))
                    for name in (SHT.dataGraph, SHT.shapesGraph)
                ]
                name = str(test).rpartition("/")[2]
                yield Case(name, *files, graph, graph.value(test, MF.result))


def _all() -> list[Case]:
    return list(_cases(SUITE / "manifest.ttl")) if SUITE.exists() else []


def _report(graph: Graph, *, messages: bool) -> Graph:
    """Return what belongs to the report of a graph: its results, their values and paths."""
    kept, todo = Graph(), list(graph.subjects(RDF.type, SH.ValidationReport))
    seen: set[Any] = set()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        for predicate, value in graph.predicate_objects(node):
            if predicate == SH.resultMessage and not messages:
                continue
            kept.add((node, predicate, value))
            followed = predicate not in (SH.focusNode, SH.value, SH.sourceShape)
            if followed and isinstance(value, rdflib.BNode):
                todo.append(value)
    return kept


def test_the_suite_is_complete() -> None:
    """All 98 tests of SHACL Core are run where the suite is at hand."""
    if not SUITE.exists():
        pytest.skip("the W3C suite is not at hand (../shared/conformance)")

    assert len(_all()) == 98


@pytest.mark.parametrize("case", _all(), ids=lambda case: case.name)
def test_report_is_as_the_suite_expects(case: Case) -> None:
    """The report is isomorphic to the expected one, messages only where one is expected."""
    code, text = run(case.data, case.shapes, case.data.as_uri(), "sql", case.shapes.as_uri())
    expected = Graph()
    for triple in _reachable(case.manifest, case.expected):
        expected.add(triple)
    messages = any(expected.triples((None, SH.resultMessage, None)))

    assert code == (0 if str(expected.value(case.expected, SH.conforms)) == "true" else 1)
    assert isomorphic(_report(expected, messages=messages), _report(_read(text), messages=messages))


def _read(text: str) -> Graph:

    graph = Graph()
    for quad in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE):
        graph.add(tuple(node_of(term_of_pyoxigraph(node)) for node in quad.triple))
    return graph


def _reachable(graph: Graph, start: Any) -> Iterator[tuple[Any, Any, Any]]:
    todo, seen = [start], set()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        for triple in graph.triples((node, None, None)):
            yield triple
            if isinstance(triple[2], rdflib.BNode):
                todo.append(triple[2])
