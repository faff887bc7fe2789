"""RDF documents that a client sends: bytes and a Content-Type as triples.

A document is one of the RDF formats, or a multipart form of several. Nothing that it names is
fetched: JSON-LD contexts have to stand in it, and RDF/XML that declares entities is refused.
"""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, RdfFormat, parse

from kg.errors import QueryError, UnsupportedMediaError

if TYPE_CHECKING:
    from pyoxigraph import Triple

FORMATS: Final = {
    "text/turtle": RdfFormat.TURTLE,
    "application/x-turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
    "text/n3": RdfFormat.N3,
}
_MULTIPART: Final = "multipart/form-data"
_PARTS: Final = 100


class DocumentError(QueryError):
    """A document that is not well-formed, or not taken; the detail has the place."""

    title = "Document is not well-formed"


def triples(headers: dict[bytes, bytes], body: bytes, base: str) -> list[Triple]:
    """Return the triples of a request's body; `base` resolves its relative IRIs.

    Raises:
        UnsupportedMediaError: no RDF format that is read.
        DocumentError: it is not well-formed, has named graphs, or wants something to be fetched.
    """
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    if content_type.partition(";")[0].strip().lower() == _MULTIPART:
        return _parts(content_type, body, base)
    return _parsed(content_type, body, base)


def _parts(content_type: str, body: bytes, base: str) -> list[Triple]:
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1")
    message = message_from_bytes(head + body, policy=policy.HTTP)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if not parts or len(parts) > _PARTS:
        raise DocumentError(f"A form of 1 to {_PARTS} documents was expected")
    found: list[Triple] = []
    for part in parts:
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            found += _parsed(str(part.get("content-type", "text/turtle")), data, base)
    return found


def _parsed(content_type: str, body: bytes, base: str) -> list[Triple]:
    media_type, *options = (piece.strip() for piece in content_type.lower().split(";"))
    charset = next((o[8:].strip("\"' ") for o in options if o.startswith("charset=")), "utf-8")
    form = FORMATS.get(media_type)
    if form is None or charset not in {"utf-8", "us-ascii"}:
        detail = f"A document of type {content_type or 'unknown'!r} is not read"
        raise UnsupportedMediaError(detail, accepted=[*FORMATS, _MULTIPART])
    if form is RdfFormat.RDF_XML or form == RdfFormat.RDF_XML:
        _refuse_entities(body)
    try:
        quads = list(parse(body, form, base_iri=base, rename_blank_nodes=True))
    except SyntaxError as error:
        raise _fault(form, error) from error
    if any(quad.graph_name != DefaultGraph() for quad in quads):
        raise DocumentError("A document for one graph was expected; this one has named graphs")
    return [quad.triple for quad in quads]


def _refuse_entities(body: bytes) -> None:
    """Refuse declared entities: a few hundred bytes of them may stand for gigabytes."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(f"The document is not UTF-8 at byte {error.start}") from error
    position = text.upper().find("<!ENTITY")
    if position >= 0:
        line = text.count("\n", 0, position) + 1
        detail = f"Line {line}: RDF/XML that declares entities is not read; write them out"
        raise DocumentError(detail, line=line)


def _fault(form: RdfFormat, error: SyntaxError) -> DocumentError:
    if form == RdfFormat.JSON_LD and "LoadDocumentCallback" in str(error):
        return DocumentError("Contexts are not fetched; write the @context into the document")
    return DocumentError(f"Not {form.name}: {error}")
