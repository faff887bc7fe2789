"""The technology scheme: a sound SKOS hierarchy, tied to concepts that EuroSciVoc really has."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import ontology
from kg.terms import DEFAULT_BASE, EUROSCIVOC, RDF_TYPE, SKOS

ONTOLOGY = ontology.read()
TECHNOLOGY = DEFAULT_BASE + "id/technology/"
SCHEME = DEFAULT_BASE + "id/scheme/technologies"
CONCEPTS = {iri for iri, term in ONTOLOGY.terms.items() if iri.startswith(TECHNOLOGY)}
VOCABULARY = Path(__file__).parents[3] / "shared" / "data" / "vocabularies" / "EuroSciVoc.ttl"
MATCHES = ("exactMatch", "closeMatch", "narrowMatch", "broadMatch", "relatedMatch")

KEY_ENABLING_TECHNOLOGIES = {
    "micro-and-nanoelectronics",
    "nanotechnology",
    "photonics",
    "advanced-materials",
    "industrial-biotechnology",
    "advanced-manufacturing",
}
ASKED_FOR = (
    "clean-production intelligent-technical-systems energy-and-green-technologies "
    "mechanical-engineering-and-mechatronics chemistry-and-new-materials "
    "information-and-communication-technologies e-mobility sustainable-construction smart-grids "
    "intelligent-production"
)


def pairs(predicate: str) -> set[tuple[str, str]]:
    return {
        (s.value, o.value)
        for s, o in ONTOLOGY.pairs(SKOS + predicate)
        if s.value in CONCEPTS or o.value in CONCEPTS
    }


def closure(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pairs that one reaches over one or more edges."""
    while True:
        further = {(a, d) for a, b in edges for c, d in edges if b == c} - edges
        if not further:
            return edges
        edges = edges | further


def test_six_key_enabling_technologies() -> None:
    """They are the ones that Europe named, no more and no fewer."""
    below = {s for s, o in pairs("broader") if o == TECHNOLOGY + "key-enabling-technologies"}

    assert {iri.removeprefix(TECHNOLOGY) for iri in below} == KEY_ENABLING_TECHNOLOGIES


@pytest.mark.parametrize("name", ASKED_FOR.split())
def test_field_is_a_concept(name: str) -> None:
    """The sectors and fields that the landscape is described by are there."""
    assert TECHNOLOGY + name in CONCEPTS


def test_every_concept_hangs_below_a_top_concept() -> None:
    """Each is in the scheme, and has a broader concept or is a top concept of the scheme."""
    tops = {s for s, o in pairs("topConceptOf") if o == SCHEME}
    narrower = {s for s, _ in pairs("broader")}

    assert {s for s, o in pairs("inScheme") if o == SCHEME} == CONCEPTS
    assert tops | narrower == CONCEPTS
    assert tops & narrower == set()
    assert tops == {o.value for _, o in ONTOLOGY.pairs(SKOS + "hasTopConcept")}


def test_hierarchy_has_no_circle_and_no_short_cut() -> None:
    """No concept is broader than itself, and none is said to be below what it is below anyway."""
    broader = pairs("broader")
    reached = closure(broader)

    assert [pair for pair in reached if pair[0] == pair[1]] == []
    assert {o for _, o in broader} <= CONCEPTS
    short = {(a, c) for a, b in broader for x, c in broader if b == x} & broader
    assert short == set()


def test_labels_name_one_concept_each() -> None:
    """SKOS, S14: one preferred label per language; ours are unique in the scheme as well."""
    seen: dict[tuple[str | None, str], object] = {}
    for subject, label in ONTOLOGY.pairs(SKOS + "prefLabel"):
        assert isinstance(label, ox.Literal)
        key = (label.language, label.value.lower())
        assert subject.value == SCHEME or seen.setdefault(key, subject) == subject
    for concept in CONCEPTS:
        labels = ONTOLOGY.objects(ox.NamedNode(concept), SKOS + "prefLabel")
        languages = [label.language for label in labels if isinstance(label, ox.Literal)]
        assert len(languages) == len(set(languages))
        assert {"en", "de"} <= set(languages)


def test_display_label_is_the_preferred_label() -> None:
    """rdfs:label says in English and German what skos:prefLabel says."""
    for concept in CONCEPTS:
        preferred = ONTOLOGY.objects(ox.NamedNode(concept), SKOS + "prefLabel")
        labels = ONTOLOGY.terms[concept].labels

        texts = {t.language: t.value for t in preferred if isinstance(t, ox.Literal)}
        assert labels == {language: texts[language] for language in ("en", "de")}


def test_exact_matches_are_one_to_one() -> None:
    """Exact match is transitive: two of ours with one EuroSciVoc concept would be one concept."""
    exact = pairs("exactMatch")

    assert len({s for s, _ in exact}) == len({o for _, o in exact}) == len(exact)


def test_mappings_do_not_contradict_each_other() -> None:
    """SKOS, S46: an exact match is no broad, narrow or related match; each pair is said once."""
    stated = [(pair, name) for name in MATCHES for pair in sorted(pairs(name))]

    assert len({pair for pair, _ in stated}) == len(stated)


def test_matches_exist_in_euroscivoc() -> None:
    """Every concept that is matched is a concept of EuroSciVoc."""
    if not VOCABULARY.exists():
        pytest.skip(f"{VOCABULARY} is not there: the matches are not looked up")
    store = ox.Store()
    store.bulk_load(path=str(VOCABULARY), format=ox.RdfFormat.TURTLE)
    concept = ox.NamedNode(SKOS + "Concept")
    known = {
        quad.subject.value
        for quad in store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), concept)
        if isinstance(quad.subject, ox.NamedNode)
    }
    matched = {o for name in MATCHES for _, o in pairs(name)}

    assert len(matched) > 50
    assert all(iri.startswith(EUROSCIVOC) for iri in matched)
    assert matched <= known


def test_matches_make_no_circle_with_euroscivoc() -> None:
    """Ours and EuroSciVoc's hierarchy together, joined by the matches, still run one way."""
    if not VOCABULARY.exists():
        pytest.skip(f"{VOCABULARY} is not there: its hierarchy is not looked at")
    store = ox.Store()
    store.bulk_load(path=str(VOCABULARY), format=ox.RdfFormat.TURTLE)
    edges: dict[str, set[str]] = {}
    same = {o: s for s, o in pairs("exactMatch")}
    theirs = {
        (q.subject.value, q.object.value)
        for q in store.quads_for_pattern(None, ox.NamedNode(SKOS + "broader"), None)
        if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode)
    }
    wider = pairs("broader") | pairs("broadMatch") | {(o, s) for s, o in pairs("narrowMatch")}
    for narrow, broad in wider | theirs:
        edges.setdefault(same.get(narrow, narrow), set()).add(same.get(broad, broad))

    for start in CONCEPTS:
        reached: set[str] = set()
        todo = [start]
        while todo:
            fresh = edges.get(todo.pop(), set()) - reached
            reached |= fresh
            todo.extend(fresh)
        assert start not in reached
