"""What can be reconciled: organisations, clusters, technologies and places of a release.

Organisations are many, so their properties are read one property at a time through the whole
store; of the others, the few that there are, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from kg.reconciliation import identifiers
from kg.reconciliation.names import key
from kg.terms import COUNTRY, NUTS, RDF_TYPE, RDFS_LABEL, SKOS, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyoxigraph import Store

ORGANISATION: Final = "Organisation"
CLUSTER: Final = "Cluster"
TECHNOLOGY: Final = "Technology"
PLACE: Final = "Place"
KINDS: Final = (ORGANISATION, CLUSTER, TECHNOLOGY, PLACE)
_CLASSES: Final = {"Region": PLACE, "Country": PLACE, **{kind: kind for kind in KINDS}}

PRIMARY: Final = ("legalName", "title", RDFS_LABEL, SKOS + "prefLabel")
"""The properties whose values name a thing in full, the display name first."""

SECONDARY: Final = ("shortName", SKOS + "altLabel", SKOS + "hiddenLabel")
"""The properties of acronyms, former and other names."""

ROR_SPACE: Final = "https://ror.org/"
IRI, PIC, VAT, ROR, CODE = "iri", "pic", "vat", "ror", "code"
DECISIVE: Final = (IRI, PIC, ROR, CODE, VAT)
"""The identifiers, the surest first; an entity with another one than asked for is another."""


@dataclass(slots=True)
class Entity:
    """A thing with its names and what else tells it from others.

    `evidence` holds, by property (`country`, `city`, `region`, `postcode`, `web`) and identifier
    (`pic`, `vat`, `ror`, `code`), the values in the spelling in which they are compared; `placed`
    says that city, region and postcode are among them.
    """

    iri: str
    kind: str
    primary: dict[str, None] = field(default_factory=dict)
    secondary: dict[str, None] = field(default_factory=dict)
    evidence: dict[str, tuple[str, ...]] = field(default_factory=dict)
    placed: bool = False

    @property
    def label(self) -> str:
        """The display name."""
        return next(iter(self.primary), None) or next(iter(self.secondary), self.iri)

    def add(self, name: str, value: str | None) -> None:
        """Add a value of a property, once; None is no value."""
        known = self.evidence.get(name, ())
        if value and value not in known:
            self.evidence[name] = (*known, value)


class _Read(NamedTuple):
    """A property that tells things apart: as what it counts, and how its values are spelt."""

    name: str
    spelt: Callable[[str], str | None]


def _itself(text: str) -> str:
    return text


def _postcode(text: str) -> str:
    return key(text).replace(" ", "")


_AT_ONCE: Final = {
    "pic": _Read(PIC, identifiers.pic),
    "vatNumber": _Read(VAT, identifiers.vat),
    "rorId": _Read(ROR, identifiers.ror),
    "country": _Read("country", _itself),
    "homepage": _Read("web", identifiers.web),
}
_PLACED: Final = {
    "region": _Read("region", _itself),
    "city": _Read("city", key),
    "postcode": _Read("postcode", _postcode),
}
_CODES: Final = {
    "nutsCode": _Read(CODE, str.upper),
    "countryCode": _Read(CODE, str.upper),
    SKOS + "notation": _Read(CODE, str.upper),
}


_TELLING: Final = _AT_ONCE | _PLACED | _CODES


def read(store: Store, base: str) -> list[Entity]:
    """Return the entities of a release, those below the base IRI first, then by IRI."""
    found = _typed(store, ontology_namespace(base))
    many = {iri: e for iri, e in found.items() if e.kind == ORGANISATION}
    _read_many(store, many, base)
    for entity in found.values():
        if entity.kind != ORGANISATION or not entity.primary:
            _read_one(store, entity, base)
    entities = (e for e in found.values() if e.primary or e.secondary)
    return sorted(entities, key=lambda e: (not e.iri.startswith(base), e.iri))


def _typed(store: Store, namespace: str) -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    for name, kind in _CLASSES.items():
        pattern = (None, NamedNode(RDF_TYPE), NamedNode(namespace + name))
        for quad in store.quads_for_pattern(*pattern):
            if isinstance(quad.subject, NamedNode):
                iri = quad.subject.value
                found.setdefault(iri, Entity(iri, kind))
    return found


def _iri(name: str, base: str) -> str:
    return name if ":" in name else ontology_namespace(base) + name


def _read_many(store: Store, entities: dict[str, Entity], base: str) -> None:
    """Read the properties that organisations have almost alone."""
    for name in ("legalName", *SECONDARY, *_AT_ONCE):
        pattern = (None, NamedNode(_iri(name, base)), None)
        for quad in store.quads_for_pattern(*pattern):
            if isinstance(quad.subject, NamedNode):
                entity = entities.get(quad.subject.value)
                if entity is not None:
                    _take(entity, name, _text(quad.object))
    for entity in entities.values():
        entity.add(ROR, identifiers.ror(entity.iri) if entity.iri.startswith(ROR_SPACE) else None)


def place(store: Store, entity: Entity, base: str) -> None:
    """Read where an organisation is, unless that is known; few of the many are ever asked for."""
    if entity.placed:
        return
    for name in _PLACED:
        for text in _values(store, entity.iri, _iri(name, base)):
            _take(entity, name, text)
    entity.placed = True


def _read_one(store: Store, entity: Entity, base: str) -> None:
    # Of an organisation, everything but a label was read already.
    names = (RDFS_LABEL,) if entity.kind == ORGANISATION else (*PRIMARY, *SECONDARY, *_TELLING)
    for name in names:
        for text in _values(store, entity.iri, _iri(name, base)):
            _take(entity, name, text)
    if entity.kind == PLACE:
        entity.add("country", entity.iri if entity.iri.startswith(COUNTRY) else None)
        entity.add(CODE, entity.iri.rpartition("/")[2] if entity.iri.startswith(NUTS) else None)


def _values(store: Store, iri: str, predicate: str) -> Iterator[str]:
    """Yield the values, English ones first and then in the order of their languages."""
    quads = store.quads_for_pattern(NamedNode(iri), NamedNode(predicate), None)
    objects = (quad.object for quad in quads)
    for node in sorted(objects, key=_by_language):
        yield _text(node)


def _by_language(node: object) -> tuple[bool, str, str]:
    language = node.language or "" if isinstance(node, Literal) else ""
    return language not in {"", "en"}, language, str(node)


def _text(node: object) -> str:
    return node.value if isinstance(node, NamedNode | Literal) else ""


def _take(entity: Entity, name: str, text: str) -> None:
    if name in PRIMARY:
        entity.primary[text] = None
    elif name in SECONDARY:
        entity.secondary.setdefault(text)
    else:
        telling = _TELLING[name]
        entity.add(telling.name, telling.spelt(text))
