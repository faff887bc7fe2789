"""What every rule must have: an IRI, a severity, texts in English and German, declared terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import rdflib
from rdflib import RDF, RDFS, SH

from kg import shapes
from kg.errors import ShapeError
from kg.ontology import read as read_ontology
from kg.shacl.parse import parse_shapes
from kg.terms import DEFAULT_BASE, OWL, SKOS, ontology_namespace

if TYPE_CHECKING:
    from pathlib import Path

    from kg.shapes import Rule

SHAPES = DEFAULT_BASE + "shapes#"
ATLAS = ontology_namespace(DEFAULT_BASE)
RULES = shapes.rules()
GRAPH = shapes.read()
ONTOLOGY = read_ontology()


def local(rule: Rule) -> str:
    return rule.iri.removeprefix(SHAPES)


@pytest.mark.parametrize("rule", RULES, ids=local)
def test_rule_is_told_in_english_and_german(rule: Rule) -> None:
    """A curator reads name, message and hint in their language; a reason if there is one."""
    assert rule.iri.startswith(SHAPES)
    assert rule.severity in {str(SH.Violation), str(SH.Warning), str(SH.Info)}
    assert rule.targets
    for texts in (rule.names, rule.messages, rule.hints):
        assert set(texts) == {"en", "de"}
        assert all(text.strip() for text in texts.values())
    assert set(rule.descriptions) in (set(), {"en", "de"})


def superclasses(axioms: rdflib.Graph, iri: str) -> set[str]:
    """A class and all that is above it."""
    return {str(c) for c in axioms.transitive_objects(rdflib.URIRef(iri), RDFS.subClassOf)}


def test_rule_names_are_unique() -> None:
    """No two files state a rule of the same IRI."""
    assert len(RULES) == len({rule.iri for rule in RULES})


def test_property_shapes_are_rules() -> None:
    """A property shape that is no mere part of another shape has a message and thus is a rule."""
    named = {str(s) for s in GRAPH.subjects(RDF.type, SH.PropertyShape)}

    assert named <= {rule.iri for rule in RULES}


def test_placeholders_agree() -> None:
    """Both languages of a message show the same places."""
    for rule in RULES:
        shown = {("{$value}" in text, "{$this}" in text) for text in rule.messages.values()}

        assert len(shown) == 1, rule.iri


def test_every_rule_is_compiled() -> None:
    """The shapes are well-formed SHACL Core: nothing is left to pySHACL."""
    assert parse_shapes(GRAPH, DEFAULT_BASE).queried == ()


def test_every_class_has_a_shape() -> None:
    """Each class of what is published is a target, or one of its superclasses is."""
    targets = {str(each) for each in GRAPH.objects(None, SH.targetClass)}
    above = rdflib.Graph()
    for row in ONTOLOGY.subclass_statements("urn:graph"):
        above.add((rdflib.URIRef(row.subject), RDFS.subClassOf, rdflib.URIRef(row.object)))
    without = {
        iri
        for iri, term in ONTOLOGY.own_terms.items()
        if term.kind == "class"
        and ATLAS + "Decision" not in above_of(above, iri)
        and targets.isdisjoint(above_of(above, iri))
    }

    assert without == set()


def above_of(above: rdflib.Graph, iri: str) -> set[str]:
    """Return a class and its superclasses."""
    return {str(c) for c in above.transitive_objects(rdflib.URIRef(iri), RDFS.subClassOf)}


def test_terms_are_declared() -> None:
    """Shapes speak of no term of ours that the ontology does not declare."""
    terms = {str(term) for triple in GRAPH for term in triple if str(term).startswith(ATLAS)}

    assert terms - set(ONTOLOGY.own_terms) == set()


def test_targets_are_classes_and_properties() -> None:
    """sh:targetClass names classes, the others name properties."""
    kinds = {iri: term.kind for iri, term in ONTOLOGY.terms.items()}
    classes = {str(each) for each in GRAPH.objects(None, SH.targetClass)}
    properties = {
        str(each)
        for target in (SH.targetSubjectsOf, SH.targetObjectsOf)
        for each in GRAPH.objects(None, target)
    }

    assert {iri for iri in classes if kinds.get(iri) != "class"} <= {SKOS + "Concept"}
    assert {iri for iri in properties if "property" not in kinds.get(iri, "")} == set()


def test_rebased() -> None:
    """With another base, our own terms and the rules move with it; other vocabularies stay."""
    base = "https://atlas.example.org/"
    terms = {str(term) for triple in shapes.read(base=base) for term in triple}

    assert not {term for term in terms if DEFAULT_BASE in term}
    assert {rule.iri for rule in shapes.rules(base=base)} == {
        rule.iri.replace(DEFAULT_BASE, base) for rule in RULES
    }
    assert OWL not in terms


def test_not_turtle(tmp_path: Path) -> None:
    """A file that is not Turtle is one error that names it."""
    folder = tmp_path
    (folder / "broken.ttl").write_text("shapes:X a", encoding="utf-8")

    with pytest.raises(ShapeError, match=r"broken\.ttl is not Turtle"):
        shapes.read(folder)


def test_empty_folder(tmp_path: Path) -> None:
    """A folder without shape files is an error, not an empty set of rules."""
    with pytest.raises(ShapeError, match="holds no Turtle file"):
        shapes.rules(tmp_path)
