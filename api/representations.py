"""The forms in which a document about something is given, and how RDF is written in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyoxigraph
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple

from api import accept
from kg import jsonld
from kg.errors import NotAcceptableError
from kg.prefixes import prefixes, sort_prefixes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pyoxigraph import Quad


class Form(NamedTuple):
    """A form: its file name extension, media type, and syntax if it is RDF."""

    extension: str
    media_type: str
    syntax: RdfFormat | None
    name: str

    @property
    def content_type(self) -> str:
        """The Content-Type; text needs its charset said."""
        charset = "; charset=utf-8" if self.media_type.startswith("text/") else ""
        return self.media_type + charset


HTML: Final = Form("html", "text/html", None, "HTML")
TURTLE: Final = Form("ttl", "text/turtle", RdfFormat.TURTLE, "Turtle")
JSON_LD: Final = Form("jsonld", "application/ld+json", RdfFormat.JSON_LD, "JSON-LD")
N_TRIPLES: Final = Form("nt", "application/n-triples", RdfFormat.N_TRIPLES, "N-Triples")
RDF_XML: Final = Form("rdf", "application/rdf+xml", RdfFormat.RDF_XML, "RDF/XML")
TRIG: Final = Form("trig", "application/trig", RdfFormat.TRIG, "TriG")
N_QUADS: Final = Form("nq", "application/n-quads", RdfFormat.N_QUADS, "N-Quads")

RDF_FORMS: Final = (TURTLE, JSON_LD, N_TRIPLES, RDF_XML, TRIG, N_QUADS)
FORMS: Final = (*RDF_FORMS, HTML)
BY_EXTENSION: Final = {form.extension: form for form in FORMS}

# Names that other clients have for the same forms.
_ALIASES: Final = {
    "application/xhtml+xml": HTML,
    "application/json": JSON_LD,
    "application/x-turtle": TURTLE,
    "text/plain": N_TRIPLES,
    "application/xml": RDF_XML,
    "text/x-nquads": N_QUADS,
}


def negotiate(header: str, named: str | None = None, forms: Sequence[Form] = FORMS) -> Form:
    """Return the form that an Accept header prefers, or that `format=` names (by extension).

    Raises:
        NotAcceptableError: there is none; it names those that there are.
    """
    available = [form.media_type for form in forms]
    if named is not None:
        found = next((f for f in forms if named in {f.extension, f.media_type}), None)
        if found is None:
            extensions = [form.extension for form in forms]
            raise NotAcceptableError(f"There is no format {named!r}", available=extensions)
        return found
    offers = {f.media_type: f for f in forms}
    aliases = {name: form for name, form in _ALIASES.items() if form in forms}
    best = accept.media_type(header, (*offers, *aliases))
    if best is None:
        raise NotAcceptableError(f"Nothing is available as {header!r}", available=available)
    return (offers | aliases)[best]


# XML 1.0 has no way to write these (production [2] Char).
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*$")
_ROOT: Final = re.compile(rb"<rdf:RDF ([^>]*)>")


def write(
    form: Form,
    quads: Iterable[Quad],
    base: str,
    context: Callable[[], Mapping[str, Any]],
    reference: str,
) -> bytes:
    """Write quads in an RDF form; syntaxes without graphs hold each triple once.

    `context` gives the JSON-LD context, `reference` is the URL where it is published.

    Raises:
        NotAcceptableError: RDF/XML cannot say it (control characters, a property without a name).
    """
    assert form.syntax is not None  # noqa: S101 - HTML is written by api.pages
    if form.syntax.supports_datasets and form is not JSON_LD:
        return _serialized(tuple(quads), form.syntax, base)
    triples = tuple(dict.fromkeys(Triple(q.subject, q.predicate, q.object) for q in quads))
    if form is JSON_LD:
        return jsonld.document(triples, context(), reference)
    if form is RDF_XML:
        _check_xml(triples)
    return _serialized(triples, form.syntax, base)


def _serialized(
    statements: Sequence[Triple] | Sequence[Quad], syntax: RdfFormat, base: str
) -> bytes:
    """Serialize with the prefixes that occur, always in the same order.

    The serializer orders prefixes by chance, and a strong entity tag promises the same bytes.
    """
    plain = pyoxigraph.serialize(statements, format=RdfFormat.N_QUADS) or b""
    used = {n: iri for n, iri in prefixes(base).items() if b"<" + iri.encode() in plain}
    if syntax in {RdfFormat.N_QUADS, RdfFormat.N_TRIPLES}:
        return plain
    written = pyoxigraph.serialize(statements, format=syntax, prefixes=used) or b""
    if syntax == RdfFormat.RDF_XML:
        return _ROOT.sub(_sort_attributes, written, count=1)
    return sort_prefixes(written)


def _sort_attributes(start: re.Match[bytes]) -> bytes:
    return b"<rdf:RDF " + b" ".join(sorted(start[1].split())) + b">"


def _check_xml(triples: Iterable[Triple]) -> None:
    """Raise what `write` says, where the serializer would write something else without a word."""
    available = [form.media_type for form in RDF_FORMS if form is not RDF_XML]
    for triple in triples:
        if not _XML_NAME.search(triple.predicate.value):
            detail = f"RDF/XML has no name for the property {triple.predicate.value}"
            raise NotAcceptableError(detail, available=available)
        if isinstance(triple.object, Literal) and _NOT_XML.search(triple.object.value):
            about = triple.subject.value if isinstance(triple.subject, NamedNode) else "a node"
            detail = f"RDF/XML cannot hold the control characters in what is said of {about}"
            raise NotAcceptableError(detail, available=available)
