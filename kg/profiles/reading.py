"""Reading a profile: JSON by the names of properties, or RDF (JSON-LD 1.1, Turtle).

What is not formed as a profile is an error that names every place. What is formed so, but says
something wrong (a date that is none, an unknown country) is kept as it is written: the rules find
it, and a fix can be proposed.

Nothing is fetched: a JSON-LD document has the context of this site, by its address, or brings its
own. Only statements about one thing are taken, of which the document chooses no IRI.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph
from pyoxigraph import Literal, NamedNode, RdfFormat

from kg.profiles import kinds
from kg.profiles.facts import Fact, Facts, NotAProfileError
from kg.profiles.schema import LONGEST
from kg.statements import IRI, LITERAL
from kg.terms import (
    COUNTRY,
    NUTS,
    RDF_TYPE,
    RDFS_LABEL,
    XSD_STRING,
    is_iri,
    ontology_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.fixes import Lists

JSON: Final = "application/json"
JSON_LD: Final = "application/ld+json"
TURTLE: Final = "text/turtle"
MEDIA_TYPES: Final = (JSON, JSON_LD, TURTLE)

_MOST: Final = 200
_DEPTH: Final = 64
_CODE: Final = re.compile(r"[A-Za-z]{2}|[A-Z]{3}")
_SLUG: Final = re.compile(r"[A-Za-z0-9._~-]+")
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Reader:
    """Reads profiles below a base IRI, in the words of an ontology's JSON-LD context."""

    def __init__(
        self, base: str, datatypes: Mapping[str, str], context: Mapping[str, Any], lists: Lists
    ) -> None:
        self._base = base
        self._ours = ontology_namespace(base)
        self._datatypes = datatypes
        self._context = context
        self._lists = lists

    def read(self, body: bytes, media_type: str) -> Facts:
        """Return what a body says.

        Raises:
            NotAProfileError: it is no profile; `faults` says where and what was expected.
        """
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotAProfileError(f"The body is not UTF-8: {error}") from None
        if media_type == JSON:
            return self._of_json(_parsed(text))
        if media_type == JSON_LD:
            text = json.dumps(self._with_context(_parsed(text)))
            return self._of_rdf(text, RdfFormat.JSON_LD)
        return self._of_rdf(text, RdfFormat.TURTLE)

    # JSON

    def _of_json(self, value: Any) -> Facts:
        if not isinstance(value, dict):
            raise _faulty([_fault("", "an object was expected")])
        name = value.get("type")
        kind = kinds.of_class(name) if isinstance(name, str) else None
        if kind is None or not isinstance(name, str):
            known = ", ".join(cls for one in kinds.KINDS.values() for cls in one.classes)
            raise _faulty([_fault("/type", f"expected one of {known}")])
        faults, facts = list[dict[str, str]](), list[Fact]()
        for field, content in value.items():
            if field in {"type", "$schema"}:
                continue
            if field not in kinds.KINDS[kind].fields:
                faults.append(_fault(f"/{field}", f"a profile of this kind has no {field!r}"))
                continue
            for place, single in _singles(field, content, faults):
                facts += self._fact(field, place, single, faults)
        return _checked(Facts(kind, name, tuple(dict.fromkeys(facts))), faults)

    def _fact(
        self, field: str, place: str, value: Any, faults: list[dict[str, str]]
    ) -> Iterator[Fact]:
        """Yield the facts of one value; what cannot be one is a fault."""
        if isinstance(value, dict) and field in kinds.TEXTS:
            yield from _texts(field, place, value, faults)
        elif isinstance(value, bool):
            yield Fact(field, "true" if value else "false", LITERAL, self._datatype(field))
        elif isinstance(value, int | float):
            yield Fact(field, json.dumps(value), LITERAL, self._datatype(field))
        elif isinstance(value, str) and value.strip():
            if told := _wrong_text(value):
                faults.append(_fault(place, told))
            else:
                yield self._named(field, value.strip())
        elif value is not None and value != "":
            faults.append(_fault(place, "a text, a number, or true or false was expected"))

    def _datatype(self, field: str) -> str:
        return self._datatypes.get(field, XSD_STRING)

    def _named(self, field: str, text: str) -> Fact:
        """Return the fact of a text: a link where the property has links and the text can be one.

        A text that is no link stays a text, so that the rules find it.
        """
        if field not in kinds.LINKS:
            return Fact(field, text, LITERAL, self._datatype(field))
        iri = text if is_iri(text) else self._coded(field, text)
        if iri and is_iri(iri):
            return Fact(field, iri, IRI, None)
        return Fact(field, text)

    def _coded(self, field: str, text: str) -> str | None:
        """Return the IRI that a code or key stands for."""
        if field in kinds.COUNTRIES and _CODE.fullmatch(text):
            return self._lists.countries.get(text.upper(), COUNTRY + text.upper())
        if field in kinds.REGIONS and _SLUG.fullmatch(text):
            return NUTS + text
        if field in kinds.TECHNOLOGIES and _SLUG.fullmatch(text):
            return self._lists.fields.get(text, f"{self._base}id/technology/{text}")
        if field in kinds.THINGS and re.fullmatch(r"(organisation|cluster)/[^\s/]+", text):
            return f"{self._base}id/{text}"
        return None

    # RDF

    def _with_context(self, document: Any) -> Any:
        """Return a JSON-LD document with this site's context in the place of its address.

        Raises:
            NotAProfileError: it refers to another one, which would have to be fetched.
        """
        if not isinstance(document, dict):
            raise _faulty([_fault("", "an object was expected")])
        known = (f"{self._base}context.jsonld", "context.jsonld")

        def resolved(context: Any) -> Any:
            if isinstance(context, list):
                return [resolved(one) for one in context]
            if isinstance(context, str):
                if context in known or context.endswith("/context.jsonld"):
                    return self._context["@context"]
                raise _faulty([_fault("/@context", f"no context is fetched; expected {known[0]}")])
            if isinstance(context, dict) and "@import" in context:
                raise _faulty([_fault("/@context/@import", "no context is fetched")])
            return context

        def walked(node: Any) -> Any:
            if isinstance(node, list):
                return [walked(one) for one in node]
            if isinstance(node, dict):
                return {
                    key: resolved(one) if key == "@context" else walked(one)
                    for key, one in node.items()
                }
            return node

        return walked(document)

    def _of_rdf(self, text: str, syntax: RdfFormat) -> Facts:
        try:
            base = "urn:profile:"
            quads = list(pyoxigraph.parse(text, format=syntax, base_iri=base))
        except (SyntaxError, ValueError) as error:
            raise _faulty([_fault("", f"not well-formed: {error}")]) from None
        subjects = {quad.subject for quad in quads}
        if len(subjects) != 1 or len(quads) > _MOST:
            detail = f"statements about one thing were expected, found {len(subjects)}"
            raise _faulty([_fault("", detail)])
        return self._of_triples([(q.predicate.value, q.object) for q in quads])

    def _of_triples(self, pairs: list[tuple[str, Any]]) -> Facts:
        named = [o.value for p, o in pairs if p == RDF_TYPE and isinstance(o, NamedNode)]
        classes = [iri.removeprefix(self._ours) for iri in named if iri.startswith(self._ours)]
        found = [(cls, kind) for cls in classes if (kind := kinds.of_class(cls))]
        if len(found) != 1:
            detail = "exactly one class of profiles was expected as rdf:type"
            raise _faulty([_fault(RDF_TYPE, detail)])
        (cls, kind), faults, facts = found[0], list[dict[str, str]](), list[Fact]()
        for predicate, value in pairs:
            field = predicate.removeprefix(self._ours)
            if predicate in {RDF_TYPE, RDFS_LABEL}:
                continue
            if field not in kinds.KINDS[kind].fields:
                faults.append(_fault(predicate, "a profile of this kind has no such property"))
            elif isinstance(value, Literal) and (told := _wrong_text(value.value)):
                faults.append(_fault(predicate, told))
            elif isinstance(value, Literal):
                facts.append(
                    Fact(field, value.value, LITERAL, value.datatype.value, value.language)
                )
            elif isinstance(value, NamedNode):
                facts.append(Fact(field, value.value, IRI, None))
            else:
                faults.append(_fault(predicate, "an IRI or a literal was expected"))
        return _checked(Facts(kind, cls, tuple(dict.fromkeys(facts))), faults)


