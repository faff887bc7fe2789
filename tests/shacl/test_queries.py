"""SHACL-SPARQL: constraints and components whose query decides, beside what SQL decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import rdflib
from pyoxigraph import RdfFormat, Store
from rdflib.plugins.sparql.evaluate import evalQuery

from kg.errors import ShapeError
from kg.shacl import parse_shapes, queries
from kg.shacl.asking import predicates_of
from kg.shacl.plan import make_plan

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from rdflib import Graph

    from kg.shacl import Validation

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


@pytest.mark.parametrize(
    "shapes",
    [
        PREFIX + ORDER.format("ex:from") + "; sh:targetClass :Stay .",
        PREFIX + PATH,
        PREFIX + ORDER.format("ex:from") + ". :N sh:targetClass :Stay ; sh:not :S .",
    ],
    ids=["constraint", "path", "inside sh:not"],
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
    found = predicates_of(make_plan(named).rules[0])

    assert found is not None
    assert {"from", "to", "x"} == {n.rpartition("/")[2] for n in found if "example" in n}
    assert predicates_of(make_plan(any_of_all).rules[0]) is None


SELECT = ':S sh:targetNode :a ; sh:sparql [ sh:select "{}" ] .'
ASK = """:C a sh:ConstraintComponent ; sh:parameter [ sh:path :lang ] ;
    sh:validator [ sh:ask "{}" ] .
