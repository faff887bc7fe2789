"""Which terms a release has, and which of them come nearest to one that it has not.

Whether a term is used is looked up in the store's indexes, which takes microseconds whatever the
release's size. To name the nearest, the terms have to be known by heart:

1. those that the release's ontology declares;
2. those that the statistics of its downloads count, once these have been made;
3. else those of a few things of each class and of the beginning of each graph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from pyoxigraph import Literal as LiteralTerm
from pyoxigraph import NamedNode

from kg import statistics
from kg.analysis.nearest import close
from kg.identifiers import Identifiers
from kg.terms import OWL, RDF, RDF_TYPE, RDFS, is_iri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pyoxigraph import Quad, Store

    from kg.store import OpenRelease

Role = Literal["class", "property"]

_PROPERTIES: Final = frozenset(
    OWL + kind for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
)
_ROLES: Final[dict[str, Role]] = {
    **dict.fromkeys(_PROPERTIES, "property"),
    RDF + "Property": "property",
    OWL + "Class": "class",
    RDFS + "Class": "class",
}
_TYPE: Final = NamedNode(RDF_TYPE)
_GENERATED: Final = "/.well-known/genid/"
_OF_A_CLASS: Final = 3
_OF_A_GRAPH: Final = 200
_NEAREST: Final = 3
_LOCAL: Final = re.compile(r"[^#/:]*$")


def local_name(iri: str) -> str:
    """Return the last part of an IRI: what follows its last hash sign, slash or colon."""
    found = _LOCAL.search(iri)
    return found[0] if found else ""


@dataclass(frozen=True)
class Vocabulary:
    """The terms of a release: `classes` and `properties` are those known by heart."""

    store: Store
    declared: dict[str, Role]
    things: frozenset[str]
    classes: Sequence[str]
    properties: Sequence[str]

    @classmethod
    def of(cls, opened: OpenRelease, base: str) -> Vocabulary:
        """Learn the terms of a release."""
        store = opened.store
        graph = NamedNode(Identifiers(base).graph("ontology"))
        declared: dict[str, Role] = {}
        things = set()
        for quad in store.quads_for_pattern(None, _TYPE, None, graph):
            kind = _value(quad.object)
            if kind in _ROLES and _GENERATED not in _value(quad.subject):
                declared[_value(quad.subject)] = _ROLES[kind]
            if kind == OWL + "ObjectProperty":
                things.add(_value(quad.subject))
        classes, properties = _by_heart(opened, declared)
        return cls(store, declared, frozenset(things), classes, properties)

    def used(self, iri: str, role: Role) -> bool:
        """Tell whether something is of the class, or has the property."""
        if not is_iri(iri):
            return False
        term = NamedNode(iri)
        if role == "class":
            return self._any(None, _TYPE, term)
        return self._any(None, term, None)

    def occurs(self, term: NamedNode | LiteralTerm) -> bool:
        """Tell whether a term stands anywhere in the release, as the name of a graph too."""
        if isinstance(term, LiteralTerm):
            return self._any(None, None, term)
        patterns = ((term, None, None), (None, None, term), (None, term, None))
        return any(self._any(*pattern) for pattern in patterns) or self.store.contains_named_graph(
            term
        )

    def has_value(self, iri: str, value: NamedNode | LiteralTerm) -> bool:
        """Tell whether something has this value of a property."""
        return self._any(None, NamedNode(iri), value)

    def single(self, iri: str, value: NamedNode | LiteralTerm) -> bool:
        """Tell whether exactly one thing has this value of a property."""
        if not is_iri(iri):
            return False
        found = self.store.quads_for_pattern(None, NamedNode(iri), value)
        return len({quad.subject for quad in islice(found, _OF_A_CLASS)}) == 1

    def nearest(self, iri: str, role: Role) -> list[str]:
        """Return the known terms whose names come nearest to that of an IRI, the best first.

        A name of the same namespace that is very like it comes first, then the same name in
        another namespace, then the others; ASCII case does not count.
        """
        known = self.classes if role == "class" else self.properties
        wanted = local_name(iri)
        namespace = _namespace(iri)
        beside = [local_name(term) for term in known if _namespace(term) == namespace]
        found = [namespace + name for name in close(wanted, beside, likeness=0.85)]
        by_name: dict[str, list[str]] = {}
        for term in known:
            by_name.setdefault(local_name(term).casefold(), []).append(term)
        for name in close(wanted, by_name):
            found += sorted(by_name[name], key=_ours_first(namespace))
        return [term for term in dict.fromkeys(found) if term != iri][:_NEAREST]

    def narrower(self, iri: str, role: Role) -> list[str]:
        """Return the terms that are used and that the ontology puts right below one.

        Terms of other vocabularies are aligned with ours, but not inferred: who asks for theirs
        is helped by ours.
        """
        if not is_iri(iri):
            return []
        links = ("subClassOf", "subPropertyOf")
        below = {
            _value(quad.subject)
            for link in links
            for quad in self.store.quads_for_pattern(None, NamedNode(RDFS + link), NamedNode(iri))
        }
        return sorted(term for term in below if self.used(term, role))

    def _any(
        self,
        subject: NamedNode | None,
        predicate: NamedNode | None,
        value: NamedNode | LiteralTerm | None,
    ) -> bool:
        found = self.store.quads_for_pattern(subject, predicate, value)
        return next(iter(found), None) is not None


def _namespace(iri: str) -> str:
    return iri[: len(iri) - len(local_name(iri))]


def _ours_first(namespace: str) -> Callable[[str], tuple[bool, bool, str]]:
    return lambda term: (not term.startswith(namespace), "/ontology#" not in term, term)


def _value(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else ""


def _by_heart(opened: OpenRelease, declared: dict[str, Role]) -> tuple[list[str], list[str]]:
    counted = opened.release.folder / "dumps" / "statistics.json"
    if counted.exists():
        found = statistics.read(counted)
        classes, properties = set(found.classes), set(found.properties)
    else:
        classes, properties = _sampled(opened, declared)
    classes |= {iri for iri, role in declared.items() if role == "class"}
    properties |= {iri for iri, role in declared.items() if role == "property"}
    return sorted(classes), sorted(properties)


def _sampled(opened: OpenRelease, declared: dict[str, Role]) -> tuple[set[str], set[str]]:
    store = opened.store
    quads: list[Quad] = []
    for graph in opened.release.manifest["graphs"]:
        beginning = store.quads_for_pattern(None, None, None, NamedNode(graph))
        quads += islice(beginning, _OF_A_GRAPH)
    for iri, role in declared.items():
        if role == "class" and is_iri(iri):
            members = store.quads_for_pattern(None, _TYPE, NamedNode(iri))
            for member in islice(members, _OF_A_CLASS):
                quads += store.quads_for_pattern(member.subject, None, None)
    return _terms(quads)


def _terms(quads: Iterable[Quad]) -> tuple[set[str], set[str]]:
    classes: set[str] = set()
    properties: set[str] = set()
    for quad in quads:
        properties.add(quad.predicate.value)
        if quad.predicate == _TYPE and isinstance(quad.object, NamedNode):
            classes.add(quad.object.value)
    return classes, properties
