"""The formats of answers, and the choice among them by a client's Accept header.

SPARQL 1.1 Query Results JSON, XML, CSV and TSV for solutions and booleans; the RDF formats for
graphs. Quad formats carry a graph's triples as their default graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pyoxigraph import QueryResultsFormat, RdfFormat

Kind = Literal["solutions", "boolean", "graph"]


@dataclass(frozen=True)
class Format:
    """One format: its name in `format=`, its media type as sent, others by which it is asked."""

    name: str
    media_type: str
    engine: QueryResultsFormat | RdfFormat
    aliases: tuple[str, ...] = ()

    @property
    def types(self) -> tuple[str, ...]:
        """The media types that ask for it, without parameters."""
        return (self.media_type.partition(";")[0], *self.aliases)


_JSON: Final = Format(
    "json",
    "application/sparql-results+json",
    QueryResultsFormat.JSON,
    ("application/json", "text/json"),
)
_XML: Final = Format(
    "xml", "application/sparql-results+xml", QueryResultsFormat.XML, ("application/xml", "text/xml")
)
_CSV: Final = Format("csv", "text/csv; charset=utf-8", QueryResultsFormat.CSV)
_TSV: Final = Format("tsv", "text/tab-separated-values; charset=utf-8", QueryResultsFormat.TSV)

SOLUTIONS: Final = (_JSON, _XML, _CSV, _TSV)

GRAPHS: Final = (
    Format("turtle", "text/turtle; charset=utf-8", RdfFormat.TURTLE, ("application/x-turtle",)),
    Format("ntriples", "application/n-triples", RdfFormat.N_TRIPLES, ("text/plain",)),
    Format("jsonld", "application/ld+json", RdfFormat.JSON_LD, ("application/json",)),
    Format(
        "rdfxml",
        "application/rdf+xml",
        RdfFormat.RDF_XML,
        ("application/xml", "text/xml"),
    ),
    Format("nquads", "application/n-quads", RdfFormat.N_QUADS, ("text/x-nquads",)),
    Format("trig", "application/trig", RdfFormat.TRIG, ("application/x-trig",)),
    Format("n3", "text/n3; charset=utf-8", RdfFormat.N3, ("text/rdf+n3",)),
)

FORMATS: Final[dict[Kind, tuple[Format, ...]]] = {
    "solutions": SOLUTIONS,
    "boolean": SOLUTIONS,
    "graph": GRAPHS,
}
"""Of each kind of answer the formats; the first is taken when the client has no preference."""


_BY_NAME: Final = {(kind, f.name): f for kind, formats in FORMATS.items() for f in formats}


def named(kind: Kind, name: str) -> Format:
    """Return the format of that name; a KeyError is a fault of the caller."""
    return _BY_NAME[kind, name]
