"""W3C validation reports (section 3.6 of the recommendation), written on demand.

Results live in a table; a report is made of them only when somebody asks for RDF. Blank nodes of
the data and of the shapes get different prefixes: their labels come from two documents.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox
import rdflib

from kg.shacl import paths
from kg.shacl.messages import fill, parameters
from kg.shacl.nodes import node_of, term_of_pyoxigraph
from kg.shacl.shapes import Term
from kg.statements import BLANK, IRI
from kg.terms import RDF, SH, XSD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.shacl.plan import Rule
    from kg.shacl.validation import Validation

_PREFIXES: Final = {"sh": SH, "xsd": XSD, "rdf": RDF}
_BATCH: Final = 10_000
_COLUMNS: Final = (
    "rule, focus, focus_kind, focus_datatype, focus_language, path,"
    " value, value_kind, datatype, language, said"
)


def report_turtle(validation: Validation) -> str:
    """Return the report as Turtle."""
    written = ox.serialize(_triples(validation), format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    return (written or b"").decode()


def report_graph(validation: Validation) -> rdflib.Graph:
    """Return the report as an rdflib graph, lexical forms untouched."""
    graph = rdflib.Graph()
    for name, namespace in _PREFIXES.items():
        graph.bind(name, namespace)
    for triple in _triples(validation):
        graph.add(tuple(node_of(term_of_pyoxigraph(node)) for node in triple))  # type: ignore[arg-type]
    return graph


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(SH + name)


_TYPE: Final = ox.NamedNode(RDF + "type")


def _triples(validation: Validation) -> Iterator[ox.Triple]:
    report = ox.BlankNode("report")
    yield ox.Triple(report, _TYPE, _sh("ValidationReport"))
    yield ox.Triple(report, _sh("conforms"), ox.Literal(validation.conforms))
    for number in range(validation.count):
        yield ox.Triple(report, _sh("result"), ox.BlankNode(f"result{number}"))
    connection = validation.connection
    connection.execute(f"SELECT result, {_COLUMNS} FROM {validation.table} ORDER BY result")
    while rows := connection.fetchmany(_BATCH):
        for row in rows:
            node = ox.BlankNode(f"result{row[0]}")
            yield from _result(node, validation.rules[row[1]], row[2:])


def _result(node: ox.BlankNode, rule: Rule, row: tuple[Any, ...]) -> Iterator[ox.Triple]:
    focus, path, value = Term(*row[:4]), row[4], Term(*row[5:9])
    yield ox.Triple(node, _TYPE, _sh("ValidationResult"))
    yield ox.Triple(node, _sh("focusNode"), _data_node(focus))
    yield ox.Triple(node, _sh("resultSeverity"), ox.NamedNode(rule.shape.severity))
    yield ox.Triple(node, _sh("sourceConstraintComponent"), ox.NamedNode(rule.constraint.component))
    yield ox.Triple(node, _sh("sourceShape"), _shape_node(rule.shape.node))
    if rule.constraint.component == SH + "SPARQLConstraintComponent" and rule.constraint.node:
        yield ox.Triple(node, _sh("sourceConstraint"), _shape_node(rule.constraint.node))
    if row[5] is not None:
        yield ox.Triple(node, _sh("value"), _data_node(value))
    if path is not None:
        yield from _path(node, rule, path)
    texts = json.loads(row[9]) if row[9] is not None else _texts(rule, focus, path, value)
    for text, language in texts:
        literal = ox.Literal(text, language=language) if language else ox.Literal(text)
        yield ox.Triple(node, _sh("resultMessage"), literal)


def _path(node: ox.BlankNode, rule: Rule, path: str) -> Iterator[ox.Triple]:
    own = rule.shape.path
    if own is None or paths.text(own) != path:
        yield ox.Triple(node, _sh("resultPath"), ox.NamedNode(path))
        return
    writer = PathWriter(node.value)
    yield ox.Triple(node, _sh("resultPath"), writer.node(own))
    yield from writer.triples


class PathWriter:
    """Writes a path as RDF under fresh blank nodes."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.triples: list[ox.Triple] = []
        self.count = 0

    def fresh(self) -> ox.BlankNode:
        """Return a new blank node."""
        self.count += 1
        return ox.BlankNode(f"{self.label}path{self.count}")

    def node(self, path: paths.Path) -> ox.NamedNode | ox.BlankNode:
        """Return the node of a path."""
        match path:
            case paths.Predicate(iri):
                return ox.NamedNode(iri)
            case paths.Sequence(steps):
                return self._list(steps)
            case paths.Alternative(members):
                return self._unary("alternativePath", self._list(members))
            case _:
                name = type(path).__name__
                # Inverse -> sh:inversePath, ZeroOrMore -> sh:zeroOrMorePath
                predicate = f"{name[0].lower()}{name[1:]}Path"
                return self._unary(predicate, self.node(path.path))

    def _unary(self, predicate: str, operand: ox.NamedNode | ox.BlankNode) -> ox.BlankNode:
        node = self.fresh()
        self.triples.append(ox.Triple(node, _sh(predicate), operand))
        return node

    def _list(self, members: tuple[paths.Path, ...]) -> ox.NamedNode | ox.BlankNode:
        rest: ox.NamedNode | ox.BlankNode = ox.NamedNode(RDF + "nil")
        for member in reversed(members):
            node = self.fresh()
            self.triples.append(ox.Triple(node, ox.NamedNode(RDF + "first"), self.node(member)))
            self.triples.append(ox.Triple(node, ox.NamedNode(RDF + "rest"), rest))
            rest = node
        return rest


def _texts(rule: Rule, focus: Term, path: str | None, value: Term) -> Iterator[tuple[str, str]]:
    """Yield the texts of a rule, each with its language, filled in for one result."""
    known = {
        "path": path or "",
        **parameters(rule),
        "this": focus.value,
        "value": value.value or "",
    }
    for text, language in rule.messages:
        yield fill(text, known), language


def _data_node(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    return _node(term, "d")


def _shape_node(term: Term) -> Any:
    return _node(term, "s")


def _node(term: Term, prefix: str) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if term.kind == IRI:
        return ox.NamedNode(term.value)
    if term.kind == BLANK:
        return ox.BlankNode(prefix + term.value.removeprefix("_:"))
    if term.language:
        return ox.Literal(term.value, language=term.language)
    return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype or XSD + "string"))
