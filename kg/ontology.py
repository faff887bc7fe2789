"""The ontology: the Turtle files of the folder ontology/, read as one graph.

How it is read:

1. Every `*.ttl` of the folder is rebased (kg.terms.rebase) and parsed; the graph is their union.
   `atlas.ttl` holds our own terms, `technologies.ttl` the technology scheme, `align-<name>.ttl`
   what ties our terms to another vocabulary.
2. A term is an IRI that a file types as a class, property, datatype, individual, concept or
   concept scheme (OWL 2 Mapping to RDF Graphs, section 3.1.2; SKOS, sections 3 and 4).
3. As statement rows the graph carries the file and the line on which the subject begins.  Blank
   nodes become IRIs named after their canonical labels (RDF Dataset Canonicalization, RDFC-1.0),
   so that the same files give the same rows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    parse,
)

from kg.errors import OntologyError
from kg.identifiers import Identifiers
from kg.statements import IRI, LITERAL, Statement, literal_columns
from kg.terms import DEFAULT_BASE, OWL, RDF, RDF_TYPE, RDFS, SKOS, ontology_namespace, rebase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Subject: TypeAlias = NamedNode | BlankNode
Node: TypeAlias = Subject | Literal

FOLDER: Final = Path(__file__).resolve().parent.parent / "ontology"

KINDS: Final = {
    OWL + "Class": "class",
    OWL + "ObjectProperty": "object property",
    OWL + "DatatypeProperty": "datatype property",
    OWL + "AnnotationProperty": "annotation property",
    OWL + "NamedIndividual": "individual",
    RDFS + "Datatype": "datatype",
    SKOS + "Concept": "concept",
    SKOS + "ConceptScheme": "concept scheme",
}

_NIL = NamedNode(RDF + "nil")

# A subject begins in the first column; everything that follows it is indented.
_SUBJECT_LINE = re.compile(r"(?:<(?P<iri>[^>]+)>|(?P<prefix>[\w-]*):(?P<name>[\w.-]+))\s")


class Term(NamedTuple):
    """A declared term: its IRI, what it is, and its labels and comments by language."""

    iri: str
    kind: str
    labels: Mapping[str, str]
    comments: Mapping[str, str]


class Triple(NamedTuple):
    """A triple of the ontology; the predicate is the IRI itself."""

    subject: Subject
    predicate: str
    object: Node


class Part(NamedTuple):
    """One file: its name, triples in their order, prefixes, and the line of each subject."""

    file: str
    triples: tuple[Triple, ...]
    prefixes: Mapping[str, str]
    lines: Mapping[str, int]


@dataclass(frozen=True)
class Ontology:
    """The graph of all files, with the questions that the rest of the code has for it."""

    base: str
    parts: tuple[Part, ...]

    @cached_property
    def _index(self) -> dict[Node, dict[str, list[Node]]]:
        index: dict[Node, dict[str, list[Node]]] = defaultdict(lambda: defaultdict(list))
        for subject, predicate, value in self.triples():
            index[subject][predicate].append(value)
        return index

    @cached_property
    def _by_predicate(self) -> dict[str, list[tuple[Subject, Node]]]:
        index: dict[str, list[tuple[Subject, Node]]] = defaultdict(list)
        for subject, predicate, value in self.triples():
            index[predicate].append((subject, value))
        return index

    def plus(self, files: Iterable[Path]) -> Ontology:
        """Return the ontology with further Turtle files.

        Raises:
            OntologyError: a file is missing or is not Turtle.
        """
        return Ontology(self.base, (*self.parts, *(_part(file, self.base) for file in files)))

    @property
    def namespace(self) -> str:
        """The namespace of our own terms."""
        return ontology_namespace(self.base)

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes of all files, by name."""
        found = {prefix: iri for part in self.parts for prefix, iri in part.prefixes.items()}
        return dict(sorted(found.items()))

    def triples(self) -> Iterator[Triple]:
        """Yield every triple, file by file, in the order of the files."""
        for part in self.parts:
            yield from part.triples

    def pairs(self, predicate: str) -> list[tuple[Subject, Node]]:
        """Return subject and object of every triple with a predicate."""
        return self._by_predicate.get(predicate, [])

    def objects(self, subject: Node, predicate: str) -> list[Node]:
        """Return the objects of a subject and predicate, in the order of the files."""
        return self._index.get(subject, {}).get(predicate, [])

    def object(self, subject: Node, predicate: str) -> Node | None:
        """Return the first object of a subject and predicate, or None."""
        return next(iter(self.objects(subject, predicate)), None)

    def properties(self, subject: Node) -> list[tuple[str, Node]]:
        """Return predicate and object of every triple of a subject."""
        found = self._index.get(subject, {})
        return [(predicate, value) for predicate, values in found.items() for value in values]

    def types(self, subject: Node) -> set[str]:
        """Return the IRIs that a subject is typed with."""
        return {t.value for t in self.objects(subject, RDF_TYPE) if isinstance(t, NamedNode)}

    def items(self, head: Node) -> list[Node]:
        """Return the members of an RDF list.

        Raises:
            OntologyError: the list is broken or runs in a circle.
        """
        members: list[Node] = []
        seen: set[Node] = set()
        while head != _NIL:
            first, rest = self.object(head, RDF + "first"), self.object(head, RDF + "rest")
            if first is None or rest is None or head in seen:
                raise OntologyError("The ontology has a list without a proper end")
            seen.add(head)
            members.append(first)
            head = rest
        return members

    @cached_property
    def terms(self) -> Mapping[str, Term]:
        """Every declared term by its IRI, in the order of the files."""
        found: dict[str, Term] = {}
        for subject, kind in self.pairs(RDF_TYPE):
            name = KINDS.get(kind.value)
            if name and isinstance(subject, NamedNode) and subject.value not in found:
                found[subject.value] = self._term(subject, name)
        return found

    def _term(self, subject: NamedNode, kind: str) -> Term:
        comments = self._texts(subject, RDFS + "comment") or self._texts(
            subject, SKOS + "definition"
        )
        return Term(subject.value, kind, self._texts(subject, RDFS + "label"), comments)

    def _texts(self, subject: NamedNode, predicate: str) -> dict[str, str]:
        return {
            text.language or "": text.value
            for text in self.objects(subject, predicate)
            if isinstance(text, Literal)
        }

    @cached_property
    def own_terms(self) -> Mapping[str, Term]:
        """The declared terms of our own namespace by their IRI."""
        return {iri: term for iri, term in self.terms.items() if iri.startswith(self.namespace)}

    @cached_property
    def functional_properties(self) -> frozenset[str]:
        """The properties that have at most one value (OWL 2 Syntax, 9.2.7 and 9.3.6)."""
        return frozenset(
            subject.value
            for subject, kind in self.pairs(RDF_TYPE)
            if kind.value == OWL + "FunctionalProperty" and isinstance(subject, NamedNode)
        )

    def labels(self, language: str) -> dict[str, str]:
        """Return the label of each term in a language, in English where it has none in it."""
        return {
            iri: term.labels.get(language) or term.labels["en"]
            for iri, term in self.terms.items()
            if language in term.labels or "en" in term.labels
        }

    def statements(self, graph: str) -> Iterator[Statement]:
        """Yield the whole ontology as statement rows of a named graph, in a fixed order."""
        identifiers = Identifiers(self.base)
        for part, triple in self._in_order:
            yield _statement(self.parts[part], triple, graph, identifiers)

    @cached_property
    def _in_order(self) -> list[tuple[int, Triple]]:
        """The triples with the numbers of their files, in a fixed order."""
        return sorted(self._canonical(), key=str)

    def _canonical(self) -> Iterator[tuple[int, Triple]]:
        """Yield each triple with the number of its file, blank nodes canonically labelled."""
        dataset = Dataset(
            Quad(t.subject, NamedNode(t.predicate), t.object, NamedNode(f"urn:part:{number}"))
            for number, part in enumerate(self.parts)
            for t in part.triples
        )
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        for quad in dataset:
            yield int(quad.graph_name.value.rpartition(":")[2]), _plain(quad)

    def subclass_statements(self, graph: str) -> Iterator[Statement]:
        """Yield the rdfs:subClassOf axioms between named classes as statement rows."""
        for statement in self.statements(graph):
            named = statement.subject in self.terms and statement.object in self.terms
            if named and statement.predicate == RDFS + "subClassOf":
                yield statement


