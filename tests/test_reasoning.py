"""HermiT on the ontology: it holds together, and planted contradictions are found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

import loaders
from kg import ontology, reasoning
from kg.errors import OntologyError
from kg.identifiers import Identifiers
from kg.reasoning import Verdict
from kg.source import Context
from kg.statements import IRI
from kg.terms import DEFAULT_BASE, ontology_namespace

if TYPE_CHECKING:
    from kg.ontology import Ontology

ATLAS = ontology_namespace(DEFAULT_BASE)
VOCABULARIES = Path(__file__).parents[2] / "shared" / "data" / "vocabularies"
ATLAS_TTL = (ontology.FOLDER / "atlas.ttl").read_text("utf-8")
PREFIXES = f"""\
@prefix : <urn:example:> .
@prefix atlas: <{ATLAS}> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def with_text(folder: Path, text: str) -> Ontology:
    """Return our own axioms (without scheme and alignments) with something planted in them."""
    for name, written in (("planted", PREFIXES + text), ("atlas", ATLAS_TTL)):
        (folder / f"{name}.ttl").write_text(written, "utf-8")
    return ontology.read(folder)


def denied(subject: str, predicate: str, value: str) -> str:
    """Return the text that says that a statement does not hold (OWL 2 Syntax, section 9.6.5)."""
    return (
        f" [] a owl:NegativePropertyAssertion ; owl:sourceIndividual {subject} ;"
        f" owl:assertionProperty {predicate} ; owl:targetIndividual {value} ."
    )


def test_ontology_is_sound() -> None:
    """The ontology is consistent and none of its classes is unsatisfiable."""
    verdict = reasoning.check(ontology.read())

    assert verdict == Verdict(consistent=True, unsatisfiable=())
    assert verdict.sound


def test_class_that_can_have_no_member_is_named(tmp_path: Path) -> None:
    """A class below two disjoint ones is unsatisfiable, and so is what is below it."""
    planted = """
        atlas:Swap a owl:Class ; rdfs:subClassOf atlas:Offer, atlas:Request .
        atlas:Barter a owl:Class ; rdfs:subClassOf atlas:Swap ."""
    verdict = reasoning.check(with_text(tmp_path, planted))

    assert verdict == Verdict(consistent=True, unsatisfiable=(ATLAS + "Barter", ATLAS + "Swap"))
    assert not verdict.sound


CONTRADICTIONS = {
    "member of disjoint classes": ":x a atlas:Project, atlas:Organisation .",
    "wrong domain": ":x a atlas:Project ; atlas:isSme true .",
    "two values of a functional property": ":x atlas:trlFrom 1, 2 .",
    "value of another datatype": ':x atlas:trlFrom "five" .',
    "chain from member to cluster": """
        :c atlas:hasMember :m . :m atlas:hasCompetence :k . :k atlas:technology :t .
        """
    + denied(":c", "atlas:canOffer", ":t"),
    "defined class": """
        :o a atlas:Organisation, [ owl:complementOf atlas:TechnologyCentre ] ;
            atlas:offersService :s .
        :s a atlas:Service ; atlas:trlFrom 5 ; atlas:trlTo 8 .""",
    "chain through a class": """
        :m a atlas:Membership ; atlas:cluster :c .
        """
    + denied(":c", "atlas:hasMembership", ":m"),
}


@pytest.mark.parametrize("planted", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradiction_is_found(tmp_path: Path, planted: str) -> None:
    """Statements that cannot all hold make the ontology inconsistent."""
    verdict = reasoning.check(with_text(tmp_path, planted))

    assert verdict == Verdict(consistent=False, unsatisfiable=())


def test_what_is_allowed_stays_allowed(tmp_path: Path) -> None:
    """No axiom forbids what real data has; dates, which HermiT does not know, are no obstacle."""
    allowed = """
        :university a atlas:University, atlas:SME, atlas:Company .
        :meta a atlas:Cluster ; atlas:hasMember :cluster ; atlas:locatedIn :de, :fr .
        :cluster a atlas:Cluster ; atlas:foundedYear "2011"^^xsd:gYear .
        :project a atlas:Project ; atlas:startDate "2020-01-01"^^xsd:date ;
            atlas:title "a"@en, "b"@de ; atlas:cluster :cluster .
        :event a atlas:Event ; atlas:project :project .
        :early a atlas:Organisation, [ owl:complementOf atlas:TechnologyCentre ] ;
            atlas:offersService :service .
        :service a atlas:Service ; atlas:trlFrom 4 ; atlas:trlTo 8 .
        """ + denied(":project", "atlas:hasProjectParticipation", ":event")

    assert reasoning.check(with_text(tmp_path, allowed)).sound


def test_broken_rule_of_the_language_is_an_error(tmp_path: Path) -> None:
    """OWL 2 DL has no cardinality of a property with a chain; HermiT's words say which."""
    planted = """
        atlas:Project rdfs:subClassOf
            [ a owl:Restriction ; owl:onProperty atlas:field ; owl:maxCardinality 1 ] ."""

    with pytest.raises(OntologyError, match="ontology#field"):
        reasoning.check(with_text(tmp_path, planted))


def test_alignment_with_eurio_is_sound() -> None:
    """Who loads EURIO itself beside our ontology meets no contradiction but EURIO's own.

    In EURIO 2.4 a person's role can have no member, with or without our terms.
    """
    eurio = VOCABULARIES / "EURIO.ttl"
    if not eurio.exists():
        pytest.skip(f"{eurio} is not there: the alignment is not checked against it")

    verdict = reasoning.check(ontology.read().plus([eurio]))

    assert verdict == Verdict(
        consistent=True, unsatisfiable=("http://data.europa.eu/s66#PersonRole",)
    )


def test_shipped_landscape_is_consistent_with_the_ontology(tmp_path: Path) -> None:
    """The statements of our own sample contradict neither the axioms nor each other."""
    ((source, path),) = [pair for pair in loaders.samples() if pair[0].name == "landscape"]
    context = Context(Identifiers(DEFAULT_BASE), DEFAULT_BASE + "graph/landscape")
    triples = set()
    for row in source.read([path], context):
        subject, predicate, text, kind, datatype, language = row[:6]
        plain = ox.NamedNode(datatype) if datatype and not language else None
        value = (
            ox.NamedNode(text)
            if kind == IRI
            else ox.Literal(text, datatype=plain, language=language)
        )
        triples.add(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value))
    file = tmp_path / "landscape.ttl"
    ox.serialize(triples, str(file), format=ox.RdfFormat.TURTLE)

    assert len(triples) > 100
    assert reasoning.check(ontology.read().plus([file])).sound
