"""JSON-LD in the ontology's words says exactly the triples that it was made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse
from rdflib import Graph

from kg import jsonld
from kg.terms import DEFAULT_BASE, RDF_TYPE, XSD

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")

ATLAS = f"{DEFAULT_BASE}ontology#"
ONTOLOGY = parse(path=Path(__file__).parent / "releases" / "first.trig", format=RdfFormat.TRIG)
CONTEXT = jsonld.context(ONTOLOGY, DEFAULT_BASE)
NAMES = ("memberOf", "legalName", "isSme", "latitude", "memberCount", "startDate", "unknown")
IRIS = [
    NamedNode(DEFAULT_BASE + "id/organisation/x"),
    NamedNode("mailto:office@example.org"),
    NamedNode("urn:isbn:1"),
    NamedNode("http://purl.org/dc/terms/title"),
    NamedNode(ATLAS + "Cluster"),
    NamedNode("http://publications.europa.eu/resource/authority/country/DEU"),
]
PREDICATES = [
    *(NamedNode(ATLAS + name) for name in NAMES),
    NamedNode("http://purl.org/dc/terms/title"),
    NamedNode("http://purl.org/dc/terms/"),
    NamedNode("http://elsewhere.example/p"),
    NamedNode(RDF_TYPE),
]
DATATYPES = ["string", "boolean", "integer", "decimal", "date", "gYear", "double", "anyURI"]
TEXTS = [
    "true",
    "false",
    "1",
    "5",
    "05",
    "-7",
    "1e3",
    "1.50",
    "",
    "2020-01-01",
    "@id",
    "http://x/",
    "ä\n",
]
LITERALS = st.one_of(
    st.builds(
        lambda text, name: Literal(text, datatype=NamedNode(XSD + name)),
        st.sampled_from(TEXTS),
        st.sampled_from(DATATYPES),
    ),
    st.builds(lambda text: Literal(text, language="de"), st.sampled_from(TEXTS)),
)
TRIPLES = st.sets(
    st.builds(
        Triple, st.sampled_from(IRIS), st.sampled_from(PREDICATES), st.sampled_from(IRIS) | LITERALS
    ),
    max_size=12,
)


def written(triples: set[Triple]) -> dict[str, Any]:
    """Return the document with the context in the place of the reference to it."""
    content = jsonld.document(triples, CONTEXT, "http://host.example/context.jsonld")
    document: dict[str, Any] = json.loads(content)
    assert document["@context"] == "http://host.example/context.jsonld"
    return {**document, **CONTEXT}


@given(TRIPLES)
def test_expanding_a_document_gives_its_triples(triples: set[Triple]) -> None:
    found = parse(json.dumps(written(triples)), format=RdfFormat.JSON_LD)

    assert {Triple(q.subject, q.predicate, q.object) for q in found} == triples


def test_rdflib_reads_the_same() -> None:
    triples = {
        Triple(IRIS[0], PREDICATES[0], IRIS[5]),
        Triple(IRIS[0], NamedNode(ATLAS + "isSme"), Literal(True)),
        Triple(IRIS[0], NamedNode(ATLAS + "memberCount"), Literal(7)),
        Triple(IRIS[0], NamedNode(ATLAS + "legalName"), Literal("X")),
        Triple(IRIS[0], NamedNode(RDF_TYPE), IRIS[4]),
    }

    graph = Graph().parse(data=json.dumps(written(triples)), format="json-ld")

    found = parse(graph.serialize(format="nt", encoding="utf-8"), format=RdfFormat.N_TRIPLES)
    assert {Triple(q.subject, q.predicate, q.object) for q in found} == triples


def test_own_terms_are_written_short() -> None:
    triples = {
        Triple(IRIS[0], NamedNode(ATLAS + "country"), IRIS[5]),
        Triple(IRIS[0], NamedNode(ATLAS + "isSme"), Literal(True)),
        Triple(IRIS[0], NamedNode(RDF_TYPE), IRIS[4]),
    }

    (node,) = written(triples)["@graph"]

    assert node == {
        "@id": IRIS[0].value,
        "@type": "Cluster",
        "country": IRIS[5].value,
        "isSme": True,
    }


def test_no_term_is_hidden_by_a_prefix() -> None:
    """A prefix of the same name would take the place of a term of the ontology."""
    from kg import ontology  # noqa: PLC0415 - the real one, here alone
    from kg.prefixes import prefixes  # noqa: PLC0415 - the same

    terms = {iri.removeprefix(ATLAS) for iri in ontology.read().own_terms}

    assert terms & set(prefixes(DEFAULT_BASE)) == set()