def _parsed(text: str) -> Any:
    """Return a JSON text as a value (RFC 8259); of a name that comes twice nobody knows which.

    Raises:
        NotAProfileError: it is not JSON, too deep, or holds a name twice.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = {name for name in names if names.count(name) > 1} if len(names) < _MOST else names
        if twice:
            raise _faulty([_fault(f"/{name}", "the name is there twice") for name in sorted(twice)])
        return dict(pairs)

    def number(text: str) -> Any:
        raise _faulty([_fault("", f"{text} is no number of JSON")])

    if text.count("[") + text.count("{") > _DEPTH * 8:
        raise _faulty([_fault("", "too many arrays and objects")])
    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=number)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _faulty([_fault("", f"not JSON: {error}")]) from None


def _singles(field: str, content: Any, faults: list[dict[str, str]]) -> list[tuple[str, Any]]:
    """Return each value of a property with its place (RFC 6901)."""
    if not isinstance(content, list):
        return [(f"/{field}", content)]
    if field not in kinds.MANY:
        faults.append(_fault(f"/{field}", "one value was expected, not a list"))
        return []
    if len(content) > _MOST:
        faults.append(_fault(f"/{field}", f"at most {_MOST} values were expected"))
        return []
    return [(f"/{field}/{number}", one) for number, one in enumerate(content)]


def _texts(
    field: str, place: str, value: dict[str, Any], faults: list[dict[str, str]]
) -> Iterator[Fact]:
    for tag, text in value.items():
        if not _TAG.fullmatch(tag):
            faults.append(_fault(f"{place}/{tag}", "a language tag was expected as the name"))
        elif not isinstance(text, str) or (told := _wrong_text(text)):
            told = told if isinstance(text, str) else "a text was expected"
            faults.append(_fault(f"{place}/{tag}", told or ""))
        elif text.strip():
            yield Fact(field, text.strip(), LITERAL, None, tag.lower())


def _wrong_text(text: str) -> str | None:
    """Return what keeps a text from being one, if anything does."""
    if len(text) > LONGEST:
        return f"at most {LONGEST} characters were expected, found {len(text)}"
    return "control characters" if _CONTROLS.search(text) else None


def _fault(place: str, expected: str) -> dict[str, str]:
    return {"place": place, "expected": expected}


def _faulty(faults: list[dict[str, str]]) -> NotAProfileError:
    first = faults[0]
    detail = f"{first['place'] or 'The document'}: {first['expected']}"
    return NotAProfileError(detail, faults=faults)


def _checked(facts: Facts, faults: list[dict[str, str]]) -> Facts:
    if faults:
        raise _faulty(faults)
    if len(facts.facts) > _MOST:
        raise _faulty([_fault("", f"at most {_MOST} statements were expected")])
    return facts
