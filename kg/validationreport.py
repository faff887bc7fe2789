"""Findings as a W3C validation report (SHACL, section 3.6), result by result.

Each cell that a finding rests on is a `dcterms:source` of its result: `organization.csv#line=11,12`
(RFC 5147), relative to the import. A fix that is proposed stands beside the value it is for.
"""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from kg import shapes
from kg.shacl import parse_shapes
from kg.shacl.report import PathWriter
from kg.statements import IRI, LITERAL
from kg.terms import (
    DCTERMS,
    RDF_TYPE,
    SH,
    XSD_DECIMAL,
    XSD_STRING,
    is_iri,
    ontology_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kg.shacl.paths import Path

Row = dict[str, Any]

_PREFIXES: Final = {"sh": SH, "dcterms": DCTERMS}
_RESULTS_AT_ONCE: Final = 1_000
_REPORT: Final = ox.BlankNode("report")
_TYPE: Final = ox.NamedNode(RDF_TYPE)


def turtle(rows: Iterable[Row], base: str, language: str) -> Iterator[str]:
    """Yield a report in Turtle, piece by piece, for rows of findings in the order of findings.

    `base` is the base IRI under which the rules were read; `language` that of the messages.
    """
    paths = {key: s.path for key, s in parse_shapes(shapes.read(base=base), base).by_key.items()}
    results = groupby(rows, key=lambda row: tuple(row[name] for name in _IDENTITY))
    numbered = enumerate(list(cells) for _, cells in results)
    first = True
    while chunk := list(islice(numbered, _RESULTS_AT_ONCE)):
        head = _head(conforms=False) if first else iter(())
        body = (t for number, cells in chunk for t in _result(number, cells, paths, base, language))
        yield _written(head) + _written(body)
        first = False
    if first:
        yield _written(_head(conforms=True))


_IDENTITY: Final = ("rule", "component", "subject", "path", "value", "datatype", "language")


def _written(triples: Iterator[ox.Triple]) -> str:
    written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    return (written or b"").decode()


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(SH + name)


def _head(*, conforms: bool) -> Iterator[ox.Triple]:
    yield ox.Triple(_REPORT, _TYPE, _sh("ValidationReport"))
    yield ox.Triple(_REPORT, _sh("conforms"), ox.Literal(conforms))


def _result(
    number: int, cells: list[Row], paths: Mapping[str, Path | None], base: str, language: str
) -> Iterator[ox.Triple]:
    row, node = cells[0], ox.BlankNode(f"result{number}")
    yield ox.Triple(_REPORT, _sh("result"), node)
    yield ox.Triple(node, _TYPE, _sh("ValidationResult"))
    yield ox.Triple(node, _sh("focusNode"), ox.NamedNode(row["subject"]))
    yield ox.Triple(node, _sh("resultSeverity"), _sh(row["severity"]))
    yield ox.Triple(node, _sh("sourceShape"), ox.NamedNode(row["rule"]))
    yield ox.Triple(node, _sh("sourceConstraintComponent"), ox.NamedNode(row["component"]))
    yield ox.Triple(node, _sh("resultMessage"), ox.Literal(row["message"], language=language))
    if row["value"] is not None:
        yield ox.Triple(node, _sh("value"), _value(row))
    yield from _path(node, row, paths)
    yield from _fix(node, row, base, language)
    for cell in cells:
        if cell["file"] is not None:
            place = f"{cell['file']}#line={cell['line'] - 1},{cell['line']}"
            yield ox.Triple(node, ox.NamedNode(DCTERMS + "source"), ox.Literal(place))


def _path(node: ox.BlankNode, row: Row, paths: Mapping[str, Path | None]) -> Iterator[ox.Triple]:
    path = row["path"]
    if path is None:
        return
    if is_iri(path):
        yield ox.Triple(node, _sh("resultPath"), ox.NamedNode(path))
        return
    own = paths.get(row["rule"])
    if own is not None:
        writer = PathWriter(node.value)
        yield ox.Triple(node, _sh("resultPath"), writer.node(own))
        yield from writer.triples


def _fix(node: ox.BlankNode, row: Row, base: str, language: str) -> Iterator[ox.Triple]:
    if not row.get("fix"):
        return
    ours, reason = ontology_namespace(base), ox.Literal(row["fix_reason"], language=language)
    yield ox.Triple(node, ox.NamedNode(ours + "proposedValue"), ox.Literal(row["fix"]))
    sure = ox.Literal(str(row["fix_confidence"]), datatype=ox.NamedNode(XSD_DECIMAL))
    yield ox.Triple(node, ox.NamedNode(ours + "confidence"), sure)
    yield ox.Triple(node, ox.NamedNode(ours + "proposalReason"), reason)


def _value(row: Row) -> ox.NamedNode | ox.Literal:
    if row["kind"] == IRI:
        return ox.NamedNode(row["value"])
    assert row["kind"] == LITERAL  # noqa: S101 - imports hold no blank nodes
    if row["language"]:
        return ox.Literal(row["value"], language=row["language"])
    return ox.Literal(row["value"], datatype=ox.NamedNode(row["datatype"] or XSD_STRING))
