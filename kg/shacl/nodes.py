"""Looking into a shapes graph, with errors that name the shape and what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph
import rdflib

from kg.errors import ShapeError
from kg.shacl.shapes import Term
from kg.statements import BLANK, IRI, LITERAL, literal_columns
from kg.terms import RDF, SH, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def term_of(node: Any) -> Term:
    """Return an rdflib node as the columns of a statement."""
    if isinstance(node, rdflib.Literal):
        datatype = str(node.datatype) if node.datatype is not None else None
        return Term(str(node), LITERAL, *literal_columns(datatype, node.language))
    if isinstance(node, rdflib.BNode):
        return Term(f"_:{node}", BLANK)
    return Term(str(node), IRI)


def node_of(term: Term) -> rdflib.URIRef | rdflib.BNode | rdflib.Literal:
    """Return columns of a statement as an rdflib node, the lexical form untouched.

    To rdflib "a" and "a"^^xsd:string are two literals, in RDF 1.1 they are one: always the first.
    """
    if term.is_iri:
        return rdflib.URIRef(term.value)
    if term.is_blank:
        return rdflib.BNode(term.value.removeprefix("_:"))
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype == XSD_STRING:
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype or ""), normalize=False)


def term_of_pyoxigraph(node: Any) -> Term:
    """Return a pyoxigraph node as the columns of a statement."""
    if isinstance(node, pyoxigraph.Literal):
        return Term(
            node.value, LITERAL, *literal_columns(node.datatype.value, node.language or None)
        )
    if isinstance(node, pyoxigraph.BlankNode):
        return Term(f"_:{node.value}", BLANK)
    return Term(node.value, IRI)


def read_graph(path: Path, base: str | None = None) -> rdflib.Graph:
    """Read an RDF file into an rdflib graph with every lexical form as it is written.

    rdflib's own parsers rewrite "05" to "5"; to SHACL these are two terms (section 2.1 of the
    recommendation on sh:in and sh:hasValue).

    Raises:
        ShapeError: the file is missing or no RDF.
    """
    graph = rdflib.Graph()
    for triple in parse(path, base):
        graph.add(tuple(node_of(term) for term in triple))  # type: ignore[arg-type]
    return graph


def parse(path: Path, base: str | None = None) -> Iterator[tuple[Term, Term, Term]]:
    """Yield the triples of an RDF file; its name tells the format, Turtle if unknown.

    Raises:
        ShapeError: the file is missing or no RDF.
    """
    form = pyoxigraph.RdfFormat.from_extension(path.suffix.lstrip("."))
    try:
        for quad in pyoxigraph.parse(
            path=str(path), format=form or pyoxigraph.RdfFormat.TURTLE, base_iri=base
        ):
            yield tuple(term_of_pyoxigraph(node) for node in quad.triple)  # type: ignore[misc]
    except (OSError, SyntaxError) as error:
        raise ShapeError(f"{path.name} cannot be read: {error}", file=path.name) from error


@dataclass(frozen=True)
class ShapesGraph:
    """A shapes graph behind the few questions that reading shapes asks."""

    graph: rdflib.Graph

    def values(self, node: Term, predicate: str) -> list[Term]:
        """Return the objects, in a stable order."""
        found = self.graph.objects(node_of(node), rdflib.URIRef(predicate))
        return sorted((term_of(each) for each in found), key=_order)

    def subjects(self, predicate: str, value: str | None = None) -> list[Term]:
        """Return the subjects that have `predicate`, with the IRI `value` if given."""
        wanted = rdflib.URIRef(value) if value is not None else None
        found = {term_of(each) for each in self.graph.subjects(rdflib.URIRef(predicate), wanted)}
        return sorted(found, key=_order)

    def subjects_with(self, predicate: str, value: Term) -> list[Term]:
        """Return the subjects that have `value` for `predicate`."""
        found = self.graph.subjects(rdflib.URIRef(predicate), node_of(value))
        return sorted({term_of(each) for each in found}, key=_order)

    def predicates_of(self, node: Term) -> list[str]:
        """Return the predicates that `node` has."""
        return sorted({str(each) for each in self.graph.predicates(node_of(node))})

    def one(self, node: Term, predicate: str, shape: Term) -> Term | None:
        """Return the only object, None without one.

        Raises:
            ShapeError: there are several.
        """
        found = self.values(node, predicate)
        if len(found) > 1:
            name = shorten(predicate)
            raise self.fault(shape, f"{name} must have at most one value", *found)
        return found[0] if found else None

    def list(self, head: Term, shape: Term, what: str) -> list[Term]:
        """Return the members of a SHACL list (section 1.4 of the recommendation).

        Raises:
            ShapeError: the list is broken, branches or runs in a circle.
        """
        members: list[Term] = []
        seen: set[Term] = set()
        while head.value != RDF + "nil":
            first, rest = (self.values(head, RDF + name) for name in ("first", "rest"))
            if head in seen or len(first) != 1 or len(rest) != 1:
                raise self.fault(shape, f"{what} must be a well-formed list", head)
            seen.add(head)
            members.append(first[0])
            head = rest[0]
        return members

    def fault(self, shape: Term, expected: str, *found: Term) -> ShapeError:
        """Return the error that names `shape`, what was `expected` and what was found."""
        named = f" (found {', '.join(map(str, found))})" if found else ""
        return ShapeError(f"shape {self.name(shape)}: {expected}{named}", shape=shape.value)

    def name(self, shape: Term) -> str:
        """Return an IRI in full; a blank node by the named shape that it hangs on and its path."""
        if not shape.is_blank:
            return str(shape)
        path = "".join(f" with sh:path {value}" for value in self.values(shape, SH + "path")[:1])
        owner, seen = node_of(shape), {node_of(shape)}
        while isinstance(owner, rdflib.BNode):
            above = sorted(set(self.graph.subjects(None, owner)) - seen, key=str)
            if not above:
                break
            owner = above[0]  # type: ignore[assignment]
            seen.add(owner)
        inside = f" in <{owner}>" if isinstance(owner, rdflib.URIRef) else ""
        return f"{shape.value}{path}{inside}"


def shorten(iri: str) -> str:
    """Return a SHACL IRI with its usual prefix, others in full."""
    return f"sh:{iri.removeprefix(SH)}" if iri.startswith(SH) else f"<{iri}>"


def _order(term: Term) -> tuple[str, int, str, str]:
    return term.value, term.kind, term.datatype or "", term.language or ""
