"""Which properties of an entity can be fetched, and how their values are written (section 7).

A value that is itself an entity comes as its identifier and name, so that a client goes on from
there; numbers, dates and texts come as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from kg.reconciliation.entities import CLUSTER, ORGANISATION, PLACE, TECHNOLOGY
from kg.terms import (
    DCTERMS,
    RDFS_LABEL,
    SKOS,
    XSD,
    XSD_DATE,
    XSD_DATE_TIME,
    XSD_DECIMAL,
    XSD_INTEGER,
    ontology_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyoxigraph import Store

    from kg.reconciliation.index import Index

BODIES: Final = frozenset({ORGANISATION, CLUSTER})
_MOST: Final = 1000
"""More values than this are of no use in a cell of a table."""

_FLOATS: Final = frozenset({XSD_DECIMAL, XSD + "double", XSD + "float"})


class Property(NamedTuple):
    """A property: its identifier, display name, whose it is, the kind of its values if entities."""

    id: str
    name: str
    kinds: frozenset[str]
    predicate: str
    values: str | None = None


def _own(id_: str, name: str, *kinds: str, values: str | None = None) -> Property:
    return Property(id_, name, frozenset(kinds) or BODIES, id_, values)


PROPERTIES: Final = {
    one.id: one
    for one in (
        Property("label", "name", BODIES | {TECHNOLOGY, PLACE}, RDFS_LABEL),
        Property("altLabel", "other name", BODIES | {TECHNOLOGY, PLACE}, SKOS + "altLabel"),
        _own("legalName", "legal name", ORGANISATION),
        _own("shortName", "short name", ORGANISATION),
        _own("pic", "PIC", ORGANISATION),
        _own("vatNumber", "VAT number", ORGANISATION),
        Property("identifier", "other identifier", BODIES, DCTERMS + "identifier"),
        _own("homepage", "web address"),
        _own("country", "country", values=PLACE),
        _own("region", "region", values=PLACE),
        _own("locatedIn", "located in", values=PLACE),
        _own("city", "city", ORGANISATION),
        _own("street", "street", ORGANISATION),
        _own("postcode", "postcode", ORGANISATION),
        _own("latitude", "latitude", ORGANISATION, PLACE),
        _own("longitude", "longitude", ORGANISATION, PLACE),
        _own("activityType", "type of activity", ORGANISATION),
        _own("isSme", "small or medium-sized enterprise", ORGANISATION),
        _own("masters", "masters", ORGANISATION, values=TECHNOLOGY),
        _own("activeIn", "active in", ORGANISATION, values=TECHNOLOGY),
        _own("memberOf", "member of", values=CLUSTER),
        _own("manages", "manages", ORGANISATION, values=CLUSTER),
        _own("hasMember", "member", CLUSTER, values=ORGANISATION),
        _own("managedBy", "managed by", CLUSTER, values=ORGANISATION),
        _own("sector", "sector", CLUSTER, values=TECHNOLOGY),
        _own("canOffer", "can offer", CLUSTER, values=TECHNOLOGY),
        _own("memberCount", "number of members", CLUSTER),
        _own("foundedYear", "founded in"),
        _own("nutsCode", "NUTS code", ORGANISATION, PLACE),
        _own("countryCode", "country code", PLACE),
        _own("partOf", "part of", PLACE, values=PLACE),
        Property("notation", "notation", frozenset({TECHNOLOGY, PLACE}), SKOS + "notation"),
        Property("broader", "broader", frozenset({TECHNOLOGY}), SKOS + "broader", TECHNOLOGY),
        Property("narrower", "narrower", frozenset({TECHNOLOGY}), SKOS + "narrower", TECHNOLOGY),
    )
}


def find(property_id: str) -> Property | None:
    """Return the property with an identifier: its name, its `atlas:` name or its IRI."""
    return PROPERTIES.get(property_id.rpartition("#")[2].rpartition("/")[2].rpartition(":")[2])


def values(
    store: Store, index: Index, base: str, iri: str, one: Property, most: int | None
) -> list[dict[str, Any]]:
    """Return the values of a property of an entity as cells of a data extension response."""
    if iri not in index.by_iri:
        return []
    predicate = one.predicate if ":" in one.predicate else ontology_namespace(base) + one.predicate
    nodes = {q.object for q in store.quads_for_pattern(NamedNode(iri), NamedNode(predicate), None)}
    cells = list(_cells(sorted(nodes, key=str), index))
    return cells[: min(most or _MOST, _MOST)]


def _cells(nodes: list[object], index: Index) -> Iterator[dict[str, Any]]:
    for node in nodes:
        if isinstance(node, NamedNode):
            entity = index.by_iri.get(node.value)
            yield {"id": entity.iri, "name": entity.label} if entity else {"str": node.value}
        elif isinstance(node, Literal):
            yield _cell(node)


def _cell(literal: Literal) -> dict[str, Any]:
    text, datatype = literal.value, literal.datatype.value
    try:
        if datatype == XSD_INTEGER:
            return {"int": int(text)}
        if datatype in _FLOATS:
            return {"float": float(text)}
    except ValueError:
        return {"str": text}
    if datatype == XSD_DATE:
        return {"date": f"{text[:10]}T00:00:00"}
    return {"date": text} if datatype == XSD_DATE_TIME else {"str": text}