:P sh:targetNode :a ; sh:path :name ; :lang "de" ."""


@pytest.mark.parametrize(
    ("shapes", "why"),
    [
        (SELECT.format("SELECT $this WHERE {"), "not SPARQL"),
        (SELECT.format("SELECT $this WHERE { $this no:where ?value }"), "no: is not declared"),
        (SELECT.format("SELECT $this { $this ?p ?o MINUS { $this ?p 1 } }"), "MINUS"),
        (SELECT.format("SELECT $this { VALUES ?any { true } }"), "VALUES"),
        (SELECT.format("SELECT $this { $this ?p ?o } VALUES ?o { 1 }"), "VALUES"),
        (SELECT.format("SELECT $this { SERVICE <http://x/> { $this ?p ?o } }"), "SERVICE"),
        (SELECT.format("SELECT $this FROM <http://x/> { $this ?p ?o }"), "FROM"),
        (SELECT.format("SELECT $this { BIND (true AS $this) }"), "AS .this"),
        (SELECT.format("SELECT (1 AS $this) { ?s ?p ?o }"), "AS .this"),
        (SELECT.format("SELECT $this { ?s ?p ?o } GROUP BY (1 AS $this)"), "AS .this"),
        (SELECT.format("SELECT $this { $this ?p ?o { SELECT ?o { ?s ?p ?o } } }"), "project .this"),
        (SELECT.format("SELECT $this { { SELECT * { FILTER ($this = 1) } } }"), "no variable"),
        (SELECT.format("SELECT ?other { $this ?p ?other }"), "must project .this"),
        (SELECT.format("ASK { $this ?p ?o }"), "of the form SELECT"),
        (':S sh:targetNode :a ; sh:sparql [ sh:ask "ASK {}" ] .', "one query as sh:select"),
        (ASK.format("ASK { BIND (true AS ?value) }"), "AS .value"),
        (ASK.format("ASK { BIND (true AS ?lang) }"), "AS .lang"),
        (ASK.format("ASK { { SELECT ?value { ?value ?p $this } } }"), "project .lang, .this"),
        (ASK.format("SELECT $this { $this ?p ?o }"), "of the form ASK"),
        (
            (
                ":S sh:targetNode :a ; sh:path :p ; sh:sparql"
                ' [ sh:select "SELECT $this { $this ?p $PATH }" ] .'
            ),
            "PATH may stand for a predicate only",
        ),
        (
            (
                ":o sh:declare [ sh:prefix 'x' ; sh:namespace 'http://x/' ],"
                " [ sh:prefix 'x' ; sh:namespace 'http://y/' ] . :S sh:targetNode :a ;"
                ' sh:sparql [ sh:prefixes :o ; sh:select "SELECT $this {}" ] .'
            ),
            "a prefix one namespace",
        ),
        (
            (
                ":C a sh:ConstraintComponent ; sh:parameter [ sh:path :one ], [ sh:path :two ] ;"
                ' sh:validator [ sh:ask "ASK {}" ] . :P sh:targetNode :a ; :one 1, 2 ; :two 1 .'
            ),
            "one value of each",
        ),
        (
            (
                ":C a sh:ConstraintComponent ; sh:parameter [ sh:path :value ] ;"
                ' sh:validator [ sh:ask "ASK {}" ] . :P sh:targetNode :a ; :value 1 .'
            ),
            "a name of its own",
        ),
        (
            (
                ":C a sh:ConstraintComponent ; sh:parameter [ sh:path :one ] ; sh:validator"
                " [ a sh:JSValidator ; sh:jsFunctionName 'f' ] . :P sh:targetNode :a ; :one 1 ."
            ),
            "SHACL-JS is not supported",
        ),
    ],
)
def test_what_the_recommendation_forbids_is_an_error_that_says_so(
    shapes: str, why: str, turtle: Callable[[str], Graph]
) -> None:
    """Sections 5.2, 5.3 and 6.2 and appendix A: never passed over, never evaluated wrongly."""
    with pytest.raises(ShapeError, match=f"(?s)(example|_:).*{why}"):
        parse_shapes(turtle(shapes))


def test_a_query_can_report_a_failure(
    turtle: Callable[[str], Graph], by_sql: Callable[[Graph, Graph], Graph]
) -> None:
    """Section 5.3.2: a true ?failure ends the validation."""
    shapes = SELECT.format("SELECT $this ?failure { BIND (true AS ?failure) }")

    with pytest.raises(ShapeError, match="failure"):
        by_sql(turtle(DATA), turtle(shapes))


@pytest.mark.parametrize(
    ("shapes", "found"),
    [
        (SELECT.format("SELECT $this { FILTER (false) }"), 0),
        (SELECT.format("SELECT $this { FILTER (isIRI($this)) }"), 1),
        (SELECT.format("SELECT $this { FILTER regex('\u00c9t\u00e9', '^\\\\\\\\p{Lu}') }"), 1),
        (SELECT.replace("[", "[ sh:deactivated true ;").format("SELECT $this {}"), 0),
        (
            ASK.replace("validator", "nodeValidator")
            .replace("ask", "select")
            .format("SELECT $this {}"),
            0,
        ),
    ],
    ids=["constant", "bound beforehand", "XPath", "deactivated", "no validator for properties"],
)
def test_queries_are_those_of_sparql(
    shapes: str, found: int, check: Callable[[str, str], Validation]
) -> None:
    """Where rdflib would differ, the recommendations decide."""
    assert check(DATA, shapes).count == found


GRAPH = """PREFIX : <http://example.org/>
:a :p 1, 2 ; :q :b ; :r "x" . :b :p 3 ; :q :c . :c :q :a ; :n "n"@en . :d a :D ; :p 1 . :g :p 1 ."""
PATTERNS = """
{ $this :p ?v }
{ OPTIONAL { $this :p ?v } }
{ OPTIONAL { $this :p ?v FILTER(?v > 1) } FILTER(!bound(?v)) }
{ OPTIONAL { $this :q ?v OPTIONAL { ?v :p ?w FILTER(?w > 2 && isIRI($this)) } } }
{ FILTER NOT EXISTS { $this :p ?v } }
{ FILTER NOT EXISTS { $this :q ?v FILTER NOT EXISTS { ?v :p ?w } } }
{ FILTER EXISTS { $this :q ?v . ?v :q ?w FILTER EXISTS { ?w :q ?x FILTER(?x = $this) } } }
{ { FILTER(isIRI($this)) } UNION { $this :p ?v FILTER(?v=1) } }
{ { $this :p ?v } UNION { $this :q ?v } FILTER(?v != 1) }
{ $this :q+ ?v }
{ $this :q*/:p ?v }
{ $this (:q|^:q) ?v }
{ $this :q ?v BIND($this AS ?x) FILTER(?x != ?v) }
{ BIND($this AS ?x) ?x :p ?v }
{ { { FILTER($this = :a) } OPTIONAL { $this :p ?v } } }
{ ?v :q $this . FILTER EXISTS { ?v :p ?z FILTER(?z > 2) } }
{ $this ?p ?v FILTER(?p IN (:p,:q) && !(isLiteral(?v) && ?v = 1)) }
{ $this !(:p|:q) ?v }
{ $this :p ?v OPTIONAL { ?o :p ?v FILTER(?o != $this) } FILTER(bound(?o)) }
{ OPTIONAL { ?v :q $this } OPTIONAL { ?v :p ?w } }
{ FILTER(IF(EXISTS { $this :p ?v }, true, false)) }
{ FILTER(COALESCE(?zz, $this) = :a) }
{ ?v :p 1 FILTER(?v != $this) FILTER NOT EXISTS { $this :q ?z . ?z :q ?v } }
""".strip().splitlines()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_bound_variable_is_as_good_as_its_value(pattern: str) -> None:
    """Another engine finds the same when the focus node stands in the query itself."""
    prefix, graph, store = "PREFIX : <http://example.org/>\n", rdflib.Graph(), Store()
    graph.parse(data=GRAPH, format="turtle")
    store.load(GRAPH.encode(), format=RdfFormat.TURTLE)
    algebra = queries.prepared(f"{prefix}SELECT $this ?v {pattern}")
    for node in (f"http://example.org/{name}" for name in "abcdgz"):
        found = evalQuery(graph, algebra, {"this": rdflib.URIRef(node)})["bindings"]
        written = f"{prefix}SELECT ?v {pattern.replace('$this', f'<{node}>')}"
        others = [row["v"] for row in store.query(written)]

        assert sorted(str(row.get(rdflib.Variable("v"))) for row in found) == sorted(
            "None" if value is None else value.value for value in others
        )
