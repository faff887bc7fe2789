"""What follows after a change is what would follow from the whole, made from the beginning."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import axioms, inference, maintenance, ontology
from kg.terms import DEFAULT_BASE, OWL, RDF_TYPE, XSD_BOOLEAN, XSD_INTEGER, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.rules import Rule

Triples: TypeAlias = frozenset[ox.Triple]

CASES = sorted((Path(__file__).parent / "inference").iterdir())
ATLAS = ontology_namespace(DEFAULT_BASE)
GRAPHS = {name: ox.NamedNode(f"{DEFAULT_BASE}graph/{name}") for name in ("inferred", "provenance")}
STATED = ox.NamedNode("urn:graph:stated")
ONTOLOGY = ontology.read()
RULES = axioms.rules(ONTOLOGY)
MOST = 100_000


def filled(stated: Iterable[ox.Triple]) -> ox.Store:
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object, STATED) for t in stated)
    return store


def closed(stated: Iterable[ox.Triple], rules: Iterable[Rule]) -> ox.Store:
    """Return a store of statements with what follows, made from the beginning."""
    store = filled(stated)
    inference.infer_store(store, GRAPHS["inferred"], tuple(rules))
    return store


def inferred(store: ox.Store) -> Triples:
    return frozenset(
        q.triple for q in store.quads_for_pattern(None, None, None, GRAPHS["inferred"])
    )


def check(old: Triples, new: Triples, rules: tuple[Rule, ...]) -> None:
    """Change a store from one set of statements to another, and compare with the whole."""
    before, after = closed(old, rules), closed(old, rules)
    for triple in old - new:
        after.remove(ox.Quad(triple.subject, triple.predicate, triple.object, STATED))
    after.extend(ox.Quad(t.subject, t.predicate, t.object, STATED) for t in new - old)
    change = maintenance.Conclusions(set(new - old), set(old - new))
    done = maintenance.maintain(before, after, GRAPHS, rules, change, MOST)

    assert inferred(after) == inferred(closed(new, rules))
    assert done.come == inferred(after) - inferred(before)
    assert done.gone == inferred(before) - inferred(after)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_from_halves_of_its_data(case: Path, tmp_path: Path) -> None:
    """From any half of a case's data to any other half, and from nothing and to nothing."""
    (tmp_path / "axioms.ttl").write_bytes((case / "axioms.ttl").read_bytes())
    rules = axioms.rules(ontology.read(tmp_path))
    text = (case / "data.ttl").read_bytes()
    data = sorted((q.triple for q in ox.parse(text, format=ox.RdfFormat.TURTLE)), key=str)
    chance = random.Random(case.name)  # noqa: S311 - no secret
    check(frozenset(), frozenset(data), rules)
    check(frozenset(data), frozenset(), rules)
    for _ in range(5):
        old, new = (frozenset(chance.sample(data, -(-len(data) // 2))) for _ in range(2))
        check(old, new, rules)


CLASSES = sorted({r.iri for rule in RULES for a in rule.body if (r := a.relation).of_class})
PROPERTIES = sorted(
    {r.iri for rule in RULES for a in rule.body if not (r := a.relation).of_class}
    - {f.value for f, k in ONTOLOGY.pairs(RDF_TYPE) if k.value == OWL + "DatatypeProperty"}
)
things = st.sampled_from([ox.NamedNode(f"urn:example:{n}") for n in range(5)])
RECURSIVE = [ox.NamedNode(ATLAS + name) for name in ("partOf", "alliedWith", "hasSubProject")]
statements = st.one_of(
    st.builds(
        ox.Triple,
        things,
        st.just(ox.NamedNode(RDF_TYPE)),
        st.sampled_from([ox.NamedNode(iri) for iri in CLASSES]),
    ),
    st.builds(ox.Triple, things, st.sampled_from(list(map(ox.NamedNode, PROPERTIES))), things),
    st.builds(ox.Triple, things, st.sampled_from(RECURSIVE), things),
    st.builds(
        ox.Triple,
        things,
        st.sampled_from([ox.NamedNode(ATLAS + name) for name in ("trlFrom", "trlTo")]),
        st.integers(1, 9).map(lambda n: ox.Literal(str(n), datatype=ox.NamedNode(XSD_INTEGER))),
    ),
    st.builds(
        ox.Triple,
        things,
        st.just(ox.NamedNode(ATLAS + "isSme")),
        st.sampled_from(["true", "false"]).map(
            lambda text: ox.Literal(text, datatype=ox.NamedNode(XSD_BOOLEAN))
        ),
    ),
)
graphs = st.frozensets(statements, max_size=14)


@settings(max_examples=40, deadline=None)
@given(graphs, graphs, graphs)
def test_any_change_gives_what_the_whole_gives(kept: Triples, old: Triples, new: Triples) -> None:
    """Some statements stay, some go and some come."""
    check(kept | old, kept | new, RULES)


def test_a_conclusion_that_is_stated_moves_and_comes_back() -> None:
    """What was concluded and is stated now is concluded no longer, until it is taken back."""
    one, two = (ox.NamedNode(f"urn:example:{name}") for name in "ab")
    allied = ox.NamedNode(ATLAS + "alliedWith")
    first = frozenset({ox.Triple(one, allied, two)})
    both = first | {ox.Triple(two, allied, one)}

    check(first, both, RULES)
    check(both, first, RULES)


def test_a_change_that_touches_too_much_is_told() -> None:
    """The work is bounded by the statements looked at."""
    middle = ox.NamedNode("urn:example:middle")
    part = ox.NamedNode(ATLAS + "partOf")
    things_inside = [ox.NamedNode(f"urn:example:{n}") for n in range(200)]
    old = frozenset(ox.Triple(thing, part, middle) for thing in things_inside)
    before, after = closed(old, RULES), closed(old, RULES)
    new = ox.Triple(middle, part, ox.NamedNode("urn:example:whole"))
    after.add(ox.Quad(new.subject, new.predicate, new.object, STATED))

    with pytest.raises(maintenance.DifferenceTooLargeError):
        maintenance.maintain(
            before, after, GRAPHS, RULES, maintenance.Conclusions({new}, set()), 100
        )
