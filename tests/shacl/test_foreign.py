"""SHACL-SPARQL: what SQL does not cover is evaluated by pySHACL and joins the other results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kg.errors import ShapeError
from kg.shacl import parse_shapes
from kg.shacl.foreign import named_predicates
from kg.shacl.plan import make_plan

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from rdflib import Graph

DATA = """
:a a :Stay ; :from 5 ; :to 3 ; :name "x" .
:b a :Stay ; :from 1 ; :to 3 ; :name "y" .
[] a :Stay ; :from 7 ; :to 3 ; :name "y" .
"""
PREFIX = ': sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .'
ORDER = """:S a sh:NodeShape ; sh:sparql [ sh:prefixes : ; sh:message "{{?value}} is late"@en ;
    sh:select "SELECT $this ?value WHERE {{ $this {} ?value ; ex:to ?to FILTER (?value > ?to) }}" ]
"""
PATH = """:P a sh:PropertyShape ; sh:targetClass :Stay ; sh:path :name ; sh:minLength 1 ;
    sh:sparql [ sh:prefixes : ;
    sh:select "SELECT $this ?value WHERE { $this $PATH ?value FILTER (?value = 'y') }" ] ."""
COMPONENT = """
:Even a sh:ConstraintComponent ; sh:parameter [ sh:path :even ] ;
    sh:validator [ a sh:SPARQLAskValidator ;
        sh:ask "ASK { FILTER ($value / 2 = FLOOR($value / 2)) }" ] .
:E a sh:PropertyShape ; sh:targetClass :Stay ; sh:path :from ; :even true .
"""


@pytest.mark.parametrize(
    "shapes",
    [
        PREFIX + ORDER.format("ex:from") + "; sh:targetClass :Stay .",
        PREFIX + PATH,
        PREFIX + COMPONENT,
        PREFIX + ORDER.format("ex:from") + ". :N sh:targetClass :Stay ; sh:not :S .",
    ],
    ids=["constraint", "path", "component", "inside sh:not"],
)
def test_results_are_those_of_pyshacl(
    shapes: str,
    turtle: Callable[[str], Graph],
    by_sql: Callable[[Graph, Graph], Graph],
    by_pyshacl: Callable[[Graph, Graph], Graph],
    results: Callable[[Graph], Counter[Any]],
) -> None:
    """A constraint in SPARQL has the same results inside our engine as by itself."""
    data, shapes_graph = turtle(DATA), turtle(shapes)
    found = results(by_sql(data, shapes_graph))

    assert found
    assert results(by_pyshacl(data, shapes_graph)) == found


def test_only_the_statements_that_a_query_names_are_taken(turtle: Callable[[str], Graph]) -> None:
    """The predicates of the patterns are enough; a variable one needs all statements."""
    ends = "; sh:targetClass :Stay ."
    named = parse_shapes(turtle(PREFIX + ORDER.format("ex:from|^ex:x") + ends))
    any_of_all = parse_shapes(turtle(PREFIX + ORDER.format("?p") + ends))
    found = named_predicates(named, make_plan(named).rules[0])

    assert found is not None
    assert {"from", "to", "x"} == {n.rpartition("/")[2] for n in found if "example" in n}
    assert named_predicates(any_of_all, make_plan(any_of_all).rules[0]) is None


def test_a_query_that_is_none_is_an_error_of_the_shape(
    turtle: Callable[[str], Graph], by_sql: Callable[[Graph, Graph], Graph]
) -> None:
    """It is not passed over: the error names the shape."""
    for query in ("SELECT $this WHERE {", "SELECT $this WHERE { $this no:where ?value }"):
        broken = f':S sh:targetNode :a ; sh:sparql [ sh:select "{query}" ] .'

        with pytest.raises(ShapeError, match=r"example\.org/S"):
            by_sql(turtle(DATA), turtle(broken))
