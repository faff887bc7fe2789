"""What follows by the rules: over columns, over a store, and by another judge.

Each folder `inference/<case>` has `axioms.ttl`, `data.ttl` and `expected.ttl`, which is all that
follows from the data and is not in it.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import duckdb
import owlrl  # type: ignore[import-untyped]
import pyarrow as pa
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import axioms, inference, ontology
from kg.identifiers import Identifiers
from kg.statements import BLANK, IRI, LITERAL, SCHEMA, batches, literal_columns
from kg.terms import DEFAULT_BASE, OWL, RDF_TYPE, SKOS, XSD_BOOLEAN, XSD_INTEGER, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kg.rules import Rule
    from kg.store import OpenRelease

Triples: TypeAlias = frozenset[ox.Triple]
Row: TypeAlias = tuple[str, str, str, int, str | None, str | None]
Evaluate: TypeAlias = "Callable[[Triples, Iterable[Rule]], Triples]"

HERE = Path(__file__).parent / "inference"
CASES = sorted(HERE.iterdir())
ATLAS = ontology_namespace(DEFAULT_BASE)
INFERRED = ox.NamedNode(DEFAULT_BASE + "graph/inferred")
GRAPH = ox.NamedNode("urn:graph:stated")
ONTOLOGY = ontology.read()
RULES = axioms.rules(ONTOLOGY)


def read(path: Path) -> Triples:
    return frozenset(q.triple for q in ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))


def row(triple: ox.Triple, graph: str = GRAPH.value) -> tuple[object, ...]:
    """Return a triple as a statement row."""
    value = triple.object
    kind, datatype, language = IRI, None, None
    if isinstance(value, ox.Literal):
        kind = LITERAL
        datatype, language = literal_columns(value.datatype.value, value.language)
    elif isinstance(value, ox.BlankNode):
        kind = BLANK
    place = ("data.ttl", 1, None, "data.ttl", None)
    subject, text = _text(triple.subject), _text(value)
    return (subject, triple.predicate.value, text, kind, datatype, language, graph, *place)


def _text(term: ox.Triple | ox.NamedNode | ox.BlankNode | ox.Literal) -> str:
    assert not isinstance(term, ox.Triple)
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else term.value


def resource(text: str) -> ox.NamedNode | ox.BlankNode:
    blank = text.startswith("_:")
    return ox.BlankNode(text.removeprefix("_:")) if blank else ox.NamedNode(text)


def triple(found: Row) -> ox.Triple:
    """Return a row of the conclusions as a triple."""
    subject, predicate, text, kind, datatype, language = found
    value: ox.NamedNode | ox.BlankNode | ox.Literal
    if kind == LITERAL:
        plain = ox.NamedNode(datatype) if datatype and not language else None
        value = ox.Literal(text, datatype=plain, language=language)
    else:
        value = resource(text)
        assert kind == (BLANK if text.startswith("_:") else IRI)
        assert (datatype, language) == (None, None)
    return ox.Triple(resource(subject), ox.NamedNode(predicate), value)


def rows_by_columns(stated: Iterable[tuple[object, ...]], rules: Iterable[Rule]) -> list[Row]:
    """Return the rows that `infer` makes, in their order."""
    table = pa.Table.from_batches(batches(stated), schema=SCHEMA)
    with duckdb.connect() as connection:
        connection.register("stated", table)
        count = inference.infer(connection, "stated", tuple(rules))
        rows = connection.execute("FROM inferred").fetchall()

    assert count == len(rows)
    return rows


def by_columns(stated: Triples, rules: Iterable[Rule]) -> Triples:
    found = list(map(triple, rows_by_columns(map(row, stated), rules)))

    assert len(set(found)) == len(found)
    return frozenset(found)


def by_store(stated: Triples, rules: Iterable[Rule]) -> Triples:
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object, GRAPH) for t in stated)
    count = inference.infer_store(store, INFERRED, tuple(rules))
    found = frozenset(q.triple for q in store.quads_for_pattern(None, None, None, INFERRED))

    assert count == len(found)
    return found


# Cases ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("evaluate", [by_columns, by_store])
def test_case(case: Path, evaluate: Evaluate, tmp_path: Path) -> None:
    """What follows is what the case expects, no more and no less."""
    rules = rules_of(case, tmp_path)

    assert evaluate(read(case / "data.ttl"), rules) == read(case / "expected.ttl")


def rules_of(case: Path, folder: Path) -> tuple[Rule, ...]:
    (folder / "axioms.ttl").write_bytes((case / "axioms.ttl").read_bytes())
    return axioms.rules(ontology.read(folder))


# owlrl is a reasoner for OWL 2 RL, which has neither hasSelf nor facets.
BEYOND_OWL_RL = {"chain-through-a-class", "several-of-everything", "datatype-facets"}


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name not in BEYOND_OWL_RL], ids=lambda case: case.name
)
def test_another_reasoner_agrees(case: Path) -> None:
    """The other concludes the same statements in our namespace and in SKOS."""
    graph, stated, expected = (rdflib.Graph() for _ in range(3))
    stated.parse(case / "data.ttl")
    expected.parse(case / "expected.ttl")
    graph.parse(case / "axioms.ttl")
    graph += stated
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)

    scope = (ATLAS, SKOS)
    found = {
        (s, p, o)
        for s, p, o in set(graph) - set(stated)
        if str(o if p == rdflib.RDF.type else p).startswith(scope)
        # owlrl concludes of literals too, which RDF cannot state.
        and not isinstance(s, rdflib.Literal)
    }
    assert found == set(expected)


# Laws -------------------------------------------------------------------------------------------

CLASSES = sorted({r.iri for rule in RULES for a in rule.body if (r := a.relation).of_class})
PROPERTIES = sorted(
    {r.iri for rule in RULES for a in rule.body if not (r := a.relation).of_class}
    - {f.value for f, k in ONTOLOGY.pairs(RDF_TYPE) if k.value == OWL + "DatatypeProperty"}
)
THINGS = [ox.NamedNode(f"urn:example:{n}") for n in range(5)]
things = st.sampled_from(THINGS)
statements = st.one_of(
    st.builds(
        ox.Triple,
        things,
        st.just(ox.NamedNode(RDF_TYPE)),
        st.sampled_from([ox.NamedNode(iri) for iri in CLASSES]),
    ),
    st.builds(ox.Triple, things, st.sampled_from(list(map(ox.NamedNode, PROPERTIES))), things),
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
graphs = st.frozensets(statements, max_size=12)


@settings(max_examples=25, deadline=None)
@given(graphs)
def test_columns_and_store_agree(stated: Triples) -> None:
    """The SQL and the SPARQL of the rules reach the same fixed point."""
    assert by_columns(stated, RULES) == by_store(stated, RULES)


@settings(max_examples=10, deadline=None)
@given(graphs)
def test_closure_is_idempotent(stated: Triples) -> None:
    """From what is stated and what follows nothing further follows."""
    assert by_columns(stated | by_columns(stated, RULES), RULES) == frozenset()


@settings(max_examples=10, deadline=None)
@given(graphs, graphs)
def test_closure_is_monotone(stated: Triples, more: Triples) -> None:
    """To say more takes back no conclusion; it may only be stated now."""
    before = stated | by_columns(stated, RULES)

    assert before <= stated | more | by_columns(stated | more, RULES)


# Over columns -----------------------------------------------------------------------------------

SYMMETRIC = ox.NamedNode(ATLAS + "alliedWith")
A, B, C, *_ = THINGS


def test_what_another_graph_states_is_not_concluded() -> None:
    """A conclusion that some graph states already is no news."""
    rows = [row(ox.Triple(A, SYMMETRIC, B)), row(ox.Triple(B, SYMMETRIC, A), "urn:graph:other")]

    found = {triple(r) for r in rows_by_columns(rows, RULES)}
    assert ox.Triple(B, SYMMETRIC, A) not in found
    assert ox.Triple(A, ox.NamedNode(RDF_TYPE), ox.NamedNode(ATLAS + "Cluster")) in found


def test_same_rows_in_the_same_order_whatever_the_order_of_the_statements() -> None:
    """The table of conclusions depends on the set of statements alone."""
    rows = [row(triple) for triple in sorted(read(HERE / "skos" / "data.ttl"), key=str)]
    rows += [row(ox.Triple(one, SYMMETRIC, two)) for one in THINGS for two in THINGS if one != two]
    first = rows_by_columns(rows, RULES)
    shuffled = random.Random(7).sample(rows, len(rows))  # noqa: S311 - no secret

    assert rows_by_columns([*shuffled, *rows[:3]], RULES) == first
    assert len(first) > 10


def test_nothing_stated_nothing_concluded() -> None:
    """An empty table of statements, or no rules, gives an empty table with all columns."""
    with duckdb.connect() as connection:
        connection.register("stated", SCHEMA.empty_table())
        connection.execute("CREATE TABLE none AS FROM stated")

        assert inference.infer(connection, "none", RULES, "first") == 0
        assert inference.infer(connection, "none", (), "second") == 0
        types = connection.execute("SELECT column_name, column_type FROM (DESCRIBE second)")
        assert types.fetchall() == [
            ("subject", "VARCHAR"),
            ("predicate", "VARCHAR"),
            ("object", "VARCHAR"),
            ("kind", "UTINYINT"),
            ("datatype", "VARCHAR"),
            ("language", "VARCHAR"),
        ]


def test_blank_nodes_and_other_ways_to_write_true() -> None:
    """Columns hold terms as written: "1" is true too (XML Schema 1.1 Datatypes, 3.3.2)."""
    blank, kind = ox.BlankNode("b0"), ox.NamedNode(RDF_TYPE)
    stated = frozenset(
        {
            ox.Triple(
                A,
                ox.NamedNode(ATLAS + "isSme"),
                ox.Literal("1", datatype=ox.NamedNode(XSD_BOOLEAN)),
            ),
            ox.Triple(blank, SYMMETRIC, B),
        }
    )

    assert {
        ox.Triple(A, kind, ox.NamedNode(ATLAS + "SME")),
        ox.Triple(B, SYMMETRIC, blank),
        ox.Triple(blank, kind, ox.NamedNode(ATLAS + "Cluster")),
    } <= by_columns(stated, RULES)


def test_workspace_of_the_evaluation_is_gone_even_after_an_error() -> None:
    """The schema of the evaluation is dropped, so that the next one can begin."""
    with duckdb.connect() as connection:
        for _ in range(2):
            with pytest.raises(duckdb.CatalogException, match="absent"):
                inference.infer(connection, "absent", RULES)


def test_facets_on_a_half_open_range(tmp_path: Path) -> None:
    """A rule holds only what its facets allow, whatever the lexical form."""
    integer = ox.NamedNode(XSD_INTEGER)
    level = ox.NamedNode(ATLAS + "level")
    (tmp_path / "axioms.ttl").write_bytes((HERE / "datatype-facets" / "axioms.ttl").read_bytes())
    rules = axioms.rules(ontology.read(tmp_path))
    service = ox.Triple(A, ox.NamedNode(RDF_TYPE), ox.NamedNode(ATLAS + "Service"))
    for text, within in (("+5", True), ("007", True), ("5.5", False), ("five", False)):
        stated = frozenset({service, ox.Triple(A, level, ox.Literal(text, datatype=integer))})

        assert bool(by_columns(stated, rules)) is within


# The sample -------------------------------------------------------------------------------------


def test_release_of_the_sample_holds_what_follows(sample_release: OpenRelease) -> None:
    """The inferred graph of the shipped sample is what the rules' SPARQL concludes of the rest."""
    identifiers = Identifiers(DEFAULT_BASE)
    told_apart = {identifiers.graph("inferred"), identifiers.graph("provenance")}
    store = ox.Store()
    store.extend(q for q in sample_release.store if q.graph_name.value not in told_apart)
    published = {
        q.triple for q in sample_release.store.quads_for_pattern(None, None, None, INFERRED)
    }
    inference.infer_store(store, INFERRED, RULES)

    assert len(published) > 1000
    assert published == {q.triple for q in store.quads_for_pattern(None, None, None, INFERRED)}


