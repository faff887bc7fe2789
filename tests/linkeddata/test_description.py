"""A description is all that a release says of a thing, closed under labels."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.description import describe, exists, named
from kg.terms import RDFS_LABEL, SKOS

THINGS = [NamedNode(f"http://things.example/{name}") for name in "abcde"]
PROPERTIES = [NamedNode("http://things.example/p"), NamedNode(RDFS_LABEL)]
GRAPHS = [NamedNode("http://graphs.example/1"), NamedNode("http://graphs.example/2")]
VALUES = [*THINGS, Literal("x"), Literal("x", language="de"), Literal(5)]

QUADS = st.sets(
    st.builds(
        Quad,
        st.sampled_from(THINGS),
        st.sampled_from(PROPERTIES),
        st.sampled_from(VALUES),
        st.sampled_from(GRAPHS),
    ),
    max_size=30,
)


def store_of(quads: set[Quad]) -> Store:
    store = Store()
    store.extend(quads)
    return store


@given(QUADS)
def test_descriptions_together_are_the_release(quads: set[Quad]) -> None:
    store = store_of(quads)

    found = [describe(store, thing.value) for thing in THINGS]

    outgoing = {quad for one in found if one for quad in one.outgoing}
    assert outgoing == quads
    for thing, one in zip(THINGS, found, strict=True):
        assert (one is not None) == exists(store, thing.value)


@given(QUADS, st.integers(1, 4))
def test_pages_of_incoming_statements_lose_and_repeat_none(quads: set[Quad], size: int) -> None:
    store, thing = store_of(quads), THINGS[0]
    found: list[Quad] = []
    page, more = 1, True
    while more:
        one = describe(store, thing.value, page, size)
        if one is None:
            break
        found += one.incoming
        page, more = page + 1, one.more

    expected = {q for q in quads if q.object == thing and q.subject != thing}
    assert sorted(map(str, found)) == sorted(map(str, expected))
    assert describe(store, thing.value, page, size) is None


@given(QUADS)
def test_a_description_says_only_what_the_release_says(quads: set[Quad]) -> None:
    store = store_of(quads)
    for thing in THINGS:
        one = describe(store, thing.value)
        if one is None:
            continue
        mentioned = {q.object for q in one.outgoing} | {q.subject for q in one.incoming}
        labels = {
            q
            for q in quads
            if q.predicate == PROPERTIES[1] and q.subject in mentioned and q.subject != thing
        }
        assert set(one.quads) <= quads
        assert set(one.labels) == labels


def test_the_label_suits_the_reader() -> None:
    thing = THINGS[0]
    graph = GRAPHS[0]
    label, preferred = NamedNode(RDFS_LABEL), NamedNode(SKOS + "prefLabel")
    store = store_of(
        {
            Quad(thing, label, Literal("Ding", language="de"), graph),
            Quad(thing, label, Literal("thing", language="en"), graph),
            Quad(thing, preferred, Literal("chose", language="fr"), graph),
        }
    )

    one = describe(store, thing.value)

    assert one is not None
    assert one.label(thing.value, "de") == ("Ding", "de")
    assert one.label(thing.value, "en") == ("thing", "en")
    assert one.label(thing.value, "pl") == ("thing", "en")
    assert one.label("http://things.example/unknown", "en") is None


def test_a_part_of_a_document_has_the_documents_title() -> None:
    document, part = (
        NamedNode("http://files.example/a.csv"),
        NamedNode("http://files.example/a.csv#2"),
    )
    title = Quad(document, NamedNode("http://purl.org/dc/terms/title"), Literal("a.csv"), GRAPHS[0])
    store = store_of({title, Quad(THINGS[0], PROPERTIES[0], part, GRAPHS[0])})

    one = describe(store, THINGS[0].value)

    assert one is not None
    assert one.labels == (title,)


def test_what_is_no_iri_is_nothing() -> None:
    for text in ("", "no scheme", "http://a b/", "http://a/\ufffd", "http://a/%zz"):
        assert named(text) is None
        assert not exists(Store(), text)
        assert describe(Store(), text) is None
