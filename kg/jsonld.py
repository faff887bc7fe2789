"""JSON-LD 1.1 in the words of the ontology: the published context, and documents that use it.

1. The context maps the local name of each own term to its IRI, says which properties hold IRIs and
   which a datatype (their rdfs:range), and has the prefixes for everything else.
2. A document is one `@graph` of node objects; a value is written short where the context says what
   it is, and in full (`@value` with `@type` or `@language`) everywhere else, so that expanding the
   document gives exactly the triples it was made of (JSON-LD 1.1, sections 4.1 to 4.3).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode

from kg.prefixes import prefixes
from kg.terms import OWL, RDF_TYPE, RDFS, XSD, XSD_BOOLEAN, XSD_INTEGER, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyoxigraph import Quad, Triple

    Context = Mapping[str, Any]

# Integers that every JSON reader keeps exact (RFC 8259, section 6).
_NATIVE_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")
_RDF_TYPE: Final = NamedNode(RDF_TYPE)
_RANGE: Final = NamedNode(RDFS + "range")
_CLASS: Final = NamedNode(OWL + "Class")
_OBJECT_PROPERTY: Final = NamedNode(OWL + "ObjectProperty")
_DATATYPE_PROPERTY: Final = NamedNode(OWL + "DatatypeProperty")


def context(ontology: Iterable[Quad], base: str) -> dict[str, Any]:
    """Return the context for the terms that an ontology declares in the namespace of a base IRI."""
    names = prefixes(base)
    own = names["atlas"]
    kinds: dict[str, set[object]] = {}
    ranges: dict[str, str] = {}
    for quad in ontology:
        if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(own):
            term = quad.subject.value.removeprefix(own)
            if quad.predicate == _RDF_TYPE:
                kinds.setdefault(term, set()).add(quad.object)
            elif quad.predicate == _RANGE and isinstance(quad.object, NamedNode):
                ranges[term] = quad.object.value
    found = {t: _definition(t, kinds[t], ranges.get(t)) for t in sorted(kinds) if t not in names}
    terms = {term: definition for term, definition in found.items() if definition}
    return {"@context": {"@version": 1.1, **names, **terms}}


def _definition(term: str, kinds: set[object], datatype: str | None) -> Any:
    if _OBJECT_PROPERTY in kinds:
        return {"@id": f"atlas:{term}", "@type": "@id"}
    if _DATATYPE_PROPERTY in kinds:
        if datatype and datatype.startswith(XSD) and datatype != XSD_STRING:
            return {"@id": f"atlas:{term}", "@type": f"xsd:{datatype.removeprefix(XSD)}"}
        return f"atlas:{term}"
    return f"atlas:{term}" if _CLASS in kinds else None


def document(triples: Iterable[Triple], context: Context, reference: str) -> bytes:
    """Return triples as a JSON-LD document.

    `context` is what the function of that name returned, `reference` the URL where it is published.
    """
    words = _Words(context["@context"])
    nodes: dict[str, dict[str, Any]] = {}
    for triple in triples:
        subject = _identifier(triple.subject)
        node = nodes.setdefault(subject, {"@id": subject})
        if triple.predicate == _RDF_TYPE and isinstance(triple.object, NamedNode):
            node.setdefault("@type", []).append(words.short(triple.object.value))
        else:
            term = words.short(triple.predicate.value)
            node.setdefault(term, []).append(words.value(term, triple.object))
    graph = [{key: _single(value) for key, value in node.items()} for node in nodes.values()]
    whole = {"@context": reference, "@graph": graph}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _identifier(node: object) -> str:
    if isinstance(node, BlankNode):
        return f"_:{node.value}"
    assert isinstance(node, NamedNode)  # noqa: S101 - releases hold no quoted triples
    return node.value


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class _Words:
    """The words of a context, from the IRI to the term."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._prefixes = {
            name: iri
            for name, iri in context.items()
            if isinstance(iri, str) and iri.endswith(("#", "/")) and ":" in iri
        }
        own = self._prefixes["atlas"]
        self._types: dict[str, str] = {}
        self._terms: dict[str, str] = {}
        for name, definition in context.items():
            identifier = definition.get("@id") if isinstance(definition, dict) else definition
            if isinstance(identifier, str) and identifier.startswith("atlas:"):
                self._terms[own + identifier.removeprefix("atlas:")] = name
            if isinstance(definition, dict):
                self._types[name] = self._long(definition["@type"])

    def _long(self, name: str) -> str:
        prefix, _, rest = name.partition(":")
        return self._prefixes[prefix] + rest if prefix in self._prefixes else name

    def short(self, iri: str) -> str:
        """Return the term or compact IRI of a property, class or datatype."""
        if iri in self._terms:
            return self._terms[iri]
        for name, namespace in self._prefixes.items():
            rest = iri.removeprefix(namespace)
            if rest and rest != iri and not rest.startswith("//"):
                return f"{name}:{rest}"
        return iri

    def value(self, term: str, node: object) -> Any:
        """Return a value as it stands beside a term."""
        if not isinstance(node, Literal):
            identifier = _identifier(node)
            return identifier if self._types.get(term) == "@id" else {"@id": identifier}
        if node.language:
            return {"@value": node.value, "@language": node.language}
        return self._literal(term, node.value, node.datatype.value)

    def _literal(self, term: str, text: str, datatype: str) -> Any:
        implied = self._types.get(term)
        if datatype == (implied or XSD_STRING) or (
            implied is None and datatype in {XSD_BOOLEAN, XSD_INTEGER}
        ):
            native = _native(text, datatype)
            if native is not None:
                return native
        if datatype == (implied or XSD_STRING):
            return text
        if datatype == XSD_STRING:
            return {"@value": text}
        return {"@value": text, "@type": self.short(datatype)}


def _native(text: str, datatype: str) -> bool | int | None:
    """Return the JSON value that stands for exactly this literal (JSON-LD API, section 8.2)."""
    if datatype == XSD_BOOLEAN and text in {"true", "false"}:
        return text == "true"
    if datatype == XSD_INTEGER and _NATIVE_INTEGER.fullmatch(text):
        return int(text)
    return None