def test_nothing_in_the_sample_is_of_two_disjoint_classes(sample_release: OpenRelease) -> None:
    """What is stated and what follows agree with the ontology's disjointness axioms."""
    (members,) = [o for _, o in ONTOLOGY.pairs(OWL + "members")]
    disjoint = {node.value for node in ONTOLOGY.items(members)}
    classes: dict[str, set[str]] = {}
    kind = ox.NamedNode(RDF_TYPE)
    for quad in sample_release.store.quads_for_pattern(None, kind, None, None):
        if isinstance(quad.object, ox.NamedNode) and quad.object.value in disjoint:
            classes.setdefault(str(quad.subject), set()).add(quad.object.value)

    assert len(classes) > 1000
    assert {subject: found for subject, found in classes.items() if len(found) > 1} == {}


EXPECTED = {
    "technology centre": "?x a atlas:TechnologyCentre",
    "cluster organisation": "?x a atlas:ClusterOrganisation",
    "membership of a cluster in a cluster": "?x a atlas:Cluster ; atlas:hasMember/a atlas:Cluster",
    "what members master": "?x atlas:canOffer/a atlas:Technology",
    "activity": "?x atlas:activeIn/a skos:Concept",
    "field of ours by a EuroSciVoc concept": (
        "?x atlas:field ?f . ?f skos:inScheme ?s FILTER(CONTAINS(STR(?s), '/technologies'))"
    ),
    "region in country": "?x atlas:locatedIn/a atlas:Country ; a atlas:Organisation",
    "listing of a party": "?x atlas:hasListing/a atlas:Offer",
}


@pytest.mark.parametrize("pattern", EXPECTED.values(), ids=EXPECTED)
def test_sample_shows_every_kind_of_conclusion(pattern: str, sample_release: OpenRelease) -> None:
    """What the ontology is made for can be seen in what is shipped."""
    query = f"PREFIX atlas: <{ATLAS}> PREFIX skos: <{SKOS}> ASK {{ {pattern} }}"

    assert sample_release.store.query(query, use_default_graph_as_union=True)
