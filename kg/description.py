"""The description of one thing: everything a release says of it, closed.

1. Outgoing: every statement whose subject it is, with the graph in which it stands.
2. Incoming: statements whose object it is, a page of them at a time in the release's own order
   (the order never changes, because a release never does).
3. Labels of whatever the two refer to, so that nobody has to ask again to name it: rdfs:label, or
   what stands in for it where there is none.

A release has no blank nodes, so nothing in a description dangles. This is the symmetric concise
bounded description (W3C member submission CBD, 2005) of a graph without blank nodes, plus labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from kg.terms import DCTERMS, FOAF, RDF_TYPE, RDFS_LABEL, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad, Store

INCOMING: Final = 100
"""How many incoming statements a page holds."""

_LABELS: Final = tuple(
    map(NamedNode, (RDFS_LABEL, SKOS + "prefLabel", DCTERMS + "title", FOAF + "name"))
)


@dataclass(frozen=True)
class Description:
    """What a release says of `iri`; `page` counts the pages of incoming statements from 1."""

    iri: str
    outgoing: tuple[Quad, ...]
    incoming: tuple[Quad, ...]
    labels: tuple[Quad, ...]
    page: int
    more: bool

    @property
    def quads(self) -> tuple[Quad, ...]:
        """All of it, each quad once."""
        return tuple(dict.fromkeys((*self.outgoing, *self.incoming, *self.labels)))

    @cached_property
    def graphs(self) -> tuple[str, ...]:
        """The graphs in which the outgoing and incoming statements stand, sorted."""
        names = {q.graph_name for q in (*self.outgoing, *self.incoming)}
        return tuple(sorted(name.value for name in names if isinstance(name, NamedNode)))

    @property
    def types(self) -> tuple[str, ...]:
        """The classes that it is stated or concluded to belong to, sorted."""
        of_type = (q for q in self.outgoing if q.predicate.value == RDF_TYPE)
        return tuple(sorted({value(q.object) for q in of_type}))

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        """The label of each IRI by language; of several in a language the smallest."""
        names: dict[str, dict[str, str]] = {}
        found = [q for q in (*self.labels, *self.outgoing) if q.predicate in _LABELS]
        for quad in sorted(found, key=lambda q: (_rank(q), str(q.object))):
            if isinstance(quad.object, Literal):
                by_language = names.setdefault(value(quad.subject), {})
                by_language.setdefault(quad.object.language or "", quad.object.value)
        return names

    def label(self, iri: str, language: str) -> tuple[str, str] | None:
        """Return the best label of an IRI for a reader of a language, and its own language.

        The reader's language comes first, then a label without a language, English, and any.
        """
        found = self._names.get(iri)
        if not found:
            return None
        for wanted in (language, "", "en", min(found)):
            if wanted in found:
                return found[wanted], wanted
        raise AssertionError  # min(found) is in found


def value(node: object) -> str:
    """Return the IRI of a named node, and of any other node how it is written."""
    return node.value if isinstance(node, NamedNode) else str(node)


def _rank(quad: Quad) -> int:
    return _LABELS.index(quad.predicate)


def named(iri: str) -> NamedNode | None:
    """Return the node of an IRI, or None when it is not one (RFC 3987, section 2.2)."""
    try:
        return NamedNode(iri)
    except ValueError:
        return None


def exists(store: Store, iri: str) -> bool:
    """Tell whether a release says anything of an IRI, as a subject or as an object."""
    node = named(iri)
    if node is None:
        return False
    patterns = ((node, None, None), (None, None, node))
    return any(next(store.quads_for_pattern(*p), None) is not None for p in patterns)


def describe(store: Store, iri: str, page: int = 1, size: int = INCOMING) -> Description | None:
    """Return the description of an IRI, or None when there is none, or no page of that number."""
    node = named(iri)
    if node is None:
        return None
    outgoing = _sorted(store.quads_for_pattern(node, None, None))
    # A thing that refers to itself says so among the outgoing statements.
    others = (q for q in store.quads_for_pattern(None, None, node) if q.subject != node)
    incoming = list(islice(others, (page - 1) * size, page * size + 1))
    if not (incoming or (outgoing and page == 1)):
        return None
    shown = _sorted(incoming[:size])
    mentioned = _mentioned(outgoing, shown) - {iri}
    labels = [quad for other in sorted(mentioned) for quad in _labels(store, NamedNode(other))]
    return Description(iri, outgoing, shown, tuple(labels), page, len(incoming) > size)


def labels(store: Store, iris: Iterable[str]) -> list[Quad]:
    """Return the labels of several IRIs, of each those of the first label property it has."""
    nodes = (node for iri in iris if (node := named(iri)) is not None)
    return [quad for node in nodes for quad in _labels(store, node)]


def _sorted(quads: Iterable[Quad]) -> tuple[Quad, ...]:
    return tuple(sorted(set(quads), key=_order))


def _order(quad: Quad) -> tuple[bool, str, str, str, str]:
    predicate = quad.predicate.value
    # What a thing is comes first, as Turtle's `a` does.
    return (
        predicate != RDF_TYPE,
        predicate,
        str(quad.object),
        str(quad.subject),
        str(quad.graph_name),
    )


def _mentioned(outgoing: Iterable[Quad], incoming: Iterable[Quad]) -> set[str]:
    found = {q.object.value for q in outgoing if isinstance(q.object, NamedNode)}
    return found | {value(q.subject) for q in incoming}


def _labels(store: Store, node: NamedNode) -> list[Quad]:
    for predicate in _LABELS:
        found = sorted(store.quads_for_pattern(node, predicate, None), key=_order)
        if found:
            return found
    # A part of a document (a line of a file) is told by the document's title.
    document, part, _ = node.value.partition("#")
    return _labels(store, NamedNode(document)) if part else []
