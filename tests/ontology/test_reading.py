"""Reading the ontology's files: terms, rows with their lines, another base, broken files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from kg import ontology
from kg.errors import OntologyError
from kg.statements import IRI, LITERAL
from kg.terms import DEFAULT_BASE, OWL, RDF_TYPE, RDFS, ontology_namespace

if TYPE_CHECKING:
    from pathlib import Path

ATLAS = ontology_namespace(DEFAULT_BASE)
GRAPH = DEFAULT_BASE + "graph/ontology"

RDF_FIRST = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first"
RDF_REST = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest"

SMALL = """\
@prefix atlas: <https://w3id.org/cluster-atlas/ontology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

atlas:Part a owl:Class ;
    rdfs:label "part"@en, "Teil"@de ;
    rdfs:subClassOf atlas:Thing, [ a owl:Restriction ; owl:onProperty atlas:of ] .

atlas:Thing a owl:Class ; rdfs:label "thing"@en .
atlas:of a owl:ObjectProperty, owl:FunctionalProperty .
"""


def small(folder: Path, text: str = SMALL, base: str = DEFAULT_BASE) -> ontology.Ontology:
    (folder / "small.ttl").write_text(text, "utf-8")
    return ontology.read(folder, base)


def test_terms_with_kind_and_labels(tmp_path: Path) -> None:
    """A term is known by its IRI, with kind, labels and comments."""
    terms = small(tmp_path).own_terms

    assert {iri.removeprefix(ATLAS): term.kind for iri, term in terms.items()} == {
        "Part": "class",
        "Thing": "class",
        "of": "object property",
    }
    assert terms[ATLAS + "Part"].labels == {"en": "part", "de": "Teil"}


def test_labels_fall_back_to_english(tmp_path: Path) -> None:
    """Where a language has no label the English one stands; without one there is none."""
    assert small(tmp_path).labels("de") == {ATLAS + "Part": "Teil", ATLAS + "Thing": "thing"}


def test_functional_properties(tmp_path: Path) -> None:
    """They are told by their type."""
    assert small(tmp_path).functional_properties == {ATLAS + "of"}


def test_subclass_statements_leave_out_anonymous_classes(tmp_path: Path) -> None:
    """Validation needs the axioms between named classes."""
    (row,) = small(tmp_path).subclass_statements(GRAPH)

    assert row[:3] == (ATLAS + "Part", RDFS + "subClassOf", ATLAS + "Thing")


def test_rows_know_file_and_line(tmp_path: Path) -> None:
    """A row carries the line on which its subject begins."""
    rows = list(small(tmp_path).statements(GRAPH))

    lines = {(row.subject.removeprefix(ATLAS), row.line) for row in rows if ATLAS in row.subject}
    assert lines == {("Part", 5), ("Thing", 9), ("of", 10)}
    assert {row.file for row in rows} == {"small.ttl"}


def test_rows_have_no_blank_nodes(tmp_path: Path) -> None:
    """A blank node becomes an IRI, the same one in every reading."""
    rows = list(small(tmp_path).statements(GRAPH))

    assert {row.kind for row in rows} == {IRI, LITERAL}
    assert not any(text.startswith("_:") for row in rows for text in row[:3])
    assert rows == list(small(tmp_path).statements(GRAPH))


def test_rows_are_the_files_as_rdflib_reads_them() -> None:
    """Nothing is lost: with the IRIs of blank nodes taken back, the graphs are isomorphic."""
    theirs = rdflib.Graph()
    for path in ontology.FOLDER.glob("*.ttl"):
        theirs.parse(path)
    ours = rdflib.Graph()
    for row in ontology.read().statements(GRAPH):
        value: rdflib.term.Node = node(row.object)
        if row.kind == LITERAL:
            datatype = None if row.language else row.datatype
            value = rdflib.Literal(row.object, lang=row.language, datatype=datatype)
        ours.add((node(row.subject), rdflib.URIRef(row.predicate), value))
    # rdflib keeps xsd:string apart from plain; RDF 1.1 does not.
    for s, p, o in list(theirs):
        if isinstance(o, rdflib.Literal) and not o.language and o.datatype is None:
            theirs.remove((s, p, o))
            theirs.add((s, p, rdflib.Literal(str(o), datatype=rdflib.XSD.string)))

    assert len(theirs) == len(ours)
    assert isomorphic(theirs, ours)


def node(text: str) -> rdflib.term.Node:
    skolem = "/.well-known/genid/ontology/"
    return rdflib.BNode(text.rpartition("/")[2]) if skolem in text else rdflib.URIRef(text)


def test_another_base_takes_the_place_of_the_default() -> None:
    """With another base no term, scheme or concept keeps the default one."""
    base = "https://atlas.example/"
    rows = list(ontology.read(base=base).statements(base + "graph/ontology"))

    assert not any(DEFAULT_BASE in text for row in rows for text in row[:3])
    assert (base + "ontology#Cluster", RDF_TYPE, OWL + "Class") in {row[:3] for row in rows}


def test_items_of_a_list(tmp_path: Path) -> None:
    """The members of a list come in its order."""
    found = small(tmp_path, SMALL + "atlas:Part owl:unionOf ( atlas:b atlas:a atlas:b ) .\n")
    head = found.object(ox.NamedNode(ATLAS + "Part"), OWL + "unionOf")
    assert head is not None

    assert [n.value.removeprefix(ATLAS) for n in found.items(head)] == ["b", "a", "b"]


@pytest.mark.parametrize(
    "broken",
    [
        f"_:list <{RDF_FIRST}> atlas:a .",
        f"_:list <{RDF_FIRST}> atlas:a ; <{RDF_REST}> _:list .",
    ],
    ids=["no end", "circle"],
)
def test_broken_list_is_an_error(tmp_path: Path, broken: str) -> None:
    """A list that does not end is refused, not followed for ever."""
    found = small(tmp_path, SMALL + f"atlas:Part owl:unionOf _:list . {broken}\n")
    head = found.object(ox.NamedNode(ATLAS + "Part"), OWL + "unionOf")
    assert head is not None

    with pytest.raises(OntologyError, match="without a proper end"):
        found.items(head)


def test_further_files(tmp_path: Path) -> None:
    """Files can be read along; one that is missing is named."""
    more = tmp_path / "more.ttl"
    more.write_text(f"<{ATLAS}More> a <{OWL}Class> .\n")
    found = ontology.read()

    assert ATLAS + "More" in found.plus([more]).own_terms
    assert ATLAS + "More" not in found.own_terms
    with pytest.raises(OntologyError, match=r"less\.ttl does not exist"):
        found.plus([tmp_path / "less.ttl"])


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without Turtle files is no ontology."""
    with pytest.raises(OntologyError, match="holds no Turtle file"):
        ontology.read(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("atlas:Part a owl:Class .", r"small\.ttl is not Turtle: .*at line 1"),
        (SMALL + "<< atlas:a atlas:b atlas:c >> atlas:d atlas:e .", "of a statement|not Turtle"),
    ],
    ids=["prefix", "statement about a statement"],
)
def test_file_that_is_not_turtle_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    """The error names the file and the place."""
    with pytest.raises(OntologyError, match=reason):
        small(tmp_path, text)


def test_file_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    """Turtle is UTF-8 (RDF 1.1 Turtle, section 5)."""
    (tmp_path / "small.ttl").write_bytes(SMALL.replace("thing", "d\u00e9").encode("latin-1"))

    with pytest.raises(OntologyError, match=r"small\.ttl is not Turtle"):
        ontology.read(tmp_path)
