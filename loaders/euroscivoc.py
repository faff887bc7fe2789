"""EuroSciVoc: the taxonomy of fields of science that CORDIS classifies projects by.

1. The file is RDF: Turtle, N-Triples or RDF/XML, by its ending.
2. Its labels are resources of their own (SKOS-XL). They are lifted to skos:prefLabel and
   skos:altLabel, as SKOS Reference appendix B.3.4 says (dumbing down, axioms S55 and S56).
3. Concepts, schemes and what SKOS says of them are kept; the rest (history of the labels) is not.
4. The line of a statement is that on which the file begins to describe the concept.

Licence: CC BY 4.0, Publications Office of the European Union.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.source import Source
from kg.statements import IRI, LITERAL, Statement
from kg.terms import DCTERMS, OWL, RDF_TYPE, RDFS_LABEL, SKOS, SKOSXL
from loaders._members import Member, members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from kg.source import Context

FORMATS: Final = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
CLASSES: Final = (SKOS + "Concept", SKOS + "ConceptScheme")
LIFTED: Final = {
    SKOSXL + "prefLabel": SKOS + "prefLabel",
    SKOSXL + "altLabel": SKOS + "altLabel",
    SKOSXL + "hiddenLabel": SKOS + "hiddenLabel",
}
LITERAL_FORM: Final = SKOSXL + "literalForm"

# Where a file begins to describe a resource, per format.
_TURTLE_SUBJECT = re.compile(r"(?:<([^>]*)>|([\w.-]*):([^\s;,]+))(?:\s|$)")
_TURTLE_PREFIX = re.compile(r"@?prefix\s+([\w.-]*):\s*<([^>]*)>", re.IGNORECASE)
_XML_ABOUT = re.compile(r"rdf:about\s*=\s*[\"']([^\"']*)[\"']")

Properties = dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]]


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Yield the concepts and schemes of EuroSciVoc files, or of any SKOS-XL vocabulary.

    Raises:
        SourceError: no RDF file, one that is not well-formed, or none with a concept.
    """
    with members(paths) as found:
        files = [m for m in found if m.suffix in FORMATS]
        if not files:
            raise SourceError(
                f"No RDF file among {', '.join(m.name for m in found[:5])}; expected EuroSciVoc "
                f"as {', '.join(FORMATS)}"
            )
        total = sum(m.size for m in files)
        done = 0
        for member in files:
            with member.open() as stream:
                data = stream.read()
            yield from _statements(member, data, context)
            done += member.size
            context.progress(done, total)


def _statements(member: Member, data: bytes, context: Context) -> Iterator[Statement]:
    described = _described(member, data)
    lines = _lines(data.decode("utf-8", "replace"), member.suffix)
    concepts = [
        iri
        for iri, properties in described.items()
        if any(cls in CLASSES for cls in _values(properties, RDF_TYPE))
    ]
    if not concepts:
        raise SourceError(f"{member.name} describes no skos:Concept", file=member.name)
    for iri in concepts:
        record = f"{member.name}/{re.split('[/#]', iri)[-1]}"
        modified = next(iter(_values(described[iri], DCTERMS + "modified")), None)
        for predicate, term, field in _facts(iri, described, context):
            kind, value, datatype, language = term
            yield Statement(
                iri, predicate, value, kind, datatype, language, context.graph,
                member.name, lines.get(iri, 1), field, record, modified,
            )  # fmt: skip


Term = tuple[int, str, str | None, str | None]


def _facts(
    iri: str, described: dict[str, Properties], context: Context
) -> Iterator[tuple[str, Term, str]]:
    """Yield property, object and the source's property of what is kept of a concept."""
    properties = described[iri]
    for cls in _values(properties, RDF_TYPE):
        if cls in CLASSES:
            yield RDF_TYPE, (IRI, cls, None, None), "rdf:type"
        if cls == SKOS + "Concept":
            technology = context.identifiers.ontology + "Technology"
            yield RDF_TYPE, (IRI, technology, None, None), "rdf:type"
    labels = list(_labels(properties, described))
    yield from labels
    if display := _display(labels):
        yield RDFS_LABEL, display[1], display[2]
    for predicate, values in properties.items():
        if predicate.startswith(SKOS) and predicate not in LIFTED.values():
            field = "skos:" + predicate.removeprefix(SKOS)
            yield from ((predicate, t, field) for v in values if (t := _term(v)))
        elif predicate == OWL + "deprecated" and "true" in _values(properties, predicate):
            yield from ((predicate, t, "owl:deprecated") for v in values if (t := _term(v)))


