"""What every term of the ontology must have, and that nobody uses a term that is not declared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import loaders
from kg import ontology
from kg.identifiers import Identifiers
from kg.source import Context
from kg.terms import DCTERMS, DEFAULT_BASE, OWL, RDF_TYPE, RDFS, SKOS, ontology_namespace

if TYPE_CHECKING:
    from kg.ontology import Term
    from kg.source import Source

ROOT = Path(__file__).parents[2]
ATLAS = ontology_namespace(DEFAULT_BASE)
ONTOLOGY = ontology.read()
TECHNOLOGIES = DEFAULT_BASE + "id/"
DESCRIBED = [term for iri, term in ONTOLOGY.terms.items() if iri.startswith((ATLAS, TECHNOLOGIES))]
VANN = "http://purl.org/vocab/vann/"

# The names that the loaders, shapes, queries and the documentation are written against.
CLASSES = (
    "Organisation SME Company ResearchOrganisation University PublicBody OtherOrganisation "
    "TechnologyCentre ClusterOrganisation NetworkPartner Cluster Membership Technology Competence "
    "Programme Call Topic Project Phase Participation Role Listing Offer Request CooperationOffer "
    "CapacityOffer ServiceOffer CooperationRequest CapacityRequest ServiceRequest Service Facility "
    "Event Place Region Country PolicyPriority Source"
)


def local(term: Term) -> str:
    return term.iri.removeprefix(DEFAULT_BASE)


@pytest.mark.parametrize("term", DESCRIBED, ids=local)
def test_term_is_told_in_english_and_german(term: Term) -> None:
    """Every term has one label and one comment, a sentence or more, in both languages."""
    for language in ("en", "de"):
        assert term.labels[language].strip()
        assert re.match(r"[A-ZÄÖÜ].*\.$", term.comments[language], re.DOTALL)

    assert term.comments["en"] != term.comments["de"]


@pytest.mark.parametrize("name", CLASSES.split())
def test_class_is_declared(name: str) -> None:
    """No class of the agreed vocabulary is missing."""
    assert ONTOLOGY.own_terms[ATLAS + name].kind == "class"


def test_a_term_is_one_kind_of_property() -> None:
    """OWL 2 DL (section 5.8.1): no property is an object, datatype and annotation property."""
    kinds = {OWL + "ObjectProperty", OWL + "DatatypeProperty", OWL + "AnnotationProperty"}
    subjects = {subject for subject, _ in ONTOLOGY.pairs(RDF_TYPE)}

    assert [s for s in subjects if len(ONTOLOGY.types(s) & kinds) > 1] == []


def test_labels_of_classes_and_properties_are_unique_in_their_kind() -> None:
    """Two classes, or two properties, of the same label could not be told apart in a form."""
    for language in ("en", "de"):
        labels = [(t.kind, t.labels[language].lower()) for t in ONTOLOGY.own_terms.values()]

        assert sorted(labels) == sorted(set(labels))


def test_ontology_says_what_it_is() -> None:
    """The header has version, licence, preferred namespace, label and comment."""
    (header,) = [s for s, _ in ONTOLOGY.pairs(OWL + "versionIRI")]

    assert header.value == DEFAULT_BASE + "ontology"
    for predicate in (
        OWL + "versionInfo",
        DCTERMS + "license",
        VANN + "preferredNamespacePrefix",
        RDFS + "label",
        RDFS + "comment",
    ):
        assert ONTOLOGY.objects(header, predicate)
    (namespace,) = ONTOLOGY.objects(header, VANN + "preferredNamespaceUri")
    assert namespace.value == ATLAS


def test_functional_properties_are_ours_or_standard() -> None:
    """The pipeline chooses among their values, so each must be meant."""
    names = {iri.removeprefix(ATLAS) for iri in ONTOLOGY.functional_properties}

    assert {"legalName", "country", "region", "isSme", "trlFrom", "startDate"} <= names
    assert not {"field", "title", "keyword", "locatedIn", "cluster", "programme"} & names


def undeclared(text: str) -> set[str]:
    """The names of our namespace in a text, as prefixed name or IRI, that are not declared."""
    used = set(re.findall(r"(?<![\w/-])atlas:([A-Za-z]\w*)", text))
    used |= set(re.findall(r"/ontology#([A-Za-z]\w*)", text))
    used |= set(re.findall(r"""(?:ontology|namespace|ns)\s*\+\s*["'](\w+)["']""", text))
    used |= set(re.findall(r"\bATLAS\.(\w+)", text))
    return {name for name in used if ATLAS + name not in ONTOLOGY.own_terms}


def users() -> list[Path]:
    """Every file that may use our terms."""
    patterns = ("shapes/*.ttl", "queries/*.rq", "loaders/*.py", "kg/**/*.py", "api/**/*.py")
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


@pytest.mark.parametrize("path", users(), ids=lambda path: str(path.relative_to(ROOT)))
def test_file_uses_declared_terms_only(path: Path) -> None:
    """A term that is not declared is a slip of the pen that would match nothing, in silence."""
    assert undeclared(path.read_text("utf-8")) == set()


@pytest.mark.parametrize("source", loaders.samples(), ids=lambda part: getattr(part, "name", ""))
def test_loader_states_declared_terms_only(source: tuple[Source, Path]) -> None:
    """Every property and class of ours that a loader makes of its sample is declared."""
    loader, path = source
    context = Context(Identifiers(DEFAULT_BASE), DEFAULT_BASE + "graph/" + loader.name)
    used = set()
    for statement in loader.read([path], context):
        used.add(statement[1])
        if statement[1] == RDF_TYPE:
            used.add(statement[2])

    assert {iri for iri in used if iri.startswith(ATLAS)} <= set(ONTOLOGY.own_terms)


def test_slip_of_the_pen_is_found() -> None:
    """The check on files sees prefixed names, IRIs and names put together in Python."""
    assert undeclared("?x atlas:Clutser ; atlas:hasMember ?y") == {"Clutser"}
    assert undeclared(f"<{ATLAS}hasMebmer>") == {"hasMebmer"}
    assert undeclared('identifiers.ontology + "Porject"') == {"Porject"}


def test_axioms_name_declared_terms_only() -> None:
    """What a file of the ontology says is said of declared terms, ours and others'."""
    structural = (OWL, RDFS, "http://www.w3.org/")
    named = {
        node.value
        for predicate in ("subClassOf", "subPropertyOf", "domain", "range")
        for pair in ONTOLOGY.pairs(RDFS + predicate)
        for node in pair
        if hasattr(node, "value") and "://" in node.value
    }
    named |= {n.value for pair in ONTOLOGY.pairs(SKOS + "closeMatch") for n in pair}
    technical = {iri for iri in named if iri.startswith(structural) and "XMLSchema" in iri}
    concepts = {iri for iri in named if "euroscivoc" in iri}

    assert named - technical - concepts <= set(ONTOLOGY.terms)
