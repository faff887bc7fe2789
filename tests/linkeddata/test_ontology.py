"""The ontology's terms dereference by their fragments, and JSON-LD finds its context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse
from rdflib import OWL, Graph, Literal

if TYPE_CHECKING:
    import httpx

    from kg.store import OpenRelease

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")

BASE = "https://w3id.org/cluster-atlas/"


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("text/turtle", "turtle"),
        ("application/ld+json", "json-ld"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
    ],
)
def test_every_syntax_holds_the_whole_graph(
    client: httpx.Client, opened: OpenRelease, media_type: str, name: str
) -> None:
    answer = client.get("/ontology", headers={"Accept": media_type})
    found = Graph().parse(data=answer.content, format=name)

    graph = NamedNode(f"{BASE}graph/ontology")
    expected = opened.store.quads_for_pattern(None, None, None, graph)
    of_itself = [triple for triple in found if "?format=" in str(triple[0])]
    assert len(found) - len(of_itself) == len(set(expected))
    assert Literal("2") in {
        value for _, predicate, value in of_itself if predicate == OWL.versionInfo
    }
    assert answer.headers["X-Release"] == "2"
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_term_has_an_anchor_on_the_page(client: httpx.Client, language: str) -> None:
    text = client.get(f"/ontology?format=html&lang={language}").text

    for term in ("Organisation", "SME", "Cluster", "memberOf", "totalCost"):
        assert f'<section id="{term}">' in text
    assert {"en": "small enterprise", "de": "kleines Unternehmen"}[language] in text


def test_the_page_says_how_terms_are_tied(client: httpx.Client) -> None:
    text = client.get("/ontology?format=html").text

    assert '<dt>Broader</dt><dd><a href="/ontology#Organisation">organisation</a>' in text
    assert '<dt>Inverse</dt><dd><a href="/ontology#hasMember">has member</a>' in text


def test_the_version_of_the_ontology_dereferences(client: httpx.Client) -> None:
    assert client.get("/ontology/1.0.0").status_code == 200
    missing = client.get("/ontology/0.9.0")
    assert missing.status_code == 404
    assert missing.json()["versions"] == [f"{BASE}ontology/1.0.0"]


def test_the_context_says_what_properties_hold(client: httpx.Client) -> None:
    answer = client.get("/context.jsonld")
    context = answer.json()["@context"]

    assert answer.headers["Content-Type"] == "application/ld+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert context["memberOf"] == {"@id": "atlas:memberOf", "@type": "@id"}
    assert context["startDate"] == {"@id": "atlas:startDate", "@type": "xsd:date"}
    assert context["legalName"] == "atlas:legalName"
    assert context["Cluster"] == "atlas:Cluster"
    assert context["atlas"] == f"{BASE}ontology#"


def test_the_past_has_its_own_ontology(client: httpx.Client) -> None:
    answer = client.get("/ontology?release=1")

    assert answer.headers["X-Release"] == "1"
    assert list(parse(answer.content, format=RdfFormat.TURTLE))
