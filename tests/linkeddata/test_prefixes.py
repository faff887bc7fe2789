"""The prefixes are those that queries and documents can rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyoxigraph import RdfFormat, Store, parse

from kg.prefixes import prefixes, shortened, sort_prefixes

if TYPE_CHECKING:
    import httpx

BASE = "https://w3id.org/cluster-atlas/"


def test_as_json(client: httpx.Client) -> None:
    answer = client.get("/prefixes")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["atlas"] == f"{BASE}ontology#"
    assert answer.headers["X-Release"] == "2"


def test_as_the_beginning_of_a_query(client: httpx.Client) -> None:
    answer = client.get("/prefixes", headers={"Accept": "application/sparql-query"})

    assert Store().query(answer.text + "ASK { ?s a atlas:Cluster ; rdfs:label ?l }") is not None


def test_as_the_beginning_of_turtle(client: httpx.Client) -> None:
    answer = client.get("/prefixes?format=ttl")

    (triple,) = parse(answer.text + "atlas:a a owl:Class .", format=RdfFormat.TURTLE)
    assert triple.subject.value == f"{BASE}ontology#a"


def test_other_forms_are_406(client: httpx.Client) -> None:
    assert client.get("/prefixes?format=xml").status_code == 406
    assert client.get("/prefixes", headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        (f"{BASE}ontology#Cluster", "atlas:Cluster"),
        ("http://purl.org/dc/terms/title", "dcterms:title"),
        ("http://purl.org/dc/terms/", "http://purl.org/dc/terms/"),
        ("http://elsewhere.example/x", "http://elsewhere.example/x"),
    ],
)
def test_iris_are_shortened_for_people(iri: str, expected: str) -> None:
    assert shortened(iri, BASE) == expected


def test_a_prefix_stands_for_one_namespace() -> None:
    found = prefixes(BASE)

    assert len(set(found.values())) == len(found)
    assert list(found) == sorted(found)


def test_prefixes_are_put_in_order() -> None:
    assert sort_prefixes(b"@prefix b: <b> .\n@prefix a: <a> .\nb:x a:y 1 .\n") == (
        b"@prefix a: <a> .\n@prefix b: <b> .\nb:x a:y 1 .\n"
    )
