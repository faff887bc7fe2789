"""The rules that the axioms become: complete, readable, within bounds, the same always."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from kg import axioms, ontology
from kg.terms import DEFAULT_BASE, OWL, RDF_TYPE, SKOS, ontology_namespace

if TYPE_CHECKING:
    from kg.rules import Rule

ATLAS = ontology_namespace(DEFAULT_BASE)
ONTOLOGY = ontology.read()
RULES = axioms.rules(ONTOLOGY)


def axiom_texts(start: str) -> list[str]:
    return [rule.axiom for rule in RULES if rule.axiom.startswith(start)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.axiom[:60])
def test_rule_is_sparql(rule: Rule) -> None:
    """The text of a rule is a CONSTRUCT query that SPARQL engines read."""
    answer = ox.Store().query(rule.sparql)

    assert isinstance(answer, ox.QueryTriples)
    assert list(answer) == []


def test_rule_names_its_axiom_and_reads_well() -> None:
    """A person sees which axiom a rule comes from, and prefixed names."""
    axiom = "SubPropertyOf(ObjectPropertyChain(atlas:hasMember atlas:masters) atlas:canOffer)"
    (rule,) = [rule for rule in RULES if rule.axiom == axiom]

    assert rule.sparql == (
        f"PREFIX atlas: <{ATLAS}>\n"
        "CONSTRUCT { ?x atlas:canOffer ?z }\n"
        "WHERE { ?x atlas:hasMember ?y . ?y atlas:masters ?z }\n"
    )


def test_definition_of_a_technology_centre_reads_well() -> None:
    """Facets become filters, and the axiom is told with its restrictions."""
    (rule,) = [
        rule
        for rule in RULES
        if rule.head.relation.iri == ATLAS + "TechnologyCentre" and "offersService" in rule.axiom
    ]

    assert "?y atlas:trlFrom ?z" in rule.sparql
    assert "FILTER(datatype(?z) = xsd:integer && ?z >= 5)" in rule.sparql
    assert (
        "DataSomeValuesFrom(atlas:trlTo DatatypeRestriction(xsd:integer"
        ' xsd:minInclusive "5"^^xsd:integer xsd:maxInclusive "8"^^xsd:integer))' in rule.axiom
    )


def test_every_axiom_of_ours_that_can_state_something_has_a_rule() -> None:
    """Each chain, inverse, symmetry, transitivity and subclass of ours is among the rules."""
    ours = set(ONTOLOGY.own_terms)
    chains = [s for s, _ in ONTOLOGY.pairs(OWL + "propertyChainAxiom") if s.value in ours]
    inverses = [s for s, _ in ONTOLOGY.pairs(OWL + "inverseOf") if s.value in ours]
    kinds = [(s.value, k.value) for s, k in ONTOLOGY.pairs(RDF_TYPE) if s.value in ours]

    assert len(set(axiom_texts("SubPropertyOf(ObjectPropertyChain("))) == len(chains) > 10
    assert len(set(axiom_texts("InverseObjectProperties(atlas:"))) == len(inverses) > 5
    for name in ("Symmetric", "Transitive"):
        stated = [iri for iri, kind in kinds if kind == f"{OWL}{name}Property"]
        found = set(axiom_texts(f"{name}ObjectProperty(atlas:"))
        assert len(found) == len(stated) > 0
    for definition in ("TechnologyCentre", "ClusterOrganisation"):
        assert len(axiom_texts(f"EquivalentClasses(atlas:{definition} ")) == 2


def test_conclusions_stay_in_our_namespace_and_skos() -> None:
    """Superclasses of other vocabularies are in the ontology graph only: see kg.axioms."""
    heads = {rule.head.relation.iri for rule in RULES}

    assert all(iri.startswith((ATLAS, SKOS)) for iri in heads)
    assert heads <= set(ONTOLOGY.terms)


def test_class_written_as_a_property_is_never_concluded() -> None:
    """What isCluster and its like stand for is asked of the class; no rule speaks of them."""
    spoken = {atom.relation.iri for rule in RULES for atom in (rule.head, *rule.body)}

    assert not {iri for iri in spoken if iri.startswith(ATLAS + "is")} - {ATLAS + "isSme"}


def test_rules_are_the_same_in_every_reading() -> None:
    """Rules and their order depend on the axioms alone."""
    assert axioms.rules(ontology.read()) == RULES


def test_rules_follow_the_base() -> None:
    """With another base IRI the rules speak of the terms there."""
    rules = axioms.rules(ontology.read(base="https://atlas.example/"))

    assert len(rules) == len(RULES)
    assert not any(DEFAULT_BASE in rule.sparql for rule in rules)