def _statement(part: Part, triple: Triple, graph: str, identifiers: Identifiers) -> Statement:
    value = triple.object
    datatype, language = None, None
    if isinstance(value, Literal):
        datatype, language = literal_columns(value.datatype.value, value.language)
    subject = _name(triple.subject, identifiers)
    return Statement(
        subject=subject,
        predicate=triple.predicate,
        object=_name(value, identifiers),
        kind=LITERAL if isinstance(value, Literal) else IRI,
        datatype=datatype,
        language=language,
        graph=graph,
        file=part.file,
        line=part.lines.get(subject, 1),
        field=None,
        record=f"{part.file}/{subject}",
    )


def _name(node: Node, identifiers: Identifiers) -> str:
    """Return a node's text; of a blank node the IRI that stands for it."""
    skolemise = isinstance(node, BlankNode)
    return identifiers.skolem("ontology", node.value) if skolemise else node.value


def read(folder: Path = FOLDER, base: str = DEFAULT_BASE) -> Ontology:
    """Read every Turtle file of a folder, in the order of the file names.

    Raises:
        OntologyError: there is no such file, or one is not Turtle.
    """
    files = sorted(folder.glob("*.ttl"))
    if not files:
        raise OntologyError(f"{folder} holds no Turtle file (*.ttl)", place=str(folder))
    return Ontology(base, tuple(_part(file, base) for file in files))


def _part(file: Path, base: str) -> Part:
    try:
        text = rebase(file.read_text(encoding="utf-8"), base)
        quads = parse(text, format=RdfFormat.TURTLE)
        triples = tuple(map(_plain, quads))
        prefixes = dict(sorted(quads.prefixes.items()))
        return Part(file.name, triples, prefixes, _subject_lines(text, prefixes))
    except FileNotFoundError:
        raise OntologyError(f"{file} does not exist", file=str(file)) from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise OntologyError(f"{file.name} is not Turtle: {error}", file=file.name) from error


def _plain(quad: Quad) -> Triple:
    subject, value = quad.subject, quad.object
    if not isinstance(subject, Subject) or not isinstance(value, Node):
        raise OntologyError(f"The ontology states something of a statement: {quad}")
    return Triple(subject, quad.predicate.value, value)


def _subject_lines(text: str, prefixes: Mapping[str, str]) -> dict[str, int]:
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _SUBJECT_LINE.match(line):
            iri = found["iri"] or prefixes.get(found["prefix"], "") + found["name"]
            lines.setdefault(iri, number)
    return lines
