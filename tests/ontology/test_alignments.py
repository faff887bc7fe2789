"""The alignments: each file ties our terms to terms that the other vocabulary really has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rdflib
from rdflib import DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SKOS
from rdflib.namespace import GEO

from kg import ontology
from kg.terms import DEFAULT_BASE, ontology_namespace

if TYPE_CHECKING:
    from rdflib.namespace import DefinedNamespace

ATLAS = ontology_namespace(DEFAULT_BASE)
EURIO = "http://data.europa.eu/s66#"
EURIO_FILE = Path(__file__).parents[3] / "shared" / "data" / "vocabularies" / "EURIO.ttl"
RELATIONS = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.closeMatch)
ALIGNED: dict[str, type[DefinedNamespace]] = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "geosparql": GEO,
    "org": ORG,
    "prov": PROV,
    "schema": SDO,
    "skos": SKOS,
}
FILES = sorted(ontology.FOLDER.glob("align-*.ttl"))


def parsed(path: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(path)


def others(graph: rdflib.Graph) -> set[str]:
    """The terms of the other vocabulary that a file relates to ours."""
    pairs = [pair for relation in RELATIONS for pair in graph.subject_objects(relation)]
    return {str(term) for pair in pairs for term in pair if not str(term).startswith(ATLAS)}


def test_every_vocabulary_is_aligned() -> None:
    """The vocabularies that the ontology promises to meet have a file each."""
    names = {path.stem.removeprefix("align-") for path in FILES}

    assert names == {*ALIGNED, "eurio"}


@pytest.mark.parametrize("name", ALIGNED)
def test_terms_exist_in_the_vocabulary(name: str) -> None:
    """What our terms are related to is a term of that vocabulary, as rdflib knows it."""
    found = others(parsed(ontology.FOLDER / f"align-{name}.ttl"))
    namespace = str(ALIGNED[name]._NS)

    assert [iri for iri in found if not iri.startswith(namespace)] == []
    assert [iri for iri in found if rdflib.URIRef(iri) not in ALIGNED[name]] == []


def test_terms_exist_in_eurio() -> None:
    """EURIO is at hand as a file, and declares each term as what we declare it."""
    if not EURIO_FILE.exists():
        pytest.skip(f"{EURIO_FILE} is not there: the terms are not looked up")
    eurio = parsed(EURIO_FILE)
    graph = parsed(ontology.FOLDER / "align-eurio.ttl")
    found = others(graph)

    assert found
    for iri in map(rdflib.URIRef, found):
        assert iri.startswith(EURIO)
        assert set(graph.objects(iri, RDF.type)) <= set(eurio.objects(iri, RDF.type))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_is_an_ontology_of_its_own_that_imports_nothing(path: Path) -> None:
    """Each file says what it is, and fetches nothing when it is opened."""
    graph = parsed(path)
    (header,) = graph.subjects(RDF.type, OWL.Ontology)

    assert str(header) == f"{DEFAULT_BASE}ontology/{path.stem}"
    for predicate in (RDFS.label, RDFS.comment):
        assert {
            text.language for text in graph.objects(header, predicate) if hasattr(text, "language")
        } == {"en", "de"}
    assert list(graph.objects(None, OWL.imports)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_terms_are_declared_and_ours_are_known(path: Path) -> None:
    """OWL 2 DL wants each term declared; ours are declared in atlas.ttl."""
    graph = parsed(path)
    ours = {str(t) for triple in graph for t in triple if str(t).startswith(ATLAS)}

    assert ours <= set(ontology.read().own_terms)
    assert {iri for iri in others(graph) if not list(graph.objects(rdflib.URIRef(iri)))} == set()