def _labels(
    properties: Properties, described: dict[str, Properties]
) -> Iterator[tuple[str, Term, str]]:
    """Yield the labels, those of SKOS-XL lifted."""
    for predicate, plain in LIFTED.items():
        name = predicate.removeprefix(SKOSXL)
        for resource in _values(properties, predicate):
            for form in described.get(resource, {}).get(LITERAL_FORM, []):
                if term := _term(form):
                    yield plain, term, f"skosxl:{name}"
        yield from (
            (plain, t, f"skos:{name}") for v in properties.get(plain, []) if (t := _term(v))
        )


def _display(labels: Iterable[tuple[str, Term, str]]) -> tuple[str, Term, str] | None:
    """Return the label to show: the preferred one in English, else in the first language."""
    preferred = [label for label in labels if label[0] == SKOS + "prefLabel"]
    return min(preferred, key=lambda p: (p[1][3] != "en", p[1][3] or "", p[1][1]), default=None)


def _described(member: Member, data: bytes) -> dict[str, Properties]:
    """Return properties and values of every resource that has an IRI.

    Raises:
        SourceError: the file is not well-formed; the error names the line.
    """
    described: dict[str, Properties] = defaultdict(lambda: defaultdict(list))
    try:
        for triple in ox.parse(data, format=FORMATS[member.suffix]):
            if isinstance(triple.subject, ox.NamedNode):
                described[triple.subject.value][triple.predicate.value].append(triple.object)
    except SyntaxError as error:
        raise SourceError(
            f"{member.name}, line {error.lineno}: not well-formed RDF ({error.msg})",
            file=member.name,
            line=error.lineno,
        ) from error
    return described


def _values(properties: Properties, predicate: str) -> list[str]:
    return [v.value for v in properties.get(predicate, []) if not isinstance(v, ox.Triple)]


def _term(value: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term | None:
    """Return an RDF term as a statement holds it; None for blank nodes, which name nothing."""
    if isinstance(value, ox.NamedNode):
        return IRI, value.value, None, None
    if isinstance(value, ox.Literal):
        return LITERAL, value.value, value.datatype.value, value.language
    return None


def _lines(text: str, suffix: str) -> dict[str, int]:
    """Return the first line, by resource, on which a file begins to describe it."""
    lines: dict[str, int] = {}
    prefixes: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if FORMATS[suffix] is ox.RdfFormat.RDF_XML:
            for iri in _XML_ABOUT.findall(line):
                lines.setdefault(iri, number)
        elif match := _TURTLE_PREFIX.match(line):
            prefixes[match[1]] = match[2]
        elif match := _TURTLE_SUBJECT.match(line):
            iri = match[1] if match[1] is not None else prefixes.get(match[2], "") + match[3]
            lines.setdefault(iri, number)
    return lines


SOURCE = Source(
    name="euroscivoc",
    title={
        "en": "EuroSciVoc: European Science Vocabulary",
        "de": "EuroSciVoc: Europäisches Wissenschaftsvokabular",
    },
    description={
        "en": "The taxonomy of fields of science that CORDIS classifies projects by.",
        "de": "Die Taxonomie der Wissenschaftsgebiete, nach der CORDIS Projekte einordnet.",
    },
    publisher="Publications Office of the European Union",
    homepage="https://op.europa.eu/en/web/eu-vocabularies/euroscivoc",
    licence="https://creativecommons.org/licenses/by/4.0/",
    read=read,
    accepts="EuroSciVoc as Turtle, N-Triples or RDF/XML (.ttl, .nt, .rdf), or a zip archive of it",
    vocabulary=True,
    sample="sample/euroscivoc/euroscivoc-sample.ttl",
)
