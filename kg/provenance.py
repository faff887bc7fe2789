"""Provenance: from which import, file and line every entity comes (PROV-O, W3C 2013).

1. Each import is a prov:Collection of its files and names the licence, publisher and source.
2. Each file of it is a prov:Entity that the import has as a member, with its SHA-256.
3. Each entity is prov:wasDerivedFrom the line of a file on which its first record begins, one per
   file. A line is the file's IRI with the fragment `#line=n-1,n` (RFC 5147, section 2.1: lines are
   counted between their ends, so `line=11,12` is the twelfth).

The graph holds no time of day and no path of a machine: the same inputs give the same quads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.database import quoted
from kg.statements import IRI, LITERAL
from kg.terms import DCTERMS, PROV, RDF_TYPE, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from kg.identifiers import Identifiers
    from kg.imports import Import
    from kg.source import Source

Quad = tuple[str, str, str, int, str | None, str | None, str]

_ENTITY_LINES: Final = """
INSERT INTO quad
SELECT subject, $derived, concat($folder, replace(file, ' ', '%20'), '#line=', line - 1, ',', line),
       {iri}, NULL, NULL, $graph
FROM (SELECT subject, file, min(line) AS line FROM {statements}
      WHERE predicate = $type GROUP BY subject, file)
"""


def import_iri(identifiers: Identifiers, chosen: Import) -> str:
    """Return the IRI of an import."""
    return identifiers.import_file(chosen.source, chosen.id, "")


def describe(identifiers: Identifiers, chosen: Import, source: Source | None) -> Iterator[Quad]:
    """Yield the quads that describe an import and its files."""
    graph, this = identifiers.graph("provenance"), import_iri(identifiers, chosen)

    def link(subject: str, predicate: str, target: str) -> Quad:
        return (subject, predicate, target, IRI, None, None, graph)

    def text(subject: str, predicate: str, value: str) -> Quad:
        return (subject, predicate, value, LITERAL, XSD_STRING, None, graph)

    yield link(this, RDF_TYPE, PROV + "Collection")
    yield text(this, DCTERMS + "identifier", f"{chosen.source}/{chosen.id}")
    yield link(this, DCTERMS + "isReferencedBy", identifiers.graph(chosen.source))
    if source:
        yield link(this, DCTERMS + "license", source.licence)
        yield link(this, DCTERMS + "source", source.homepage)
        yield text(this, DCTERMS + "publisher", source.publisher)
    for file in chosen.manifest["members"]:
        member = identifiers.import_file(chosen.source, chosen.id, file)
        yield link(this, PROV + "hadMember", member)
        yield link(member, RDF_TYPE, PROV + "Entity")
        yield text(member, DCTERMS + "title", file)
    for file in chosen.manifest["files"]:
        yield text(this, DCTERMS + "hasVersion", f"sha256:{file['sha256']}")


def derive(
    connection: duckdb.DuckDBPyConnection, identifiers: Identifiers, chosen: Import, rows: str
) -> None:
    """Add to the table `quad` where each entity that the import publishes was first written.

    `rows` is the SQL of the statements that it publishes.
    """
    parameters = {
        "derived": PROV + "wasDerivedFrom",
        "folder": import_iri(identifiers, chosen),
        "graph": identifiers.graph("provenance"),
        "type": RDF_TYPE,
    }
    typed = f"(SELECT * FROM {rows} WHERE predicate = {quoted(RDF_TYPE)})"
    connection.execute(_ENTITY_LINES.format(iri=IRI, statements=typed), parameters)
