"""Shapes graphs that are not well-formed are errors that name the shape and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.errors import ShapeError
from kg.shacl import parse_shapes

if TYPE_CHECKING:
    from collections.abc import Callable

    from rdflib import Graph

ILL_FORMED = {
    "two paths": (":S a sh:PropertyShape ; sh:path :p, :q .", "sh:path must have at most one"),
    "no path": (":S a sh:PropertyShape ; sh:minCount 1 .", "must have exactly one sh:path"),
    "a node shape with a path": (":S a sh:NodeShape ; sh:path :p .", "must not have sh:path"),
    "a literal path": (':S sh:path "p" ; sh:minCount 1 .', "sh:path must be an IRI or a path"),
    "an empty path": (":S sh:path [] ; sh:minCount 1 .", "one of the six path expressions"),
    "a list of one": (":S sh:path ( :p ) ; sh:minCount 1 .", "at least two members"),
    "a circular path": (
        ":S sh:path _:a ; sh:minCount 1 . _:a sh:inversePath _:a .",
        "sh:path must",
    ),
    "a count that is no integer": (
        ':S sh:path :p ; sh:minCount "1" .',
        "sh:minCount must be a whole",
    ),
    "a negative count": (":S sh:path :p ; sh:maxCount -1 .", "sh:maxCount must be a whole"),
    "two counts": (":S sh:path :p ; sh:minCount 1, 2 .", "sh:minCount must have at most one"),
    "a count without a path": (":S a sh:NodeShape ; sh:minCount 1 .", "for property shapes"),
    "lessThan without a path": (":S a sh:NodeShape ; sh:lessThan :p .", "for property shapes"),
    "a literal class": (':S sh:class "C" .', "sh:class must be an IRI"),
    "an unknown node kind": (
        ":S sh:nodeKind sh:Thing .",
        "sh:nodeKind must be one of sh:BlankNode",
    ),
    "an IRI as a bound": (":S sh:minInclusive :x .", "sh:minInclusive must be a literal"),
    "a pattern with a language": (':S sh:pattern "a"@en .', "sh:pattern must be an xsd:string"),
    "a pattern that is none": (':S sh:pattern "(a" .', "XPath regular expression: expected )"),
    "a word boundary": (':S sh:pattern "\\\\bfoo" .', "\\b has no meaning in XPath"),
    "an unknown flag": (':S sh:pattern "a" ; sh:flags "g" .', "flag 'g' is none of"),
    "a broken list": (":S sh:in [ rdf:first 1 ] .", "sh:in must be a well-formed list"),
    "an endless list": (":S sh:in _:l . _:l rdf:first 1 ; rdf:rest _:l .", "well-formed list"),
    "a language that is no string": (":S sh:languageIn ( 1 ) .", "sh:languageIn must be a list of"),
    "a literal in sh:or": (":S sh:or ( 1 ) .", "sh:or must be a list of shapes"),
    "an ignored literal": (":S sh:closed true ; sh:ignoredProperties ( 1 ) .", "a list of IRIs"),
    "closed maybe": (':S sh:closed "maybe" .', "sh:closed must be an xsd:boolean"),
    "a property without a path": (":S sh:property [ sh:class :C ] .", "must be a property shape"),
    "a literal severity": (':S a sh:NodeShape ; sh:severity "bad" .', "sh:severity must be an IRI"),
    "a numeric message": (":S a sh:NodeShape ; sh:message 1 .", "sh:message must be a string"),
    "a blank target": (":S sh:targetNode [] .", "sh:targetNode must be an IRI or a literal"),
    "a literal target class": (':S sh:targetClass "C" .', "sh:targetClass must be an IRI"),
    "a misspelt term": (":S a sh:NodeShape ; sh:minCounts 1 .", "sh:minCounts is no term"),
    "a rule of SHACL-AF": (
        ":S a sh:NodeShape ; sh:rule [] .",
        "sh:rule (SHACL-AF) is not evaluated",
    ),
    "a target of SHACL-AF": (":S a sh:NodeShape ; sh:target [] .", "sh:target (SHACL-AF)"),
    "a script": (":S a sh:NodeShape ; sh:js [] .", "sh:js (SHACL-JS) is not supported"),
    "entailment": (
        ":G sh:entailment :RDFS . :S a sh:NodeShape .",
        "sh:entailment is not supported",
    ),
    "recursion": (
        ":S a sh:NodeShape ; sh:node :T . :T a sh:NodeShape ; sh:not :S .",
        "no recursion",
    ),
    "recursion by property": (
        ":S a sh:NodeShape ; sh:property [ sh:path :p ; sh:node :S ] .",
        "no recursion",
    ),
}


@pytest.mark.parametrize("name", ILL_FORMED)
def test_ill_formed_shapes_are_named(name: str, turtle: Callable[[str], Graph]) -> None:
    """The error says which shape it is and what was expected."""
    text, expected = ILL_FORMED[name]

    with pytest.raises(ShapeError) as caught:
        parse_shapes(turtle(text))

    assert expected in caught.value.detail
    assert caught.value.members["shape"]


def test_a_blank_shape_is_named_by_where_it_hangs(turtle: Callable[[str], Graph]) -> None:
    """The label of a blank node says nothing; its path and the shape around it do."""
    with pytest.raises(ShapeError) as caught:
        parse_shapes(turtle(":S sh:property [ sh:path :p ; sh:minCount true ] ."))

    assert "with sh:path <http://example.org/p> in <http://example.org/S>" in caught.value.detail


def test_recursion_through_a_deactivated_shape_is_none(turtle: Callable[[str], Graph]) -> None:
    """A deactivated shape is not evaluated, so nothing runs in a circle."""
    text = ":S sh:node :T . :T sh:node :S ; sh:deactivated true ."

    assert len(parse_shapes(turtle(text))) == 2


def test_what_is_not_compiled_is_listed(turtle: Callable[[str], Graph]) -> None:
    """What SPARQL decides is named, and the shapes say so."""
    shapes = parse_shapes(turtle(':S a sh:NodeShape ; sh:sparql [ sh:select "SELECT $this {}" ] .'))

    assert (("http://example.org/S", str(shapes.queried[0][1])),) == shapes.queried
    assert shapes.queried[0][1].endswith("SPARQLConstraintComponent")


def test_shapes_are_found_by_type_target_parameter_and_reference(
    turtle: Callable[[str], Graph],
) -> None:
    """Section 2.1 names four ways of being a shape."""
    text = ":A a sh:NodeShape . :B sh:targetClass :C . :D sh:class :C . :E sh:node :F ."
    names = {key.rpartition("/")[2] for key in parse_shapes(turtle(text)).by_key}

    assert {"A", "B", "D", "E", "F"} == names
