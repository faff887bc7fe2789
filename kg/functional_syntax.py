"""Axioms as text, in the functional-style syntax of OWL 2 (Structural Specification, section 3.7).

Only what a person needs to recognise an axiom of the ontology is written: class and property
expressions nest, names are shortened by the prefixes of the ontology's files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.rules import compact
from kg.terms import OWL, RDFS, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.ontology import Node, Ontology

_LISTS: Final = {
    "intersectionOf": "ObjectIntersectionOf",
    "unionOf": "ObjectUnionOf",
    "oneOf": "ObjectOneOf",
}
_RESTRICTIONS: Final = {
    "someValuesFrom": "SomeValuesFrom",
    "allValuesFrom": "AllValuesFrom",
    "hasValue": "HasValue",
    "hasSelf": "HasSelf",
}


def axiom(kind: str, ontology: Ontology, nodes: Iterable[Node]) -> str:
    """Return the text of an axiom: its kind and the expressions it is about."""
    return f"{kind}({' '.join(expression(ontology, node) for node in nodes)})"


def chain(ontology: Ontology, steps: Iterable[Node]) -> str:
    """Return the text of a property chain."""
    return axiom("ObjectPropertyChain", ontology, steps)


def expression(ontology: Ontology, node: Node) -> str:
    """Return the text of a class, property or data range expression."""
    if isinstance(node, NamedNode):
        return compact(node.value, ontology.prefixes)
    if isinstance(node, Literal):
        return _literal(ontology, node)
    return _anonymous(ontology, node)


def _anonymous(ontology: Ontology, node: Node) -> str:
    for name, written in _LISTS.items():
        if members := ontology.object(node, OWL + name):
            return axiom(written, ontology, ontology.items(members))
    if named := ontology.object(node, OWL + "inverseOf"):
        return axiom("ObjectInverseOf", ontology, [named])
    if restricted := ontology.object(node, OWL + "onProperty"):
        return _restriction(ontology, node, restricted)
    if datatype := ontology.object(node, OWL + "onDatatype"):
        return _data_range(ontology, node, datatype)
    return "_:expression"


def _restriction(ontology: Ontology, node: Node, restricted: Node) -> str:
    data = OWL + "DatatypeProperty" in ontology.types(restricted)
    for name, written in _RESTRICTIONS.items():
        if filler := ontology.object(node, OWL + name):
            parts = [restricted] if name == "hasSelf" else [restricted, filler]
            return axiom(f"{'Data' if data else 'Object'}{written}", ontology, parts)
    return axiom("Restriction", ontology, [restricted])


def _data_range(ontology: Ontology, node: Node, datatype: Node) -> str:
    parts = [datatype]
    facets = ontology.object(node, OWL + "withRestrictions")
    for facet in ontology.items(facets) if facets else []:
        for predicate, value in ontology.properties(facet):
            parts += [NamedNode(predicate), value]
    return axiom("DatatypeRestriction", ontology, parts)


def _literal(ontology: Ontology, literal: Literal) -> str:
    if literal.language:
        return f'"{literal.value}"@{literal.language}'
    if literal.datatype.value in {XSD_STRING, RDFS + "Literal"}:
        return f'"{literal.value}"'
    return f'"{literal.value}"^^{compact(literal.datatype.value, ontology.prefixes)}'
