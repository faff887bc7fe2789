"""The page of the ontology: every own term with its anchor, labels, and what it is tied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from api import pages
from api.words import WORDS
from kg.description import Description
from kg.prefixes import shortened
from kg.terms import OWL, RDF_TYPE, RDFS, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyoxigraph import Quad

    from api.linked import Visit
    from api.pages import Shown

_GROUPS: Final = {
    "classes": (OWL + "Class",),
    "properties": (OWL + "ObjectProperty", OWL + "DatatypeProperty"),
    "individuals": (OWL + "NamedIndividual",),
}
_FACTS: Final = {
    RDFS + "subClassOf": "super",
    RDFS + "subPropertyOf": "super",
    RDFS + "domain": "domain",
    RDFS + "range": "range",
    OWL + "inverseOf": "inverse",
}


class Fact(NamedTuple):
    """What a term is tied to by a property."""

    title: str
    values: Sequence[Shown]


class Entry(NamedTuple):
    """A term as the page shows it."""

    id: str
    name: str
    label: str
    comment: str
    facts: Sequence[Fact]


class Group(NamedTuple):
    """The terms of a kind."""

    id: str
    title: str
    terms: Sequence[Entry]


def content(visit: Visit, quads: Sequence[Quad], chosen: str) -> Mapping[str, Any]:
    """Return what the template `ontology.html` needs, from the quads of the ontology."""
    return _Page(visit, quads, chosen).content()


class _Page:
    def __init__(self, visit: Visit, quads: Sequence[Quad], chosen: str) -> None:
        self._visit = visit
        self._chosen = chosen
        self._space = ontology_namespace(visit.base)
        self._about: dict[str, list[Quad]] = {}
        for quad in quads:
            if isinstance(quad.subject, NamedNode):
                self._about.setdefault(quad.subject.value, []).append(quad)
        # The whole ontology serves as the description that labels are looked up in.
        self._names = Description("", (), (), tuple(quads), 1, more=False)

    def content(self) -> Mapping[str, Any]:
        iri = self._visit.base + "ontology"
        return {
            "iri": iri,
            "title": self._label(iri),
            "comment": self._text(iri, RDFS + "comment"),
            "groups": [self._group(name, kinds) for name, kinds in _GROUPS.items()],
        }

    def _group(self, name: str, kinds: Sequence[str]) -> Group:
        own = [iri for iri in self._about if iri.startswith(self._space) and self._is(iri, kinds)]
        terms = sorted((self._entry(iri) for iri in own), key=lambda term: term.label.casefold())
        return Group(name, WORDS[self._chosen][name], terms)

    def _is(self, iri: str, kinds: Sequence[str]) -> bool:
        return any(
            q.predicate.value == RDF_TYPE
            and isinstance(q.object, NamedNode)
            and q.object.value in kinds
            for q in self._about[iri]
        )

    def _entry(self, iri: str) -> Entry:
        comment = self._text(iri, RDFS + "comment")
        name = shortened(iri, self._visit.base)
        local = iri.removeprefix(self._space)
        return Entry(local, name, self._label(iri), comment, self._facts(iri))

    def _facts(self, iri: str) -> list[Fact]:
        found: dict[str, list[Shown]] = {}
        for quad in self._about[iri]:
            title = _FACTS.get(quad.predicate.value)
            # Restrictions and other unnamed classes are for machines.
            if title and isinstance(quad.object, NamedNode) and "genid" not in quad.object.value:
                shown = pages.thing(self._visit, self._names, quad.object.value, self._chosen)
                found.setdefault(title, []).append(shown)
        words = WORDS[self._chosen]
        return [Fact(words[title], values) for title, values in found.items()]

    def _label(self, iri: str) -> str:
        found = self._names.label(iri, self._chosen)
        return found[0] if found else shortened(iri, self._visit.base)

    def _text(self, iri: str, predicate: str) -> str:
        texts = {
            q.object.language or "": q.object.value
            for q in self._about.get(iri, ())
            if q.predicate.value == predicate and isinstance(q.object, Literal)
        }
        return texts.get(self._chosen) or texts.get("en", "")
